package sqlitelog_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"github.com/rawaj/rawaj/server/oplog"
)

// BenchmarkAppend stands beside BenchmarkBareInsert: the same bytes, one synced
// commit each, by nothing but the driver.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 4 << 20} {
		for _, appenders := range []int{1, 64} {
			b.Run(fmt.Sprintf("%dKiB/appenders=%d", size>>10, appenders), func(b *testing.B) {
				if testing.Short() && size > 1<<10 {
					b.Skip("-short was given: this writes records of up to 4 MiB")
				}
				benchmarkAppend(b, size, appenders)
			})
		}
	}
}

func benchmarkAppend(b *testing.B, size, appenders int) {
	l := open(b, filepath.Join(b.TempDir(), "log.db"))
	data := blob(1, size)
	b.SetBytes(int64(size))
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	for range appenders {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := l.Append(ctx, data); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkBareInsert(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 4 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			db, err := sql.Open("sqlite3", "file:"+filepath.Join(b.TempDir(), "bare.db")+"?_mutex=no&_journal_mode=WAL&_synchronous=FULL")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			if _, err := db.Exec("CREATE TABLE entry(idx INTEGER PRIMARY KEY, data BLOB)"); err != nil {
				b.Fatal(err)
			}
			insert, err := db.Prepare("INSERT INTO entry(data) VALUES(?)")
			if err != nil {
				b.Fatal(err)
			}
			data := blob(1, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := insert.Exec(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	l := open(b, filepath.Join(b.TempDir(), "log.db"))
	data := make([][]byte, 4000)
	for i := range data {
		data[i] = blob(i, 1<<10)
	}
	if _, err := l.Append(ctx, data...); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(4000 << 10)
	for b.Loop() {
		if err := l.Read(ctx, 1, func(oplog.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
