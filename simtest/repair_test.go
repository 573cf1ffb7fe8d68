package simtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// damage changes a database behind the program's back.
func damage(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	must(t, err)
	defer db.Close()
	must(t, db.Write(context.Background(), func(tx *sqlitedb.Tx) error {
		for _, sql := range statements {
			if err := tx.Exec(sql); err != nil {
				return err
			}
		}
		return nil
	}))
}

// stallOfTwo is two devices of one stall that hold the same sales.
func stallOfTwo(t *testing.T, sales int) (c *simtest.Centre, a, b *simtest.Site) {
	t.Helper()
	c = simtest.NewCentre(t)
	a, b = c.NewSite("Stall", schema.KindStall), c.NewSite("Stall", schema.KindStall)
	sellSome(t, a, sales)
	a.Sync()
	b.Sync()
	return c, a, b
}

func TestWhatChangedByItselfOnADeviceIsFoundAndFetchedAnew(t *testing.T) {
	ctx := context.Background()
	for name, sql := range map[string][]string{
		"a value":                 {`UPDATE sale_line SET quantity = quantity + 1 WHERE id = (SELECT min(id) FROM sale_line)`},
		"a scope":                 {`UPDATE sale SET fair = zeroblob(16) WHERE id = (SELECT max(id) FROM sale)`},
		"what cannot be read":     {`UPDATE sale SET extra = x'ff' WHERE id = (SELECT min(id) FROM sale)`},
		"a record gone":           {`DELETE FROM sale_line WHERE id = (SELECT max(id) FROM sale_line)`},
		"a record too many":       {`INSERT INTO category (id, name_en) VALUES (x'01901111222233334444555566660000', 'nobody recorded this')`},
		"a digest":                {`UPDATE share SET count = count + 1 WHERE count > 5`},
		"several in other tables": {`DELETE FROM payment WHERE id < (SELECT max(id) FROM payment)`, `UPDATE product SET name_en = 'another'`},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, b := stallOfTwo(t, 40)
			must(t, b.Store.Close())
			damage(t, b.Path("site.db"), sql...)
			b.Open()
			b.Moved(c)
			damaged, err := b.Store.Scrub(ctx)
			must(t, err)
			if len(damaged) == 0 {
				t.Fatal("the scrub found nothing")
			}
			before := b.Sync()
			if before.Received > 120 {
				t.Errorf("%d records were sent to mend it", before.Received)
			}
			b.Sound()
			if damaged, err := b.Store.Scrub(ctx); err != nil || len(damaged) > 0 {
				t.Errorf("afterwards %v differ, %v", damaged, err)
			}
		})
	}
}

func TestADeviceWithTheCursorOfAnotherIsMendedByRanges(t *testing.T) {
	c, a, b := stallOfTwo(t, 10)
	must(t, b.Store.Close())
	kept := keep(t, b.Path("site.db"))
	b.Open()
	b.Moved(c)
	sellSome(t, a, 200)
	a.Sync()
	b.Sync()
	far := b.Store.Progress()
	must(t, b.Store.Close())
	putBack(t, b.Path("site.db"), kept)
	cursor := far.Cursor
	db, err := sqlitedb.Open(b.Path("site.db"), sqlitedb.Options{})
	must(t, err)
	must(t, db.Write(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Exec(`UPDATE progress SET cursor = ?, position = ?, hash = ?`, cursor, uint64(far.Position), far.Hash[:])
	}))
	must(t, db.Close())
	b.Open()
	b.Moved(c)
	b.Sync()
	b.Sound()
	if n := countAt(t, b, schema.Sale); n != 210 {
		t.Errorf("the device has %d sales, want 210", n)
	}
}

func TestAServerFindsThatItsStateLostARecord(t *testing.T) {
	c, a, _ := stallOfTwo(t, 10)
	c.Folded()
	must(t, c.Server.Scrub(ctx))
	c.Stop()
	damage(t, c.Path("state.db"), `DELETE FROM sale_line WHERE id = (SELECT min(id) FROM sale_line)`)
	c.Start()
	if err := c.Server.Scrub(ctx); !errors.Is(err, server.ErrDamaged) {
		t.Fatalf("a record is gone, and the scrub says %v", err)
	}
	c.Stop() // what the program does then: fold the log anew
	remove(t, c.Path("state.db"))
	c.Start()
	must(t, c.Server.Scrub(ctx))
	a.Moved(c)
	a.Sync()
	fresh := c.NewSite("Stall", schema.KindStall)
	fresh.Sync()
	if n := countAt(t, fresh, schema.Sale); n != 10 {
		t.Errorf("a new device has %d sales, want 10", n)
	}
}

func TestARunningSiteMendsWhatItsScrubFinds(t *testing.T) {
	c, a, b := stallOfTwo(t, 20)
	must(t, b.Store.Close())
	damage(t, b.Path("site.db"), `UPDATE sale_line SET quantity = 99 WHERE id = (SELECT min(id) FROM sale_line)`)
	b.Open()
	b.Moved(c)
	if _, err := b.Store.Scrub(ctx); err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- b.Client.Run(run) }()
	for {
		moved := b.Store.Moved()
		if shares, _, err := b.Store.Differing(ctx); err != nil || len(shares) == 0 {
			must(t, err)
			break
		}
		select {
		case <-moved:
		case <-run.Done():
			t.Fatal("it still differs")
		}
	}
	_, err := a.Client.AddProduct(ctx, client.NewProduct{Name: "Salt"})
	must(t, err)
	stop()
	must(t, <-done)
	b.Sound()
}

func TestAShareThatCannotBeMendedIsGivenUpAndShown(t *testing.T) {
	c, a, b := stallOfTwo(t, 5)
	c.Folded()
	c.Stop() // the server's own digest is wrong: no row that it sends will ever fit it
	damage(t, c.Path("state.db"), `UPDATE share SET count = count + 1, position = position WHERE count = (SELECT max(count) FROM share)`)
	c.Start()
	b.Moved(c)
	a.Moved(c)
	timed, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	r, err := b.Client.Sync(timed, 10*time.Second, nil)
	must(t, err)
	if r.Equal || r.Received > 0 {
		t.Errorf("a sync that cannot end equal gave %+v", r)
	}
	shares, beyond, err := b.Store.Differing(ctx)
	if err != nil || len(shares) > 0 || beyond != 1 {
		t.Errorf("%v are to be repaired and %d were given up, %v", shares, beyond, err)
	}
	c.Folded()
	devices, err := c.Server.Devices(ctx)
	must(t, err)
	shown := uint64(0)
	for _, d := range devices {
		shown += d.Differing
	}
	if shown != 1 {
		t.Errorf("head office is told of %d shares, want 1", shown)
	}
	c.Stop() // mended there, a person lets it be repaired again
	remove(t, c.Path("state.db"))
	c.Start()
	b.Moved(c)
	must(t, b.Store.RetryRepairs(ctx))
	b.Sync()
	b.Sound()
}
