package sim

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// opBacked makes a verified backup, and tells devices up to where it holds their work.
func (w *World) opBacked(Op) {
	c := w.centre
	if !c.up || c.server.Fold(ctx) != nil {
		w.reap()
		return
	}
	var b server.Backing
	w.must(c.state.Read(ctx, func(r *state.Reader) error {
		heads, err := r.DeviceHeads()
		for _, h := range heads {
			b.Devices = append(b.Devices, server.BackedHead{Device: h.Device, Incarnation: h.Incarnation, Seq: uint64(h.Seq), Hash: h.Hash.String()})
		}
		return err
	}))
	c.images = append(c.images, c.image())
	c.backed = len(c.images) - 1
	_, err := c.server.Backed(ctx, b)
	w.hit(BackedUp)
	w.decided(err)
}

// decided takes note of what head office's decision gave.
func (w *World) decided(err error) {
	w.tracef("head office: %s", brief(err))
	w.reap()
}

// parcel is a file on its way.
type parcel struct {
	from     *site
	file     []byte
	taken    int
	receipts []byte
}

func (w *World) opParcel(o Op) {
	s := w.site(o.A)
	if !s.open {
		return
	}
	made, err := s.client.MakeParcels(ctx, client.LeastParcel)
	if err != nil {
		w.tracef("no parcel: %s", brief(err))
		return
	}
	for _, p := range made {
		w.hit(ParcelMade)
		if o.B%5 == 0 {
			w.hit(ParcelLost)
			continue
		}
		w.parcels = append(w.parcels, &parcel{from: s, file: p.File})
	}
}

func (w *World) opTake(o Op) {
	if p, ok := pick(w.parcels, o.A); ok {
		w.take(p)
	}
}

func (w *World) take(p *parcel) {
	if !w.centre.up {
		return
	}
	t, err := w.centre.server.TakeParcel(ctx, p.file)
	if err == nil {
		if p.taken++; p.taken > 1 {
			w.hit(ParcelTwice)
		}
		w.hit(ParcelTaken)
		p.receipts = t.Receipts
	}
	w.parked()
	w.tracef("parcel of %s: %d transactions, %d new: %s", p.from.name, t.Transactions, t.New, brief(err))
	w.reap()
}

func (w *World) opReceipts(o Op) {
	var taken []*parcel
	for _, p := range w.parcels {
		if p.receipts != nil && p.from.open {
			taken = append(taken, p)
		}
	}
	p, ok := pick(taken, o.A)
	if !ok {
		return
	}
	w.carry(p)
}

// carry brings receipts back to where a parcel came from.
func (w *World) carry(p *parcel) {
	_, err := p.from.client.TakeReceipts(ctx, p.receipts)
	w.hit(ReceiptsCarried)
	w.tracef("receipts for %s: %s", p.from.name, brief(err))
	w.reap()
}

// opGap has two parcels of a site come, and the server lose the first: what is in the
// second waits.
func (w *World) opGap(o Op) {
	s, c := w.site(o.A), w.centre
	if !s.open || !c.up {
		return
	}
	i := c.image()
	for n := range 2 {
		w.opSell(Op{A: o.A, B: o.B + uint32(n)})
		made := len(w.parcels)
		w.opParcel(Op{A: o.A, B: 1})
		if n == 1 {
			w.putBack(i, o.B&1 == 0)
		}
		if len(w.parcels) == made {
			return
		}
		p := w.parcels[len(w.parcels)-1]
		w.take(p)
		if n == 0 && p.receipts != nil && s.open {
			w.carry(p)
		}
	}
}

func (w *World) opRevoke(o Op) {
	s := w.site(o.A)
	if !s.open || !w.centre.up || s.wiped {
		return
	}
	err := w.centre.server.Revoke(ctx, s.device(), "lost")
	if w.limits(s); err == nil {
		w.hit(Revoked)
	}
	w.decided(err)
}

// limits notes that somebody wanted a right of a device ended, and of the copies of it.
func (w *World) limits(s *site) {
	for _, o := range w.sites {
		o.limited = o.limited || o.id == s.id
	}
}

// scopeOf is a scope in which a site has a right.
func (w *World) scopeOf(s *site, n uint32) (syncproto.Scope, string) {
	if n&1 == 0 {
		return syncproto.OrgScope, "S"
	}
	classes := "S"
	if s.kind == schema.KindBranch {
		classes = "SPE"
	}
	return syncproto.Scope{Kind: syncproto.ScopeSite, ID: s.id}, classes
}

func (w *World) opEndGrant(o Op) {
	s := w.site(o.A)
	if !s.open || !w.centre.up || s.wiped {
		return
	}
	scope, _ := w.scopeOf(s, o.B)
	err := w.centre.server.EndGrant(ctx, s.device(), scope, "the fair is over")
	if w.limits(s); err == nil {
		w.hit(GrantEnded)
	}
	w.decided(err)
}

// opLimit gives a right an end, soon.
func (w *World) opLimit(o Op) {
	s := w.site(o.A)
	if !s.open || !w.centre.up || s.wiped {
		return
	}
	scope, classes := w.scopeOf(s, o.B)
	until := w.centre.now().Add(time.Duration(o.B>>4%8) * time.Hour)
	err := w.centre.server.Grant(ctx, server.NewGrant{Device: s.device(), Scope: scope, Classes: classes, Write: true, Until: until, Deliver: until.Add(time.Duration(o.B>>8%12) * time.Hour)})
	if w.limits(s); err == nil {
		w.hit(GrantLimited)
	}
	w.decided(err)
}

func (w *World) opGrant(o Op) {
	s := w.site(o.A)
	if !s.open || !w.centre.up || s.wiped {
		return
	}
	scope, classes := w.scopeOf(s, o.B)
	err := w.centre.server.Grant(ctx, server.NewGrant{Device: s.device(), Scope: scope, Classes: classes, Write: true})
	if err == nil {
		w.hit(GrantGiven)
	}
	w.decided(err)
}

// opDecide settles something that is held.
func (w *World) opDecide(o Op) {
	c := w.centre
	if !c.up {
		return
	}
	var held []syncproto.Hash
	err := c.state.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Verdict, func(row *records.Row) error {
			if row.Of(schema.VerdictState).Text() == schema.VerdictHeld {
				held = append(held, syncproto.Hash(row.Of(schema.VerdictHash).Bytes()))
			}
			return nil
		})
	})
	w.must(err)
	slices.SortFunc(held, func(a, b syncproto.Hash) int { return slices.Compare(a[:], b[:]) })
	hash, ok := pick(held, o.A)
	if !ok {
		return
	}
	d := server.Decide{Action: schema.DecisionRelease, Waive: o.B%3 == 0, Reason: "looked at"}
	if o.B%5 == 4 {
		d.Action, d.Waive = schema.DecisionWithdraw, false
	}
	w.model.anew[hash] = true
	v, err := c.server.Decide(ctx, hex.EncodeToString(hash[:]), d)
	switch {
	case err != nil:
	case v.State == schema.VerdictWithdrawn:
		w.hit(Withdrawn)
	case v.State == schema.VerdictReleased && d.Waive:
		w.hit(Waived)
		w.hit(Released)
	case v.State == schema.VerdictReleased:
		w.hit(Released)
	}
	w.tracef("decided %x: %s, %s", hash[:4], v.State, d.Action)
	w.decided(err)
}
