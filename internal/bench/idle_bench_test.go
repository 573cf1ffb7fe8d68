package bench

import (
	"context"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkIdleSessions counts the memory of sessions that have nothing to do:
// RAWAJ_BENCH_IDLE of them, and with RAWAJ_BENCH_PROFILE=FOLDER what holds it.
func BenchmarkIdleSessions(b *testing.B) {
	n := 1000
	if v, err := strconv.Atoi(os.Getenv("RAWAJ_BENCH_IDLE")); err == nil {
		n = v
	}
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r := &run{Options: Options{Idle: n, Peers: []string{self, "peers"}, Progress: func(string, int, int) {}}, dir: b.TempDir()}
		if to := os.Getenv("RAWAJ_BENCH_PROFILE"); to != "" {
			r.heapProfile = func(what string) {
				for _, kind := range []string{"heap", "goroutine"} {
					f, err := os.Create(to + "/" + strings.ReplaceAll(what, " ", "-") + "." + kind)
					if err != nil {
						b.Fatal(err)
					}
					pprof.Lookup(kind).WriteTo(f, 0)
					f.Close()
				}
			}
		}
		if err := r.idleSessions(context.Background()); err != nil {
			b.Fatal(err)
		}
		for _, row := range r.rows {
			b.ReportMetric(row.Figure, strings.Fields(strings.TrimPrefix(row.Name, "an idle session of "))[1]+"_"+strings.ReplaceAll(row.Unit, "", "")+"/session")
			b.Logf("%s: %.2f, bare %.2f", row.Name, row.Figure, *row.Limit)
		}
	}
}
