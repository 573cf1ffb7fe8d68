package simtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// keep copies the files of a database, which nobody may have open.
func keep(t *testing.T, path string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string][]byte{}
	for _, f := range files {
		if kept[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return kept
}

func remove(t *testing.T, path string) {
	t.Helper()
	for f := range keep(t, path) {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
}

// putBack takes the files of a database back to what was kept.
func putBack(t *testing.T, path string, kept map[string][]byte) {
	t.Helper()
	remove(t, path)
	for f, b := range kept {
		if err := os.WriteFile(f, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAServerKilledBetweenLogAndStateFoldsTheRest(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	sellSome(t, s, 20)
	batch, _, err := s.Store.NextBatch(ctx, s.KeyOf, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stop()
	log, err := sqlitelog.Open(c.Path("log.db"), sqlitelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := state.Entry{Kind: state.EntryBatch, Road: state.RoadSocket, ReceivedAt: time.Now().UnixMilli(), Payload: batch.Bytes()}
	if _, err := log.Append(ctx, e.Encode()); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	c.Start()
	soldIs(t, c, 20)
	s.Moved(c)
	if r := s.Sync(); r.Sent != 22 || r.Settled != 22 {
		t.Errorf("sync gave %+v", r)
	}
	soldIs(t, c, 20)
}

func TestAStateThatIsRemovedIsFoldedAnew(t *testing.T) {
	c := simtest.NewCentre(t)
	a, b := c.NewSite("Stall 1", schema.KindStall, "Spring fair"), c.NewSite("Stall 2", schema.KindStall, "Spring fair")
	for _, s := range []*simtest.Site{a, b} {
		sellSome(t, s, 10)
		s.Sync()
	}
	c.Folded()
	c.Stop()
	kept := keep(t, c.Path("state.db"))
	remove(t, c.Path("state.db"))
	c.Start()
	sameAsKept(t, c, kept)
	for _, s := range []*simtest.Site{a, b} {
		s.Moved(c)
		s.Sync()
		s.Sound()
	}
	soldIs20(t, c)
}

func soldIs20(t *testing.T, c *simtest.Centre) {
	t.Helper()
	if n := count(t, c, schema.Sale); n != 20 {
		t.Errorf("head office has %d sales, want 20", n)
	}
}

func sameAsKept(t *testing.T, c *simtest.Centre, kept map[string][]byte) {
	t.Helper()
	old := filepath.Join(t.TempDir(), "state.db")
	for f, b := range kept {
		if err := os.WriteFile(old+strings.TrimPrefix(f, c.Path("state.db")), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before, err := state.Open(ctx, old)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	if differences, err := before.Compare(ctx, c.State); err != nil || len(differences) > 0 {
		t.Errorf("%v differ, %v", differences, err)
	}
	was, err := before.Fingerprint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if is, err := c.State.Fingerprint(ctx); err != nil || is != was {
		t.Errorf("folded anew:\n%swant\n%s%v", is, was, err)
	}
}

func TestALogShorterThanTheStateIsRefused(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	sellSome(t, s, 3)
	s.Sync()
	c.Folded()
	c.Stop()
	older := keep(t, c.Path("log.db"))
	c.Start()
	s.Moved(c)
	sellSome(t, s, 3)
	s.Sync()
	c.Folded()
	c.Stop()
	newer := keep(t, c.Path("log.db"))
	putBack(t, c.Path("log.db"), older)
	err := c.TryStart()
	if !errors.Is(err, state.ErrMisfit) || !strings.Contains(err.Error(), "restore it") {
		t.Fatalf("got %v, want that log and state do not fit, and what to do", err)
	}
	putBack(t, c.Path("log.db"), newer)
	c.Start()
	s.Moved(c)
	s.Sync()
	if n := count(t, c, schema.Sale); n != 6 {
		t.Errorf("head office has %d sales, want 6", n)
	}
}

func TestTheLogOfAnotherServerIsRefused(t *testing.T) {
	c, other := simtest.NewCentre(t), simtest.NewCentre(t)
	c.Folded()
	c.Stop()
	other.Stop()
	putBackAs(t, c.Path("log.db"), other.Path("log.db"))
	if err := c.TryStart(); !errors.Is(err, state.ErrMisfit) {
		t.Errorf("got %v, want that log and state do not fit", err)
	}
}

// putBackAs takes the files of one database in the place of another's.
func putBackAs(t *testing.T, path, from string) {
	t.Helper()
	files := map[string][]byte{}
	for f, b := range keep(t, from) {
		files[path+strings.TrimPrefix(f, from)] = b
	}
	putBack(t, path, files)
}

func TestAServerThatIsRestartedGoesOnWithEachSite(t *testing.T) {
	c := simtest.NewCentre(t)
	a, b := c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 2", schema.KindStall)
	for round := range 3 {
		for _, s := range []*simtest.Site{a, b} {
			s.Moved(c)
			sellSome(t, s, 2)
			s.Sync()
			s.Reopen()
		}
		if n := count(t, c, schema.Sale); n != 4*(round+1) {
			t.Errorf("after round %d head office has %d sales", round+1, n)
		}
		c.Stop()
		c.Start()
	}
}

func TestADeviceRestoredFromABackupLosesNoSaleAndGoesOn(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	sellSome(t, s, 5)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	backup := keep(t, s.Path("site.db"))
	s.Open()
	sellSome(t, s, 5)
	s.Sync()
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile(s.Path("site.db-mark"))
	if err != nil {
		t.Fatal(err)
	}
	putBack(t, s.Path("site.db"), backup)
	if err := os.WriteFile(s.Path("site.db-mark"), mark, 0o600); err != nil { // which nobody restored
		t.Fatal(err)
	}
	s.Open()
	if s.Store.Lost() == "" {
		t.Error("the device does not notice that its database lost a tail")
	}
	sellSome(t, s, 5)
	s.Sync()
	if n, here := count(t, c, schema.Sale), countAt(t, s, schema.Sale); n != 15 || here != 15 {
		t.Errorf("head office has %d sales, the stall %d, want 15", n, here)
	}
}

// A receipt number that was printed stands on paper, whether or not the sale is still here.
func TestADeviceThatLostItsTailPrintsNoReceiptNumberTwice(t *testing.T) {
	for name, lives := range map[string]int{"of one life": 1, "of three lives": 3} {
		t.Run(name, func(t *testing.T) {
			c := simtest.NewCentre(t)
			s := c.NewSite("Stall 1", schema.KindStall)
			sellSome(t, s, 2)
			must(t, s.Store.Close())
			backup := keep(t, s.Path("site.db"))
			s.Open()
			for range lives {
				sellSome(t, s, 20)
				s.Reopen()
			}
			s.Sync() // head office has what the device is about to lose
			must(t, s.Store.Close())
			mark, err := os.ReadFile(s.Path("site.db-mark"))
			must(t, err)
			putBack(t, s.Path("site.db"), backup)
			must(t, os.WriteFile(s.Path("site.db-mark"), mark, 0o600)) // which nobody put back
			for range 2 {
				s.Open()
				sellSome(t, s, 5) // before it hears anything
				must(t, s.Store.Close())
			}
			s.Open()
			s.Sync()
			for number, n := range receipts(t, c) {
				if n > 1 {
					t.Errorf("%d sales have receipt number %s", n, number)
				}
			}
			if n, want := count(t, c, schema.Sale), 2+20*lives+10; n != want {
				t.Errorf("head office has %d sales, want %d", n, want)
			}
		})
	}
}

func TestACopiedDeviceLosesNoSale(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	sellSome(t, s, 5)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	twin := s.Twin(t.TempDir())
	s.Open()
	for _, one := range []*simtest.Site{s, twin, s, twin} {
		sellSome(t, one, 2)
		one.Sync()
	}
	s.Sync()
	if n := count(t, c, schema.Sale); n != 5+4*2 {
		t.Errorf("head office has %d sales, want 13", n)
	}
	for _, one := range []*simtest.Site{s, twin} {
		if here := countAt(t, one, schema.Sale); here != 13 {
			t.Errorf("a copy has %d sales, want 13", here)
		}
		one.Sound()
	}
}

// keepAll and putAllBack copy all files of a stopped centre, as a person does who backs
// a folder up and puts it back.
func keepAll(t *testing.T, c *simtest.Centre) map[string][]byte {
	t.Helper()
	return keep(t, c.Path("")+"/")
}

func putAllBack(t *testing.T, c *simtest.Centre, kept map[string][]byte) {
	t.Helper()
	putBack(t, c.Path("")+"/", kept)
}
