package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// keptAt is how many records a site keeps for a server that has lost them.
func keptAt(t *testing.T, s *simtest.Site) uint64 {
	t.Helper()
	st, err := s.Client.Status(ctx)
	must(t, err)
	return st.Kept
}

// losesTail puts the server back to before what is done meanwhile.
func losesTail(t *testing.T, c *simtest.Centre, meanwhile func()) {
	t.Helper()
	c.Folded()
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	meanwhile()
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
}

func TestWhatAServerLostAndNobodyBringsIsKeptSealedUntilItWasSeen(t *testing.T) {
	c := simtest.NewCentre(t)
	sites := []*simtest.Site{c.NewSite("Stall", schema.KindStall), c.NewSite("Stall", schema.KindStall)}
	a, b := sites[0], sites[1]
	sellSome(t, a, 3)
	product := firstProduct(t, a)
	a.Sync()
	b.Sync()
	const name = "Made-up rose water"
	losesTail(t, c, func() {
		for _, s := range sites {
			s.Moved(c)
		}
		sellSome(t, b, 4)
		_, err := b.Client.AddProduct(ctx, client.NewProduct{Name: name, PriceMinor: 100, Currency: "AED"})
		must(t, err)
		must(t, b.Client.SetPrice(ctx, product, false, 777, "AED"))
		b.Sync()
		a.Sync()
	})
	a.Moved(c)
	a.Sync() // and b never comes back
	a.Sound()
	n := keptAt(t, a)
	if n < 4*3+2 {
		t.Fatalf("%d records are kept, want those of 4 sales, a product and a price", n)
	}
	a.Sync()
	if again := keptAt(t, a); again != n {
		t.Errorf("another sync keeps %d records instead of %d", again, n)
	}
	must(t, a.Store.Close())
	for file, content := range keep(t, a.Path("site.db")) {
		if bytes.Contains(content, []byte(name)) {
			t.Errorf("%s still holds what was sealed", filepath.Base(file))
		}
	}
	a.Open()
	list, err := c.Server.Kept(ctx)
	must(t, err)
	if len(list.Records) != 0 {
		t.Errorf("%d records were handed over before anybody asked", len(list.Records))
	}
	w, err := c.Server.WentBack(ctx)
	must(t, err)
	if w.Keeper != 1 {
		t.Errorf("head office hears of %d devices that keep records", w.Keeper)
	}
	_, err = c.Server.AskKept(ctx)
	must(t, err)
	a.Sync()
	c.Folded()
	list, err = c.Server.Kept(ctx)
	must(t, err)
	found := map[string]int{}
	for _, r := range list.Records {
		found[r.Table]++
		if r.Table == "product" && r.Fields["name_en"] == name {
			found[name]++
		}
		if r.Table == "price" && r.Fields["amount_minor"] == int64(777) && r.Present["amount_minor"] == int64(1250) {
			found["the lost price"]++
		}
	}
	if uint64(len(list.Records)) != n || found["sale"] != 4 || found["sale_line"] != 4 || found["payment"] != 4 || found[name] != 1 || found["the lost price"] != 1 {
		t.Errorf("of %d records %d were handed over: %v", n, len(list.Records), found)
	}
	if keptAt(t, a) != n {
		t.Error("the device dropped what nobody has looked at")
	}
	_, err = c.Server.SeenKept(ctx, list.Seen)
	must(t, err)
	a.Sync()
	if n := keptAt(t, a); n != 0 {
		t.Errorf("%d records are kept although head office has seen them", n)
	}
	if list, err = c.Server.Kept(ctx); err != nil || len(list.Records) != 0 || list.Asked {
		t.Errorf("they are still listed: %+v, %v", list, err)
	}
	a.Sound()
}

func TestWhatComesBackFromItsAuthorIsKeptNoLonger(t *testing.T) {
	c := simtest.NewCentre(t)
	sites := []*simtest.Site{c.NewSite("Stall", schema.KindStall), c.NewSite("Stall", schema.KindStall)}
	a, b := sites[0], sites[1]
	sellSome(t, a, 2)
	a.Sync()
	b.Sync()
	losesTail(t, c, func() {
		for _, s := range sites {
			s.Moved(c)
		}
		sellSome(t, b, 4)
		b.Sync()
		a.Sync()
	})
	for _, s := range sites {
		s.Moved(c)
	}
	a.Sync()
	if n := keptAt(t, a); n < 12 {
		t.Fatalf("%d records are kept, want those of 4 sales", n)
	}
	_, err := c.Server.AskKept(ctx)
	must(t, err)
	a.Sync()
	b.Sync()
	a.Sync()
	if n := keptAt(t, a); n != 0 {
		t.Errorf("%d records are kept although their author brought them", n)
	}
	soldIs(t, c, 6)
	if list, err := c.Server.Kept(ctx); err != nil || len(list.Records) != 0 {
		t.Errorf("%d records are listed as lost, %v", len(list.Records), err)
	}
}

// rooyesh are devices of one place that read its personal records.
func rooyesh(t *testing.T, c *simtest.Centre, n int) (sites []*simtest.Site) {
	t.Helper()
	for range n {
		sites = append(sites, c.NewSite("Made-up centre", schema.KindRooyesh))
	}
	return sites
}

func TestADeviceRevokedInTheLostTailIsNotWelcomeBeforeSomebodyVouches(t *testing.T) {
	for _, road := range []string{"files put back", "a backup restored"} {
		t.Run(road, func(t *testing.T) {
			c := simtest.NewCentre(t)
			sites := rooyesh(t, c, 2)
			stall := c.NewSite("Stall", schema.KindStall)
			revoked, knows := sites[0], sites[1]
			for _, s := range sites {
				s.Sync()
			}
			c.Folded()
			file := filepath.Join(t.TempDir(), "made.backup")
			c.BackUp(file)
			c.Stop()
			kept := keepAll(t, c)
			c.Start()
			for _, s := range append(sites, stall) {
				s.Moved(c)
			}
			revoked.Sync() // so that it is ahead of what the server goes back to
			_, err := knows.Client.AddPerson(ctx, client.NewPerson{Name: "Made-up person"})
			must(t, err)
			knows.Sync()
			must(t, c.Server.Revoke(ctx, revoked.Store.Identity().Device, "the tablet was lost"))
			knows.Sync()
			sellSome(t, stall, 1)
			stall.Sync()
			c.Stop()
			if road == "files put back" {
				putAllBack(t, c, kept)
			} else {
				c.Restore(file)
			}
			c.Start()
			for _, s := range append(sites, stall) {
				s.Moved(c)
			}
			if road == "files put back" { // only who is ahead shows it
				stall.Sync()
			}

			_, err = revoked.Client.AddPerson(ctx, client.NewPerson{Name: "Made up after it was revoked"})
			must(t, err)
			before := revoked.Store.Progress().Position
			refusedAs(t, revoked, client.ErrWithheld)
			end, _ := c.Log.End()
			refusedAs(t, revoked, client.ErrWithheld)
			if again, _ := c.Log.End(); again > end+4 { // contacts
				t.Errorf("coming again put %d entries into the log", again-end)
			}
			if revoked.Store.Pending() {
				t.Error("what it recorded was not taken in")
			}
			if at := revoked.Store.Progress().Position; at != before || countAt(t, revoked, schema.Person) != 1 {
				t.Errorf("it heard up to %d, and has %d people", at, countAt(t, revoked, schema.Person))
			}
			if n := count(t, c, schema.Person); n != 0 {
				t.Errorf("%d people of its own stand before anybody vouched for it", n)
			}
			refusedAs(t, knows, client.ErrWithheld) // it has handed back the revocation
			stall.Sync()                            // stalls go on: they read nothing personal
			w, err := c.Server.WentBack(ctx)
			must(t, err)
			if w.Doubt == nil {
				t.Fatal("head office is not told that somebody has to vouch")
			}
			c.Stop() // the doubt is in the log
			c.Start()
			for _, s := range append(sites, stall) {
				s.Moved(c)
			}
			refusedAs(t, knows, client.ErrWithheld)
			_, err = c.Server.Vouch(ctx)
			must(t, err)
			knows.Sync()
			refusedAs(t, revoked, client.ErrRefused)
			if n := countAt(t, revoked, schema.Person); n != 0 {
				t.Errorf("%d people are on the revoked device", n)
			}
			held, err := c.Server.Quarantine(ctx)
			must(t, err)
			if len(held) != 1 || held[0].Code != "revoked_late" {
				t.Errorf("held are %+v, want what it recorded after it was revoked", held)
			}
			if n := count(t, c, schema.Person); n != 1 {
				t.Errorf("head office has %d people, want that of the other", n)
			}
		})
	}
}

// refusedAs fails unless a sync ends with an error.
func refusedAs(t *testing.T, s *simtest.Site, want error) {
	t.Helper()
	timed, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	if _, err := s.Client.Sync(timed, 5*time.Second, nil); !errors.Is(err, want) {
		t.Fatalf("a sync gave %v, want %v", err, want)
	}
}

func TestADeviceCannotMakeUpThatTheLogWasLonger(t *testing.T) {
	c := simtest.NewCentre(t)
	s := rooyesh(t, c, 1)[0]
	s.Sync()
	must(t, s.Store.Close())
	damage(t, s.Path("site.db"), `UPDATE progress SET cursor = CAST(x'0000000000ffffff' || substr(cursor, 9) AS BLOB)`)
	s.Open()
	s.Moved(c)
	s.Sync()
	if w, err := c.Server.WentBack(ctx); err != nil || w.Doubt != nil {
		t.Errorf("the server believes it: %+v, %v", w, err)
	}
}

func TestAServerPutBackFurtherThanDevicesLetGoSaysWhichBackupItLacks(t *testing.T) {
	for _, end := range []string{"the newer backup is found", "it is gone"} {
		t.Run(end, func(t *testing.T) {
			c := simtest.NewCentre(t)
			sites := stalls(t, c, 2)
			for _, s := range sites {
				sellSome(t, s, 10)
				s.Sync()
			}
			older, newer := filepath.Join(t.TempDir(), "older.backup"), filepath.Join(t.TempDir(), "newer.backup")
			c.BackUp(older)
			for _, s := range sites {
				sellSome(t, s, 20)
				s.Reopen()
				sellSome(t, s, 5)
				s.Sync()
			}
			c.BackUp(newer)
			made := time.Now()
			for _, s := range sites {
				s.Sync()
			}
			c.Later(32 * 24 * time.Hour)
			for _, s := range sites {
				sellSome(t, s, 5)
				s.Sync()
				if n := bodies(t, s); n > 8 {
					t.Fatalf("a site keeps %d of what a backup holds for a month", n)
				}
			}
			before := sold(t, c)
			c.Stop()
			c.Restore(older)
			c.Start()
			for _, s := range sites {
				s.Moved(c)
				sellSome(t, s, 1)
				unjudged(t, s)
			}
			c.Folded()
			w, err := c.Server.WentBack(ctx)
			must(t, err)
			if len(w.Gaps) != 2 {
				t.Fatalf("head office hears of %+v", w.Gaps)
			}
			for _, g := range w.Gaps {
				at, err := time.Parse(time.RFC3339, *g.BackupOf)
				must(t, err)
				if g.Transactions < 25 || g.Parked < 5 || at.Sub(made).Abs() > time.Minute {
					t.Errorf("a gap is %+v at %v, want some 25 let go for a backup of %v, and what came since parked", g, at, made)
				}
			}
			if end == "it is gone" {
				for _, s := range sites {
					_, err := c.Server.AcceptGap(ctx, s.Store.Identity().Device)
					must(t, err)
				}
				for range 2 {
					for _, s := range sites {
						s.Sync()
						s.Sound()
					}
				}
				if n := sold(t, c).Receipts; n < 2*(10+1+4) || n >= before.Receipts {
					t.Errorf("head office counts %d receipts of %d", n, before.Receipts)
				}
				for _, s := range sites {
					sellSome(t, s, 1)
					s.Reopen()
					sellSome(t, s, 1)
					s.Sync()
				}
				if w, err = c.Server.WentBack(ctx); err != nil || len(w.Gaps) != 0 {
					t.Errorf("the gaps are still shown: %+v, %v", w.Gaps, err)
				}
				sameAfterRefold(t, c)
				return
			}
			c.Stop()
			c.Restore(newer)
			c.Start()
			for range 2 {
				for _, s := range sites {
					s.Moved(c)
					s.Sync()
					s.Sound()
				}
			}
			if after := sold(t, c); after.Receipts != before.Receipts+2 {
				t.Errorf("head office counts %d receipts, want %d", after.Receipts, before.Receipts+2)
			}
			if w, err = c.Server.WentBack(ctx); err != nil || len(w.Gaps) != 0 {
				t.Errorf("a gap is shown although its backup was restored: %+v, %v", w.Gaps, err)
			}
		})
	}
}

// unjudged syncs a site whose work is taken in and cannot be judged.
func unjudged(t *testing.T, s *simtest.Site) {
	t.Helper()
	timed, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	done := make(chan error, 1)
	go func() { _, err := s.Client.Sync(timed, 5*time.Second, nil); done <- err }()
	for s.Store.Pending() {
		select {
		case err := <-done:
			t.Fatalf("a sync ended with %v before all was taken", err)
		case <-s.Store.Moved():
		}
	}
	stop()
	<-done
}

// sameAfterRefold folds the log anew, and fails unless that gives the same.
func sameAfterRefold(t *testing.T, c *simtest.Centre) {
	t.Helper()
	c.Folded()
	before := sold(t, c)
	c.Stop()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(c.Path("state.db" + suffix)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	c.Start()
	if after := sold(t, c); fmt.Sprint(*after) != fmt.Sprint(*before) {
		t.Errorf("folded anew head office counts %+v, before %+v", *after, *before)
	}
}
