package sqlitedb_test

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rawaj/rawaj/internal/sqlitedb"
)

func TestADiskIsTheOneThatTheLastWriteFound(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a.db")
	var fault error
	sqlitedb.Inject(path, &sqlitedb.Faults{Before: func() error { return fault }})
	defer sqlitedb.Inject(path, nil)
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	write := func(f func(*sqlitedb.Tx) error) { db.Write(ctx, f) }
	commit := func(*sqlitedb.Tx) error { return nil }
	is := func(want sqlitedb.Disk) {
		t.Helper()
		if got := db.Disk(ctx); got != want {
			t.Errorf("the disk is %q, want %q", got, want)
		}
	}
	is(sqlitedb.DiskWell)
	fault = syscall.ENOSPC
	write(commit)
	is(sqlitedb.DiskFull)
	write(func(*sqlitedb.Tx) error { return errors.New("of the caller's own") })
	is(sqlitedb.DiskFull)
	fault = nil
	write(commit)
	is(sqlitedb.DiskWell)
	fault = syscall.EIO
	write(commit)
	is(sqlitedb.DiskFailing)
	fault = nil
	write(commit)
	is(sqlitedb.DiskFailed) // until somebody has looked and started the program again
	fault = syscall.EROFS
	write(commit)
	is(sqlitedb.DiskFailing)
}

func TestADiskInTroubleIsTriedForWhoeverAsks(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a.db")
	fault, tried := error(syscall.ENOSPC), 0
	sqlitedb.Inject(path, &sqlitedb.Faults{Before: func() error { tried++; return fault }})
	defer sqlitedb.Inject(path, nil)
	db, err := sqlitedb.Open(path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.Write(ctx, func(*sqlitedb.Tx) error { return nil })
	fault = nil
	if got := db.Disk(ctx); got != sqlitedb.DiskWell || tried != 2 {
		t.Errorf("the disk is %q after %d writes, want it tried once more and well", got, tried)
	}
	db.Disk(ctx)
	if tried != 2 {
		t.Error("a disk that is well was tried")
	}
}
