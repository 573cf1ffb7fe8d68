package oplog

import (
	"context"
	"sync"
)

// Tip is the end of a log as its implementation keeps it: moved by one, waited
// for by many. The zero value is the tip of an empty log.
type Tip struct {
	mu     sync.Mutex
	index  Index
	hash   Hash
	moved  chan struct{} // closed at the next change; made by the first who waits
	closed bool
}

// End is the last record.
func (t *Tip) End() (Index, Hash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.index, t.hash
}

// Move sets the end and wakes all who wait. Call it after the commit: whoever
// hears of a record can read it.
func (t *Tip) Move(index Index, hash Hash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.index, t.hash = index, hash
	t.wake()
}

// Close makes every Wait return ErrClosed, now and later; End stays.
func (t *Tip) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.wake()
}

// Wait is Log.Wait.
func (t *Tip) Wait(ctx context.Context, after Index) error {
	for {
		ready, moved, err := t.beyond(after)
		if ready || err != nil {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t *Tip) wake() {
	if t.moved != nil {
		close(t.moved)
		t.moved = nil
	}
}

// beyond looks and takes the channel under one lock, so that no move between
// the two is missed.
func (t *Tip) beyond(after Index) (ready bool, moved <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false, nil, ErrClosed
	}
	if t.index > after {
		return true, nil, nil
	}
	if t.moved == nil {
		t.moved = make(chan struct{})
	}
	return false, t.moved, nil
}
