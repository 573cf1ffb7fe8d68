package simtest_test

import (
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// edits records an edit of one group, as a page does it.
func edits(t *testing.T, s *simtest.Site, table syncproto.TableID, id syncproto.RecordID, group syncproto.GroupID, fields ...store.Field) {
	t.Helper()
	must(t, s.Store.Write(ctx, func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error { return d.Update(table, id, group, fields...) })
	}))
}

// passes lets a centre and sites find themselves so much later.
func passes(d time.Duration, c *simtest.Centre, sites ...*simtest.Site) {
	c.Stop()
	c.Off(d)
	c.Start()
	c.Later(0)
	for _, s := range sites {
		s.Now = shifted(d)
		s.Moved(c)
	}
}

// A device lies in a drawer for 18 months. What left its shares meanwhile the centre has
// forgotten to tell: the device finds it by ranges. Its sales count; what it wrote over
// what is gone is held, and nothing comes back to life.
func TestADeviceBackAfterEighteenMonthsSellsAndRevivesNothing(t *testing.T) {
	const day = 24 * time.Hour
	c := simtest.NewCentre(t)
	away, stays, other := c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch), c.NewSite("Other", schema.KindBranch)
	moved, err := away.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person who moves"})
	must(t, err)
	_, err = away.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person who stays"})
	must(t, err)
	ended, err := away.Client.AddProduct(ctx, client.NewProduct{Name: "Incense"})
	must(t, err)
	for _, s := range []*simtest.Site{away, stays, other} {
		s.Sync()
	}
	sellSome(t, away, 2) // into the drawer
	edits(t, away, schema.Person, moved, schema.PersonGroupName, store.Field{Field: schema.PersonName, Value: syncproto.TextValue("an edit of long ago")})
	edits(t, away, schema.Product, ended, schema.ProductGroupSku, store.Field{Field: schema.ProductSku, Value: syncproto.TextValue("S1")})

	edits(t, stays, schema.Person, moved, schema.PersonGroupSite, store.Field{Field: schema.PersonSite, Value: syncproto.IDValue(other.Store.Identity().Site)})
	edits(t, stays, schema.Product, ended, schema.GroupVoided, store.Field{Field: schema.Voided, Value: syncproto.BoolValue(true)})
	stays.Sync()
	for _, later := range []time.Duration{2 * day, 548 * day} {
		passes(later, c, stays, other)
		stays.Sync()
		other.Sync()
	}
	c.Folded()
	floors := 0
	must(t, c.State.Read(ctx, func(r *state.Reader) error {
		return r.Floors(func(syncproto.Share, syncproto.Position) { floors++ })
	}))
	if floors != 1 {
		t.Fatalf("%d shares have a floor, want that of the branch's persons", floors)
	}

	away.Now = shifted(548 * day)
	away.Moved(c)
	if r := away.Sync(); r.Quarantined != 1 { // and all digests are equal
		t.Errorf("sync gave %+v, want the edit of who moved held", r)
	}
	if row := record(t, away, schema.Person, moved); row != nil {
		t.Errorf("who moved is on the device: %q", row.Of(schema.PersonName).Text())
	}
	if n := countAt(t, away, schema.Person); n != 1 {
		t.Errorf("the device shows %d persons, want 1", n)
	}
	if got := centreRecord(t, c, schema.Person, moved); got.Of(schema.PersonName).Text() != "a made-up person who moves" || got.Of(schema.PersonSite).ID() != other.Store.Identity().Site {
		t.Errorf("head office has %v of who moved", got.Values)
	}
	if n := countAt(t, other, schema.Person); n != 1 {
		t.Errorf("the other branch shows %d persons, want who moved there", n)
	}
	if !centreRecord(t, c, schema.Product, ended).Of(schema.Voided).Bool() || !record(t, away, schema.Product, ended).Of(schema.Voided).Bool() {
		t.Error("a product that was ended is back")
	}
	soldIs(t, c, 2)
	for _, s := range []*simtest.Site{away, stays, other} {
		s.Sync()
		s.Sound()
	}
}
