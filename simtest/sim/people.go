package sim

import (
	"encoding/hex"
	"slices"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// person has somebody do something at a site, and keeps what was done if the program
// said that it is saved.
func (w *World) person(s *site, do func(t *tx) error) {
	if !s.open {
		return
	}
	before, _ := s.store.Newest()
	t := &tx{site: s.name}
	err := do(t)
	if s.dying {
		w.reap()
		return
	}
	after, _ := s.store.Newest()
	if err != nil || after == before {
		w.tracef("%s: nothing recorded: %s", s.name, brief(err))
		return
	}
	if s.line != nil {
		s.line.due = true
	}
	t.hash = after.Hash
	if n := len(s.chain); n > 0 {
		t.parent = s.chain[n-1]
	}
	s.chain = append(s.chain, t)
	w.model.add(t)
	w.tracef("%s: %s %d of record %x, value %q, saw %q", s.name, t.kind, t.n, t.record[:4], t.value, t.saw)
}

func (w *World) opSell(o Op) {
	s := w.site(o.A)
	w.person(s, func(t *tx) error {
		product, _ := pick(w.products, o.B)
		t.kind, t.table, t.class, t.pieces, t.amount = aSale, schema.Sale, syncproto.ClassS, 1+int64(o.B>>4%3), 0
		price := 100 + int64(o.B>>8%900)
		sold, err := s.client.Sell(ctx, client.NewSale{Till: s.till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: t.pieces, PriceMinor: price}}})
		if err != nil {
			return err
		}
		t.record, t.amount, t.product = sold.Sale, t.pieces*price, product
		t.at, t.shifts = s.now().UnixMilli(), []shift{{shelf{s.id, product}, -t.pieces, false}}
		if sold.AmountMinor != t.amount {
			w.failf("a sale of %d pieces at %d is said to be of %d", t.pieces, price, sold.AmountMinor)
		}
		return w.lies(s, t)
	})
}

// lies notes in which scopes a sale lies.
func (w *World) lies(s *site, t *tx) error {
	return s.store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Get(schema.Sale, t.record)
		if err == nil {
			t.scopes = row.Scopes(nil)
		}
		return err
	})
}

func (w *World) opVoid(o Op) {
	s := w.site(o.A)
	var sales []*tx
	for _, t := range w.model.txs {
		if t.kind == aSale {
			sales = append(sales, t)
		}
	}
	of, ok := pick(sales, o.B)
	if !ok {
		return
	}
	w.person(s, func(t *tx) error {
		t.kind, t.table, t.record = aVoid, schema.Sale, of.record
		err := s.client.VoidSale(ctx, of.record, "a mistake")
		if err == nil {
			w.hit(Voided)
		}
		return err
	})
}

func (w *World) mustAlive(s *site, err error) {
	if err != nil && !s.dying {
		w.failf("%s: %v", s.name, err)
	}
}

// opProduct adds a product, which is then sold: where it is held, so are its sales.
func (w *World) opProduct(o Op) {
	s := w.site(o.A)
	w.person(s, func(t *tx) (err error) {
		t.kind, t.table = aRecord, schema.Product
		family, _ := pick(append(w.families, syncproto.RecordID{}), o.B)
		if t.record, err = s.client.AddProduct(ctx, client.NewProduct{Name: "Another product", Family: family}); err == nil {
			w.products = append(w.products, t.record)
			w.model.books.owner[t.record] = family
		}
		return err
	})
}

// opRests takes the right to write, and has somebody who did not hear of it add a product and sell
// it: the sale rests on what is held.
func (w *World) opRests(o Op) {
	s := w.site(o.A)
	if !s.open || !w.centre.up || s.wiped {
		return
	}
	w.decided(w.centre.server.Grant(ctx, server.NewGrant{Device: s.device(), Scope: syncproto.OrgScope, Classes: "S"}))
	n := len(w.products)
	w.opProduct(o)
	if len(w.products) > n {
		w.opSell(Op{A: o.A, B: uint32(n)})
	}
}

func (w *World) opPerson(o Op) {
	s := w.site(o.A)
	w.person(s, func(t *tx) (err error) {
		t.kind, t.table = aRecord, schema.Person
		if t.record, err = s.client.AddPerson(ctx, client.NewPerson{Name: "Somebody else"}); err == nil {
			w.persons = append(w.persons, t.record)
		}
		return err
	})
}

// opMove takes a person to another branch.
func (w *World) opMove(o Op) {
	s := w.site(o.A)
	person, _ := pick(w.persons, o.B)
	var to syncproto.RecordID
	for _, other := range w.sites {
		if other.kind == schema.KindBranch && (to.IsZero() || o.B>>8&1 == 0) {
			to = other.id
		}
	}
	if s.kind != schema.KindBranch || to.IsZero() {
		return
	}
	w.person(s, func(t *tx) error {
		t.kind, t.table, t.record = aMove, schema.Person, person
		err := s.store.Write(ctx, func(sw *store.Writer) error {
			return sw.Transaction(syncproto.RecordID{}, 240, func(d *store.Draft) error {
				have, err := d.Get(schema.Person, person)
				if err != nil || have == nil || have.Of(schema.PersonSite).ID() == to {
					return store.ErrNoRecord
				}
				return d.Update(schema.Person, person, schema.PersonGroupSite, store.Field{Field: schema.PersonSite, Value: syncproto.IDValue(to)})
			})
		})
		if err == nil {
			w.hit(Moved)
		}
		return err
	})
}

// opReplace has the author mend what is held, where that is possible.
func (w *World) opReplace(o Op) {
	var s *site
	var list []client.Verdict
	for i := range w.sites {
		if s = w.site(o.A + uint32(i)); !s.open {
			continue
		}
		var err error
		if list, err = s.client.Quarantine(ctx); err != nil {
			w.mustAlive(s, err)
			return
		}
		list = slices.DeleteFunc(list, func(v client.Verdict) bool { return v.Mend == nil || v.State != schema.VerdictHeld })
		if len(list) > 0 {
			break
		}
	}
	v, ok := pick(list, o.B)
	if !ok {
		return
	}
	raw, err := hex.DecodeString(v.Hash)
	w.must(err)
	was := w.model.byHash[syncproto.Hash(raw)]
	if was == nil {
		return
	}
	w.person(s, func(t *tx) error {
		t.kind, t.table, t.record, t.amount, t.pieces, t.class = was.kind, was.table, was.record, was.amount, was.pieces, was.class
		t.product, t.at, t.shifts = was.product, was.at, was.shifts
		t.replaces = was.hash
		_, err := s.client.Replace(ctx, v.Hash, *v.Mend)
		if err == nil {
			w.hit(ReplacedHeld)
		}
		return err
	})
}
