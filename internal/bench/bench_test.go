package bench_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/bench"
)

// TestMain plays peers where this binary was started for that.
func TestMain(m *testing.M) {
	if len(os.Args) != 2 || os.Args[1] != "peers" {
		os.Exit(m.Run())
	}
	if err := bench.Peers(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestEveryRow runs everything on a few sales: that it works and says what it has
// to, not how fast it is. What it costs to stay connected is counted, not timed.
func TestEveryRow(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sales := 200
	if n, err := strconv.Atoi(os.Getenv("RAWAJ_BENCH_SALES")); err == nil {
		sales = n
	}
	rows, err := bench.Run(t.Context(), bench.Options{Dir: t.TempDir(), Sales: sales, Idle: 20, Peers: []string{self, "peers"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("no rows")
	}
	for _, row := range rows {
		if strings.HasSuffix(row.Name, ", goroutines") && row.Figure >= 2 {
			t.Errorf("%s: %.2f, want no more than the one that reads", row.Name, row.Figure)
		}
	}
	if testing.Verbose() {
		bench.Print(os.Stdout, rows)
	}
}
