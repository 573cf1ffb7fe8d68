package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/closing"
)

// A till is closed with the cable pulled, head office confirms it, both sides show it, and
// anybody can verify both signatures without either. What is tampered with is found.
func TestAClosingIsShownByBothSidesVerifiedByAnybodyAndTamperingIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	centre, stall := filepath.Join(dir, "centre"), filepath.Join(dir, "stall")
	office, url := serving(t, centre)
	enrolled(t, centre, stall, "Stall", url)
	office.stop()
	r := runSite(t, stall)
	r.opens()
	r.sells(3)
	r.call("POST", "/api/tills/"+r.till+"/close", m{"counted_minor": 2100}, new(struct{ ID string }))
	shows := func(data string, args ...string) (list closing.Statements) {
		t.Helper()
		rawajJSON(t, &list, append(args, "--data", data)...)
		return list
	}
	if list := shows(stall, "site", "closing"); len(list.Closings) != 1 || list.Closings[0].State != closing.Waiting || list.Closings[0].Sales != 3 {
		t.Fatalf("with the cable pulled the site shows %+v", list)
	}
	if out := rawaj(t, "site", "closing", "--data", stall); !strings.Contains(out, "not confirmed yet") || !strings.Contains(out, "AED 2100") {
		t.Errorf("the site says %s", out)
	}
	r.p.stop()
	office, url = serving(t, centre)
	rawaj(t, "site", "move", "--data", stall, "--server", url)
	rawaj(t, "site", "sync", "--data", stall)
	until(t, "head office confirms", func() bool {
		list := shows(centre, "admin", "closings")
		return len(list.Closings) == 1 && list.Closings[0].State == closing.Equal
	})
	if out := rawaj(t, "admin", "closings", "--data", centre); !strings.Contains(out, "confirmed") || !strings.Contains(out, "Stall") {
		t.Errorf("head office says %s", out)
	}
	rawaj(t, "site", "sync", "--data", stall)
	day := shows(stall, "site", "closing").Closings[0].Day
	rawaj(t, "site", "closing", "--day", day, "--data", stall) // not delivered: nobody has confirmed it
	office.stop()

	list := shows(stall, "site", "closing")
	file := filepath.Join(dir, "closings.json")
	write := func() string {
		t.Helper()
		b, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, stdout, stderr := inProcess(t, "closing", "verify", file)
		return stdout + stderr
	}
	if out := write(); !strings.Contains(out, "confirmed: both signatures hold") || !strings.Contains(out, "not confirmed yet: the device's signature holds") || strings.Contains(out, "do not hold") {
		t.Errorf("verify says %s", out)
	}
	if code, _, _ := inProcess(t, "closing", "verify", file, "--org-key", strings.Repeat("00", 32)); code != 1 {
		t.Errorf("with another organisation's key verify ends with %d", code)
	}
	for i := range list.Closings {
		list.Closings[i].AmountMinor["AED"]++
		if out := write(); !strings.Contains(out, "not what was signed") {
			t.Errorf("a sum was changed, and verify says %s", out)
		}
		list.Closings[i].AmountMinor["AED"]--
	}

	holds(t, stall)
	holds(t, centre)
	db, state := filepath.Join(stall, fileSite), filepath.Join(centre, fileState)
	for _, d := range []struct {
		what   string
		dir    string
		damage func()
		words  []string
	}{
		{"a statement at a site", stall, flipBlob(t, db, "closing", "signed", "till_session IS NOT NULL"), []string{"closings", "closing"}},
		{"a statement on its way", stall, flipBlob(t, db, "closing", "signed", "till_session IS NULL"), []string{"closings", "signature does not hold"}},
		{"the day of a statement", stall, editSQL(t, db, `UPDATE closing SET day = '2020-01-01' WHERE till_session IS NOT NULL`), []string{"closings", "not what the other fields say"}},
		{"an answer at a site", stall, flipBlob(t, db, "closing_answer", "signed", "1"), []string{"closings", "answer"}},
		{"its certificate", stall, flipBlob(t, db, "closing_answer", "certificate", "1"), []string{"closings", "certificate"}},
		{"a statement at head office", centre, flipBlob(t, state, "closing", "signed", "1"), []string{"state", "closing"}},
		{"an answer at head office", centre, flipBlob(t, state, "closing_answer", "signed", "1"), []string{"state", "answer"}},
		{"its outcome", centre, editSQL(t, state, `UPDATE closing_answer SET outcome = 'differs'`), []string{"state", "no answer of that outcome"}},
	} {
		finds(t, d.dir, d.what, d.damage, d.words...)
	}
}
