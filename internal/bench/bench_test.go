package bench_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/rawaj/rawaj/internal/bench"
)

// TestEveryRow runs everything on a few sales: that it works and says what it has
// to, not how fast it is.
func TestEveryRow(t *testing.T) {
	sales := 200
	if n, err := strconv.Atoi(os.Getenv("RAWAJ_BENCH_SALES")); err == nil {
		sales = n
	}
	rows, err := bench.Run(t.Context(), bench.Options{Dir: t.TempDir(), Sales: sales})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatal("no rows")
	}
	if testing.Verbose() {
		bench.Print(os.Stdout, rows)
	}
}
