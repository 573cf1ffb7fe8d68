//go:build linux

package crash

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/crashfs"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
)

// cutOnce is what one cut of a trace leaves, in a directory that is recorded from then
// on: what a program does there when it starts is cut in its turn.
func cutOnce(t testing.TB, tr *trial, seed uint64, watch string) (dir string, rec *crashfs.Recorder) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	disk := tr.trace.Disk()
	at := r.IntN(len(tr.trace.Ops))
	for tr.wants[at].told == 0 {
		at++
	}
	disk.Done(at)
	dir = shm(t)
	lay(t, dir, disk.Cut(crashfs.Way(r.IntN(int(crashfs.Ways))), r))
	rec, err := crashfs.Record(dir, watch)
	must(t, err)
	return dir, rec
}

func TestASiteIsCutAgainWhileItStartsAfterACut(t *testing.T) {
	explored(t, 0.05, 100, func(t testing.TB, seed uint64) *trial {
		dir, rec := cutOnce(t, newTrial(t, recordSite(t, seed, 12), sites), seed, siteFile+"-mark")
		s, err := openSite(dir)
		must(t, err)
		defer s.Close()
		for range 5 {
			must(t, goOn(s))
			rec.Say(saved)
		}
		return newTrial(t, rec.End(), sites)
	})
}

func TestAServerIsCutAgainWhileItStartsAfterACut(t *testing.T) {
	explored(t, 0.05, 100, func(t testing.TB, seed uint64) *trial {
		all, folds := entries(t, seed, 6)
		dir, rec := cutOnce(t, newTrial(t, recordServer(t, seed, all, saved), servers(folds)), seed, logFile+"-mark")
		log, err := openLog(dir)
		must(t, err)
		st, err := state.Open(ctx, filepath.Join(dir, stateFile))
		must(t, err)
		defer func() { must(t, errors.Join(st.Close(), log.Close())) }()
		end, _ := log.End()
		for _, data := range all[end:] {
			must(t, fold(st, log, ^oplog.Index(0)))
			_, err := log.Append(ctx, data)
			must(t, err)
			rec.Say(saved)
		}
		must(t, fold(st, log, ^oplog.Index(0)))
		return newTrial(t, rec.End(), servers(folds))
	})
}
