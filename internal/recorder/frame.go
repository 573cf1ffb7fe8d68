package recorder

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/rawaj/rawaj/syncproto"
)

// Frame records a frame that went out, or came in: its type, its size, and one number.
func (r *Recorder) Frame(out bool, f syncproto.Frame, bytes int) {
	if r == nil {
		return
	}
	e := Event{What: Heard, Frame: f.Type(), Bytes: uint64(bytes)}
	if out {
		e.What = Sent
	}
	switch f := f.(type) {
	case *syncproto.Hello:
		e.Count = f.Declared.Transactions
	case *syncproto.Push:
		e.Count = f.Batch
	case *syncproto.Rows:
		e.Count = uint64(len(f.IDs))
	case *syncproto.Checkpoint:
		e.Count = uint64(f.Position)
	case *syncproto.Credit:
		e.Count = f.Bytes
	case *syncproto.Ping:
		if f.Declared != nil {
			e.Count = f.Declared.Transactions
		}
	case *syncproto.Have:
		e.Count = f.Length
	case *syncproto.Chunk:
		e.Count = f.Index
	case *syncproto.ChunkAsk:
		e.Count = f.Index
	case *syncproto.Bye:
		e.Code, e.Count = f.Code, uint64(f.RetryAfterMS)
	}
	r.Add(e)
}

// Break records how a connection ended that no Bye ended. The error's words stay out: a
// proxy or a portal may have put anything there.
func (r *Recorder) Break(err error) {
	r.Add(Event{What: Broken, Count: uint64(breakOf(err))})
}

func breakOf(err error) Break {
	var dns *net.DNSError
	var trust *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns):
		return NoName
	case errors.As(err, &trust):
		return NoTrust
	case errors.Is(err, net.ErrClosed), errors.Is(err, context.Canceled):
		return Hung
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return NoRoute
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrUnexpectedEOF):
		return Reset
	case errors.Is(err, io.EOF):
		return Closed
	case errors.Is(err, syncproto.ErrFrame):
		return Faulty
	}
	return Other
}
