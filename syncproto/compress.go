package syncproto

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// The coders are shared: both are safe for concurrent use through EncodeAll and
// DecodeAll, and keep a bounded pool of buffers inside.
var (
	encoder       = ready(must(zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true), zstd.WithSingleSegment(true))))
	bodiesDecoder = must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(MaxBatchLength+erasedLength*MaxBatchTransactions+1), zstd.WithDecoderMaxWindow(32<<20)))
	frameDecoder  = must(zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(MaxFrameLength+1), zstd.WithDecoderMaxWindow(1<<20)))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic("bug: " + err.Error())
	}
	return v
}

// ready makes the encoder's pool now. Left to the first use, it would be made inside
// the synctest bubble of whichever test came first, and no other could touch it.
func ready(e *zstd.Encoder) *zstd.Encoder {
	e.EncodeAll(nil, nil)
	return e
}

func compress(b []byte) []byte { return encoder.EncodeAll(b, nil) }

// decompress gives at most max bytes back, and takes no more memory than the
// decoder's bound on the word of the input.
func decompress(decoder *zstd.Decoder, b []byte, max int) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if !h.HasFCS || h.FrameContentSize > uint64(max) {
		return nil, fmt.Errorf("decompress: announced size is absent or over %d bytes", max)
	}
	out, err := decoder.DecodeAll(b, make([]byte, 0, min(int(h.FrameContentSize), 64<<10)))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	if uint64(len(out)) != h.FrameContentSize {
		return nil, fmt.Errorf("decompress: %d bytes where %d were announced", len(out), h.FrameContentSize)
	}
	return out, nil
}

// announcedSize is how long a compressed piece says that it is decompressed.
func announcedSize(b []byte) uint64 {
	var h zstd.Header
	if h.Decode(b) != nil || !h.HasFCS {
		return 0
	}
	return h.FrameContentSize
}
