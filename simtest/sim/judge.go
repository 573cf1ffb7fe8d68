package sim

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// judgeFold folds the log anew, later and in one go: two folds of one log are equal.
func (w *World) judgeFold() {
	path := filepath.Join(w.slot(centreSlot), stateFile)
	w.must(w.empty.put(path))
	again, err := state.Open(ctx, path)
	w.must(err)
	defer again.Close()
	end, _ := w.centre.log.End()
	w.must(again.Fold(ctx, w.centre.log.Read, end, func(oplog.Index) {}))
	different, err := again.Compare(ctx, w.centre.state)
	w.must(err)
	if len(different) > 0 {
		w.failf("folded anew, the log gives another state: %s", strings.Join(different, "; "))
	}
}

// judge is what has to hold of a world that was healed.
func (w *World) judge() {
	v := w.audit()
	if have := v.rights(); !w.model.restored {
		for id, r := range w.model.grants {
			if h := have.grants[id]; h == nil || *h != *r {
				w.failf("right %v of device %v is %+v at the server, head office said %+v", id, r.device, h, r)
			}
		}
	}
	if n := w.hits[Repaired]; n > 0 && !w.model.restored {
		w.failf("%d questions about ranges were asked, in a world whose server never went back: some digest differed", n)
	}
	w.judgeTransactions(v)
	if w.centre.state.Head().Applied%4 == 0 { // it takes as long as all the rest of the judging
		w.judgeFold()
	}
	w.judgeRegisters(v)
	for _, s := range w.sites {
		w.judgeSite(s, v)
	}
	w.judgeReferrals(v)
	w.judgePhotos(v)
	w.judgeMerges(v)
	w.judgeGoods(v)
	w.judgeBooks(v)
	w.hits[Held] += len(v.verdicts)
	w.hits[Conflicted] += len(v.ledger) / 2
}

// judgeTransactions: what was acknowledged to a person has its effect once, or is held
// with a reason, or waits for something that nobody has any more.
func (w *World) judgeTransactions(v *view) {
	exists := map[*tx]bool{} // on some disk
	for _, s := range w.sites {
		for _, t := range s.chain {
			exists[t] = true
		}
	}
	waits := map[*tx]bool{}
	for _, t := range w.model.txs { // parents come first
		a := w.model.logged[t.hash]
		if a == nil && !exists[t] {
			waits[t] = true // it went with a disk, before it was sent
			continue
		}
		if a == nil {
			if s := w.holder(t); s != nil && s.refused {
				continue // it stays there, for a person to look at
			}
			w.failf("%v is not in the server's log, though %v has it", t, w.holder(t).name)
		}
		if t.parent != nil && waits[t.parent] {
			waits[t] = true
			continue
		}
		verdict, was := v.verdicts[t.hash]
		effect := w.effect(t, v)
		switch {
		case !was && effect == none:
			w.failf("%v is in the server's log, has no effect and is not held", t)
		case was && verdict.state == schema.VerdictHeld && verdict.code == "":
			w.failf("%v is held without a reason", t)
		case was && (verdict.state == schema.VerdictHeld || verdict.state == schema.VerdictWithdrawn) && effect == whole && !w.replacedBy(t, v):
			w.failf("%v is %s, and has its effect", t, verdict.state)
		case was && verdict.state == schema.VerdictReleased && effect == none:
			w.failf("%v was released, and has no effect", t)
		}
		w.judgeRight(t, a, v)
	}
}

func (t *tx) String() string {
	return fmt.Sprintf("%s %d of %s, hash %x", t.kind, t.n, t.site, t.hash[:4])
}

func (w *World) holder(t *tx) *site {
	for _, s := range w.sites {
		if slices.Contains(s.chain, t) {
			return s
		}
	}
	return nil
}

// replacedBy says whether another transaction of the same record may have the effect.
func (w *World) replacedBy(t *tx, v *view) bool {
	for _, o := range w.model.txs {
		if o != t && o.record == t.record && o.kind == t.kind {
			return true
		}
	}
	return false
}

// judgeRight: what a device was allowed to deliver when it did is not held for want of a
// right, and what it was not is.
func (w *World) judgeRight(t *tx, a *arrival, v *view) {
	if w.model.restored || !a.told {
		return
	}
	decided, left := false, false // it, or what it may have waited for
	for p := t; p != nil; p = p.parent {
		d, was := v.verdicts[p.hash]
		decided = decided || w.model.anew[p.hash]
		left = left || was && d.state != schema.VerdictHeld
	}
	d, was := v.verdicts[t.hash]
	want := slices.Contains([]string{"not_granted", "grant_ended", "revoked_late"}, d.code)
	switch {
	case decided:
	case a.allowed && was && want && d.state == schema.VerdictHeld && !left: // judged again later, it is by the rights of then
		w.failf("%v is held as %s, and was allowed when it came", t, d.code)
	case !a.allowed && !was:
		w.failf("%v was not allowed when it came, and was never held", t)
	}
}

type effect int

// effect is what a transaction has done at the server, where that can be told.
func (w *World) effect(t *tx, v *view) effect {
	row := v.rows[rowKey(t.table, t.record)]
	switch t.kind {
	case aSale:
		if row == nil {
			return none
		}
		return whole
	case aGoods:
		switch {
		case len(t.shifts) == 0: // a state of a lot
		case row == nil:
			return none
		default:
			return whole
		}
	case aMerge:
		if row == nil {
			return none
		}
	case aPayout:
		if len(v.payouts(t.record)) == 0 {
			return none
		}
	case aRecord:
		if row == nil {
			return none
		}
		return whole
	case aVoid:
		if row != nil && !row.Of(schema.Voided).Bool() {
			return none
		}
	}
	return unknown
}

// judgeRegisters: what stands somewhere was written by the last who wrote, and whoever was
// overwritten was seen by who overwrote it, or stands in the ledger.
func (w *World) judgeRegisters(v *view) {
	applied := map[register][]*tx{}
	for _, t := range w.model.txs {
		if t.kind != aWrite || w.model.logged[t.hash] == nil || w.lost(t) {
			continue
		}
		if d, was := v.verdicts[t.hash]; was && d.state != schema.VerdictReleased {
			continue
		}
		of := register{t.table, t.record, t.field}
		applied[of] = append(applied[of], t)
	}
	for of, writes := range applied {
		stands := v.shows(of)
		for _, t := range writes {
			if t.value == stands || v.ledger[t.hash] {
				continue
			}
			if !slices.ContainsFunc(writes, func(o *tx) bool { return o != t && (o.saw == t.value || descends(o, t)) }) {
				w.failf("%v wrote %q, which nobody saw who wrote there since; now %q stands there, and the ledger does not know of it", t, t.value, stands)
			}
		}
		if !slices.ContainsFunc(writes, func(t *tx) bool { return t.value == stands }) {
			w.failf("%q stands where %v wrote %q", stands, writes[len(writes)-1], writes[len(writes)-1].value)
		}
	}
}

// lost says whether something before a transaction went with a disk: then it waits.
func (w *World) lost(t *tx) bool {
	for p := t.parent; p != nil; p = p.parent {
		if w.model.logged[p.hash] == nil {
			return true
		}
	}
	return false
}

func descends(t, from *tx) bool {
	for p := t.parent; p != nil; p = p.parent {
		if p == from {
			return true
		}
	}
	return false
}
