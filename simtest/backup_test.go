package simtest_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// bodies counts the transactions that a site still keeps.
func bodies(t *testing.T, s *simtest.Site) (n int64) {
	t.Helper()
	db, err := sqlitedb.Open(s.Path("site.db"), sqlitedb.Options{ReadOnly: true})
	must(t, err)
	defer db.Close()
	must(t, db.Read(ctx, func(tx *sqlitedb.Tx) (err error) {
		n, err = tx.Int(`SELECT count(*) FROM outbox`)
		return err
	}))
	return n
}

func TestWhatWasLetGoIsInTheBackupThatTheServerIsRestoredFrom(t *testing.T) {
	c := simtest.NewCentre(t)
	sites := stalls(t, c, 3)
	for i, s := range sites {
		if i == 1 { // several lives of its process
			sellSome(t, s, 3)
			s.Reopen()
			sellSome(t, s, 3)
			s.Reopen()
		}
		sellSome(t, s, 20)
		s.Sync()
	}
	c.Folded()
	first := c.State.Head().Position
	file := filepath.Join(t.TempDir(), "made.backup")
	c.BackUp(file)
	c.Folded()
	if moved := c.State.Head().Position - first; moved != 1 {
		t.Errorf("what a backup holds of 3 devices took %d transactions", moved)
	}
	next := c.State.Head().Position
	c.BackUp(filepath.Join(t.TempDir(), "again.backup"))
	c.Folded()
	if n := c.State.Head().Position; n != next {
		t.Errorf("a second backup of the same wrote %d transactions", n-next)
	}
	for _, s := range sites {
		s.Sync()
		if n := bodies(t, s); n < 20 {
			t.Errorf("a site let go at once: it keeps %d", n)
		}
	}
	c.Later(32 * 24 * time.Hour)
	for _, s := range sites {
		sellSome(t, s, 5)
		s.Sync()
		if n := bodies(t, s); n > 8 {
			t.Errorf("a site keeps %d of what a backup holds for a month", n)
		}
		s.Sound()
	}
	before := sold(t, c)
	sites[2].Reopen()
	c.Stop()
	c.Restore(file)
	c.Start()
	for range 2 {
		for _, s := range sites {
			s.Moved(c)
			s.Sync()
			s.Sound()
		}
	}
	if after := sold(t, c); after.Receipts != before.Receipts || after.AmountMinor["AED"] != before.AmountMinor["AED"] {
		t.Errorf("head office counts %+v, want %+v", after, before)
	}
	c.BackUp(filepath.Join(t.TempDir(), "next.backup"))
	c.Stop()
	c.Start() // and the server's own device takes new incarnations
	for range 2 {
		for _, s := range sites {
			s.Moved(c)
			sellSome(t, s, 1)
			s.Sync()
		}
		c.BackUp(filepath.Join(t.TempDir(), "last.backup"))
		c.Later(32 * 24 * time.Hour)
	}
	for _, s := range sites {
		s.Sync()
		if n := bodies(t, s); n > 8 {
			t.Errorf("a site keeps %d of what the last backup holds", n)
		}
		s.Sound()
	}
	if n := count(t, c, schema.Conflict); n != 0 {
		t.Errorf("telling devices of newer backups made %d conflicts", n)
	}
}

func TestABackupIsMadeWhileSitesRecordAndSync(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 20)
	s.Sync()
	made := make(chan struct{})
	busy := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if _, err := s.Client.AddProduct(ctx, client.NewProduct{Name: fmt.Sprintf("Made %d", n), PriceMinor: 100, Currency: "AED"}); err != nil {
				busy <- err
				return
			}
			if _, err := s.Client.Sync(ctx, 20*time.Second, nil); err != nil {
				busy <- err
				return
			}
			select {
			case <-made:
				busy <- nil
				return
			default:
			}
		}
	}()
	file := ""
	for i := range 4 {
		file = filepath.Join(t.TempDir(), fmt.Sprint(i, ".backup"))
		c.BackUp(file)
	}
	close(made)
	must(t, <-busy)
	products := count(t, c, schema.Product)
	c.Stop()
	c.Restore(file)
	c.Start()
	s.Moved(c)
	s.Sync()
	s.Sound()
	if n := count(t, c, schema.Product); n != products {
		t.Errorf("%d products are there after the restore, %d were", n, products)
	}
	soldIs(t, c, 20)
}
