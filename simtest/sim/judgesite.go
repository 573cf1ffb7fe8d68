package sim

import (
	"fmt"
	"strings"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// judgeSite: a healed site holds what the server has of what it may read, and nothing
// else, and its report is the sum of that.
func (w *World) judgeSite(s *site, server *view) {
	now := w.centre.now().UnixMilli()
	device := syncproto.RecordID(s.device())
	rights := server.rights()
	var own *view
	held := false
	w.must(s.store.Read(ctx, func(r *store.Reader) (err error) {
		own, err = look(r, nil)
		return err
	}))
	if s.wiped {
		if len(own.rows) > 0 {
			w.failf("%s wiped itself, and holds %d records", s.name, len(own.rows))
		}
		return
	}
	if s.refused || rights.revoked[device] {
		return
	}
	counted := map[syncproto.TableID]int{}
	for key, row := range own.rows {
		theirs := server.rows[key]
		if !store.Arrived(row) || store.Held(row) {
			held = true
			continue
		}
		counted[row.Table.ID]++
		if theirs == nil {
			w.failf("%s holds %s %v, which the server does not have", s.name, row.Table.Name, row.ID)
		}
		if !rights.reads(device, row.Table.Class, row.Scopes(nil), now) {
			w.failf("%s holds %s %v in %v, which it may not read", s.name, row.Table.Name, row.ID, row.Scopes(nil))
		}
		if row.Meta[0] != 0 { // an own edit lies over it
			held = true
			continue
		}
		if a, b := fields(row), fields(theirs); a != b {
			w.failf("%s shows %s %v as %s, the server as %s", s.name, row.Table.Name, row.ID, a, b)
		}
	}
	for key, row := range server.rows {
		if own.rows[key] == nil && rights.reads(device, row.Table.Class, row.Scopes(nil), now) {
			w.failf("%s lacks %s %v of %v", s.name, row.Table.Name, row.ID, row.Scopes(nil))
		}
	}
	w.judgeDigests(s)
	if held {
		return
	}
	sales, err := client.Sales(ctx, s.store, report.Product)
	w.must(err)
	if have := (sums{sales.Total.Receipts, sales.Total.Pieces, sales.Total.AmountMinor["AED"]}); have != own.sales {
		w.failf("%s reports %+v, its records add up to %+v", s.name, have, own.sales)
	}
}

func (w *World) judgeDigests(s *site) {
	digests, err := s.store.Digests(ctx)
	w.must(err)
	theirs := map[syncproto.Share]syncproto.Digest{}
	w.must(w.centre.state.Read(ctx, func(r *state.Reader) error {
		return r.Shares(func(d syncproto.ShareDigest, _ syncproto.Position) {
			theirs[d.Share] = syncproto.Digest{Count: d.Count, Sum: d.Sum}
		})
	}))
	for share, d := range digests {
		if d != theirs[share] {
			w.failf("%s has %v of %v, the server %v", s.name, d, share, theirs[share])
		}
	}
	if u := s.store.Progress().Unequal; u != "" {
		w.failf("%s says that %s differ from the server's", s.name, u)
	}
}

func fields(row *records.Row) string {
	var b strings.Builder
	for i, f := range row.Table.Fields {
		if v := row.Values[i]; !v.IsNull() {
			fmt.Fprintf(&b, "%s=%v ", f.Name, v)
		}
	}
	return b.String()
}
