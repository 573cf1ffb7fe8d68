// Package sqlitelog is a log in one SQLite file: the log of a server that runs
// on one node.
//
// A commit is one sync of the WAL. Callers at the same time share it without a
// goroutine of the log's own: the first leads, commits whatever was handed over,
// and passes the lead to the first who came meanwhile.
//
// Beside the file stands a mark (package mark) that says how far the log had
// come. Open refuses a file that is behind it: positions once handed out must
// not be given to other records.
package sqlitelog

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
)

//go:embed schema.sql
var schema string

// Options says how a log is opened. The zero value is right but after a loss.
type Options struct {
	// Force opens a log that is shorter than its mark, or differs there, and moves
	// the mark back. It is for an operator who has decided to go on with what is
	// left: indices beyond it will be given out a second time.
	Force bool

	// Rand gives the id of a log that is made; crypto/rand where nil.
	Rand io.Reader

	// Logger hears when the mark cannot be written; nobody where nil.
	Logger *slog.Logger
}

// Log is a log in a SQLite file. One process appends to a file at a time; a
// second one is refused at the index that both would take.
type Log struct {
	db   *sqlitedb.DB
	mark *mark.File
	id   [16]byte
	log  *slog.Logger
	tip  oplog.Tip

	mu      sync.Mutex
	queue   []*call
	records int           // in queue
	bytes   int           // in queue
	leading bool          // somebody leads, or was told to
	closed  bool          // nothing more is handed over
	room    chan struct{} // closed when the queue has room; made by the first who waits
	idle    chan struct{} // closed when the last leader of a closed log is done

	behind bool // the mark could not be written; the leader's own
	ended  sync.Once
}

var _ oplog.Log = (*Log)(nil)

// MarkPath is where the mark of the log at path stands. A backup leaves it out;
// a restore removes it.
func MarkPath(path string) string { return path + "-mark" }

// Open opens or makes the log at path. It checks that the last record chains to
// the one before it (else ErrDamaged) and that the log reaches its mark (else
// ErrShort); Verify checks the rest.
func Open(path string, o Options) (*Log, error) {
	l, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open log %s: %w", path, err)
	}
	return l, nil
}

func open(path string, o Options) (_ *Log, err error) {
	m, err := mark.Open(MarkPath(path))
	if err != nil {
		return nil, err
	}
	l := &Log{mark: m, log: o.Logger, idle: make(chan struct{})}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if err := checkExists(path, witnessOf(m)); err != nil && !o.Force {
		return nil, err
	}
	if l.db, err = sqlitedb.Open(path, sqlitedb.Options{Sync: sqlitedb.Full}); err != nil {
		return nil, err
	}
	if err := sqlitedb.Migrate(context.Background(), l.db, []string{schema}); err != nil {
		return nil, err
	}
	if err := l.load(o); err != nil {
		return nil, err
	}
	return l, nil
}

// load brings the end into memory, after the checks, and the mark up to it.
func (l *Log) load(o Options) error {
	var err error
	if l.id, err = ensureID(l.db, o.Rand); err != nil {
		return err
	}
	end, err := checkedEnd(l.db)
	if err != nil {
		return err
	}
	if err := checkMark(l.db, l.id, end.Index, witnessOf(l.mark)); err != nil && !(o.Force && errors.Is(err, oplog.ErrShort)) {
		return err
	}
	l.tip.Move(end.Index, end.Hash)
	return l.mark.Set(l.id, uint64(end.Index), end.Hash)
}

// End is oplog.Log's.
func (l *Log) End() (oplog.Index, oplog.Hash) { return l.tip.End() }

// Wait is oplog.Log's.
func (l *Log) Wait(ctx context.Context, after oplog.Index) error { return l.tip.Wait(ctx, after) }

// ID tells this log from all others; it is made with the file.
func (l *Log) ID() [16]byte { return l.id }

// Disk tells how the disk is that the log is on.
func (l *Log) Disk(ctx context.Context) sqlitedb.Disk { return l.db.Disk(ctx) }

// Close is oplog.Log's.
func (l *Log) Close() (err error) {
	l.ended.Do(func() {
		l.drain()
		l.tip.Close()
		if err = l.release(); err != nil {
			err = fmt.Errorf("close log: %w", err)
		}
	})
	return err
}

func (l *Log) release() error {
	var err error
	if l.db != nil {
		err = l.db.Close()
	}
	return errors.Join(err, l.mark.Close())
}
