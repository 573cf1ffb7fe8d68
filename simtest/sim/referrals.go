package sim

import (
	"slices"
	"strings"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// opRefer has a branch send a referral to another.
func (w *World) opRefer(o Op) {
	s := w.site(o.A)
	var to []*site
	for _, other := range w.sites {
		if other.kind == schema.KindBranch && other.id != s.id {
			to = append(to, other)
		}
	}
	other, ok := pick(to, o.B)
	if !ok || s.kind != schema.KindBranch {
		return
	}
	w.person(s, func(t *tx) (err error) {
		t.kind, t.table = aRecord, schema.Referral
		if t.record, err = s.client.Refer(ctx, client.NewReferral{To: other.id, Purpose: "job"}); err == nil {
			w.referrals = append(w.referrals, t.record)
			w.hit(Referred)
		}
		return err
	})
}

// opClash has both desks of a referral do something about it without hearing of the other.
func (w *World) opClash(o Op) {
	n := len(w.referrals)
	for i := uint32(0); i < uint32(len(w.sites)) && len(w.referrals) == n; i++ {
		o.A++
		w.opRefer(o)
	}
	if len(w.referrals) == n {
		return
	}
	w.opSettle(o)
	var desks []*site
	for i, s := range w.sites {
		if s.kind == schema.KindBranch {
			w.opSettle(Op{A: uint32(i)})
			w.hangUp(s)
			desks = append(desks, s)
		}
	}
	for i, s := range desks {
		step := schema.ReferralWithdrawn
		if s.id != w.site(o.A).id {
			step = steps[o.B>>(8+4*i)%uint32(len(steps))]
		}
		w.answer(s, w.referrals[n], step)
	}
}

// steps are the states that a desk may take a referral to.
var steps = []string{
	schema.ReferralReceived, schema.ReferralAccepted, schema.ReferralAccepted, schema.ReferralDeclined, schema.ReferralMoreNeeded,
	schema.ReferralWithdrawn, schema.ReferralWithdrawn, "in_service", schema.ReferralCompleted, schema.ReferralSeen,
}

// opAnswer has either desk take a referral a step, if it is one.
func (w *World) opAnswer(o Op) {
	referral, ok := pick(w.referrals, o.B>>8)
	step, _ := pick(steps, o.B)
	for i := 0; ok && i < len(w.sites); i++ { // who cannot leaves it to another
		if w.answer(w.site(o.A+uint32(i)), referral, step) {
			return
		}
	}
}

func (w *World) answer(s *site, referral syncproto.RecordID, step string) (done bool) {
	if !s.open {
		return false
	}
	saw, there := w.shows(s, register{schema.Referral, referral, schema.ReferralState})
	if !there {
		return false
	}
	w.person(s, func(t *tx) error {
		t.kind, t.table, t.record, t.field, t.value, t.saw = aStep, schema.Referral, referral, schema.ReferralState, step, saw
		var err error
		if step == schema.ReferralReceived && saw == schema.ReferralMoreNeeded {
			err = s.client.Reply(ctx, referral, "what was asked for")
		} else {
			err = s.client.Answer(ctx, referral, step, "a reason", "an outcome")
		}
		if err == nil {
			w.hit(Answered)
			done = true
		}
		return err
	})
	return done
}

// judgeReferrals: who accepts has it, whatever the sender did meanwhile; what was withdrawn,
// and not accepted or declined, is withdrawn; nobody's step goes without a word.
func (w *World) judgeReferrals(v *view) {
	applied := map[syncproto.RecordID][]*tx{}
	for _, t := range w.model.txs {
		if t.kind != aStep || w.model.logged[t.hash] == nil || w.lost(t) {
			continue
		}
		if d, was := v.verdicts[t.hash]; was && d.state != schema.VerdictReleased {
			continue
		}
		applied[t.record] = append(applied[t.record], t)
	}
	for record, all := range applied {
		stands := v.shows(register{schema.Referral, record, schema.ReferralState})
		to := func(states ...string) bool {
			return slices.ContainsFunc(all, func(t *tx) bool { return slices.Contains(states, t.value) })
		}
		accepted, withdrawn := to(schema.ReferralAccepted), to(schema.ReferralWithdrawn)
		after := []string{schema.ReferralAccepted, "in_service", schema.ReferralCompleted, schema.ReferralSeen}
		switch {
		case accepted && withdrawn:
			w.hit(AcceptedAndWithdrawn)
		case stands != schema.ReferralSent && !to(stands):
			w.failf("referral %x is %s, to which nobody took it", record[:4], stands)
		}
		switch {
		case accepted && !slices.Contains(after, stands):
			w.failf("referral %x was accepted, and is %s", record[:4], stands)
		case withdrawn && !accepted && !to(schema.ReferralDeclined) && stands != schema.ReferralWithdrawn:
			w.failf("referral %x was withdrawn, and is %s", record[:4], stands)
		}
		for _, t := range all {
			waits := t.value == schema.ReferralReceived // who received has not decided anything
			if t.value == stands || waits || v.ledger[t.hash] || slices.ContainsFunc(all, func(o *tx) bool {
				// a copy that took it to the same speaks for both
				return o != t && (o.saw == t.value || descends(o, t) || o.value == t.value && o.saw == t.saw && strings.TrimRight(o.site, "'") == strings.TrimRight(t.site, "'") && v.ledger[o.hash])
			}) {
				continue
			}
			w.failf("%v took referral %x to %s; it is %s, and the ledger does not know of it", t, record[:4], t.value, stands)
		}
	}
}

// opVouch has a person say who takes part, after the log went back.
func (w *World) opVouch(Op) {
	if !w.centre.up {
		return
	}
	if w.model.doubt {
		w.hit(Vouched)
	}
	_, err := w.centre.server.Vouch(ctx)
	w.decided(err)
}

// doubted holds the server to silence, while nobody knows who takes part: who reads what is
// about persons hears of no record.
func (w *World) doubted(s *site, f syncproto.Frame) {
	if _, ok := f.(*syncproto.Rows); !ok || !w.model.doubt || !s.open {
		return
	}
	now := w.centre.now().UnixMilli()
	for _, r := range w.model.grants {
		if r.device == syncproto.RecordID(s.device()) && !r.voided && (r.until == 0 || now <= r.until) && r.covers(syncproto.ClassP) {
			w.failf("%s is told of records before anybody vouched for who takes part", s.name)
		}
	}
	w.hit(HeardInDoubt)
}
