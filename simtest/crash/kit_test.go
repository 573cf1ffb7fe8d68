//go:build linux

package crash

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

var (
	states   = flag.Int("states", 0, "about how many states to judge; a few thousand where 0")
	seedFlag = flag.Uint64("seed", 1, "what the work and the cuts are drawn from")
	keepIn   = flag.String("keep", "", "a directory for the files of states that do not hold")
)

var ctx = context.Background()

// dump sums up every row of every table.
func dump(path string) (sum [32]byte, err error) {
	db, err := sqlitedb.Open(path, sqlitedb.Options{ReadOnly: true, Readers: 1})
	if err != nil {
		return sum, err
	}
	defer db.Close()
	h := sha256.New()
	err = db.Read(ctx, func(tx *sqlitedb.Tx) error {
		var tables []string
		if err := tx.Query(func(r sqlitedb.Row) error { tables = append(tables, r.Text(0)); return nil }, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`); err != nil {
			return err
		}
		for _, name := range tables {
			fmt.Fprintf(h, "table %s\n", name)
			if err := tx.Query(func(r sqlitedb.Row) error {
				for i := range r.Len() {
					h.Write(bytesOf(r.Any(i)))
				}
				return nil
			}, `SELECT * FROM "`+name+`"`); err != nil {
				return err
			}
		}
		return nil
	})
	h.Sum(sum[:0])
	return sum, err
}

func bytesOf(v any) []byte {
	switch v := v.(type) {
	case nil:
		return []byte{'n'}
	case int64:
		return binary.BigEndian.AppendUint64([]byte{'i'}, uint64(v))
	case float64:
		return binary.BigEndian.AppendUint64([]byte{'f'}, math.Float64bits(v))
	case string:
		return append(binary.BigEndian.AppendUint64([]byte{'t'}, uint64(len(v))), v...)
	case []byte:
		return append(binary.BigEndian.AppendUint64([]byte{'b'}, uint64(len(v))), v...)
	}
	return fmt.Appendf(nil, "%T %v", v, v)
}

// perRecord is about how many states are drawn from one record: with more, most would
// have been seen.
const perRecord = 10_000

// explored judges a share of the states asked for, or few, from as many records as it
// takes, and says now and then how far it is.
func explored(t *testing.T, share float64, few int, record func(t testing.TB, seed uint64) *trial) {
	t.Helper()
	want, spare := few, few/10 // the last few are not worth another record
	if *states > 0 {
		want = int(float64(*states) * share)
		spare = want / 100
	}
	var a tally
	began := time.Now()
	for seed := *seedFlag; a.states < want-spare && !t.Failed(); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { // whose files go with it
			record(t, seed).explore(min(perRecord, want-a.states+1), seed, &a)
			if len(a.examples) > 0 {
				t.Errorf("with -seed %d:\n%s", seed, strings.Join(a.examples, "\n"))
			}
		})
		if *states > 0 {
			fmt.Printf("%s: %d of %d states, %.0f a second, %d held\n", t.Name(), a.states, want, float64(a.states)/time.Since(began).Seconds(), a.held)
		}
	}
	t.Logf("%v; %.0f states a second", &a, float64(a.states)/time.Since(began).Seconds())
	if a.states == 0 || a.held != a.states {
		t.Errorf("%d of %d states do not hold", a.states-a.held, a.states)
	}
}
