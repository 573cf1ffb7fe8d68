//go:build linux

package crash

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// program builds the binary that ships. The cache of test results does not see what the
// build reads, so the sources that the tests do not import are read here.
func program(t testing.TB) string {
	t.Helper()
	sources, err := filepath.Glob("../../cmd/rawaj/*.go")
	must(t, err)
	for _, name := range sources {
		_, err := os.ReadFile(name)
		must(t, err)
	}
	path, err := built()
	must(t, err)
	return path
}

var programDir string

var built = sync.OnceValues(func() (path string, err error) {
	if programDir, err = os.MkdirTemp("", "rawaj-program-*"); err != nil {
		return "", err
	}
	path = filepath.Join(programDir, "rawaj")
	c := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/rawaj/rawaj/cmd/rawaj")
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	sqlitedb.Rewritten = crashfs.Rewritten
	code := m.Run()
	if programDir != "" {
		os.RemoveAll(programDir)
	}
	os.Exit(code)
}

// says runs a command to its end and gives what it says where that is a bad one.
func says(name string, args ...string) string {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return strings.Join(args, " ") + ": " + err.Error() + ": " + string(out) + "; "
	}
	return ""
}

// cuts judges about n states that cuts may leave of a command's work, or a share of
// those that were asked for.
func cuts(t *testing.T, n int, trace *crashfs.Trace, of subject) {
	t.Helper()
	trace.Ops = append(trace.Ops, crashfs.Op{Kind: crashfs.Said})
	if *states > 0 {
		n = *states / 500
	}
	var a tally
	newTrial(t, trace, of).explore(n, *seedFlag, &a)
	t.Log(&a)
	if a.states == 0 || a.held != a.states {
		t.Errorf("%d of %d states do not hold:\n%s", a.states-a.held, a.states, strings.Join(a.examples, "\n"))
	}
}

func TestARebuildHoldsAtAnyPowerCut(t *testing.T) {
	centre := simtest.NewCentre(t)
	works(t, centre, *seedFlag, 6)
	_, folds := foldsOf(t, centre.Path(logFile))
	dir := shm(t)
	held, err := datadir.Prepare(dir)
	must(t, err)
	b, err := os.ReadFile(centre.Path(logFile))
	must(t, err)
	must(t, os.WriteFile(held.File(logFile), b, 0o600))
	st, err := state.Open(ctx, held.File(stateFile)) // folded in part: its WAL will hold the rest
	must(t, err)
	read := func(ctx context.Context, from oplog.Index, f func(oplog.Record) error) error {
		return sqlitelog.ReadFile(ctx, held.File(logFile), from, f)
	}
	must(t, st.Fold(ctx, read, oplog.Index(len(folds)/2), func(oplog.Index) {}))
	must(t, errors.Join(st.Close(), held.Begin(datadir.Server), held.Close()))
	cuts(t, 120, traced(t, dir, program(t), "admin", "rebuild", "--data", dir), servers(folds))
}

func TestTheFirstStartOfAServerHoldsAtAnyPowerCut(t *testing.T) {
	rawaj, dir := program(t), shm(t)
	trace := traced(t, dir, "sh", "-c", `"$0" serve --data "$1" --listen 127.0.0.1:0 & p=$!
		until test -e "$1/token" || ! kill -0 $p; do sleep 0.01; done; kill -INT $p; wait $p`, rawaj, dir)
	cuts(t, 20, trace, subject{[]string{logFile, stateFile}, true, func(dir string) outcome {
		found := says("sh", "-c", `"$0" serve --data "$1" --listen 127.0.0.1:0 & p=$!
			rm -f "$1/token"
			until test -e "$1/token" || ! kill -0 $p; do sleep 0.01; done; kill -INT $p; wait $p`, rawaj, dir)
		if found == "" {
			found = says(rawaj, "verify", "--data", dir)
		}
		return outcome{found: found}
	}})
}

func TestAnEnrolmentHoldsAtAnyPowerCut(t *testing.T) {
	centre := simtest.NewCentre(t)
	code, err := centre.Server.EnrolCode(context.Background(), server.NewSite{Site: "Stall", Kind: schema.KindStall})
	must(t, err)
	rawaj, dir := program(t), shm(t)
	enrol := []string{"site", "enrol", "--server", centre.HTTP.URL, "--code", code.Code, "--data"}
	trace := traced(t, dir, append(append([]string{rawaj}, enrol...), dir)...)
	cuts(t, 20, trace, subject{[]string{siteFile}, true, func(dir string) (o outcome) {
		again := enrol // the answer may have been lost
		key, err := os.ReadFile(filepath.Join(dir, "device.key"))
		if err != nil { // nor was the code told to anybody
			code, err := centre.Server.EnrolCode(context.Background(), server.NewSite{Site: "Stall", Kind: schema.KindStall})
			if err != nil {
				return outcome{found: err.Error()}
			}
			again = []string{"site", "enrol", "--server", centre.HTTP.URL, "--code", code.Code, "--data"}
		}
		o.content = sha256.Sum256(key)
		if o.found = says(rawaj, append(slices.Clone(again), dir)...); o.found == "" {
			o.found = says(rawaj, "verify", "--data", dir)
		}
		return o
	}})
}
