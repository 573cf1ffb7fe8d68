package server

import (
	"context"
	"sync"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// full says which quota of a device is used up, "" where none is: a person has to settle
// what is held before more of its work is taken.
func (s *Server) full(r *state.Reader, device syncproto.DeviceID) (string, error) {
	q, err := r.HeldOf(device)
	switch {
	case err != nil:
		return "", err
	case q.Held >= s.Limits.Held || q.HeldBytes >= maxHeldBytes:
		return "quarantine", nil
	case q.Escrow >= s.Limits.Escrow || q.EscrowBytes >= maxEscrowBytes:
		return "escrow", nil
	}
	return "", nil
}

// window is what the log took from a session and the fold has yet to judge, and the credit
// that is kept back until it has.
type window struct {
	mu       sync.Mutex
	runs     []appended
	unfolded uint64
	owed     uint64
	withheld bool // the device's quota is used up: no credit at all
}

type appended struct {
	index  oplog.Index
	length uint64
}

// took notes a batch that was appended.
func (w *window) took(index oplog.Index, length uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = append(w.runs, appended{index, length})
	w.unfolded += length
}

// earn says whether credit may be given back at once; else it is owed.
func (w *window) earn(cost uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unfolded <= backlogWindow {
		return true
	}
	w.owed += cost
	return false
}

// folded gives the credit that is due once the fold has taken an entry.
func (w *window) folded(upto oplog.Index) (due uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.runs) > 0 && w.runs[0].index <= upto {
		w.unfolded -= w.runs[0].length
		w.runs = w.runs[1:]
	}
	if w.unfolded <= backlogWindow {
		due, w.owed = w.owed, 0
	}
	return due
}

// waits says whether the device waits for credit that nobody may come to give.
func (w *window) waits() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.withheld || w.owed > 0
}

// settleCredit gives the device the credit that has become due: for what the fold has
// taken, or since a person has settled what was held.
func (n *session) settleCredit(ctx context.Context) error {
	due := n.window.folded(n.s.State.Head().Applied)
	n.window.mu.Lock()
	withheld := n.window.withheld
	n.window.mu.Unlock()
	if withheld {
		full := ""
		err := n.s.State.Read(ctx, func(r *state.Reader) (err error) {
			full, err = n.s.full(r, n.device)
			return err
		})
		if err != nil || full != "" {
			return err
		}
		n.window.mu.Lock()
		n.window.withheld = false
		n.window.mu.Unlock()
		due += pushWindow
	}
	if due == 0 {
		return nil
	}
	return n.giveCredit(ctx, due)
}

func (n *session) giveCredit(ctx context.Context, bytes uint64) error {
	n.granted.Add(int64(bytes))
	return n.conn.Send(ctx, &syncproto.Credit{Bytes: bytes})
}
