package sim

import (
	"slices"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// lot is goods that a family gave, as the paper beside them says.
type lot struct {
	id, product syncproto.RecordID
	pieces      int64
}

// shelf is where goods of a kind lie.
type shelf struct{ site, product syncproto.RecordID }

// shift is what somebody did with goods: so many pieces more or fewer on a shelf, or so many
// counted there.
type shift struct {
	at      shelf
	pieces  int64
	counted bool
}

// goods has somebody do something with goods, and notes the movement that it became, if any.
func (w *World) goods(s *site, f Fault, kind kindOfTx, do func(t *tx) error) {
	w.person(s, func(t *tx) error {
		before, err := movements(s)
		if err != nil {
			return err
		}
		t.kind, t.table, t.at = kind, schema.StockMovement, s.now().UnixMilli()
		if err := do(t); err != nil {
			return err
		}
		after, err := movements(s)
		for _, id := range after {
			if !slices.Contains(before, id) {
				t.record = id
			}
		}
		if moved := !t.record.IsZero(); err == nil && moved != (len(t.shifts) > 0) {
			w.failf("%s: goods moved, %+v, and a movement was recorded: %v", s.name, t.shifts, moved)
		}
		if err == nil {
			w.hit(f)
		}
		return err
	})
}

func movements(s *site) (ids []syncproto.RecordID, err error) {
	return ids, s.store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.StockMovement, func(row *records.Row) error {
			ids = append(ids, row.ID)
			return nil
		})
	})
}

// owned is a product that a family gives.
func (w *World) owned(n uint32) syncproto.RecordID {
	product, _ := pick(w.products, n)
	if w.model.books.owner[product].IsZero() {
		product = w.products[0]
	}
	return product
}

// opLot has a family bring goods to a site: somebody counts them at once, or nobody does.
func (w *World) opLot(o Op) {
	s := w.site(o.A)
	l := lot{product: w.owned(o.B), pieces: 1 + int64(o.B>>4%20)}
	w.goods(s, Brought, aGoods, func(t *tx) (err error) {
		n := client.NewLot{Product: l.product, Quantity: l.pieces}
		if o.B>>9%3 > 0 {
			n.Receiver = "a helper"
			t.shifts = []shift{{shelf{s.id, l.product}, l.pieces, false}}
		}
		if l.id, err = s.client.Deliver(ctx, n); err == nil {
			w.lots = append(w.lots, l)
		}
		return err
	})
}

// opLotStep has somebody do something with goods that were brought.
func (w *World) opLotStep(o Op) {
	if len(w.lots) == 0 {
		w.opLot(o)
	}
	l, ok := pick(w.lots, o.B)
	var s *site
	was, there := "", false
	for i := 0; ok && !there && i < len(w.sites); i++ { // who has it does
		s = w.site(o.A + uint32(i))
		was, there = w.lotAt(s, l.id)
	}
	if !there {
		return
	}
	n := client.LotStep{Lot: l.id, Quantity: 1 + int64(o.B>>8%3), Rest: o.B>>10&1 == 0, By: "a helper", To: w.site(o.A + 1).id}
	n.Step = []string{client.StepReceived, client.StepReturned, client.StepDamaged, client.StepMoved, client.StepSold, client.StepReturned}[o.B>>12%6]
	w.goods(s, LotStepped, aGoods, func(t *tx) error {
		here, pieces := shelf{s.id, l.product}, n.Quantity
		switch {
		case n.Step == client.StepSold, n.Step == client.StepReceived && was == schema.LotMoved, n.Step == client.StepReturned && was == schema.LotDelivered:
		case n.Step == client.StepReceived:
			t.shifts = []shift{{here, pieces, false}}
		default:
			t.shifts = []shift{{here, -pieces, false}}
		}
		if n.Step == client.StepMoved {
			t.shifts = append(t.shifts, shift{shelf{n.To, l.product}, pieces, false})
		}
		before, _ := s.store.Newest()
		err := s.client.StepLot(ctx, n)
		if after, _ := s.store.Newest(); after == before { // as it was
			t.shifts = nil
		}
		return err
	})
}

// lotAt is the state of a lot at a site, by whose screen it lies there.
func (w *World) lotAt(s *site, id syncproto.RecordID) (state string, here bool) {
	if !s.open {
		return "", false
	}
	w.mustAlive(s, s.store.Read(ctx, func(r *store.Reader) error {
		row, err := r.Get(schema.Consignment, id)
		if row != nil && row.Of(schema.LotSite).ID() == s.id {
			state, here = row.Of(schema.LotState).Text(), true
		}
		return err
	}))
	return state, here
}

// opMoveGoods has somebody move goods without a paper, or count them.
func (w *World) opMoveGoods(o Op) {
	s := w.site(o.A)
	n := client.NewMovement{Product: w.owned(o.B), Quantity: 1 + int64(o.B>>4%5), By: "a helper", Reason: "as it goes"}
	n.Kind = []string{schema.MoveCounted, schema.MoveMoved, schema.MoveCounted, schema.MoveReturned, schema.MoveDamaged, schema.MoveSample, schema.MoveWritten}[o.B>>8%7]
	w.goods(s, GoodsMoved, aGoods, func(t *tx) error {
		t.shifts = []shift{{shelf{s.id, n.Product}, -n.Quantity, false}}
		switch n.Kind {
		case schema.MoveCounted:
			t.shifts = []shift{{shelf{s.id, n.Product}, n.Quantity, true}}
			w.hit(Counted)
		case schema.MoveMoved:
			n.To = w.site(o.A + 1).id
			t.shifts = append(t.shifts, shift{shelf{n.To, n.Product}, n.Quantity, false})
		}
		_, err := s.client.Move(ctx, n)
		return err
	})
}

// opUnmove has somebody take back a movement that was a mistake.
func (w *World) opUnmove(o Op) {
	s := w.site(o.A)
	var all []*tx
	for _, t := range w.model.txs {
		if t.kind == aGoods && len(t.shifts) > 0 {
			all = append(all, t)
		}
	}
	if of, ok := pick(all, o.B); ok {
		w.person(s, func(t *tx) error {
			t.kind, t.table, t.record = aVoid, schema.StockMovement, of.record
			err := s.client.VoidMovement(ctx, of.record)
			if err == nil {
				w.hit(Unmoved)
			}
			return err
		})
	}
}
