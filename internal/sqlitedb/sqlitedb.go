// Package sqlitedb opens SQLite the one way this project trusts and hands out
// transactions on it.
//
// One connection writes, a small pool reads beside it (WAL). It talks to the
// driver directly rather than through database/sql: a pooled connection would
// take its pragmas from the driver's defaults (synchronous=NORMAL, which loses
// acknowledged rows in a power cut), and the hot paths insert hundreds of
// thousands of rows through a handful of statements. Every connection reads
// its settings back at open and refuses to work with others.
package sqlitedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Sync is SQLite's synchronous level.
type Sync string

// Full is for whatever a person or a peer was told is safe. Normal is for folds
// that can be made anew from something that is Full: a power cut may take back
// their last commits, and never leaves them torn.
const (
	Full   Sync = "FULL"
	Normal Sync = "NORMAL"
)

// Options says how a database is opened. The zero value is a durable file.
type Options struct {
	Sync     Sync   // Full where empty
	ReadOnly bool   // no writer connection; Write fails
	VFS      string // SQLite VFS by name; the platform's where empty
	CacheKiB int    // page cache of each connection, KiB; 16 MiB where 0
	Readers  int    // reading connections kept open; 4 where 0
	Shred    bool   // what is deleted is overwritten
}

// ErrReadOnly is what Write returns on a database opened with ReadOnly.
var ErrReadOnly = errors.New("database is open for reading only")

// ErrClosed is what every method returns after Close.
var ErrClosed = errors.New("database is closed")

// ErrExists is wrapped by the error of an insert whose key is taken. The statement
// did nothing, and the transaction goes on.
var ErrExists = errors.New("the key is taken")

// DB is one SQLite file. It is safe for concurrent use.
type DB struct {
	path    string
	options Options
	turn    chan struct{} // holds one token: whoever has it owns the writer
	writer  *conn
	readers chan *conn    // idle readers
	slots   chan struct{} // a token for each reader that may yet be opened
	doubt   bool          // what stands in the WAL may not be on the disk; the turn's own
	health  health        // of the disk, by what became of writes
	mu      sync.Mutex    // held to close, and to give a reader back
	closed  chan struct{} // closed by Close
}

// Open opens or makes the file at path.
func Open(path string, o Options) (*DB, error) {
	if o.Sync == "" {
		o.Sync = Full
	}
	if o.CacheKiB == 0 {
		o.CacheKiB = 16 << 10
	}
	if o.Readers == 0 {
		o.Readers = 4
	}
	db := &DB{
		path: path, options: o,
		turn:    make(chan struct{}, 1),
		readers: make(chan *conn, o.Readers),
		slots:   make(chan struct{}, o.Readers),
		closed:  make(chan struct{}),
	}
	db.turn <- struct{}{}
	for range o.Readers {
		db.slots <- struct{}{}
	}
	if !db.spared() {
		first, err := db.connect(o.ReadOnly)
		if err != nil {
			return nil, err
		}
		if o.ReadOnly {
			db.readers <- first
			<-db.slots
			return db, nil
		}
		db.writer = first
	}
	db.doubt = true // nobody knows how the process before ended
	db.writer.faults = faultsOf(path)
	return db, nil
}

// Path is the file's path as given to Open.
func (db *DB) Path() string { return db.path }

// connect opens one connection; one for reading refuses to write, because
// what it wrote would pass by the turn.
func (db *DB) connect(reader bool) (*conn, error) {
	q := url.Values{}
	if reader {
		q.Set("_query_only", "1")
	}
	q.Set("_mutex", "no") // whoever has the turn, or took a reader, has the connection alone
	q.Set("_journal_mode", "WAL")
	q.Set("_synchronous", string(db.options.Sync))
	q.Set("_busy_timeout", "5000")
	q.Set("_cache_size", fmt.Sprint(-db.options.CacheKiB))
	if db.options.ReadOnly {
		q.Del("_journal_mode")
		q.Set("mode", "ro")
	}
	if db.options.Shred {
		q.Set("_secure_delete", "true")
	}
	if db.options.VFS != "" {
		q.Set("vfs", db.options.VFS)
	}
	path := (&url.URL{Path: db.path}).EscapedPath()
	raw, err := (&sqlite3.SQLiteDriver{}).Open("file:" + path + "?" + q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", db.path, err)
	}
	c := &conn{raw: raw.(*sqlite3.SQLiteConn), cache: map[string]*stmt{}}
	if err := c.check(db.options); err != nil {
		raw.Close()
		return nil, fmt.Errorf("open %s: %w", db.path, err)
	}
	return c, nil
}

// Write runs f in a transaction that writes, one at a time, and commits it if f
// returns nil. When Write returns nil the commit is as durable as the Sync the
// database was opened with, and with it every commit before it.
func (db *DB) Write(ctx context.Context, f func(*Tx) error) error {
	return db.write(ctx, db.options.Sync, f)
}

// WriteLazily is Write for what a peer can tell again: a power cut may take the commit
// back, with those after it that were lazy too, up to the next Write.
func (db *DB) WriteLazily(ctx context.Context, f func(*Tx) error) error {
	return db.write(ctx, Normal, f)
}

func (db *DB) write(ctx context.Context, sync Sync, f func(*Tx) error) error {
	if db.options.ReadOnly {
		return fmt.Errorf("write %s: %w", db.path, ErrReadOnly)
	}
	select {
	case <-db.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { db.turn <- struct{}{} }()
	if db.isClosed() {
		return fmt.Errorf("write %s: %w", db.path, ErrClosed)
	}
	if err := db.beSure(); err != nil {
		db.health.wrote(err)
		return fmt.Errorf("write %s: %w", db.path, err)
	}
	if err := db.writer.setSync(sync); err != nil {
		return fmt.Errorf("write %s: %w", db.path, err)
	}
	err := db.writer.in("BEGIN IMMEDIATE", f)
	db.doubt = failedFlush(err)
	db.health.wrote(err)
	return err
}

// Read runs f on one snapshot of the database: as it stands at f's first query.
// f must not call Read again: readers are few, and it would wait for itself.
func (db *DB) Read(ctx context.Context, f func(*Tx) error) error {
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer db.giveBack(c)
	return c.in("BEGIN", f)
}

// giveBack closes the reader where the database was closed while it was out.
func (db *DB) giveBack(c *conn) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.isClosed() {
		c.close()
		return
	}
	db.readers <- c
}

func (db *DB) reader(ctx context.Context) (*conn, error) {
	if db.isClosed() {
		return nil, fmt.Errorf("read %s: %w", db.path, ErrClosed)
	}
	select {
	case c := <-db.readers:
		return c, nil
	default:
	}
	select {
	case c := <-db.readers:
		return c, nil
	case <-db.slots:
		c, err := db.connect(true)
		if err != nil {
			db.slots <- struct{}{}
		}
		return c, err
	case <-db.closed:
		return nil, fmt.Errorf("read %s: %w", db.path, ErrClosed)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Checkpoint moves the whole WAL into the main file and empties it. It fails
// where a reader still needs the WAL; nothing is lost by that.
func (db *DB) Checkpoint() error {
	if db.options.ReadOnly {
		return fmt.Errorf("checkpoint %s: %w", db.path, ErrReadOnly)
	}
	<-db.turn
	defer func() { db.turn <- struct{}{} }()
	if db.isClosed() {
		return fmt.Errorf("checkpoint %s: %w", db.path, ErrClosed)
	}
	if err := db.beSure(); err != nil {
		return fmt.Errorf("checkpoint %s: %w", db.path, err)
	}
	var busy int64
	err := db.writer.query("PRAGMA wal_checkpoint(TRUNCATE)", nil, func(r Row) error { busy = r.Int(0); return nil })
	if err == nil && busy != 0 {
		err = fmt.Errorf("checkpoint %s: a reader holds the WAL", db.path)
	}
	return err
}

// Compact writes the file anew, without what was deleted, and empties the WAL.
func (db *DB) Compact(ctx context.Context) error {
	select {
	case <-db.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := fmt.Errorf("compact %s: %w", db.path, ErrClosed)
	if !db.isClosed() {
		if err = db.beSure(); err == nil {
			err = db.writer.query("VACUUM", nil, func(Row) error { return nil })
			db.doubt = failedFlush(err)
		}
	}
	db.turn <- struct{}{}
	if err != nil {
		return err
	}
	return db.Checkpoint()
}

func (db *DB) isClosed() bool {
	select {
	case <-db.closed:
		return true
	default:
		return false
	}
}

// Close waits for the writer, then closes every connection; a reader still out
// is closed when it comes back.
func (db *DB) Close() error {
	<-db.turn
	defer func() { db.turn <- struct{}{} }()
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.isClosed() {
		return nil
	}
	close(db.closed)
	var errs []error
	if db.writer != nil {
		_ = db.beSure() // closing moves the WAL into the main file, unless others have it open
	}
	if db.spare() {
		return nil
	}
	for idle := true; idle; {
		select {
		case c := <-db.readers:
			errs = append(errs, c.close())
		default: // who took the last one gives it back when we are done
			idle = false
		}
	}
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	return errors.Join(errs...)
}

// conn is one connection with its prepared statements.
type conn struct {
	raw   *sqlite3.SQLiteConn
	cache map[string]*stmt
	args  []driver.NamedValue
	sync  Sync // of commits

	faults *Faults // of the writer; nil but in simulations
}

type stmt struct {
	raw   *sqlite3.SQLiteStmt
	wants int // arguments
	busy  bool
	once  bool           // prepared for one use beside the cached one
	row   []driver.Value // what a query reads into
}

func (s *stmt) release() {
	if s.busy = false; s.once {
		s.raw.Close()
	}
}

// check reads the settings back: a typing error in a DSN is not an error to SQLite.
func (c *conn) check(o Options) error {
	c.sync = o.Sync
	if err := c.pragma("synchronous", levels[o.Sync]); err != nil {
		return err
	}
	if o.ReadOnly || o.VFS != "" {
		return nil
	}
	return c.pragma("journal_mode", "wal")
}

var levels = map[Sync]string{Full: "2", Normal: "1"}

// setSync has the next commits be as durable as a level says.
func (c *conn) setSync(level Sync) error {
	if c.sync == level {
		return nil
	}
	c.sync = "" // until it is known again
	if _, err := c.raw.Exec("PRAGMA synchronous = "+levels[level], nil); err != nil {
		return err
	}
	if err := c.pragma("synchronous", levels[level]); err != nil {
		return err
	}
	c.sync = level
	return nil
}

// pragma reads a setting back. It prepares its statement anew: SQLite answers while it
// compiles, so that a kept one would answer what was true then.
func (c *conn) pragma(name, want string) error {
	rows, err := c.raw.Query("PRAGMA "+name, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	got := make([]driver.Value, 1)
	if err := rows.Next(got); err != nil {
		return err
	}
	if have := fmt.Sprint(plain(got[0])); !strings.EqualFold(have, want) {
		return fmt.Errorf("pragma %s is %s, want %s", name, have, want)
	}
	return nil
}

func (c *conn) in(begin string, f func(*Tx) error) (err error) {
	if err := c.exec(begin, nil); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			if rerr := c.exec("ROLLBACK", nil); rerr != nil && err == nil {
				err = rerr
			}
		}
	}()
	tx := &Tx{c: c}
	if err := f(tx); err != nil {
		return err
	}
	if err := c.commit(); err != nil {
		return err
	}
	done = true
	for _, after := range tx.after {
		after()
	}
	return nil
}

func (c *conn) prepare(sql string) (*stmt, error) {
	s := c.cache[sql]
	if s != nil && !s.busy {
		s.busy = true
		return s, nil
	}
	raw, err := c.raw.Prepare(sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", sql, err)
	}
	made := &stmt{raw: raw.(*sqlite3.SQLiteStmt), wants: raw.NumInput(), busy: true, once: s != nil}
	if s == nil { // otherwise the cached one is being read from right now
		c.cache[sql] = made
	}
	return made, nil
}

// bind refuses a wrong number of arguments: the driver would bind NULL for those
// that lack.
func (c *conn) bind(sql string, wants int, args []any) ([]driver.NamedValue, error) {
	if len(args) != wants {
		return nil, fmt.Errorf("%s: %d arguments, want %d", head(sql), len(args), wants)
	}
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: plain(a)})
	}
	return c.args, nil
}

// plain brings an argument to one of the kinds that the driver binds.
func plain(a any) driver.Value {
	switch v := a.(type) {
	case int:
		return int64(v)
	case uint64:
		return int64(v)
	case uint32:
		return int64(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return a
}

// fused is how many bytes of arguments the driver may copy in one go: it keeps a
// buffer of the size of the largest with the statement.
const fused = 64 << 10

// exec runs a statement for its effect. The driver's query takes reset, arguments
// and first step over to C in one crossing, its exec in one an argument; a statement
// that returns no rows is done with its first step.
func (c *conn) exec(sql string, args []any) error {
	size := 0
	for _, a := range args {
		if b, ok := a.([]byte); ok {
			size += len(b)
		}
	}
	if size > fused {
		_, err := c.execN(sql, args)
		return err
	}
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	defer s.release()
	rows, err := c.start(sql, s, args)
	if err != nil {
		return err
	}
	return rows.Close()
}

func (c *conn) execN(sql string, args []any) (int64, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	defer s.release()
	bound, err := c.bind(sql, s.wants, args)
	if err != nil {
		return 0, err
	}
	r, err := s.raw.ExecContext(context.Background(), bound)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", head(sql), exists(err))
	}
	return r.RowsAffected()
}

// start takes a statement's first step.
func (c *conn) start(sql string, s *stmt, args []any) (driver.Rows, error) {
	bound, err := c.bind(sql, s.wants, args)
	if err != nil {
		return nil, err
	}
	rows, err := s.raw.QueryContext(context.Background(), bound)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", head(sql), exists(err))
	}
	return rows, nil
}

func exists(err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) && (e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey || e.ExtendedCode == sqlite3.ErrConstraintUnique) {
		return fmt.Errorf("%w: %w", ErrExists, err)
	}
	return err
}

func (c *conn) query(sql string, args []any, f func(Row) error) error {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	defer s.release()
	rows, err := c.start(sql, s, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if n := len(rows.Columns()); len(s.row) != n {
		s.row = make([]driver.Value, n)
	}
	defer clear(s.row)
	for {
		switch err := rows.Next(s.row); {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", head(sql), err)
		}
		if err := f(Row{s.row}); err != nil {
			if err == ErrStop {
				return nil
			}
			return err
		}
	}
}

func (c *conn) close() error {
	for _, s := range c.cache {
		s.raw.Close()
	}
	return c.raw.Close()
}

func head(sql string) string {
	sql = strings.Join(strings.Fields(sql), " ")
	if len(sql) > 80 {
		sql = sql[:80] + "…"
	}
	return sql
}
