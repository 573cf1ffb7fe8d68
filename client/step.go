package client

import "context"

// Visit is one connection to the server, step by step: for a simulation, which chooses
// their order. It starts no goroutine; one calls everything.
type Visit struct{ s *session }

// Visit begins a connection on a link.
func (c *Client) Visit(link Link) *Visit { return &Visit{c.newSession(link, &run{})} }

// Greet is the greeting up to Welcome. It receives what it waits for.
func (v *Visit) Greet(ctx context.Context) error {
	err := v.s.greet(ctx, v.s.Store.Identity())
	if err == nil {
		v.s.lane.connect(v.s)
	}
	return err
}

// Take receives one frame and takes it.
func (v *Visit) Take(ctx context.Context) error {
	f, err := v.s.receive()
	if err == nil {
		err = v.s.take(ctx, f)
	}
	return err
}

// Push sends the next batch, if one is due and there is credit for it, or says that
// nothing is pending.
func (v *Visit) Push(ctx context.Context) (sent bool, err error) {
	select {
	case <-v.s.Store.Recorded():
		v.s.told = false
	default:
	}
	if !v.s.credit.Any() {
		return false, nil
	}
	sent, _, err = v.s.pushNext(ctx)
	return sent, err
}

// Attach gives, or fetches, the attachments that there are to give or to fetch, if that was
// told to look. wait is called until the answer to a question has come.
func (v *Visit) Attach(ctx context.Context, give bool, wait func() error) error {
	w := v.lane(give)
	w.stepped = wait
	return w.round(ctx)
}

// Attaches says whether there is something to give, or to fetch: it was told to look, or an
// answer has come.
func (v *Visit) Attaches(give bool) (look, answered bool) {
	w := v.lane(give)
	return !w.idle(), len(w.answer) > 0
}

func (v *Visit) lane(give bool) *worker {
	if give {
		return v.s.up
	}
	return v.s.down
}

// Did is what the connection has done so far.
func (v *Visit) Did() SyncResult { return v.s.run.result }

// LetGo lets go of what may go, as after a checkpoint.
func (v *Visit) LetGo(ctx context.Context) { v.s.Client.letGo(ctx) }

// End is what follows the end of a connection, for what reason ever. welcome says that
// it was greeted.
func (v *Visit) End(ctx context.Context, welcome bool, err error) error {
	if !welcome {
		return v.s.ended(ctx, err)
	}
	v.s.lane.connect(nil)
	return v.s.over(ctx, err)
}
