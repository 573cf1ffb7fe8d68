package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/server"
)

const madeMapping = "receipt=receipt,date=date,time=time,item=item,category=category,quantity=quantity,unit_price=unit_price"

// worthOf is what receipts 1 to n of a made-up till are worth, in fils.
func worthOf(n int) (minor int64) {
	for i := 1; i <= n; i++ {
		minor += 2 * int64(100*(i%13+1)+50)
	}
	return minor
}

// sells imports receipts from..to of the made-up till, one line each.
func sells(t *testing.T, dir string, from, to int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "till.csv")
	row := writeCSV(t, file, "receipt", "date", "time", "item", "category", "quantity", "unit_price")
	for i := from; i <= to; i++ {
		row(fmt.Sprint(i), "2026-03-01", "09:15:00", fmt.Sprintf("Item %d", i%7), "Household", "2", fmt.Sprintf("%d.50", i%13+1))
	}
	row()
	rawaj(t, "site", "import", "sales", file, "--data", dir, "--map", madeMapping, "--currency", "AED")
}

func TestALostServerIsRestoredFromItsBackupAndSitesGiveBackTheRest(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	centre, again := filepath.Join(root, "centre"), filepath.Join(root, "again")
	centreRuns, url := serving(t, centre)
	stalls := []string{filepath.Join(root, "stall1"), filepath.Join(root, "stall2")}
	for i, s := range stalls {
		enrolled(t, centre, s, fmt.Sprintf("Stall %d", i+1), url)
		sells(t, s, 1, 40)
		rawaj(t, "site", "sync", "--data", s)
	}
	file := filepath.Join(root, "made.backup")
	var made struct {
		Entries  int64
		Devices  int
		Recorded int
	}
	rawajJSON(t, &made, "backup", "--data", centre, "--to", file) // beside the server
	if made.Devices != 2 || made.Recorded != 2 {
		t.Errorf("the backup holds %+v, want 2 devices", made)
	}
	sold := []int{60, 80}
	for i, s := range stalls {
		sells(t, s, 41, sold[i])
		rawaj(t, "site", "sync", "--data", s)
	}
	centreRuns.kill()
	if err := os.RemoveAll(centre); err != nil {
		t.Fatal(err)
	}
	brokenOff(t, file, root)
	rawaj(t, "restore", file, "--data", again)
	rawaj(t, "verify", "--data", again)
	centreRuns, url = serving(t, again)
	for range 2 { // and hear what the other gave back
		for _, s := range stalls {
			rawaj(t, "site", "move", "--data", s, "--server", url)
			rawaj(t, "site", "sync", "--data", s)
		}
	}
	is := func(dir string, receipts int, worth int64) {
		if got := salesOf(t, dir, "category").Total; got.Receipts != int64(receipts) || got.AmountMinor["AED"] != worth {
			t.Errorf("%s: %+v, want %d receipts worth %d", filepath.Base(dir), got, receipts, worth)
		}
	}
	for i, s := range stalls { // a stall reads its own
		is(s, sold[i], worthOf(sold[i]))
	}
	is(again, sold[0]+sold[1], worthOf(sold[0])+worthOf(sold[1]))
	for _, s := range stalls {
		rawaj(t, "verify", "--data", s)
	}
	var back, vouched server.WentBack
	rawajJSON(t, &back, "admin", "wentback", "show", "--data", again)
	rawajJSON(t, &vouched, "admin", "wentback", "vouch", "--data", again)
	if back.Doubt == nil || vouched.Doubt != nil || len(back.Gaps) > 0 {
		t.Errorf("after the restore there is %+v to see to, and %+v when somebody has vouched", back, vouched)
	}
	rawaj(t, "admin", "kept", "ask", "--data", again)
	var kept server.KeptRecords
	rawajJSON(t, &kept, "admin", "kept", "ls", "--data", again)
	if !kept.Asked || len(kept.Records) != 0 {
		t.Errorf("asked for are %+v", kept)
	}
	rawaj(t, "admin", "kept", "seen", fmt.Sprint(kept.Seen), "--data", again)
	centreRuns.stop() // now head office's record is made in the command's own process
	rawajJSON(t, &made, "backup", "--data", again, "--to", filepath.Join(root, "next.backup"))
	if made.Devices != 2 || made.Recorded != 2 {
		t.Errorf("the next backup holds %+v, want more of 2 devices", made)
	}
}

// brokenOff kills restores at several places: what is left is a whole directory or none.
func brokenOff(t *testing.T, file, root string) {
	t.Helper()
	killed := 0
	for i, place := range []string{"", "org.key", "log.db", "state.db", "log.db-mark"} {
		dir := filepath.Join(root, fmt.Sprintf("broken%d", i))
		p := start(t, "restore", file, "--data", dir)
		until(t, "the restore is at "+place, func() bool {
			found, _ := filepath.Glob(filepath.Join(dir, ".restore-*", place))
			return len(found) > 0 || !p.running()
		})
		p.kill()
		switch _, err := datadir.ReadRole(dir); {
		case err == nil:
			rawaj(t, "verify", "--data", dir)
			continue
		case !errors.Is(err, datadir.ErrForeign):
			t.Errorf("killed at %q: %v", place, err)
		}
		killed++
		for _, args := range [][]string{{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, {"restore", file, "--data", dir}} {
			p := start(t, args...)
			<-p.ended
			if p.err == nil {
				t.Errorf("killed at %q: rawaj %s takes what is left", place, args[0])
			}
		}
	}
	if killed == 0 {
		t.Error("no restore was killed on its way")
	}
}
