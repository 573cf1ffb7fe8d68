package client

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// BenchmarkSearch looks for one of 10,000 people by a part of their names, and beside it
// reads and folds all of them.
func BenchmarkSearch(b *testing.B) {
	const people = 10_000
	ctx := b.Context()
	st, err := store.Open(ctx, store.Config{Path: filepath.Join(b.TempDir(), "site.db"), Now: time.Now, Rand: rand.Reader})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { st.Close() })
	site := syncproto.RecordID{3}
	if err := st.Enrol(ctx, store.Identity{Org: syncproto.OrgID{1}, OrgKey: make([]byte, 32), Certificate: []byte{0}, Device: syncproto.DeviceID{2}, Site: site, Kind: schema.KindBranch, Prefix: "A1", Zone: "Asia/Dubai", Lang: "ar", Server: "http://127.0.0.1:1"}); err != nil {
		b.Fatal(err)
	}
	if err := st.Write(ctx, func(w *store.Writer) error {
		for page := range people / 100 {
			if err := w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
				for i := range 100 {
					id, err := d.NewID()
					if err != nil {
						return err
					}
					name := fmt.Sprintf("نورة بنت سالم الفلاني رقم %d", page*100+i)
					if err := d.Create(schema.Person, id, field(schema.PersonSite, syncproto.IDValue(site)), field(schema.PersonName, text(name)), field(schema.PersonPhone, text(fmt.Sprintf("05%08d", page*100+i)))); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	const want = "رقم ۹۹۹۹"
	one := func(b *testing.B, look func(*store.Reader, func(*records.Row) error) error) {
		for b.Loop() {
			n := 0
			if err := st.Read(ctx, func(r *store.Reader) error {
				return look(r, func(*records.Row) error { n++; return nil })
			}); err != nil || n != 1 {
				b.Fatal(n, err)
			}
		}
	}
	b.Run("indexed", func(b *testing.B) {
		one(b, func(r *store.Reader, f func(*records.Row) error) error {
			return r.Search(schema.Person, want, maxPageSize, f)
		})
	})
	b.Run("scan", func(b *testing.B) {
		one(b, func(r *store.Reader, f func(*records.Row) error) error {
			return r.Each(schema.Person, func(row *records.Row) error {
				if strings.Contains(schema.Fold(row.Of(schema.PersonName).Text()), schema.Fold(want)) {
					return f(row)
				}
				return nil
			})
		})
	})
}
