package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/simtest"
)

// salesReported is what rawaj report sales --json prints.
type salesReported struct {
	CompleteTo   *string `json:"complete_to"`
	MissingSites []struct {
		Site     string         `json:"site"`
		Name     string         `json:"name"`
		Declared map[string]any `json:"declared"`
	} `json:"missing_sites"`
	Rows []struct {
		Key   string `json:"key"`
		Label string `json:"label"`
		figures
	} `json:"rows"`
	Total figures `json:"total"`
}

// status is what rawaj site status --json prints.
type status struct {
	Transactions int64   `json:"transactions"`
	Pending      int64   `json:"pending"`
	Acknowledged int64   `json:"acknowledged"`
	Quarantined  int64   `json:"quarantined"`
	LastContact  *string `json:"last_contact"`
	CursorAt     int64   `json:"cursor_at"`
	Declared     struct {
		Transactions int64            `json:"transactions"`
		AmountMinor  map[string]int64 `json:"amount_minor"`
		Oldest       *string          `json:"oldest"`
	} `json:"declared"`
}

type imported struct {
	Receipts     int64 `json:"receipts"`
	Lines        int64 `json:"lines"`
	AlreadyThere int64 `json:"already_there"`
	Refused      []struct {
		Line   int    `json:"line"`
		Reason string `json:"reason"`
	} `json:"refused"`
	RefusedTotal int `json:"refused_total"`
}

type synced struct {
	Sent        int64 `json:"sent"`
	Received    int64 `json:"received"`
	Settled     int64 `json:"settled"`
	Quarantined int64 `json:"quarantined"`
	Equal       bool  `json:"equal"`
}

func salesOf(t *testing.T, dir, by string) (r salesReported) {
	t.Helper()
	rawajJSON(t, &r, "report", "sales", "--data", dir, "--by", by)
	return r
}

func statusOf(t *testing.T, dir string) (st status) {
	t.Helper()
	rawajJSON(t, &st, "site", "status", "--data", dir)
	return st
}

// exactly fails unless a directory's report says what the till's file adds up to.
func exactly(t *testing.T, dir string, till *till) {
	t.Helper()
	r := salesOf(t, dir, "category")
	if got, want := r.Total, till.want; got.Pieces != want.Pieces || got.Lines != want.Lines || got.Receipts != want.Receipts ||
		got.Unpriced != want.Unpriced || !sameMoney(got.AmountMinor, want.AmountMinor) {
		t.Errorf("%s: sales are %+v, want %+v", filepath.Base(dir), got, want)
	}
	if till.rows == nil {
		return
	}
	if len(r.Rows) != len(till.rows) {
		t.Errorf("%s: %d categories, want %d", filepath.Base(dir), len(r.Rows), len(till.rows))
	}
	for _, row := range r.Rows {
		if want := till.rows[row.Label]; row.Pieces != want.Pieces || !sameMoney(row.AmountMinor, want.AmountMinor) {
			t.Errorf("%s: %s is %+v, want %+v", filepath.Base(dir), row.Label, row.figures, want)
		}
	}
}

func importArgs(dir string, till *till, more ...string) []string {
	return append([]string{"site", "import", "sales", till.file, "--data", dir, "--map", till.mapping, "--currency", "USD"}, more...)
}

// inside fails unless a part is some of a whole and not all of it.
func inside(t *testing.T, what string, part, whole int64) {
	t.Helper()
	if part <= 0 || part >= whole {
		t.Errorf("%s: %d of %d, want a place inside", what, part, whole)
	}
}

// settledIn reads how much of what a site recorded the server has confirmed and
// judged, from the file of a process that was killed.
func settledIn(t *testing.T, dir string) (acked, settled int64) {
	t.Helper()
	db, err := sqlitedb.Open(filepath.Join(dir, fileSite), sqlitedb.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		row, _, err := tx.One(`SELECT sum(acked), sum(settled) FROM incarnation`)
		acked, settled = row.Int(0), row.Int(1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return acked, settled
}

// Done criterion of the first whole way: a year is recorded while nobody can be
// reached, everybody is killed on the way, and the sums are exact on both sides.
func TestAYearRecordedWithTheCablePulledArrivesExactly(t *testing.T) {
	t.Parallel()
	till := foodTill(t)
	all := till.want.Receipts
	centre, stall := filepath.Join(t.TempDir(), "centre"), filepath.Join(t.TempDir(), "stall")
	serve, url := serving(t, centre)
	p := simtest.NewProxy(t, strings.TrimPrefix(url, "http://"))
	enrolled(t, centre, stall, "Food counter", p.URL())
	serve.kill()

	importYear(t, stall, till)
	exactly(t, stall, till)

	syncYear(t, p, centre, stall, all)
	exactly(t, stall, till)
	exactly(t, centre, till)

	var again imported
	rawajJSON(t, &again, importArgs(stall, till)...)
	if again.Receipts != 0 || again.Lines != 0 || again.AlreadyThere != all || again.RefusedTotal != 0 {
		t.Errorf("importing the file again gave %+v", again)
	}
	if st := statusOf(t, stall); st.Transactions != all || st.Pending != 0 || st.Acknowledged != all {
		t.Errorf("after importing the file again the status is %+v", st)
	}
	exactly(t, stall, till)

	rebuildYear(t, centre, till)
	exactly(t, centre, till)
	for _, dir := range []string{stall, centre} {
		if out := rawaj(t, "verify", "--data", dir); !strings.Contains(out, "holds") {
			t.Errorf("verify of %s says %s", filepath.Base(dir), out)
		}
	}
}

// importYear imports with a kill -9 in the middle.
func importYear(t *testing.T, stall string, till *till) {
	t.Helper()
	all := till.want.Receipts
	p := start(t, importArgs(stall, till)...)
	until(t, "a third of the import is recorded", func() bool {
		_, n, _, _, err := mark.Read(filepath.Join(stall, fileSite+"-mark"))
		return err == nil && int64(n) > all/3 || !p.running()
	})
	p.kill()
	st := statusOf(t, stall)
	inside(t, "recorded when the import was killed", st.Pending, all)
	var rest imported
	rawajJSON(t, &rest, importArgs(stall, till)...)
	if rest.AlreadyThere != st.Pending || rest.Receipts != all-st.Pending || rest.RefusedTotal != 0 {
		t.Errorf("%d receipts were recorded when the import was killed; running it again gave %+v", st.Pending, rest)
	}
	st = statusOf(t, stall)
	if st.Transactions != all || st.Pending != all || st.Acknowledged != 0 || st.Declared.Transactions != all || !sameMoney(st.Declared.AmountMinor, till.want.AmountMinor) {
		t.Errorf("after the import the status is %+v, want %d pending", st, all)
	}
}

// stopAt lets bytes through in a direction, and then nothing until letGo.
func stopAt(p *simtest.Proxy, d simtest.Direction, bytes int64) (reached chan struct{}) {
	reached = make(chan struct{})
	p.At(d, bytes, func() {
		p.Hold(d, true)
		close(reached)
	})
	return reached
}

func letGo(p *simtest.Proxy, d simtest.Direction) {
	p.Cut()
	p.Hold(d, false)
}

// until waits for something to happen while the process is at work.
func (p *process) until(what string, happens <-chan struct{}) {
	p.t.Helper()
	select {
	case <-happens:
	case <-p.ended:
		p.t.Fatalf("%v has ended (%v) before %s\n%s%s", p.cmd.Args[1:], p.err, what, &p.stdout, &p.stderr)
	case <-time.After(patience):
		p.t.Fatalf("waited in vain: %s", what)
	}
}

// syncYear syncs to the end, while the server is killed twice and the site once, each
// at a byte of the exchange.
func syncYear(t *testing.T, p *simtest.Proxy, centre, stall string, all int64) {
	t.Helper()
	sync := start(t, "site", "sync", "--data", stall, "--patience", patience.String())
	var last int64
	for range 2 {
		stop := stopAt(p, simtest.Up, 300_000)
		serve, url := serving(t, centre)
		p.Aim(strings.TrimPrefix(url, "http://"))
		sync.until("300,000 bytes have come up", stop)
		until(t, "the server has taken in some", func() bool { return salesOf(t, centre, "category").Total.Receipts > last })
		serve.kill()
		arrived := salesOf(t, centre, "category").Total.Receipts
		t.Logf("server killed when %d of %d receipts had arrived, %d at the time before", arrived, all, last)
		inside(t, "arrived when the server was killed", arrived-last, all-last)
		last = arrived
		letGo(p, simtest.Up)
	}
	stop := stopAt(p, simtest.Down, 200_000)
	serve, url := serving(t, centre)
	p.Aim(strings.TrimPrefix(url, "http://"))
	sync.until("200,000 bytes have gone down", stop)
	sync.kill()
	acked, settled := settledIn(t, stall)
	t.Logf("site killed with %d acknowledged and %d judged of %d", acked, settled, all)
	inside(t, "judged when the site was killed", settled, all)
	if acked < settled {
		t.Errorf("%d acknowledged, %d judged", acked, settled)
	}
	letGo(p, simtest.Down)

	var r synced
	rawajJSON(t, &r, "site", "sync", "--data", stall, "--patience", patience.String())
	if !r.Equal || r.Quarantined != 0 || r.Settled != all-settled {
		t.Errorf("the last sync gave %+v; %d were judged before", r, settled)
	}
	if st := statusOf(t, stall); st.Pending != 0 || st.Acknowledged != all || st.LastContact == nil {
		t.Errorf("after the sync the status is %+v", st)
	}
	serve.kill()
}

// rebuildYear folds the log anew, after a kill -9 of the server, and around some of
// the rebuild itself.
func rebuildYear(t *testing.T, centre string, till *till) {
	t.Helper()
	const equal = "equal to the state that stood"
	if out := rawaj(t, "admin", "rebuild", "--data", centre); !strings.Contains(out, equal) {
		t.Errorf("rebuild after the server was killed says %s", out)
	}
	for _, written := range []int64{64 << 10, 1 << 20, 6 << 20} {
		tries := 1
		for ; !killedRebuilding(t, centre, written); tries++ {
			if tries == 20 {
				t.Fatalf("%d rebuilds had ended before they were killed at %d bytes", tries, written)
			}
		}
		t.Logf("rebuild %d was killed when it had written %d bytes", tries, written)
		exactly(t, centre, till)
	}
	if out := rawaj(t, "admin", "rebuild", "--data", centre); !strings.Contains(out, equal) {
		t.Errorf("rebuild after one was killed says %s", out)
	}
	left, err := filepath.Glob(filepath.Join(centre, fileState+".new*"))
	if err != nil || len(left) > 0 {
		t.Errorf("rebuild leaves %v (%v)", left, err)
	}
}

// killedRebuilding kills a rebuild that has written so much, and says whether it was
// still at work: the last of it is written within milliseconds.
func killedRebuilding(t *testing.T, centre string, written int64) bool {
	t.Helper()
	began := time.Now()
	p := start(t, "admin", "rebuild", "--data", centre)
	until(t, "the rebuild has written some", func() bool {
		info, err := os.Stat(filepath.Join(centre, fileState+".new-wal"))
		return err == nil && info.Size() > written && info.ModTime().After(began) || !p.running()
	})
	p.kill()
	if p.err != nil && p.cmd.ProcessState.Exited() {
		t.Fatalf("the rebuild ended by itself: %v\n%s", p.err, &p.stderr)
	}
	return p.err != nil
}

// A till without prices: each line is one piece, none counts as sold for 0, and what
// it refuses is listed.
func TestHalfAYearWithoutPricesIsCountedAsUnpriced(t *testing.T) {
	t.Parallel()
	till := bakeryTill(t)
	centre, stall := filepath.Join(t.TempDir(), "centre"), filepath.Join(t.TempDir(), "bakery")
	serve, url := serving(t, centre)
	enrolled(t, centre, stall, "Bakery", url)
	var r imported
	rawajJSON(t, &r, importArgs(stall, till)...)
	if r.Receipts != till.want.Receipts || r.Lines != till.want.Lines || r.RefusedTotal != len(till.refused) {
		t.Errorf("import gave %d receipts, %d lines, %d refused; want %+v and %d refused", r.Receipts, r.Lines, r.RefusedTotal, till.want, len(till.refused))
	}
	var lines []int
	for _, f := range r.Refused {
		if lines = append(lines, f.Line); !strings.HasPrefix(f.Reason, "no_item") {
			t.Errorf("line %d is refused for %q, want no_item", f.Line, f.Reason)
		}
	}
	if !slices.Equal(lines, till.refused) {
		t.Errorf("refused lines are %v, want %v", lines, till.refused)
	}
	exactly(t, stall, till)
	var s synced
	rawajJSON(t, &s, "site", "sync", "--data", stall)
	if !s.Equal || s.Sent != till.want.Receipts {
		t.Errorf("sync gave %+v", s)
	}
	exactly(t, centre, till) // through the server that runs
	serve.stop()
	exactly(t, centre, till)
	if r := salesOf(t, centre, "site"); len(r.Rows) != 1 || r.Rows[0].Label != "Bakery" || len(r.MissingSites) != 0 || r.CompleteTo == nil {
		t.Errorf("report by site is %+v", r)
	}
}
