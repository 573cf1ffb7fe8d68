package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Attach keeps the bytes of an attachment, for a record that is going to name them: when
// this answers, they are on disk. The same bytes are the same attachment.
func (c *Client) Attach(ctx context.Context, b []byte) (root syncproto.Root, err error) {
	switch {
	case c.Store.Identity() == nil:
		return root, store.ErrNotEnrolled
	case c.Store.Identity().WipedAt != 0:
		return root, store.ErrWiped
	case len(b) == 0:
		return root, refusal.New(refusal.Required, "an attachment has at least one byte")
	case len(b) > syncproto.MaxAttachment:
		return root, attach.TooLarge()
	}
	return c.Store.Attachments().Put(ctx, b, c.Now().UnixMilli())
}

// attached is a field that names an attachment, whose bytes have to be here: they are
// durable before the record that names them.
func (c *Client) attached(ctx context.Context, name string, field syncproto.FieldID, root syncproto.Root) (store.Field, error) {
	f := store.Field{Field: field, Value: syncproto.RootValue(root)}
	if root.IsZero() {
		return f, nil
	}
	whole, err := c.Store.Attachments().Whole(ctx, root)
	if err == nil && whole {
		err = c.Store.Attachments().Touch(ctx, root, c.Now().UnixMilli())
	}
	if err == nil && !whole {
		err = refusal.New(refusal.Reference, "%s: attachment %v is not here: send its bytes first", name, root).On(name)
	}
	return f, err
}

// photos are the tables whose records have a photo.
var photos = map[syncproto.TableID]struct {
	field syncproto.FieldID
	group syncproto.GroupID
}{
	schema.Product: {schema.ProductPhoto, schema.ProductGroupPhoto},
	schema.Person:  {schema.PersonPhoto, schema.PersonGroupPhoto},
}

// SetPhoto gives a product or a person a photo; a zero one takes it away.
func (c *Client) SetPhoto(ctx context.Context, table syncproto.TableID, id syncproto.RecordID, photo syncproto.Root) error {
	of := photos[table]
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		have, err := d.Get(table, id)
		if err != nil || have == nil {
			return cmp.Or(err, error(store.ErrNoRecord))
		}
		if have.Of(of.field).Root() == photo {
			return nil
		}
		f, err := c.attached(ctx, "photo", of.field, photo)
		if err != nil {
			return err
		}
		return d.Update(table, id, of.group, f)
	})
}

// declared is what has not reached the server.
func (c *Client) declared(ctx context.Context) (syncproto.Declared, error) {
	d, err := c.Store.Declared(ctx)
	if err != nil {
		return d, err
	}
	list, err := c.undelivered(ctx)
	d.Attachments = uint64(len(list))
	return d, err
}
