package sim

import (
	"slices"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// books are what people at head office have on paper of what families are owed.
type books struct {
	owner      map[syncproto.RecordID]syncproto.RecordID // of a product, its family
	statements map[syncproto.RecordID]*approved
}

// approved is a statement as it was read out when it was approved, or first seen.
type approved struct {
	net, lines int64
	sure       bool // that the server has it: it has not gone back since
}

func newBooks() *books {
	return &books{owner: map[syncproto.RecordID]syncproto.RecordID{}, statements: map[syncproto.RecordID]*approved{}}
}

// rolledBack: of what was approved the server may have forgotten some.
func (b *books) rolledBack() {
	for _, s := range b.statements {
		s.sure = false
	}
}

// everDay is later than all that clocks may say here.
const everDay = "9999-12-31"

// opDue has head office approve what is due: everything, or up to today, or to a family the
// sum that somebody looked at, while somebody else may approve it first.
func (w *World) opDue(o Op) {
	c := w.centre
	if w.fold(); !c.up { // what comes to light between two presses of the button is due then
		return
	}
	ask := server.NewSettlement{To: everDay, By: "an accountant"}
	if o.A%3 == 0 {
		ask.To = c.now().Format(time.DateOnly)
	}
	if o.B%4 == 0 {
		list, err := c.server.Due(ctx, ask.To, syncproto.RecordID{})
		w.mustServe(err)
		due, ok := pick(list, o.B>>4)
		if !ok {
			return
		}
		one := ask
		one.Family, one.Currency, one.NetMinor = &due.Family, due.Currency, &due.NetMinor
		if o.B>>2%2 == 0 && due.NetMinor > 0 {
			w.approve(ask)
			if !c.up {
				return
			}
			if done, err := c.server.Settle(ctx, one); err == nil && len(done.Approved) > 0 {
				w.failf("what was approved is approved again by who had looked at it before: %+v", done.Approved)
			}
			w.reap()
			return
		}
		ask = one
	}
	w.approve(ask)
	if c.up && o.B>>3%2 == 0 && ask.NetMinor == nil { // somebody presses the button twice
		if done, err := c.server.Settle(ctx, ask); err == nil && len(done.Approved) > 0 {
			w.failf("asked again, %d statements are approved of what was settled", len(done.Approved))
		}
		w.reap()
	}
	w.readBooks()
}

// approve has head office approve a settlement, and writes down what it was told.
func (w *World) approve(ask server.NewSettlement) {
	c := w.centre
	if !c.up {
		return
	}
	done, err := c.server.Settle(ctx, ask)
	w.mustServe(err)
	if err == nil {
		for _, s := range done.Approved {
			if w.model.books.statements[s.ID] != nil {
				w.failf("statement %s is approved a second time", s.Number)
			}
			w.model.books.statements[s.ID] = &approved{s.NetMinor, int64(s.Count), true}
			w.hit(Approved)
		}
	}
	w.tracef("approved %d, %d wait", len(done.Approved), len(done.Waiting))
	w.decided(err)
}

// mustServe holds head office's programs to an answer, unless a disk or the process failed.
func (w *World) mustServe(err error) {
	c := w.centre
	if err != nil && !c.dying && !c.disk.full && !c.log.full {
		w.failf("head office: %v", err)
	}
}

// branch is a site that is one.
func (w *World) branch(n uint32) (s *site, at uint32) {
	for s = w.site(n); s.kind != schema.KindBranch; n++ {
		s = w.site(n + 1)
	}
	return s, n
}

// opPay has a branch pay a statement, as its screen shows it.
func (w *World) opPay(o Op) {
	s, at := w.branch(o.A)
	list := w.unpaid(s)
	if len(list) == 0 {
		w.state(at)
		list = w.unpaid(s)
	}
	if statement, ok := pick(list, o.B); ok {
		w.pay(s, statement)
	}
}

// state has a branch sell something, head office approve what is due, and the branch hear of it.
func (w *World) state(at uint32) {
	w.opSell(Op{A: at, B: at})
	w.opSettle(Op{A: at})
	w.opDue(Op{A: 1, B: 9})
	w.opSettle(Op{A: at})
}

// unpaid are the statements that a branch has still to pay, by what is known there.
func (w *World) unpaid(s *site) (open []settle.Statement) {
	if !s.open {
		return nil
	}
	list, err := s.client.Statements(ctx, syncproto.RecordID{})
	w.mustAlive(s, err)
	for _, s := range list {
		if s.Payout == nil {
			open = append(open, s)
		}
	}
	return open
}

func (w *World) pay(s *site, statement settle.Statement) {
	w.person(s, func(t *tx) (err error) {
		t.kind, t.table, t.record, t.amount = aPayout, schema.Payout, statement.ID, statement.NetMinor
		if t.value, err = s.client.Pay(ctx, client.NewPayout{Statement: statement.ID, Method: "transfer", By: "a cashier"}); err != nil {
			return err
		}
		for _, before := range s.chain {
			if before.kind == aPayout && before.value == t.value && before.record != t.record {
				w.failf("%s gives receipt %s for two statements", s.name, t.value)
			}
		}
		w.hit(PaidOut)
		return nil
	})
}

// opApart has a statement paid twice: by a copy of the branch's device that has not heard of
// the first, or after the server forgot that it was approved and it is approved anew.
func (w *World) opApart(o Op) {
	s, at := w.branch(o.A)
	c := w.centre
	if !c.up || !s.open {
		return
	}
	i := c.image()
	w.state(at)
	statement, ok := pick(w.unpaid(s), o.B>>4)
	if !ok {
		return
	}
	n := len(w.sites)
	if o.B&1 == 0 {
		w.opClone(Op{A: at})
	}
	w.pay(s, statement)
	if o.B>>1&1 == 0 {
		w.opSettle(Op{A: at})
	}
	if time.Sleep(time.Millisecond); len(w.sites) > n { // in the bubble; of one moment, both would be one
		if s = w.sites[n]; s.open {
			w.pay(s, statement)
		}
		return
	}
	w.putBack(i, o.B>>2&1 == 0)
	w.opDue(Op{A: 1, B: 9})
}

// opRefund has a site give back pieces of a sale that it knows.
func (w *World) opRefund(o Op) {
	s := w.site(o.A)
	var sales []*tx
	for _, t := range w.model.txs {
		if t.kind == aSale && t.pieces > 0 {
			sales = append(sales, t)
		}
	}
	of, ok := pick(sales, o.B)
	if !ok {
		return
	}
	w.person(s, func(t *tx) error {
		t.kind, t.table, t.class, t.pieces, t.product = aSale, schema.Sale, syncproto.ClassS, -1-int64(o.B>>12%2), of.product
		t.refunds = of.record.Child(1)
		back, err := s.client.Refund(ctx, client.NewRefund{Sale: of.record, Till: s.till, Lines: []client.Back{{Line: of.record.Child(1), Pieces: -t.pieces}}})
		if err != nil {
			return err
		}
		// What was paid for all pieces, by as many as are given back: no price here has a discount.
		t.at, t.shifts = s.now().UnixMilli(), []shift{{shelf{s.id, t.product}, -t.pieces, false}}
		if t.record, t.amount = back.Sale, of.amount/of.pieces*t.pieces; back.AmountMinor != t.amount {
			w.failf("%d pieces of a sale of %d for %d give back %d", -t.pieces, of.pieces, of.amount, -back.AmountMinor)
		}
		w.hit(Refunded)
		return w.lies(s, t)
	})
}

// opLate has head office approve what a stall sold, and the stall take it back without hearing
// of that.
func (w *World) opLate(o Op) {
	s, sale, positive := w.sells(o)
	if s == nil {
		return
	}
	w.opSettle(o)
	if o.B>>2%2 == 0 {
		w.hangUp(s)
	}
	w.opDue(Op{A: 1, B: 1})
	if o.B>>3%2 == 0 {
		w.opVoid(Op{A: o.A, B: sale})
	} else {
		w.opRefund(Op{A: o.A, B: positive})
	}
}

// opBoth has what a stall sold be voided by one of two copies of its device and refunded by the
// other, neither of which hears of that, before head office approves it or after.
func (w *World) opBoth(o Op) {
	s, sale, positive := w.sells(o)
	if s == nil {
		return
	}
	if o.B>>2%2 == 0 {
		w.opSettle(o)
		w.opDue(Op{A: 1, B: 1})
	}
	at, n := uint32(slices.Index(w.sites, s)), len(w.sites)
	w.opClone(Op{A: at, B: 1})
	if len(w.sites) > n {
		w.opRefund(Op{A: uint32(n), B: positive})
		w.opVoid(Op{A: at, B: sale})
	}
}

// sells has a site sell something, and says which of all sales that is and which of those that
// are no refunds; no site where it could not.
func (w *World) sells(o Op) (s *site, sale, positive uint32) {
	n := len(w.model.txs)
	if w.opSell(Op{A: o.A, B: o.B}); len(w.model.txs) == n || !w.site(o.A).open {
		return nil, 0, 0
	}
	for _, t := range w.model.txs[:n] {
		if t.kind == aSale {
			sale++
			if t.pieces > 0 {
				positive++
			}
		}
	}
	return w.site(o.A), sale, positive
}
