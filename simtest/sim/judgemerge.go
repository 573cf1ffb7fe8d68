package sim

import (
	"bytes"
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// leads are the aliases that hold, from record to record.
type leads map[syncproto.RecordID]syncproto.RecordID

// person is who a record is read as: where its way ends, and where it goes round for ever the
// smallest of those whom it passes again and again.
func (l leads) person(id syncproto.RecordID) syncproto.RecordID {
	for range l { // then it has ended, or goes round
		if next, more := l[id]; more {
			id = next
		}
	}
	least := id
	for at, more := l[id]; more && at != id; at, more = l[at] {
		if bytes.Compare(at[:], least[:]) < 0 {
			least = at
		}
	}
	return least
}

// judgeMerges: what stands of a merge somebody said, and who said something else was seen by
// who said it, or is in the ledger; all read each person alike; and whoever came to a session
// under two names came once.
func (w *World) judgeMerges(v *view) {
	claims := map[syncproto.RecordID][]claim{}
	for _, c := range w.model.said {
		claims[c.alias] = append(claims[c.alias], c)
	}
	for _, t := range w.model.txs {
		if t.kind == aMerge && w.applied(t, v) {
			for _, c := range t.claims {
				claims[c.alias] = append(claims[c.alias], c)
			}
		}
	}
	stands, says := leads{}, map[syncproto.RecordID]*records.Row{}
	for _, row := range v.rows {
		if row.Table.ID != schema.PersonAlias {
			continue
		}
		text := saysOf(row)
		if text != "itself" {
			stands[row.Of(schema.AliasPerson).ID()] = row.Of(schema.AliasOf).ID()
			says[row.Of(schema.AliasPerson).ID()] = row
		}
		if !w.model.unsure && !slices.ContainsFunc(claims[row.ID], func(c claim) bool { return c.value == text }) {
			w.failf("alias %v says %s, which nobody said", row.ID, text)
		}
		for _, c := range claims[row.ID] {
			if c.by == nil || c.value == text || v.ledger[c.by.hash] || w.model.unsure {
				continue
			}
			if !slices.ContainsFunc(claims[row.ID], func(o claim) bool {
				return o.by != c.by && (o.saw == c.value || o.by != nil && descends(o.by, c.by))
			}) {
				w.failf("%v said %s of alias %v, which nobody saw who spoke since; it says %s, and the ledger does not know of it", c.by, c.value, row.ID, text)
			}
		}
	}
	var book *members.Book
	w.must(w.centre.state.Read(ctx, func(r *state.Reader) (err error) {
		book, err = members.Read(r)
		return err
	}))
	for _, p := range w.persons {
		if want, have := stands.person(p), book.Person(p); want != have {
			w.failf("head office reads %v as %v, who is %v", p, have, want)
		}
		if at := stands.person(p); at != p && stands[at] != (syncproto.RecordID{}) {
			w.hit(Circled)
		}
	}
	w.judgeHours(v, stands, book)
	rights := v.rights()
	for _, s := range w.sites {
		if !s.wiped && !s.refused && !rights.revoked[syncproto.RecordID(s.device())] {
			now := w.centre.now().UnixMilli()
			w.judgeRead(s, stands, func(id syncproto.RecordID) bool { // a branch does not hear of merges elsewhere
				for range stands {
					row := says[id]
					if row == nil {
						break
					}
					if !rights.reads(syncproto.RecordID(s.device()), row.Table.Class, row.Scopes(nil), now) {
						return false
					}
					id = stands[id]
				}
				return true
			})
		}
	}
}

// judgeRead: a site reads the people that it has as head office does, where it hears of all
// that was said of them.
func (w *World) judgeRead(s *site, stands leads, hears func(syncproto.RecordID) bool) {
	w.must(s.store.Read(ctx, func(r *store.Reader) error {
		have, err := members.Aliases(r)
		own := false
		if err == nil {
			err = r.Each(schema.PersonAlias, func(row *records.Row) error {
				own = own || !store.Arrived(row) || store.Held(row) || row.Meta[0] != 0
				return nil
			})
		}
		if err != nil || own { // what is held here is shown here
			return err
		}
		return r.Each(schema.Person, func(row *records.Row) error {
			if a, b := rules.Merged(have, row.ID), stands.person(row.ID); a != b && hears(row.ID) {
				w.failf("%s reads %v as %v, who is %v", s.name, row.ID, a, b)
			}
			return nil
		})
	}))
}

// judgeHours: each person has one line of the session to which it came, under whatever names.
func (w *World) judgeHours(v *view, stands leads, book *members.Book) {
	came := map[syncproto.RecordID]bool{}
	for _, t := range w.model.txs {
		if !t.scanned.IsZero() && v.rows[rowKey(schema.Scan, t.record)] != nil {
			came[stands.person(t.scanned)] = true
		}
	}
	for p := range came {
		if m := book.Of[p]; m == nil || len(m.Sessions) != 1 {
			w.failf("%v came to one session, and has hours of %+v", p, m)
		}
	}
	for p, m := range book.Of {
		if len(m.Sessions) > 0 && !came[p] {
			w.failf("%v came to no session, and has hours of %+v", p, m.Sessions)
		}
	}
}

// applied says whether what somebody did counts at head office.
func (w *World) applied(t *tx, v *view) bool {
	if w.model.logged[t.hash] == nil || w.lost(t) {
		return false
	}
	d, was := v.verdicts[t.hash]
	return !was || d.state == schema.VerdictReleased
}
