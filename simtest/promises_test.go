package simtest_test

import (
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestAReportIsCompleteOnlyUpToWhatASiteDeclares(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Bazaar", schema.KindStall)
	s.Sync()
	oldest := time.Now().Add(-time.Hour).Truncate(time.Second)
	contact := state.Contact{Device: s.Store.Identity().Device, Declared: &syncproto.Declared{
		Transactions: 3, AmountMinor: map[string]int64{"AED": 1200}, OldestMS: oldest.UnixMilli(),
	}}
	e := state.Entry{Kind: state.EntryContact, ReceivedAt: time.Now().UnixMilli(), Payload: contact.Encode()}
	if _, err := c.Log.Append(ctx, e.Encode()); err != nil {
		t.Fatal(err)
	}
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Site)
	must(t, err)
	if want := oldest.UTC().Format(time.RFC3339); sales.CompleteTo == nil || *sales.CompleteTo != want {
		t.Errorf("complete to %v, want %s", sales.CompleteTo, want)
	}
	if len(sales.MissingSites) != 1 || sales.MissingSites[0].Name != "Bazaar" || sales.MissingSites[0].Declared.Transactions != 3 || sales.MissingSites[0].Declared.AmountMinor["AED"] != 1200 {
		t.Errorf("missing %+v", sales.MissingSites)
	}
}

func TestANewConnectionOfADeviceEndsItsOldOne(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Bazaar", schema.KindStall)
	before := connect(t, c.HTTP.URL, s)
	next[*syncproto.Checkpoint](before)
	connect(t, c.HTTP.URL, s)
	before.byeIs(syncproto.CodeReplaced)
}

func TestAResumePointOfAnotherReadingIsRefused(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Bazaar", schema.KindStall)
	p := dial(t, c.HTTP.URL)
	p.send(p.helloOf(s))
	p.send(&syncproto.Resume{Credit: 1 << 20, Reading: &syncproto.ReadPoint{Position: 1, Head: 1, Hash: syncproto.Hash{1}}})
	p.byeIs(syncproto.CodeHistory)
}
