package client

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// album is a site that has heard of so many people with a photo each, and has them here.
func album(b *testing.B, photos int) *Client {
	b.Helper()
	ctx := b.Context()
	st, err := store.Open(ctx, store.Config{Path: filepath.Join(b.TempDir(), "site.db"), Now: time.Now, Rand: rand.Reader})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	site := syncproto.RecordID{3}
	if err := st.Enrol(ctx, store.Identity{Org: syncproto.OrgID{1}, OrgKey: make([]byte, 32), Certificate: []byte{0}, Device: syncproto.DeviceID{2}, Site: site, Kind: schema.KindBranch, Prefix: "A1", Zone: "Asia/Dubai", Lang: "ar", Server: "http://127.0.0.1:1"}); err != nil {
		b.Fatal(err)
	}
	share := syncproto.Share{Class: syncproto.ClassP, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: site}}
	rows := &syncproto.Rows{Class: share.Class, Scope: share.Scope, Table: schema.Person, Fields: []syncproto.FieldID{schema.PersonSite, schema.PersonName, schema.PersonPhoto}, Columns: make([][]syncproto.Value, 3)}
	for i := range photos {
		root, err := st.Attachments().Put(ctx, fmt.Appendf(nil, "a made-up photo, number %d", i), 1)
		if err != nil {
			b.Fatal(err)
		}
		if err := st.Attachments().Confirm(ctx, root, syncproto.HistoryID{1}); err != nil {
			b.Fatal(err)
		}
		id := syncproto.RecordID{1}
		binary.BigEndian.PutUint32(id[12:], uint32(i))
		rows.IDs, rows.Positions = append(rows.IDs, id), append(rows.Positions, 1)
		for c, v := range []syncproto.Value{syncproto.IDValue(site), syncproto.TextValue("A made-up person"), syncproto.RootValue(root)} {
			rows.Columns[c] = append(rows.Columns[c], v)
		}
	}
	staging := st.NewStaging()
	if photos > 0 {
		if err := staging.Add(ctx, rows, 1); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := staging.Checkpoint(ctx, &syncproto.Checkpoint{Cursor: []byte{1}, Position: 1, TimeMS: 1, History: syncproto.HistoryID{1}, Covered: []syncproto.Share{share}}, 1); err != nil {
		b.Fatal(err)
	}
	return New(Config{Store: st, Key: key, Now: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
}

// BenchmarkAttachments is what a page's question and a checkpoint cost beside attachments that
// are at rest, and bare reads of the two files, which either makes at least.
func BenchmarkAttachments(b *testing.B) {
	for _, photos := range []int{0, 10_000} {
		c := album(b, photos)
		b.Run(fmt.Sprintf("status/%d", photos), func(b *testing.B) {
			for b.Loop() {
				if st, err := c.Status(b.Context()); err != nil || st.Attachments != 0 {
					b.Fatal(st.Attachments, err)
				}
			}
		})
		s := c.newSession(nil, &run{})
		s.caughtUp.Store(true)
		b.Run(fmt.Sprintf("checkpoint/%d", photos), func(b *testing.B) {
			for b.Loop() {
				for _, w := range []*worker{s.up, s.down} {
					if acted, err := w.step(b.Context()); err != nil || acted {
						b.Fatal(acted, err)
					}
				}
			}
		})
		b.Run(fmt.Sprintf("bare/%d", photos), func(b *testing.B) {
			for b.Loop() {
				if _, err := c.Store.NamesAt(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
