package syncproto

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// ErrFrame is wrapped by every error about a message that is no frame.
var ErrFrame = errors.New("not a frame")

var (
	encMode = must(encOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		MaxNestedLevels:   8,
		MaxArrayElements:  4 * MaxCovered,
		MaxMapPairs:       1 << 10,
		UTF8:              cbor.UTF8RejectInvalid,
		NaN:               cbor.NaNDecodeForbidden,
		Inf:               cbor.InfDecodeForbidden,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode())
)

func encOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.Time = cbor.TimeUnix
	return o
}

// FrameLimits says what a reader takes at this point of a connection.
type FrameLimits struct {
	Size       int  // bytes of a message
	Compressed bool // whether a body may come compressed
}

// GreetingLimits hold until the peer has named itself; FrameLimits after that.
var (
	GreetingLimits = FrameLimits{Size: MaxGreeting}
	DeviceLimits   = FrameLimits{Size: MaxFrame}
	ServerLimits   = FrameLimits{Size: MaxFrame, Compressed: true}
)

// TooLarge is the error about a message over the limits: ErrFrame, of CodeTooLarge.
func (l FrameLimits) TooLarge() error {
	return fmt.Errorf("%w: %w", ErrFrame, Errorf(CodeTooLarge, "a message is over %d bytes", l.Size))
}

// EncodeFrame gives the message of a frame. It refuses with ErrFrame what the peer
// would refuse. A frame that is compressed is only so where that makes it smaller.
func EncodeFrame(f Frame, compressed bool) ([]byte, error) {
	if err := check(f); err != nil {
		return nil, fmt.Errorf("encode %T: %w: %w", f, ErrFrame, err)
	}
	b := canon.Uint(canon.Array(nil, 2), uint64(f.Type()))
	var body []byte
	if rows, ok := f.(*Rows); ok {
		body = appendRows(make([]byte, 0, 64<<10), rows)
	} else {
		var err error
		if body, err = encMode.Marshal(f); err != nil {
			return nil, fmt.Errorf("encode %T: %w", f, err)
		}
	}
	if len(body) > MaxFrameLength {
		return nil, fmt.Errorf("encode %T: %d bytes are over %d: %w", f, len(body), MaxFrameLength, ErrFrame)
	}
	if compressed && len(body) > 256 {
		if packed := compress(body); len(packed) < len(body) {
			b = canon.Bytes(b, packed)
			body = nil
		}
	}
	b = append(b, body...)
	if limit := messageLimit(f); len(b) > limit {
		return nil, fmt.Errorf("encode %T: message of %d bytes is over %d: %w", f, len(b), limit, ErrFrame)
	}
	return b, nil
}

func messageLimit(f Frame) int {
	if t := f.Type(); t == TypeChallenge || t == TypeHello {
		return MaxGreeting
	}
	return MaxFrame
}

func check(f Frame) error {
	if c, ok := f.(interface{ check() error }); ok {
		return c.check()
	}
	return nil
}

// DecodeFrame reads a message. Its errors wrap ErrFrame; an unknown type is an
// *Error of CodeUnsupported.
func DecodeFrame(message []byte, limits FrameLimits) (Frame, error) {
	if len(message) > limits.Size {
		return nil, limits.TooLarge()
	}
	r := canon.NewReader(message)
	r.Exactly(2)
	t := FrameType(r.Uint(255))
	kind := r.Peek()
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, r.Err())
	}
	body := r.Rest()
	if kind == canon.KindBytes {
		if !limits.Compressed {
			return nil, fmt.Errorf("frame %d is compressed where none may be: %w", t, ErrFrame)
		}
		packed := r.Bytes(MaxFrame)
		if err := r.Done(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFrame, err)
		}
		var err error
		if body, err = decompress(frameDecoder, packed, MaxFrameLength); err != nil {
			return nil, fmt.Errorf("frame %d: %w: %w", t, ErrFrame, err)
		}
	}
	return decodeBody(t, body)
}

func decodeBody(t FrameType, body []byte) (Frame, error) {
	if t == TypeRows {
		f, err := readRows(body)
		if err != nil {
			return nil, fmt.Errorf("rows: %w: %w", ErrFrame, err)
		}
		return f, nil
	}
	f := newFrame(t)
	if f == nil {
		return nil, Errorf(CodeUnsupported, "frame type %d", t)
	}
	if canon.NewReader(body).Peek() != canon.KindMap { // the library takes null for anything
		return nil, fmt.Errorf("%T: body is no map: %w", f, ErrFrame)
	}
	if err := decMode.Unmarshal(body, f); err != nil {
		return nil, fmt.Errorf("%T: %w: %w", f, ErrFrame, err)
	}
	if err := check(f); err != nil {
		return nil, fmt.Errorf("%T: %w: %w", f, ErrFrame, err)
	}
	return f, nil
}

func newFrame(t FrameType) Frame {
	switch t {
	case TypeChallenge:
		return &Challenge{}
	case TypeHello:
		return &Hello{}
	case TypeResume:
		return &Resume{}
	case TypeWelcome:
		return &Welcome{}
	case TypePush:
		return &Push{}
	case TypeReceipt:
		return &Receipt{}
	case TypeLeave:
		return &Leave{}
	case TypeCheckpoint:
		return &Checkpoint{}
	case TypeCredit:
		return &Credit{}
	case TypePing:
		return &Ping{}
	case TypeBye:
		return &Bye{}
	case TypeRange:
		return &Range{}
	case TypeNeed:
		return &Need{}
	case TypeGive:
		return &Give{}
	case TypeSalvage:
		return &Salvage{}
	case TypeHave:
		return &Have{}
	case TypeChunk:
		return &Chunk{}
	case TypeChunkAsk:
		return &ChunkAsk{}
	}
	return nil
}

// RetryAfter is how long a peer waits before it comes back.
func (f *Bye) RetryAfter() time.Duration { return time.Duration(f.RetryAfterMS) * time.Millisecond }

// FrameCost is what a message takes from the credit of whoever sent it (SPEC §5.10):
// for Rows and Leave the decompressed length of the body, for Push its Cost, for
// others nothing. message is what f was read from or written to.
func FrameCost(f Frame, message []byte) uint64 {
	switch f := f.(type) {
	case *Push:
		return f.Cost()
	case *Rows, *Leave:
		return bodyLength(message)
	}
	return 0
}

func bodyLength(message []byte) uint64 {
	r := canon.NewReader(message)
	r.Exactly(2)
	r.Uint(255)
	if r.Peek() != canon.KindBytes {
		return uint64(len(r.Rest()))
	}
	return announcedSize(r.Bytes(MaxFrame))
}
