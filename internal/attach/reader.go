package attach

import (
	"context"
	"errors"
	"io"

	"github.com/rawaj/rawaj/syncproto"
)

// Reader is the bytes of an attachment, one chunk of them in memory.
type Reader struct {
	s    *Store
	ctx  context.Context // of the request that it serves
	root syncproto.Root
	m    *syncproto.Manifest
	at   int64
	have int64 // index of the chunk in memory, -1: none
	data []byte
}

// Read gives what is at the place, at most to the end of a chunk.
func (r *Reader) Read(b []byte) (int, error) {
	if r.at >= int64(r.m.Length) {
		return 0, io.EOF
	}
	if index := r.at / syncproto.ChunkSize; index != r.have {
		data, err := r.s.Read(r.ctx, r.root, uint64(index))
		if err == nil && len(data) != r.m.Size(uint64(index)) {
			err = errors.New("an attachment was removed while it was read")
		}
		if err != nil {
			return 0, err
		}
		r.data, r.have = data, index
	}
	n := copy(b, r.data[r.at%syncproto.ChunkSize:])
	r.at += int64(n)
	return n, nil
}

// Seek moves the place.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += int64(r.m.Length)
	}
	if offset < 0 {
		return 0, errors.New("a place before the beginning")
	}
	r.at = offset
	return offset, nil
}
