// Package credit counts what a peer lets this side send (SPEC §5.10).
package credit

import (
	"context"
	"sync"

	"github.com/rawaj/rawaj/syncproto"
)

// Meter is credit in decompressed bytes. The zero Meter has none. It is safe for
// concurrent use.
type Meter struct {
	mu   sync.Mutex
	left int64
	more chan struct{} // closed when there is more; nil while nobody waits
}

// Add counts credit that the peer has given.
func (m *Meter) Add(n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left += int64(min(n, syncproto.MaxCredit))
	if m.more != nil {
		close(m.more)
		m.more = nil
	}
}

// Wait waits until there is any credit, and says how much there is; it takes none.
func (m *Meter) Wait(ctx context.Context) (left int64, err error) {
	err = m.wait(ctx, func() { left = m.left })
	return left, err
}

// Any says whether there is any credit.
func (m *Meter) Any() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left > 0
}

// Take waits until there is any credit, and takes cost from it. A frame may overdraw it,
// once, so that none is too large for ever; one that costs nothing does not wait.
func (m *Meter) Take(ctx context.Context, cost uint64) error {
	if cost == 0 {
		return nil
	}
	return m.wait(ctx, func() { m.left -= int64(cost) })
}

// wait does something, under the lock, once there is any credit.
func (m *Meter) wait(ctx context.Context, do func()) error {
	for {
		m.mu.Lock()
		if m.left > 0 {
			do()
			m.mu.Unlock()
			return nil
		}
		if m.more == nil {
			m.more = make(chan struct{})
		}
		more := m.more
		m.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
