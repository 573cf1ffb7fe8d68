package sqlitelog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

// witness is what the mark says of the log.
type witness struct {
	known bool
	id    [16]byte
	end   oplog.Index
	hash  oplog.Hash
}

func witnessOf(m *mark.File) witness {
	id, n, hash, ok := m.Get()
	return witness{known: ok, id: id, end: oplog.Index(n), hash: hash}
}

const advice = "restore a backup and check it with 'rawaj verify'"

// checkExists keeps Open from making an empty log in the place of a lost one.
func checkExists(path string, w witness) error {
	info, err := os.Stat(path)
	gone := errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0
	if gone && w.end > 0 {
		return fmt.Errorf("there is no log, its mark saw records 1 to %d; %s: %w", w.end, advice, oplog.ErrShort)
	}
	return nil
}

// checkMark holds a log that reaches to end against its mark.
func checkMark(db *sqlitedb.DB, id [16]byte, end oplog.Index, w witness) error {
	switch {
	case !w.known || w.end == 0:
		return nil
	case w.id != id:
		return fmt.Errorf("the mark belongs to log %x, this is log %x; where this one is meant, open it by force, else %s: %w", w.id, id, advice, oplog.ErrShort)
	case w.end > end:
		return fmt.Errorf("log ends at %d, its mark saw %d: record %d is missing; %s: %w", end, w.end, end+1, advice, oplog.ErrShort)
	}
	records, err := page(context.Background(), db, w.end, w.end)
	if err != nil {
		return err
	}
	if len(records) == 0 || records[0].Hash != w.hash {
		return fmt.Errorf("record %d is not the one its mark saw; %s: %w", w.end, advice, oplog.ErrShort)
	}
	return nil
}

// checkedEnd is the last record, after a look at whether it chains to the one
// before it.
func checkedEnd(db *sqlitedb.DB) (oplog.Record, error) {
	last, err := lastIndex(db)
	if err != nil || last == 0 {
		return oplog.Record{}, err
	}
	records, err := page(context.Background(), db, last, last)
	if err != nil {
		return oplog.Record{}, err
	}
	var prev oplog.Hash
	if last > 1 {
		before, err := page(context.Background(), db, last-1, last-1)
		if err != nil {
			return oplog.Record{}, err
		}
		if len(before) == 0 {
			return oplog.Record{}, fmt.Errorf("record %d is missing before the last; %s: %w", last-1, advice, oplog.ErrDamaged)
		}
		prev = before[0].Hash
	}
	if len(records) == 0 || oplog.Next(prev, records[0].Data) != records[0].Hash {
		return oplog.Record{}, fmt.Errorf("record %d, the last, does not chain to the one before; %s: %w", last, advice, oplog.ErrDamaged)
	}
	return records[0], nil
}

func lastIndex(db *sqlitedb.DB) (last oplog.Index, err error) {
	err = db.Read(context.Background(), func(tx *sqlitedb.Tx) error {
		n, err := tx.Int("SELECT max(idx) FROM entry")
		last = oplog.Index(max(n, 0))
		return err
	})
	return last, err
}

// ensureID reads the log's id, and gives it one where it is new.
func ensureID(db *sqlitedb.DB, random io.Reader) (id [16]byte, err error) {
	if random == nil {
		random = rand.Reader
	}
	err = db.Write(context.Background(), func(tx *sqlitedb.Tx) error {
		row, ok, err := tx.One("SELECT id FROM log")
		if err != nil {
			return err
		}
		if ok {
			copy(id[:], row.Blob(0))
			return nil
		}
		if _, err := io.ReadFull(random, id[:]); err != nil {
			return fmt.Errorf("make the id of the log: %w", err)
		}
		return tx.Exec("INSERT INTO log(one, id) VALUES(1, ?)", id[:])
	})
	return id, err
}
