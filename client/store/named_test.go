package store_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func photo(n byte) store.Field {
	v := syncproto.Value{}
	if n > 0 {
		v = syncproto.RootValue(syncproto.Root{n})
	}
	return store.Field{Field: schema.ProductPhoto, Value: v}
}

// walker does what changes who names attachments, and what does not, in any order.
type walker struct {
	*site
	*rand.Rand
	products []syncproto.RecordID
	heads    []syncproto.Head // after each transaction
}

func (w *walker) any() syncproto.RecordID { return w.products[w.IntN(len(w.products))] }
func (w *walker) some() store.Field       { return photo(byte(w.IntN(4))) }

// hears is checkpoint of a server that sends anything, in whatever order: what it leaves
// here need not be sound.
func (w *walker) hears(settled bool, change ...func(*syncproto.Checkpoint)) {
	w.position++
	c := &syncproto.Checkpoint{Cursor: []byte{1}, Position: w.position, TimeMS: 1, Covered: []syncproto.Share{orgShare, ownShare}}
	if settled {
		c.Settled = w.Heads()
	}
	for _, f := range change {
		f(c)
	}
	if _, err := w.staging.Checkpoint(ctx, c, 1); err != nil {
		w.t.Fatal(err)
	}
}

// there says that a product can be edited.
func (w *walker) there(p syncproto.RecordID) bool { return w.get(schema.Product, p) != nil }

func (w *walker) edits(p syncproto.RecordID, group syncproto.GroupID, f store.Field) {
	if w.there(p) {
		w.records(func(d *store.Draft) error { return d.Update(schema.Product, p, group, f) })
		w.heads = append(w.heads, w.head())
	}
}

var walks = map[string]func(*walker){
	"a product with a photo is made": func(w *walker) {
		f := w.some()
		w.records(func(d *store.Draft) error {
			made, err := d.NewID()
			w.products = append(w.products, made)
			if err != nil {
				return err
			}
			return d.Create(schema.Product, made, text(schema.NameEn, "made up"), f)
		})
		w.heads = append(w.heads, w.head())
	},
	"it is given another": func(w *walker) { w.edits(w.any(), schema.ProductGroupPhoto, w.some()) },
	"it is renamed":       func(w *walker) { w.edits(w.any(), schema.GroupNames, text(schema.NameEn, "made up anew")) },
	"a receipt comes": func(w *walker) {
		if len(w.heads) > 0 {
			if _, err := w.Acknowledge(ctx, w.heads[w.IntN(len(w.heads))]); err != nil {
				w.t.Fatal(err)
			}
		}
	},
	"the server sends it": func(w *walker) {
		w.sends(orgShare, schema.Product, w.any(), text(schema.NameEn, "theirs"), w.some())
		w.hears(w.IntN(2) == 0)
	},
	"some is judged": func(w *walker) {
		w.hears(false, func(c *syncproto.Checkpoint) {
			if len(w.heads) > 0 {
				c.Settled = w.heads[w.IntN(len(w.heads)):][:1]
			}
		})
	},
	"it leaves": func(w *walker) {
		p := w.any()
		w.stage(&syncproto.Leave{Class: orgShare.Class, Scope: orgShare.Scope, Records: []syncproto.TableIDs{{Table: schema.Product, IDs: p[:]}}})
		w.hears(false)
	},
	"a verdict comes": func(w *walker) {
		if len(w.heads) > 0 {
			w.ends(w.heads[w.IntN(len(w.heads))], []string{schema.VerdictHeld, schema.VerdictWithdrawn, schema.VerdictReplaced}[w.IntN(3)])
			w.hears(w.IntN(2) == 0)
		}
	},
	"a conflict opens, or is settled": func(w *walker) {
		fields := []store.Field{
			id(schema.ConflictLoser, ownShare.Scope.ID), id(schema.ConflictWinner, ownShare.Scope.ID),
			{Field: schema.ConflictTable, Value: syncproto.IntValue(int64(schema.Product))},
			{Field: schema.ConflictLoserFields, Value: syncproto.BytesValue(records.AppendFields(nil, []syncproto.FieldValue{w.some()}))},
		}
		if w.IntN(2) == 0 {
			fields = append(fields, text(schema.ConflictChoice, "winner"))
		}
		w.sends(ownShare, schema.Conflict, syncproto.RecordID{0: 5}, fields...)
		w.hears(false)
	},
	"the server wants nothing of one": func(w *walker) {
		if err := w.Unwanted(ctx, syncproto.Root{byte(1 + w.IntN(3))}); err != nil {
			w.t.Fatal(err)
		}
	},
	"the server's log is put back": func(w *walker) {
		var heads []syncproto.Head
		if n := w.IntN(len(w.heads) + 1); n > 0 {
			heads = w.heads[n-1 : n]
		}
		if err := w.Welcome(ctx, w.KeptHeads(), heads); err != nil {
			w.t.Fatal(err)
		}
	},
	"the process is another": func(w *walker) { w.reopen() },
}

func TestWhatNamesAttachmentsNeverChangesWithoutItsNumber(t *testing.T) {
	for seed := range uint64(12) {
		w := &walker{site: newSite(t), Rand: rand.New(rand.NewPCG(seed, 0)), products: []syncproto.RecordID{goods}}
		names, at := w.named()
		for step := range 60 {
			what := slices.Sorted(maps.Keys(walks))[w.IntN(len(walks))]
			walks[what](w)
			then, now := w.named()
			if !maps.Equal(names, then) && at == now {
				t.Fatalf("seed %d, step %d: %s: the names were %v, are %v, and the number stayed %d", seed, step, what, names, then, now)
			}
			names, at = then, now
		}
	}
}

func TestASaleDoesNotMoveTheNumberOfNames(t *testing.T) {
	s := newSite(t)
	s.records(func(d *store.Draft) error {
		return d.Create(schema.Product, goods, text(schema.NameEn, "made up"), photo(1))
	})
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "made up"), photo(1))
	s.checkpoint(true)
	names, before := s.named()
	if len(names) != 1 {
		t.Fatalf("%v", names)
	}
	for range 3 {
		s.records(func(d *store.Draft) error {
			till, err := d.NewID()
			if err != nil {
				return err
			}
			return d.Create(schema.TillSession, till, id(schema.TillSite, siteID), id(schema.TillDevice, ownShare.Scope.ID), text(schema.TillCurrency, "AED"),
				store.Field{Field: schema.TillOpenedAt, Value: syncproto.IntValue(1)}, store.Field{Field: schema.TillFloat, Value: syncproto.IntValue(0)})
		})
		if _, err := s.Acknowledge(ctx, s.head()); err != nil {
			t.Fatal(err)
		}
		s.checkpoint(true)
	}
	if _, at := s.named(); at != before {
		t.Errorf("the number is %d, was %d", at, before)
	}
}

func (s *site) named() (map[syncproto.Root]store.Naming, int64) {
	s.t.Helper()
	names, err := s.ReadNames(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	at, err := s.NamesAt(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	return names, at
}

func TestNamesInAFieldThatTheSchemaGotSinceAreCountedToo(t *testing.T) {
	s := newSite(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sqlitedb.Open(s.path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Script(`DROP TRIGGER named_product_photo_insert; DROP INDEX product_photo`)
	}); err != nil { // as it was before
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s.Store = nil
	s.reopen()
	_, before := s.named()
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "made up"), photo(1))
	s.checkpoint(true)
	if names, at := s.named(); len(names) != 1 || at == before {
		t.Errorf("%d names, the number is %d, was %d", len(names), at, before)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = sqlitedb.Open(s.path, sqlitedb.Options{}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT count(*) FROM sqlite_schema WHERE name = 'product_photo'`)
		if err == nil && n != 1 {
			t.Error("they are not found without going through all records")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
