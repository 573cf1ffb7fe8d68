package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/simtest"
)

// running is a site's process on a directory, whose API is called.
type running struct {
	t    *testing.T
	dir  string
	p    *process
	till string
	of   string // product
}

func runSite(t *testing.T, dir string) *running {
	t.Helper()
	os.Remove(filepath.Join(dir, "token")) // of a process that was killed, or of another directory
	p := start(t, "site", "run", "--data", dir, "--listen", "127.0.0.1:0")
	p.announced(dir)
	return &running{t: t, dir: dir, p: p}
}

func (r *running) call(method, route string, in, out any) {
	r.t.Helper()
	if err := localapi.Call(r.t.Context(), r.dir, method, route, in, out); err != nil {
		r.t.Fatalf("%s: %v\n%s", route, err, &r.p.stderr)
	}
}

type m = map[string]any

// opens makes a product and opens a till.
func (r *running) opens() {
	r.t.Helper()
	var made struct{ ID string }
	r.call("POST", "/api/products", m{"name": "Incense"}, &made)
	r.of = made.ID
	r.call("POST", "/api/tills", m{"currency": "AED", "float_minor": 0}, &made)
	r.till = made.ID
}

// sells sells n times at the till that is open here.
func (r *running) sells(n int) (receipts []string) {
	r.t.Helper()
	var sold struct {
		ReceiptNo string `json:"receipt_no"`
	}
	for range n {
		r.call("POST", "/api/sales", m{"till": r.till, "currency": "AED", "lines": []m{{"product": r.of, "quantity": 1, "unit_price_minor": 700}}}, &sold)
		receipts = append(receipts, sold.ReceiptNo)
	}
	return receipts
}

// arrives waits until all that was recorded here has arrived, and gives the name.
func (r *running) arrives() string {
	r.t.Helper()
	until(r.t, "all of "+filepath.Base(r.dir)+" has arrived", func() bool {
		var st status
		r.call("GET", "/api/status", nil, &st)
		return st.Pending == 0 && st.Transactions > 0
	})
	return r.name()
}

func (r *running) name() string {
	r.t.Helper()
	var me struct{ Device string }
	r.call("GET", "/api/me", nil, &me)
	return me.Device
}

func TestACopiedDirectoryGoesOnUnderANameOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, alone := range map[string]bool{"the whole directory, the original first": false, "database and key alone, the copy first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			work := t.TempDir()
			centre, stall, copied := filepath.Join(work, "centre"), filepath.Join(work, "stall"), filepath.Join(work, "copied")
			_, url := serving(t, centre)
			cable := simtest.NewProxy(t, strings.TrimPrefix(url, "http://"))
			enrolled(t, centre, stall, "Stall 1", cable.URL())
			original := runSite(t, stall)
			original.opens()
			original.sells(500)
			was := original.arrives()
			later := original
			var twin *running
			var mine, theirs []string // receipts
			if alone {
				original.p.stop()
				if err := os.Mkdir(copied, 0o700); err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{fileSite, keyDevice} {
					b, err := os.ReadFile(filepath.Join(stall, file))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(copied, file), b, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				twin = runSite(t, copied)
				twin.till, twin.of = original.till, original.of
				theirs = twin.sells(50)
				twin.arrives()
				cable.Refuse(true) // until it has sold: it would get a name of its own first
				again := runSite(t, stall)
				again.till, again.of = original.till, original.of
				mine = again.sells(100)
				original, later = again, again
			} else {
				if err := os.CopyFS(copied, os.DirFS(stall)); err != nil { // at work, and idle
					t.Fatal(err)
				}
				mine = original.sells(100)
				original.arrives()
				cable.Refuse(true)
				twin = runSite(t, copied)
				twin.till, twin.of = original.till, original.of
				theirs = twin.sells(50)
				later = twin
			}
			cable.Refuse(false)
			until(t, "the later copy has a name of its own", func() bool { return later.name() != was })
			if a, b := original.arrives(), twin.arrives(); a == b {
				t.Errorf("both are %s", a)
			}
			if got := salesOf(t, centre, "site").Total; got.Receipts != 650 || got.AmountMinor["AED"] != 650*700 {
				t.Errorf("head office counts %+v, want 650 sales", got)
			}
			var list []struct{ Receipt string }
			rawajJSON(t, &list, "admin", "receipts", "doubled", "--data", centre)
			twice := slices.DeleteFunc(slices.Clone(theirs), func(r string) bool { return !slices.Contains(mine, r) })
			if len(twice) == 0 || !slices.EqualFunc(list, twice, func(a struct{ Receipt string }, b string) bool { return a.Receipt == b }) {
				t.Errorf("head office lists %v, and twice were printed %v", list, twice)
			}
			before := later.sells(1)[0] // and it goes on
			later.p.kill()
			again := runSite(t, later.dir)
			again.till, again.of = later.till, later.of
			if after := again.sells(1)[0]; !strings.HasPrefix(after, strings.SplitN(before, "-", 2)[0]) || after == before {
				t.Errorf("the copy printed %s, and after it was killed %s", before, after)
			}
			again.arrives()
			if out := rawaj(t, "admin", "device", "ls", "--data", centre); strings.Count(out, "\n") != 3 || !strings.Contains(out, "copy of") {
				t.Errorf("head office lists\n%s", out)
			}
		})
	}
}

func TestADatabaseWithoutItsKeyIsEnrolledAnewWithWhatItHasNotSent(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	centre, stall, copied := filepath.Join(work, "centre"), filepath.Join(work, "stall"), filepath.Join(work, "copied")
	server, url := serving(t, centre)
	enrolled(t, centre, stall, "Stall 1", url)
	s := runSite(t, stall)
	s.opens()
	s.sells(5)
	s.arrives()
	server.stop()
	s.sells(3)
	s.p.stop()
	if err := os.Mkdir(copied, 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(stall, fileSite))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(copied, fileSite), b, 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "site", "run", "--data", copied, "--listen", "127.0.0.1:0")
	<-p.ended
	if p.err == nil || !strings.Contains(p.stderr.String(), "enrol this directory anew") {
		t.Errorf("without its key it says %s", &p.stderr)
	}
	_, url = serving(t, centre)
	enrolled(t, centre, copied, "Stall 1", url)
	twin := runSite(t, copied)
	twin.till, twin.of = s.till, s.of
	twin.sells(2)
	twin.arrives()
	if got := salesOf(t, centre, "site").Total; got.Receipts != 10 {
		t.Errorf("head office counts %+v, want 10 sales", got)
	}
	twin.p.stop()
	rawaj(t, "verify", "--data", copied)
	rawaj(t, "site", "move", "--data", stall, "--server", url)
	again := runSite(t, stall) // which has the same three still to send
	again.arrives()
	if got := salesOf(t, centre, "site").Total; got.Receipts != 10 || got.AmountMinor["AED"] != 7000 {
		t.Errorf("then head office counts %+v, want 10 sales", got)
	}
}
