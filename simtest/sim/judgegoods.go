package sim

import (
	"cmp"
	"maps"
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// lies is what a shelf comes to.
type lies struct {
	onHand, sold, missing int64
	counted, known        bool
}

// stock is what lies where, of what head office has: all movements in the order of their
// times, and what was sold. A count says what lies there, whatever was known before it.
func (w *World) stock(v *view) map[shelf]lies {
	type event struct {
		shift
		when int64
		sold bool
	}
	var events []event
	seen := map[syncproto.RecordID]bool{}
	for _, t := range w.model.txs {
		row := v.rows[rowKey(t.table, t.record)]
		if t.kind != aGoods && t.kind != aSale || row == nil || seen[t.record] {
			continue
		}
		seen[t.record] = true
		if row.Of(schema.Voided).Bool() {
			if !w.takenBack(t) {
				w.failf("%v counts no more, and nobody took it back", t)
			}
			continue
		}
		for _, s := range t.shifts {
			events = append(events, event{s, t.at, t.kind == aSale})
		}
	}
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.when, b.when), map[bool]int{true: 1}[a.counted]-map[bool]int{true: 1}[b.counted])
	})
	stock := map[shelf]lies{}
	for _, e := range events {
		l := stock[e.at]
		if l.known = l.known || !e.sold; e.sold {
			l.sold -= e.pieces
		}
		if e.counted {
			l.counted, l.missing, l.onHand = true, l.onHand-e.pieces, e.pieces
		} else {
			l.onHand += e.pieces
		}
		stock[e.at] = l
	}
	maps.DeleteFunc(stock, func(_ shelf, l lies) bool { return !l.known })
	return stock
}

// judgeGoods: what lies where is the same at head office, at each site of its own shelves, and
// by what people did.
func (w *World) judgeGoods(v *view) {
	want := w.stock(v)
	var have []report.Shelf
	w.must(w.centre.state.Read(ctx, func(r *state.Reader) (err error) {
		have, err = r.Stock(syncproto.RecordID{})
		return err
	}))
	w.compareStock("head office", want, have)
	if len(want) == 0 {
		return
	}
	rights, now := v.rights(), w.centre.now().UnixMilli()
	for _, s := range w.sites {
		device, share := syncproto.RecordID(s.device()), syncproto.Scope{Kind: syncproto.ScopeSite, ID: s.id}
		if s.wiped || s.refused || !rights.reads(device, syncproto.ClassS, []syncproto.Scope{share}, now) {
			continue
		}
		own, held := map[shelf]lies{}, false
		for at, l := range want {
			if at.site == s.id {
				own[at] = l
			}
		}
		w.must(s.store.Read(ctx, func(r *store.Reader) error {
			for _, table := range []syncproto.TableID{schema.StockMovement, schema.Sale} {
				if err := r.Each(table, func(row *records.Row) error {
					held = held || !store.Arrived(row) || store.Held(row) || row.Meta[0] != 0
					return nil
				}); err != nil {
					return err
				}
			}
			var err error
			have, err = r.Stock(s.id)
			return err
		}))
		if !held { // what is held here is counted here
			w.compareStock(s.name, own, have)
			w.hits[StockAlike] += len(have)
		}
	}
}

func (w *World) compareStock(who string, want map[shelf]lies, have []report.Shelf) {
	if len(want) != len(have) {
		w.failf("%s knows %d shelves of %d", who, len(have), len(want))
	}
	for _, h := range have {
		at := shelf{h.Site, h.Product}
		got := lies{h.OnHand, h.Sold, h.Missing, h.Counted, true}
		if want[at] != got {
			w.failf("%s has %+v on the shelf %v, and people left %+v there", who, got, at, want[at])
		}
	}
}
