// Package store keeps a site in one SQLite file: base, overlay, outbox, staging and
// cursors. It works with the cable pulled; nothing here knows a network.
package store

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/mark"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
)

//go:embed site.sql
var ddl string

const (
	metaState = iota
	metaOwn
)

// States of a record here; see site.sql.
const (
	inBase   = 0
	made     = 1
	edited   = 2
	heldMade = 3
)

var set = records.NewSet("_state", "_own")

// Config is what a Store needs.
type Config struct {
	Path string           // of site.db; the mark and the attachments are kept beside it
	Now  func() time.Time // clock of stamps and ids
	Rand io.Reader        // of ids
	VFS  string           // SQLite VFS; for tests
}

// Store is a site's database. It is safe for concurrent use.
type Store struct {
	db   *sqlitedb.DB
	mark *mark.File

	attachments *attach.Store
	names       atomic.Pointer[namesAt]

	ids  *syncproto.IDs
	now  func() time.Time
	rand io.Reader

	mu         sync.Mutex
	lives      []life // incarnations, by ord
	current    int    // index of this process's own in lives; -1 until the first write
	clock      *hlc.Clock
	progress   Progress
	identity   *Identity
	lost       string // what the mark tells of a lost tail
	walk       walk
	spareLimit int64         // maxSpare
	letting    sync.Mutex    // held for a step of letting go
	recorded   chan struct{} // holds one token when something was recorded
	moved      chan struct{} // closed when Counts or Progress change
}

// life is one incarnation.
type life struct {
	id       int64
	inc      syncproto.Incarnation
	device   syncproto.DeviceID // whose chain it is: this device's, or a former name's
	genesis  syncproto.Genesis
	start    syncproto.Hash // h₀
	firstOrd int64
	last     syncproto.Seq
	hash     syncproto.Hash // after last
	noted    syncproto.Seq  // last, as its own row has it
	acked    syncproto.Seq
	settled  syncproto.Seq
	letGo
}

func (l *life) ord(seq syncproto.Seq) int64 { return l.firstOrd + int64(seq) - 1 }

// Identity is who this device is.
type Identity struct {
	Org         syncproto.OrgID
	OrgKey      []byte
	Device      syncproto.DeviceID
	Site        syncproto.RecordID
	Kind        string
	Prefix      string
	Certificate []byte
	Server      string
	SiteName    string
	Zone        string
	Lang        string
	WipedAt     int64 // UTC ms; 0 where this device was not revoked and wiped
}

// Progress is how far this device has heard.
type Progress struct {
	Cursor      []byte // nil before the first checkpoint
	Position    syncproto.Position
	Hash        syncproto.Hash
	History     syncproto.HistoryID
	ServerTime  int64 // UTC ms by the server's clock
	LastContact int64 // UTC ms by ours; 0: never
	OffsetMS    int64 // our clock minus the server's, as it was last measured
	Direct      bool
	Reading     *syncproto.ReadPoint
	Unequal     string
	WentBack    bool  // the server's log is another than it was, and shares here have not been equal to it since
	spareN      int64 // number of the newest kept record
	receiptNo   int64
	ownRows     int64
}

// ErrNotEnrolled says that the device has not been taken in by a server yet.
var ErrNotEnrolled = refusal.New(refusal.NotEnrolled, "this device is not enrolled")

// Open opens or makes a site's database.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := refuseEmpty(c.Path); err != nil {
		return nil, err
	}
	db, err := sqlitedb.Open(c.Path, sqlitedb.Options{VFS: c.VFS, CacheKiB: 32 << 10, Shred: true})
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, now: c.Now, rand: c.Rand, ids: syncproto.NewIDs(c.Rand, c.Now), current: -1, walk: walk{limit: maxOutbox}, spareLimit: maxSpare, recorded: make(chan struct{}, 1), moved: make(chan struct{})}
	if err := s.load(ctx, c.Path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if s.attachments, err = attach.OpenWith(ctx, filepath.Join(filepath.Dir(c.Path), attach.File), sqlitedb.Options{VFS: c.VFS}); err == nil && s.identity != nil && s.identity.WipedAt != 0 {
		err = s.attachments.Wipe(ctx) // as above
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// ErrLost says that a device which has recorded before finds its database gone.
var ErrLost = errors.New("this device has recorded before and its database is gone")

// refuseEmpty refuses to begin an empty database where the mark beside it shows that
// there was one: what was recorded and not sent would be forgotten without a word.
func refuseEmpty(path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil // there is one, or opening it will say what is wrong
	}
	_, n, _, known, err := mark.Read(path + "-mark")
	if err != nil || !known {
		return err
	}
	return fmt.Errorf("%s: %w: the last was transaction %d. Put the file back from where it went or from a backup; to give up what was not sent, move %[1]s-mark away and enrol anew", path, ErrLost, n)
}

// OpenReadOnly opens a site's database for looking only, as it stands.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	db, err := sqlitedb.Open(path, sqlitedb.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, current: -1, recorded: make(chan struct{}, 1), moved: make(chan struct{})}
	if err := s.read(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	id, n, hash, ok, err := mark.Read(path + "-mark")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if ok {
		s.lost = tailLost(s.lives, syncproto.Incarnation(id), syncproto.Seq(n), hash)
	}
	return s, nil
}

func (s *Store) load(ctx context.Context, path string) (err error) {
	if err := s.db.Write(ctx, set.Grow); err != nil {
		return err
	}
	if err := sqlitedb.Migrate(ctx, s.db, []string{ddl, ddlOffset, ddlSpare, ddlGap, closing.Indexes, ddlNaming, ddlNamed, closing.Parts, ddlRefunds}); err != nil {
		return err
	}
	if err := s.db.Write(ctx, makeObjects); err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if s.mark, err = mark.Open(path + "-mark"); err != nil {
		return err
	}
	if s.identity != nil && s.identity.WipedAt != 0 {
		if err := s.db.Compact(ctx); err != nil { // it may have died before it was done
			return err
		}
	}
	id, n, hash, ok := s.mark.Get()
	if ok {
		if s.lost = tailLost(s.lives, syncproto.Incarnation(id), syncproto.Seq(n), hash); s.lost != "" {
			s.progress.receiptNo = max(s.progress.receiptNo, int64(s.mark.Given())+mayLack)
		}
	}
	return nil
}

// mayLack is how many receipts may have been printed of which the mark does not know: the
// one whose process died between its commit and the mark. Numbers that were printed and
// whose receipts are not here are passed over, not given again (R14).
const mayLack = 1

// read reads what is kept in memory.
func (s *Store) read(ctx context.Context) error {
	var last hlc.Stamp
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) (err error) {
		if s.lives, err = readLives(tx); err != nil {
			return err
		}
		if s.progress, err = readProgress(tx); err != nil {
			return err
		}
		if s.identity, err = readIdentity(tx); err != nil {
			return err
		}
		row, ok, err := tx.One(`SELECT body, at FROM outbox ORDER BY ord DESC LIMIT 1`)
		if err != nil || !ok {
			return err
		}
		if t, err := syncproto.ReadBody(row.Blob(0)); err == nil {
			last = t.Time
		} else { // sealed
			last = hlc.At(row.Int(1) + 1)
		}
		return nil
	})
	s.clock = hlc.NewClock(s.now, last)
	return err
}

// tailLost compares what is there with the mark, which is written after each
// commit and so is never ahead of a healthy database.
func tailLost(lives []life, inc syncproto.Incarnation, n syncproto.Seq, hash syncproto.Hash) string {
	i := slices.IndexFunc(lives, func(l life) bool { return l.inc == inc })
	switch {
	case i < 0:
		return fmt.Sprintf("incarnation %v is missing with its %d transactions", inc, n)
	case lives[i].last < n:
		return fmt.Sprintf("transactions %d to %d of incarnation %v are missing", lives[i].last+1, n, inc)
	case lives[i].last == n && lives[i].hash != hash:
		return fmt.Sprintf("transaction %d of incarnation %v is not the one that was recorded", n, inc)
	}
	return ""
}

// Lost says what was recorded here and is no longer there; empty where nothing is.
func (s *Store) Lost() string { return s.lost }

// Close closes the database.
func (s *Store) Close() error {
	var err error
	if s.attachments != nil {
		err = s.attachments.Close()
	}
	if s.mark != nil {
		err = errors.Join(err, s.mark.Close())
	}
	return errors.Join(s.db.Close(), err)
}

// Recorded gets a token each time something has been recorded.
func (s *Store) Recorded() <-chan struct{} { return s.recorded }

// Moved is closed when what Counts and Progress tell has changed next.
func (s *Store) Moved() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved
}

// Disk tells how the disk is that the database and the attachments are on.
func (s *Store) Disk(ctx context.Context) sqlitedb.Disk {
	return sqlitedb.Worst(s.db.Disk(ctx), s.attachments.Disk(ctx))
}

// Touch lets those who watch look again.
func (s *Store) Touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched()
}

func (s *Store) touched() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// publish makes known what a commit has changed. It runs while the commit still holds
// the turn to write.
func (s *Store) publish(lives []life, p *Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lives = lives
	if p != nil {
		s.progress = *p
	}
	s.touched()
}

// Identity is who this device is, nil before it is enrolled.
func (s *Store) Identity() *Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity
}

// Progress is how far the device has heard.
func (s *Store) Progress() Progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.progress
}

// Enrol keeps who the device is.
func (s *Store) Enrol(ctx context.Context, id Identity) error {
	return s.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		tx.AfterCommit(func() { s.is(id) })
		return writeIdentity(tx, &id)
	})
}

func (s *Store) is(id Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity = &id
}

func writeIdentity(tx *sqlitedb.Tx, id *Identity) error {
	return tx.Exec(`REPLACE INTO identity (one, org, org_key, device, site, kind, prefix, certificate, server, site_name, zone, lang, wiped_at)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id.Org[:], id.OrgKey, id.Device[:], id.Site[:], id.Kind, id.Prefix,
		id.Certificate, id.Server, id.SiteName, id.Zone, id.Lang, id.WipedAt)
}

func readIdentity(tx *sqlitedb.Tx) (*Identity, error) {
	row, ok, err := tx.One(`SELECT org, org_key, device, site, kind, prefix, certificate, server, site_name, zone, lang, wiped_at FROM identity`)
	if err != nil || !ok {
		return nil, err
	}
	id := &Identity{OrgKey: row.Blob(1), Kind: row.Text(4), Prefix: row.Text(5), Certificate: row.Blob(6), Server: row.Text(7), SiteName: row.Text(8), Zone: row.Text(9), Lang: row.Text(10), WipedAt: row.Int(11)}
	copy(id.Org[:], row.Blob(0))
	copy(id.Device[:], row.Blob(2))
	copy(id.Site[:], row.Blob(3))
	return id, nil
}

func readLives(tx *sqlitedb.Tx) (lives []life, err error) {
	err = tx.Query(func(row sqlitedb.Row) error {
		l := life{id: row.Int(0), firstOrd: row.Int(6), last: syncproto.Seq(row.Int(7)), acked: syncproto.Seq(row.Int(9)), settled: syncproto.Seq(row.Int(10))}
		l.letGo = letGo{released: syncproto.Seq(row.Int(11)), unbacked: uint64(row.Int(13)), lacks: syncproto.Seq(row.Int(15))}
		copy(l.releasedHash[:], row.Blob(12))
		copy(l.inc[:], row.Blob(1))
		copy(l.genesis.Parent[:], row.Blob(2))
		l.genesis.Seq = syncproto.Seq(row.Int(3))
		copy(l.genesis.Hash[:], row.Blob(4))
		copy(l.start[:], row.Blob(5))
		copy(l.hash[:], row.Blob(8))
		copy(l.device[:], row.Blob(14))
		l.noted = l.last
		lives = append(lives, l)
		return nil
	}, `SELECT id, incarnation, parent, parent_seq, parent_hash, genesis, first_ord, last, hash, acked, settled, released, released_hash, unbacked, device, lacks FROM incarnation ORDER BY id`)
	for i := range lives {
		end := int64(math.MaxInt64)
		if i+1 < len(lives) {
			end = lives[i+1].firstOrd - 1
		}
		err = errors.Join(err, lives[i].readLast(tx, end))
	}
	return lives, err
}

// readLast takes how far a life goes from the newest of its transactions, whose ords
// are at most end.
func (l *life) readLast(tx *sqlitedb.Tx, end int64) error {
	row, ok, err := tx.One(`SELECT seq, hash FROM outbox WHERE ord BETWEEN ? AND ? AND inc = ? ORDER BY ord DESC LIMIT 1`, l.firstOrd, end, l.id)
	if ok && syncproto.Seq(row.Int(0)) > l.last {
		l.last = syncproto.Seq(row.Int(0))
		copy(l.hash[:], row.Blob(1))
	}
	return err
}

// note writes down how far lives go where their rows do not say it.
func note(tx *sqlitedb.Tx, lives []life) error {
	for i := range lives {
		l := &lives[i]
		if l.noted == l.last {
			continue
		}
		if err := tx.Exec(`UPDATE incarnation SET last = ?, hash = ? WHERE id = ?`, uint64(l.last), l.hash[:], l.id); err != nil {
			return err
		}
		l.noted = l.last
	}
	return nil
}

// ddlOffset keeps how far our clock was off when it was last measured, ms.
const ddlOffset = `ALTER TABLE progress ADD COLUMN offset_ms INTEGER NOT NULL DEFAULT 0`

func readProgress(tx *sqlitedb.Tx) (p Progress, err error) {
	row, _, err := tx.One(`SELECT cursor, position, hash, history, server_time, last_contact, receipt_no, own_rows, direct, reading, unequal, recorded, offset_ms, went_back, spare_n FROM progress`)
	if err != nil {
		return p, err
	}
	p.Cursor = row.Blob(0)
	p.Position = syncproto.Position(row.Int(1))
	copy(p.Hash[:], row.Blob(2))
	copy(p.History[:], row.Blob(3))
	p.ServerTime, p.LastContact, p.receiptNo, p.ownRows, p.Direct = row.Int(4), row.Int(5), row.Int(6), row.Int(7), row.Int(8) != 0
	if p.Reading, err = decodePoint(row.Blob(9)); err != nil {
		return p, err
	}
	p.Unequal, p.OffsetMS, p.WentBack, p.spareN = row.Text(10), row.Int(12), row.Int(13) != 0, row.Int(14)
	newer, ok, err := tx.One(`SELECT kept FROM outbox WHERE ord > ? ORDER BY ord DESC LIMIT 1`, row.Int(11))
	if err == nil && ok {
		err = p.readKept(newer.Blob(0))
	}
	return p, err
}

// writeProgress writes all of a progress; recorded is the ord of the newest own
// transaction.
func writeProgress(tx *sqlitedb.Tx, p *Progress, recorded int64) error {
	var cursor any
	if p.Cursor != nil {
		cursor = p.Cursor
	}
	return tx.Exec(`UPDATE progress SET cursor = ?, position = ?, hash = ?, history = ?, server_time = ?, last_contact = ?, receipt_no = ?, own_rows = ?, direct = ?, reading = ?, unequal = ?, recorded = ?, offset_ms = ?, went_back = ?, spare_n = ?`,
		cursor, uint64(p.Position), p.Hash[:], p.History[:], p.ServerTime, p.LastContact, p.receiptNo, p.ownRows, p.Direct, encodePoint(p.Reading), p.Unequal, recorded, p.OffsetMS, p.WentBack, p.spareN)
}
