//go:build linux

package crash

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	logFile   = "log.db"
	stateFile = "state.db"
)

// entries are what the log of a server holds after two sites have sold and synced, and
// what the state is after each of them.
func entries(t testing.TB, seed uint64, sales int) (all [][]byte, folds [][32]byte) {
	t.Helper()
	centre := simtest.NewCentre(t)
	works(t, centre, seed, sales)
	return foldsOf(t, centre.Path(logFile))
}

// works lets two stalls sell and sync, and ends the server.
func works(t testing.TB, centre *simtest.Centre, seed uint64, sales int) {
	t.Helper()
	r := mathrand.New(mathrand.NewPCG(seed, 3))
	for _, name := range []string{"Stall 1", "Stall 2"} {
		site := centre.NewSite(name, schema.KindStall)
		product, err := site.Client.AddProduct(ctx, client.NewProduct{Name: "Incense", PriceMinor: 1250, Currency: "AED"})
		must(t, err)
		till, err := site.Client.OpenTill(ctx, client.NewTill{Currency: "AED"})
		must(t, err)
		for n := range sales / 2 {
			_, err := site.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 1250}}})
			must(t, err)
			if n == 0 || r.IntN(4) == 0 {
				site.Sync()
			}
		}
		site.Sync()
	}
	centre.Folded()
	centre.Stop()
}

// foldsOf are the entries of a log, and what the state is before and after each.
func foldsOf(t testing.TB, log string) (all [][]byte, folds [][32]byte) {
	t.Helper()
	var records []oplog.Record
	must(t, sqlitelog.ReadFile(ctx, log, 1, func(rec oplog.Record) error { records = append(records, rec); return nil }))
	path := filepath.Join(shm(t), stateFile)
	st, err := state.Open(ctx, path)
	must(t, err)
	defer st.Close()
	for n := -1; n < len(records); n++ {
		if n >= 0 {
			all = append(all, records[n].Data)
			_, err := st.Apply(ctx, records[n:n+1])
			must(t, err)
		}
		sum, err := dump(path)
		must(t, err)
		folds = append(folds, sum)
	}
	return all, folds
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// alike is a source that gives the id of a log, the same one each time.
type alike struct{}

func (alike) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(i)
	}
	return len(b), nil
}

func openLog(dir string) (*sqlitelog.Log, error) {
	return sqlitelog.Open(filepath.Join(dir, logFile), sqlitelog.Options{Rand: alike{}})
}

// recordServer records a server that appends, folds behind that, and is started anew.
// It answers when it has appended, or before that.
func recordServer(t testing.TB, seed uint64, all [][]byte, when int) *crashfs.Trace {
	t.Helper()
	r := mathrand.New(mathrand.NewPCG(seed, 4))
	dir := shm(t)
	rec, err := crashfs.Record(dir, logFile+"-mark")
	must(t, err)
	log, err := openLog(dir)
	must(t, err)
	st, err := state.Open(ctx, filepath.Join(dir, stateFile))
	must(t, err)
	defer func() { log.Close(); st.Close() }()
	for len(all) > 0 {
		n := 1 + r.IntN(min(3, len(all)))
		if when == early {
			rec.Say(early)
		}
		_, err := log.Append(ctx, all[:n]...)
		must(t, err)
		if when == saved {
			rec.Say(saved)
		}
		all = all[n:]
		switch r.IntN(12) {
		case 0:
			must(t, errors.Join(log.Close(), st.Close()))
			log, err = openLog(dir)
			must(t, err)
			st, err = state.Open(ctx, filepath.Join(dir, stateFile))
			must(t, err)
		case 1, 2, 3, 4, 5, 6:
			must(t, fold(st, log, ^oplog.Index(0)))
		}
	}
	return rec.End()
}

func fold(st *state.State, log *sqlitelog.Log, upto oplog.Index) error {
	return st.Fold(ctx, log.Read, upto, func(oplog.Index) {})
}

// judgeServer opens a server's files, looks at all of them, folds what is not folded
// and appends something more.
func judgeServer(folds [][32]byte) func(dir string) outcome {
	return func(dir string) (o outcome) {
		log, err := openLog(dir)
		if errors.Is(err, oplog.ErrShort) {
			return outcome{named: err.Error()}
		}
		if err != nil {
			return outcome{found: "open: " + err.Error()}
		}
		defer log.Close()
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		findings, err := log.Verify(ctx, nil)
		if err != nil || len(findings) > 0 {
			return outcome{found: errors.Join(err, errors.New(text(findings))).Error()}
		}
		if o.content, err = dump(filepath.Join(dir, logFile)); err != nil {
			return outcome{found: "dump: " + err.Error()}
		}
		path := filepath.Join(dir, stateFile)
		st, err := state.Open(ctx, path)
		if err != nil {
			return outcome{found: "open state: " + err.Error()}
		}
		defer st.Close()
		end, _ := log.End()
		for _, whole := range []bool{false, true} { // as it is, and with the rest folded
			if whole {
				if err := fold(st, log, end); err != nil {
					o.found += "fold: " + err.Error()
					break
				}
			}
			at := st.Head().Applied
			if at > end || whole && at != end {
				o.found += "the state has folded more or less than the log holds; "
				break
			}
			own, err := st.Verify(ctx)
			if err != nil || len(own) > 0 {
				o.found += "state: " + errors.Join(err, errors.New(text(own))).Error()
			}
			if sum, err := dump(path); err != nil || sum != folds[at] {
				o.found += "the state is not what the log folds to; "
			}
		}
		if last, err := log.Append(ctx, []byte("after the cut")); err != nil || last != end+1 {
			o.found += "append: the index is not the next"
		}
		return o
	}
}

func text[T any](all []T) (s string) {
	for _, a := range all {
		s += fmt.Sprint(a) + "; "
	}
	return s
}

// servers are judged by what the state is after each entry.
func servers(folds [][32]byte) subject {
	return subject{databases: []string{logFile, stateFile}, judge: judgeServer(folds)}
}

func TestAServerKeepsWhatItAcknowledgedAtAnyPowerCut(t *testing.T) {
	explored(t, 0.45, 500, func(t testing.TB, seed uint64) *trial {
		all, folds := entries(t, seed, 20)
		return newTrial(t, recordServer(t, seed, all, saved), servers(folds))
	})
}

func TestALogThatAnswersBeforeItsCommitIsFoundOut(t *testing.T) {
	var a tally
	all, folds := entries(t, *seedFlag, 6)
	newTrial(t, recordServer(t, *seedFlag, all, early), servers(folds)).explore(80, *seedFlag, &a)
	t.Log(&a)
	if a.lost == 0 {
		t.Error("no cut took what was acknowledged too early: this machinery finds nothing")
	}
}
