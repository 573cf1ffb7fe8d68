package client

import (
	"context"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/syncproto"
)

// attachmentsAt is as of when something about attachments was looked at: what names them,
// what is kept of them, and what the server last answered.
type attachmentsAt struct {
	names   int64
	files   uint64
	answers uint64
	history syncproto.HistoryID
}

func (c *Client) attachmentsNow(ctx context.Context) (at attachmentsAt, err error) {
	at.files = c.Store.Attachments().Changes()
	at.answers, at.history = c.lane.answered()
	if at.history == (syncproto.HistoryID{}) {
		at.history = c.Store.Progress().History
	}
	at.names, err = c.Store.NamesAt(ctx)
	return at, err
}

// kept says whether the server of a history has an attachment, as far as it has said so.
func kept(i attach.Info, history syncproto.HistoryID) bool {
	return i.Kept != (syncproto.HistoryID{}) && i.Kept == history
}

// due is an attachment that something here needs at the server, and who does.
type due struct {
	attach.Info
	store.Naming
}

// dueAt is what was due when that was last looked at.
type dueAt struct {
	at   attachmentsAt
	list []due
}

// undelivered lists the attachments that something here needs at the server and that it
// has not confirmed; what it has said it does not want is not among them. Pages ask at
// every sale, so all are gone through only where something about them has changed.
func (c *Client) undelivered(ctx context.Context) ([]due, error) {
	at, err := c.attachmentsNow(ctx)
	if err != nil {
		return nil, err
	}
	if last := c.due.Load(); last != nil && last.at == at {
		return last.list, nil
	}
	names, err := c.Store.Names(ctx)
	if err != nil {
		return nil, err
	}
	var list []due
	if len(names) > 0 {
		err = c.Store.Attachments().Each(ctx, func(i attach.Info) {
			n := names[i.Root]
			if _, unwanted := c.lane.resting(i.Root, n, c.Now()); i.Whole && !unwanted && !kept(i, at.history) && (n.Due() || n.Open || n.Settled) {
				list = append(list, due{i, n})
			}
		})
	}
	if err == nil {
		c.due.Store(&dueAt{at, list})
	}
	return list, err
}
