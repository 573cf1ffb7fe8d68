package recorder

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

// What kind of event it is; append-only.
type What uint64

// Kinds of events, and what Code and Count are of each.
const (
	Started   What = 1  // the process
	Stopped   What = 2  // the process, in an orderly way
	Dialling  What = 3  // Count: own transactions that have not arrived
	Refused   What = 4  // at the handshake. Count: HTTP status
	Connected What = 5  // welcome. Count: the server's position
	Sent      What = 6  // a frame. Code: of a Bye. Count: as the frame has it
	Heard     What = 7  // the same
	Broken    What = 8  // the connection is over without a Bye. Count: a Break
	Waiting   What = 9  // until the next try. Count: milliseconds
	Differing What = 10 // after a checkpoint, a share is not as the server has it
	Forgot    What = 11 // the cursor, or what was staged: reading begins anew
	Delivered What = 12 // the server has an attachment whole. Count: bytes
	Fetched   What = 13 // an attachment is here whole
	Collected What = 14 // attachments that nothing here names went. Count: how many
)

var whats = map[What]string{
	Started: "started", Stopped: "stopped", Dialling: "dialling", Refused: "refused", Connected: "connected", Sent: "sent", Heard: "heard",
	Broken: "broken", Waiting: "waiting", Differing: "differing", Forgot: "forgot",
	Delivered: "delivered", Fetched: "fetched", Collected: "collected",
}

// String is the name as it stands in an export.
func (w What) String() string {
	if s, ok := whats[w]; ok {
		return s
	}
	return fmt.Sprintf("what_%d", uint64(w))
}

// Break is how a connection ended without a Bye.
type Break uint64

// Breaks; append-only.
const (
	Other   Break = 0 // none of the following
	Closed  Break = 1 // the peer closed, in an orderly way
	Reset   Break = 2 // the network did
	Timeout Break = 3 // nothing came in time
	NoRoute Break = 4 // nobody listens there, or no network
	NoName  Break = 5 // the address has no such name
	NoTrust Break = 6 // the certificate of the other end is not trusted
	Hung    Break = 7 // closed here: the site stops, or was asked to sync at once
	Faulty  Break = 8 // a frame could not be read
)

var breaks = map[Break]string{
	Other: "other", Closed: "closed", Reset: "reset", Timeout: "timeout", NoRoute: "no_route", NoName: "no_name", NoTrust: "no_trust", Hung: "hung_up", Faulty: "faulty",
}

// String is the name as it stands in an export.
func (b Break) String() string {
	if s, ok := breaks[b]; ok {
		return s
	}
	return fmt.Sprintf("break_%d", uint64(b))
}

var frames = map[syncproto.FrameType]string{
	syncproto.TypeChallenge: "challenge", syncproto.TypeHello: "hello", syncproto.TypeResume: "resume", syncproto.TypeWelcome: "welcome",
	syncproto.TypePush: "push", syncproto.TypeReceipt: "receipt", syncproto.TypeRows: "rows", syncproto.TypeLeave: "leave",
	syncproto.TypeCheckpoint: "checkpoint", syncproto.TypeCredit: "credit", syncproto.TypePing: "ping", syncproto.TypeBye: "bye",
	syncproto.TypeRange: "range", syncproto.TypeNeed: "need", syncproto.TypeSalvage: "salvage",
	syncproto.TypeHave: "have", syncproto.TypeGive: "give", syncproto.TypeChunk: "chunk", syncproto.TypeChunkAsk: "chunk_ask",
}

// Event is one thing that happened: numbers, and nothing that a person typed.
type Event struct {
	Number uint64
	TimeMS int64 // by this device's clock, UTC ms
	What   What
	Frame  syncproto.FrameType // of Sent and Heard
	Code   syncproto.Code      // of a Bye
	Bytes  uint64              // of the message, as it travelled
	Count  uint64              // as What says
}

// Shown is an event as it is exported.
type Shown struct {
	Number uint64 `json:"number"`
	At     string `json:"at"` // RFC 3339, UTC, by this device's clock
	What   string `json:"what"`
	Frame  string `json:"frame,omitempty"`
	Code   string `json:"code,omitempty"`  // of a Bye
	Break  string `json:"break,omitempty"` // how the line broke
	Bytes  uint64 `json:"bytes,omitempty"`
	Count  uint64 `json:"count,omitempty"`
}

// Show gives the form for people and programs.
func (e Event) Show() Shown {
	s := Shown{Number: e.Number, At: time.UnixMilli(e.TimeMS).UTC().Format("2006-01-02T15:04:05.000Z"), What: e.What.String(), Bytes: e.Bytes, Count: e.Count}
	if e.What == Sent || e.What == Heard {
		if s.Frame = frames[e.Frame]; s.Frame == "" {
			s.Frame = fmt.Sprintf("frame_%d", e.Frame)
		}
	}
	if e.Code != 0 {
		s.Code = e.Code.String()
	}
	if e.What == Broken {
		s.Break, s.Count = Break(e.Count).String(), 0
	}
	return s
}

// MarshalJSON gives the form of Show.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(e.Show()) }

// String is the event on one line.
func (e Event) String() string {
	s := e.Show()
	line := s.At + "  " + s.What
	for _, part := range []string{s.Frame, s.Code, s.Break} {
		if part != "" {
			line += " " + part
		}
	}
	if s.Bytes > 0 {
		line += fmt.Sprintf(", %d bytes", s.Bytes)
	}
	if s.Count > 0 {
		line += fmt.Sprintf(", %s %d", countOf(e), s.Count)
	}
	return line
}

func countOf(e Event) string {
	switch e.What {
	case Dialling:
		return "to send"
	case Refused:
		return "HTTP"
	case Connected:
		return "position"
	case Waiting:
		return "ms"
	case Delivered:
		return "bytes"
	case Collected:
		return "attachments"
	}
	switch e.Frame {
	case syncproto.TypePush:
		return "batch"
	case syncproto.TypeRows:
		return "records"
	case syncproto.TypeCheckpoint:
		return "position"
	case syncproto.TypeCredit:
		return "bytes granted"
	case syncproto.TypePing, syncproto.TypeHello:
		return "declared"
	case syncproto.TypeHave:
		return "bytes"
	case syncproto.TypeChunk, syncproto.TypeChunkAsk:
		return "chunk"
	case syncproto.TypeBye:
		return "retry after ms"
	}
	return "count"
}
