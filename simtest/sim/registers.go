package sim

import (
	"slices"
	"strconv"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// register is a place that several people may write.
type register struct {
	table  syncproto.TableID
	record syncproto.RecordID
	field  syncproto.FieldID
}

// form is what somebody has on the screen, to save it later.
type form struct {
	at  syncproto.Base
	of  register
	saw string
	any bool
}

func (w *World) register(s *site, n uint32) register {
	switch product, _ := pick(w.products, n>>2); n % 4 {
	case 0:
		return register{schema.Price, schema.PriceID(product, syncproto.RecordID{}), schema.PriceAmount}
	case 1:
		if s.kind == schema.KindBranch {
			person, _ := pick(w.persons, n>>2)
			return register{schema.Person, person, schema.PersonName}
		}
		fallthrough
	default:
		return register{schema.Product, product, schema.ProductSku}
	}
}

// shows is what a site's screen shows there.
func (w *World) shows(s *site, of register) (value string, there bool) {
	err := s.store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Get(of.table, of.record)
		if err != nil || row == nil {
			return err
		}
		there = true
		if v := row.Of(of.field); v.Kind() == syncproto.Int {
			value = strconv.FormatInt(v.Int(), 10)
		} else {
			value = v.Text()
		}
		return nil
	})
	w.mustAlive(s, err)
	return value, there
}

func (w *World) opWrite(o Op) {
	s := w.site(o.A)
	if !s.open {
		return
	}
	of := w.register(s, o.B)
	saw, there := w.shows(s, of)
	w.write(s, of, saw, there, nil)
}

func (w *World) opForm(o Op) {
	s := w.site(o.A)
	if !s.open || len(s.forms) > 3 {
		return
	}
	of := w.register(s, o.B)
	p := s.store.Progress()
	saw, there := w.shows(s, of)
	if there && p.Cursor != nil {
		s.forms = append(s.forms, form{syncproto.Base{Position: p.Position, Hash: p.Hash.Short()}, of, saw, there})
	}
}

func (w *World) opSave(o Op) {
	s := w.site(o.A)
	f, ok := pick(s.forms, o.B)
	if !s.open || !ok {
		return
	}
	s.forms = slices.DeleteFunc(s.forms, func(have form) bool { return have == f })
	w.hit(StaleForm)
	w.write(s, f.of, f.saw, f.any, &f.at)
}

func (w *World) write(s *site, of register, saw string, there bool, at *syncproto.Base) {
	loaded := ctx
	if at != nil {
		loaded = client.Loaded(ctx, *at)
	}
	w.values++
	value := strconv.Itoa(10_000 + w.values)
	w.person(s, func(t *tx) error {
		t.kind, t.table, t.record, t.field, t.value, t.saw, t.class = aWrite, of.table, of.record, of.field, value, saw, syncproto.ClassS
		t.scopes = []syncproto.Scope{syncproto.OrgScope}
		switch of.table {
		case schema.Price:
			for _, product := range w.products {
				if schema.PriceID(product, syncproto.RecordID{}) == of.record {
					return s.client.SetPrice(loaded, product, false, int64(10_000+w.values), "AED")
				}
			}
			return store.ErrNoRecord
		case schema.Person:
			t.class, t.scopes = syncproto.ClassP, nil // where it lies may have changed since
		}
		if !there {
			return store.ErrNoRecord
		}
		return s.store.Write(ctx, func(sw *store.Writer) error {
			return sw.Transaction(syncproto.RecordID{}, 240, func(d *store.Draft) error {
				d.Loaded(at)
				group := schema.ProductGroupSku
				if of.table == schema.Person {
					group = schema.PersonGroupName
				}
				if have, err := d.Get(of.table, of.record); err != nil || have == nil {
					return store.ErrNoRecord
				}
				return d.Update(of.table, of.record, group, store.Field{Field: of.field, Value: syncproto.TextValue(value)})
			})
		})
	})
}
