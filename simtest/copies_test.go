package simtest_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// devices are the devices that head office knows, by id.
func devices(t *testing.T, c *simtest.Centre) map[syncproto.DeviceID]server.Device {
	t.Helper()
	c.Folded()
	list, err := c.Server.Devices(ctx)
	must(t, err)
	all := map[syncproto.DeviceID]server.Device{}
	for _, d := range list {
		all[d.Device] = d
	}
	return all
}

func nameOf(s *simtest.Site) syncproto.DeviceID { return s.Store.Identity().Device }

// receipts are the receipt numbers of all sales, with how often each was printed.
func receipts(t *testing.T, c *simtest.Centre) map[string]int {
	t.Helper()
	c.Folded()
	numbers := map[string]int{}
	must(t, c.Server.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Sale, func(row *records.Row) error { numbers[row.Of(schema.SaleReceiptNo).Text()]++; return nil })
	}))
	return numbers
}

// twinOf copies all files of a site, or its database alone.
func twinOf(t *testing.T, s *simtest.Site, alone bool) *simtest.Site {
	t.Helper()
	must(t, s.Store.Close())
	defer s.Open()
	if !alone {
		return s.Twin(t.TempDir())
	}
	mark, err := os.ReadFile(s.Path("site.db-mark"))
	must(t, err)
	must(t, os.Remove(s.Path("site.db-mark")))
	defer func() { must(t, os.WriteFile(s.Path("site.db-mark"), mark, 0o600)) }()
	return s.Twin(t.TempDir())
}

func TestTheLaterOfTwoCopiesGetsANameOfItsOwn(t *testing.T) {
	for _, original := range []bool{true, false} {
		for _, alone := range []bool{false, true} {
			t.Run(fmt.Sprintf("original first %v, database alone %v", original, alone), func(t *testing.T) {
				c := simtest.NewCentre(t)
				s := c.NewSite("Stall", schema.KindStall, "Fair")
				sellSome(t, s, 50)
				s.Sync()
				copied := twinOf(t, s, alone)
				sellSome(t, s, 10)
				sellSome(t, copied, 5)
				first, later := s, copied
				if !original {
					first, later = copied, s
				}
				name := nameOf(s)
				first.Sync()
				later.Sync()
				if nameOf(later) != name {
					t.Error("one was renamed before the other showed that it goes on")
				}
				first.Sync()
				later.Sync()
				if nameOf(first) != name || nameOf(later) == name {
					t.Fatalf("they are %v and %v, and were %v", nameOf(first), nameOf(later), name)
				}
				soldIs(t, c, 65)
				known := devices(t, c)
				one, other := known[name], known[nameOf(later)]
				if other.CopyOf == nil || *other.CopyOf != name.String() || one.CopyOf != nil || !strings.Contains(other.Label, "copy of") || other.Site != one.Site || other.Kind != one.Kind || other.Prefix == one.Prefix || len(known) != 2 {
					t.Errorf("head office knows %+v", known)
				}
				doubled, err := c.Server.Doubled(ctx)
				must(t, err)
				if len(doubled) != 5 || len(doubled[0].Sales) != 2 || doubled[0].Receipt != one.Prefix+"-000051" || doubled[0].Sales[0].SiteName != "Stall" {
					t.Errorf("printed twice are %+v, want 51 to 55", doubled)
				}
				for range 2 { // they go on beside each other
					for _, one := range []*simtest.Site{first, later} {
						sellSome(t, one, 3)
						one.Reopen()
						one.Sync()
						one.Sound()
					}
				}
				first.Sync()
				soldIs(t, c, 77)
				if n := receipts(t, c)[other.Prefix+"-000006"]; n != 1 {
					t.Errorf("the copy's sixth receipt was printed %d times", n)
				}
				if again, err := c.Server.Doubled(ctx); err != nil || len(again) != len(doubled) {
					t.Errorf("then %d receipts were printed twice, %v", len(again), err)
				}
				for _, one := range []*simtest.Site{first, later} {
					if n := countAt(t, one, schema.Sale); n != 77 {
						t.Errorf("a copy has %d sales, want 77", n)
					}
				}
				if len(devices(t, c)) != 2 {
					t.Errorf("a name was given again: %+v", devices(t, c))
				}
			})
		}
	}
}

func TestACopyMadeWhileBehindDeliversOnceAndIsRenamed(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 5)
	s.Sync()
	sellSome(t, s, 5) // which both have, and neither has sent
	copied := twinOf(t, s, false)
	sellSome(t, s, 3)
	sellSome(t, copied, 4)
	for _, one := range []*simtest.Site{copied, s, copied, s} {
		one.Sync()
	}
	soldIs(t, c, 17)
	if nameOf(s) == nameOf(copied) {
		t.Error("both have one name")
	}
	for _, one := range []*simtest.Site{copied, s} {
		one.Sync()
		one.Sound()
		if n := countAt(t, one, schema.Sale); n != 17 {
			t.Errorf("a copy has %d sales, want 17", n)
		}
	}
}

func TestThreeCopiesHaveThreeNames(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 5)
	s.Sync()
	second := twinOf(t, s, false)
	sellSome(t, second, 1)
	third := twinOf(t, second, false) // a copy of the copy
	all := []*simtest.Site{s, second, third}
	for range 3 {
		for _, one := range all {
			sellSome(t, one, 2)
			one.Sync()
		}
	}
	names := map[syncproto.DeviceID]bool{}
	for _, one := range all {
		one.Sync()
		one.Sound()
		names[nameOf(one)] = true
		if n := countAt(t, one, schema.Sale); n != 5+1+18 {
			t.Errorf("a copy has %d sales, want 24", n)
		}
	}
	soldIs(t, c, 24)
	if len(names) != 3 || len(devices(t, c)) != 3 {
		t.Errorf("the three are %v, head office knows %v", names, devices(t, c))
	}
}

func TestADeviceThatWasPutBackKeepsItsName(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 5)
	s.Sync()
	name := nameOf(s)
	must(t, s.Store.Close())
	backup := keep(t, s.Path("site.db"))
	s.Open()
	for range 3 { // put back again and again: each lost tail had arrived
		sellSome(t, s, 2)
		s.Sync()
		must(t, s.Store.Close())
		putBack(t, s.Path("site.db"), backup)
		s.Open()
		s.Sync()
		sellSome(t, s, 1)
		s.Sync()
		sellSome(t, s, 1)
		s.Sync()
	}
	soldIs(t, c, 5+3*4)
	if nameOf(s) != name || len(devices(t, c)) != 1 {
		t.Errorf("it was %v and is %v, head office knows %v", name, nameOf(s), devices(t, c))
	}
	if doubled, err := c.Server.Doubled(ctx); err != nil || len(doubled) > 0 {
		t.Errorf("%d receipts were printed twice although it heard of those that it had lost, %v", len(doubled), err)
	}
}

func TestARenamedCopyGivesAServerBackWhatItRecordedUnderItsOldName(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 5)
	s.Sync()
	copied := twinOf(t, s, false)
	c.Folded()
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	for _, one := range []*simtest.Site{s, copied, s, copied} {
		one.Moved(c)
		sellSome(t, one, 2)
		one.Sync()
	}
	sellSome(t, copied, 1)
	copied.Sync()
	name := nameOf(copied)
	if name == nameOf(s) {
		t.Fatal("both have one name")
	}
	soldIs(t, c, 14)
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
	for range 2 {
		for _, one := range []*simtest.Site{copied, s} {
			one.Moved(c)
			one.Sync()
			one.Sound()
		}
	}
	soldIs(t, c, 14)
	if nameOf(copied) != name {
		t.Errorf("the copy was renamed from %v to %v", name, nameOf(copied))
	}
}

func TestACopyMendsWhatItRecordedUnderItsOldName(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	copied := twinOf(t, s, false)
	sellSome(t, s, 1)
	sellSome(t, copied, 1)
	_, err := copied.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"}) // a stall may not: it is held
	must(t, err)
	for _, one := range []*simtest.Site{s, copied, s, copied} {
		one.Sync()
	}
	st, err := copied.Store.Status(ctx)
	must(t, err)
	if st.Quarantined != 1 {
		t.Errorf("the copy sees %d held, want its own", st.Quarantined)
	}
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	if len(held) != 1 {
		t.Fatalf("held are %+v", held)
	}
	_, err = c.Server.Decide(ctx, held[0].Hash, server.Decide{Action: schema.DecisionWithdraw})
	must(t, err)
	copied.Sync()
	copied.Sound()
	if n := countAt(t, copied, schema.Person); n != 0 {
		t.Errorf("the copy still shows %d persons of what was withdrawn", n)
	}
}

func TestACopyWithoutItsKeyIsEnrolledAnewAndLosesNothing(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 5)
	s.Sync()
	sellSome(t, s, 3) // which both have
	copied := twinOf(t, s, true)
	sellSome(t, copied, 4)
	sellSome(t, s, 2)
	elsewhere, err := c.Server.EnrolCode(ctx, server.NewSite{Site: "Third stall", Kind: schema.KindStall})
	must(t, err)
	copied.Key = newKeyOf(t)
	if _, err := client.Enrol(ctx, copied.Store, copied.Key, c.HTTP.URL, elsewhere.Code, "Till"); err == nil {
		t.Error("the work of one stall was enrolled for another")
	}
	copied.Key = newKeyOf(t)
	code, err := c.Server.EnrolCode(ctx, server.NewSite{Site: "Stall", Kind: schema.KindStall, Valid: time.Hour})
	must(t, err)
	_, err = client.Enrol(ctx, copied.Store, copied.Key, c.HTTP.URL, code.Code, "Till")
	must(t, err)
	copied.Reopen()
	if lost := copied.Store.Lost(); lost != "" {
		t.Error(lost)
	}
	copied.Sound()
	for _, one := range []*simtest.Site{copied, s, copied, s} {
		one.Sync()
		one.Sound()
	}
	soldIs(t, c, 5+3+4+2)
	sellSome(t, copied, 1)
	copied.Sync()
	soldIs(t, c, 15)
	if held, err := c.Server.Quarantine(ctx); err != nil || len(held) != 0 {
		t.Errorf("held are %+v, %v", held, err)
	}
	if conflicts, err := c.Server.Conflicts(ctx); err != nil || len(conflicts) != 0 {
		t.Errorf("conflicts are %+v, %v", conflicts, err)
	}
}

func newKeyOf(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	return key
}

// apart makes a site and its copy, which go on beside each other until the copy has only
// to be told.
func apart(t *testing.T, c *simtest.Centre) (s, copied *simtest.Site) {
	t.Helper()
	s = c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	copied = twinOf(t, s, false)
	for _, one := range []*simtest.Site{s, copied} {
		sellSome(t, one, 1)
		one.Sync()
	}
	s.Sync()
	return s, copied
}

func TestACopyThatDiedBeforeItKeptItsNameGetsTheSameOneAgain(t *testing.T) {
	c := simtest.NewCentre(t)
	s, copied := apart(t, c)
	must(t, copied.Store.Close())
	before := keep(t, copied.Path("site.db"))
	copied.Open()
	copied.Sync()
	name := nameOf(copied)
	if name == nameOf(s) {
		t.Fatal("it has no name of its own")
	}
	must(t, copied.Store.Close())
	putBack(t, copied.Path("site.db"), before) // the key stands beside it
	copied.Open()
	if nameOf(copied) == name {
		t.Fatal("the database was not put back")
	}
	sellSome(t, copied, 1)
	copied.Sync()
	copied.Sound()
	if nameOf(copied) != name || len(devices(t, c)) != 2 {
		t.Errorf("it was %v and is %v, head office knows %v", name, nameOf(copied), devices(t, c))
	}
	soldIs(t, c, 5)
}

func TestCopiesThatStayConnectedComeApart(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	copied := twinOf(t, s, false)
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 2)
	both := []*simtest.Site{s, copied}
	for _, one := range both {
		sellSome(t, one, 1)
		go func() { done <- one.Client.Run(run) }()
	}
	wait, giveUp := context.WithTimeout(ctx, time.Minute)
	defer giveUp()
	for nameOf(s) == nameOf(copied) || s.Store.Pending() || copied.Store.Pending() {
		select {
		case <-s.Store.Moved():
		case <-copied.Store.Moved():
		case <-wait.Done():
			t.Fatalf("they are %v and %v", nameOf(s), nameOf(copied))
		}
	}
	stop()
	for range both {
		must(t, <-done)
	}
	for _, one := range both {
		one.Sync()
		one.Sound()
	}
	soldIs(t, c, 4)
}

// asks sends a request for a name and gives the code of the refusal; 0 where there is none.
func asks(t *testing.T, c *simtest.Centre, q syncproto.RenameRequest) syncproto.Code {
	t.Helper()
	body, err := syncproto.EncodeEnrol(q)
	must(t, err)
	r, err := http.Post(c.HTTP.URL+"/rename", syncproto.EnrolType, bytes.NewReader(body))
	must(t, err)
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	must(t, err)
	if r.StatusCode == http.StatusOK {
		return 0
	}
	var refused syncproto.EnrolError
	must(t, syncproto.DecodeEnrol(answer, &refused))
	return refused.Code
}

func TestNobodyButALaterCopyGetsAName(t *testing.T) {
	c := simtest.NewCentre(t)
	s, copied := apart(t, c)
	c.Folded()
	org, name := s.Store.Identity().Org, nameOf(s)
	fresh := newKeyOf(t)
	mine, _ := s.Store.Newest()
	theirs, _ := copied.Store.Newest()
	if code := asks(t, c, syncproto.NewRenameRequest(fresh, fresh, org, name, theirs)); code != syncproto.CodeSignature {
		t.Errorf("a stranger's key gave %v", code)
	}
	mixed := syncproto.NewRenameRequest(s.Key, fresh, org, name, theirs)
	mixed.Signature[0] ^= 1
	if code := asks(t, c, mixed); code != syncproto.CodeSignature {
		t.Errorf("a new key that did not sign gave %v", code)
	}
	if code := asks(t, c, syncproto.NewRenameRequest(s.Key, fresh, org, name, mine)); code != syncproto.CodeNotCopy {
		t.Errorf("the one that was first got %v", code)
	}
	if code := asks(t, c, syncproto.NewRenameRequest(s.Key, s.Key, org, name, theirs)); code != syncproto.CodeUsed {
		t.Errorf("the old key as the new one gave %v", code)
	}
	if len(devices(t, c)) != 1 {
		t.Errorf("head office knows %v", devices(t, c))
	}
	must(t, c.Server.Revoke(ctx, name, "the tablet was lost"))
	if code := asks(t, c, syncproto.NewRenameRequest(s.Key, fresh, org, name, theirs)); code != syncproto.CodeRevoked && code != syncproto.CodeTooManyTries {
		t.Errorf("a copy of a revoked device got %v", code)
	}
	if len(devices(t, c)) != 1 {
		t.Errorf("head office knows %v", devices(t, c))
	}
}
