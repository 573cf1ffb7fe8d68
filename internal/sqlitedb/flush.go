package sqlitedb

import (
	"errors"
	"fmt"
	"io"
	"os"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Rewritten, where a test has set it, hears of each WAL that was written again and
// flushed. It is called with the turn to write.
var Rewritten func(path string)

// rewritePiece is how much of a WAL is written again at a time.
const rewritePiece = 1 << 20

// beSure has the WAL be on the disk where a flush of it has failed, in this process or
// maybe in the one before. What such a flush should have written, commits before it among
// it, the system no longer keeps as to be written: later flushes succeed without it, and
// what is committed behind it would end with it. So each byte is written again, as it
// stands, and flushed. Until that is done nothing else is written.
func (db *DB) beSure() error {
	if !db.doubt {
		return nil
	}
	if err := db.writer.exec("BEGIN IMMEDIATE", nil); err != nil { // no other process writes meanwhile
		return err
	}
	err := rewrite(db.path + "-wal")
	if err := errors.Join(err, db.writer.exec("ROLLBACK", nil)); err != nil {
		return fmt.Errorf("a flush may have failed: %w", err)
	}
	db.doubt = false
	return nil
}

func rewrite(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	b := make([]byte, min(rewritePiece, info.Size()))
	for at := int64(0); ; {
		n, err := f.ReadAt(b, at)
		if err != nil && err != io.EOF {
			return err
		}
		if _, err := f.WriteAt(b[:n], at); err != nil {
			return err
		}
		if at += int64(n); err == io.EOF {
			break
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if Rewritten != nil {
		Rewritten(path)
	}
	return nil
}

// failedFlush says whether an error is of a device that did not flush.
func failedFlush(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.ExtendedCode == sqlite3.ErrIoErrFsync
}
