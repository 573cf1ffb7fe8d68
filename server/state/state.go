// Package state is the log folded into SQLite: Apply, what it folds, and what is
// read from it. Nothing here knows a clock or draws a random number; two folds of
// one log are equal.
package state

import (
	"context"
	"crypto/ed25519"
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

//go:embed state.sql
var ddl string

// A record's own columns beside its fields: the last position that touched it, the
// position at which it was made, and its maker's transaction where that has
// another position (it was released from quarantine).
const (
	metaPosition = iota
	metaMade
	metaAuthor
)

var set = records.NewSet("_position", "_made", "_author")

// State is the folded log. One goroutine calls Apply; reading is safe beside it.
type State struct {
	db *sqlitedb.DB

	mu   sync.Mutex
	fold *fold // caches of the writer; nil after a failed Apply
	head Head
}

// Head is how far the fold has come.
type Head struct {
	Org          syncproto.OrgID
	OrgKey       ed25519.PublicKey
	History      syncproto.HistoryID
	Applied      oplog.Index // last entry folded
	LogHash      oplog.Hash  // log's hash there
	Position     syncproto.Position
	PositionHash syncproto.Hash
	LastReceived int64 // highest received_at of an entry since a person confirmed the clock, UTC ms
	Unsound      int64 // entries that could not be attributed to a device
	Doubt        int64 // since when, UTC ms, nobody has vouched for who takes part: the log went back; 0: not so
}

// Base is that of whoever looks at the state as it stands.
func (h *Head) Base() syncproto.Base {
	return syncproto.Base{Position: h.Position, Hash: h.PositionHash.Short()}
}

// ErrMisfit says that log and state are not of the same past.
var ErrMisfit = errors.New("log and state do not fit")

// grantsByDevice finds the grants of a device among those of all: a restart reads them
// for each.
const grantsByDevice = `CREATE INDEX grants_by_device ON device_grant (device)`

// ddlDoubt: see Head.Doubt.
const ddlDoubt = `ALTER TABLE fold ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0`

// ddlMeasured keeps when a device's clock was measured last: UTC ms, 0 where it never was.
const ddlMeasured = `ALTER TABLE health ADD COLUMN measured_at INTEGER NOT NULL DEFAULT 0`

// Open opens or makes the state in a file. It is a fold of the log, so a power cut
// may take back its last commits (synchronous=NORMAL): they are folded again.
func Open(ctx context.Context, path string) (*State, error) {
	db, err := sqlitedb.Open(path, sqlitedb.Options{Sync: sqlitedb.Normal, CacheKiB: 64 << 10})
	if err != nil {
		return nil, err
	}
	if err := db.Write(ctx, set.Grow); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := sqlitedb.Migrate(ctx, db, []string{ddl, grantsByDevice, ddlKept, ddlDoubt, closing.Indexes, ddlMeasured, ddlNamed, ddlRefunds, ddlMembers}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &State{db: db}
	err = db.Read(ctx, func(tx *sqlitedb.Tx) error {
		s.head, err = readHead(tx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// OpenReadOnly opens the state for looking only.
func OpenReadOnly(ctx context.Context, path string) (*State, error) {
	db, err := sqlitedb.Open(path, sqlitedb.Options{Sync: sqlitedb.Normal, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	s := &State{db: db}
	err = db.Read(ctx, func(tx *sqlitedb.Tx) error {
		s.head, err = readHead(tx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Disk tells how the disk is that the file is on.
func (s *State) Disk(ctx context.Context) sqlitedb.Disk { return s.db.Disk(ctx) }

// Close closes the file.
func (s *State) Close() error { return s.db.Close() }

// Head is how far the fold has come, as last committed.
func (s *State) Head() Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

func readHead(tx *sqlitedb.Tx) (h Head, err error) {
	row, ok, err := tx.One(`SELECT org, org_key, history, applied, log_hash, position, position_hash, last_received, unsound, doubt FROM fold`)
	if err != nil || !ok {
		return h, err
	}
	copy(h.Org[:], row.Blob(0))
	h.OrgKey = row.Blob(1)
	copy(h.History[:], row.Blob(2))
	h.Applied = oplog.Index(row.Int(3))
	copy(h.LogHash[:], row.Blob(4))
	h.Position = syncproto.Position(row.Int(5))
	copy(h.PositionHash[:], row.Blob(6))
	h.LastReceived, h.Unsound, h.Doubt = row.Int(7), row.Int(8), row.Int(9)
	return h, nil
}

func writeHead(tx *sqlitedb.Tx, h *Head) error {
	return tx.Exec(`REPLACE INTO fold (one, org, org_key, history, applied, log_hash, position, position_hash, last_received, unsound, doubt)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		h.Org[:], []byte(h.OrgKey), h.History[:], int64(h.Applied), h.LogHash[:], int64(h.Position), h.PositionHash[:], h.LastReceived, h.Unsound, h.Doubt)
}

// Result is what a run of entries changed, for those who follow the fold.
type Result struct {
	Head    Head
	Shares  map[syncproto.Share]syncproto.Position // touched, with the last position
	Devices []syncproto.DeviceID                   // whose access changed, or which are new
	Health  []syncproto.DeviceID                   // that were heard of
	Figures []report.Key                           // report figures that changed
	Chains  []syncproto.DeviceID                   // whose chains were judged further
	Records []Touched                              // of the tables that live and the server follow, made or changed
}

// Touched is a record that a run of entries made or changed. Its rows are not to be changed.
type Touched struct {
	Table syncproto.TableID
	ID    syncproto.RecordID
	Was   *records.Row // nil where it was made
	Is    *records.Row
}

// followed are the tables whose records Result names.
var followed = map[syncproto.TableID]bool{
	schema.Site: true, schema.WorkshopSession: true, schema.Scan: true, schema.Attendance: true, schema.Referral: true, schema.Conflict: true, schema.ConflictPersonal: true, schema.ConflictEligibility: true,
	schema.Closing: true, schema.ClosingAnswer: true, schema.Verdict: true,
	schema.Membership: true, schema.Ground: true, schema.IdentityDocument: true, schema.PolicySignature: true, schema.Policy: true,
	schema.AttendanceCorrection: true, schema.Workshop: true, schema.Person: true, schema.PersonAlias: true, schema.Participation: true, schema.Fair: true,
}

// Apply folds a run of log entries in one commit. It is a function of state and
// entries. An error means that the fold must stop, and nothing of the run is in
// the state; a refusal is an outcome and no error. Entries already folded are
// passed over.
func (s *State) Apply(ctx context.Context, run []oplog.Record) (Result, error) {
	s.mu.Lock()
	f := s.fold
	s.fold = nil
	head := s.head
	s.mu.Unlock()
	if f == nil {
		f = newFold()
	}
	f.begin(head)
	err := s.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		f.tx = tx
		for _, rec := range run {
			if err := f.record(rec); err != nil {
				return fmt.Errorf("apply entry %d: %w", rec.Index, err)
			}
		}
		if err := f.flush(); err != nil {
			return err
		}
		return failpoint.Hit("apply.before")
	})
	f.tx = nil
	if err == nil {
		err = failpoint.Hit("apply.after")
	}
	if err != nil {
		return Result{}, err
	}
	s.mu.Lock()
	s.fold, s.head = f, f.head
	s.mu.Unlock()
	f.result.Head = f.head
	return f.result, nil
}

func (f *fold) record(rec oplog.Record) error {
	switch {
	case rec.Index <= f.head.Applied:
		return nil
	case rec.Index != f.head.Applied+1:
		return fmt.Errorf("state is at %d: %w", f.head.Applied, ErrMisfit)
	case rec.Hash != oplog.Next(f.head.LogHash, rec.Data):
		return fmt.Errorf("hash does not chain: %w", ErrMisfit)
	}
	e, err := DecodeEntry(rec.Data)
	if err != nil {
		return err
	}
	f.head.LastReceived = max(f.head.LastReceived, e.ReceivedAt)
	if err := f.age(e.ReceivedAt); err != nil {
		return err
	}
	switch e.Kind {
	case EntryHistory:
		err = f.history(&e)
	case EntryNode:
		err = f.node(&e)
	case EntryContact:
		err = f.contact(&e)
	case EntryBatch:
		err = f.batch(&e, rec)
	case EntryClock:
		f.head.LastReceived = e.ReceivedAt
	case EntryGiven:
		err = f.given(&e, rec.Index)
	case EntryAsked:
		err = f.tx.Exec(`INSERT OR IGNORE INTO kept_asked (one) VALUES (1)`)
	case EntrySeen:
		err = f.seen(&e)
	case EntryGap:
		err = f.gap(&e)
	case EntryVouched:
		err = f.vouched()
	default:
		err = fmt.Errorf("entry of kind %d is of a newer program: update this one", e.Kind)
	}
	f.head.Applied, f.head.LogHash = rec.Index, rec.Hash
	return err
}
