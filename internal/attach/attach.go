// Package attach keeps attachments (SPEC §5.16) in an SQLite file of their own, alike on
// both sides: manifests, and chunks by their hash. What it gives out it has verified.
package attach

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// File is the name of the file in a data directory.
const File = "attachments.db"

//go:embed attach.sql
var ddl string

// Store is that file. It is safe for concurrent use.
type Store struct {
	db      *sqlitedb.DB
	changes atomic.Uint64
}

// Changes is a number that is another one when what Each tells has changed.
func (s *Store) Changes() uint64 { return s.changes.Load() }

// write is db.Write for what changes what Each tells.
func (s *Store) write(ctx context.Context, f func(*sqlitedb.Tx) error) error {
	defer s.changes.Add(1) // after it: who looked too early looks again
	return s.db.Write(ctx, f)
}

// Open opens or makes the file at path.
func Open(ctx context.Context, path string) (*Store, error) {
	return OpenWith(ctx, path, sqlitedb.Options{})
}

// OpenWith is Open with options, for tests; what goes is overwritten whatever they say.
func OpenWith(ctx context.Context, path string, o sqlitedb.Options) (*Store, error) {
	o.Shred, o.CacheKiB = true, 2<<10
	db, err := sqlitedb.Open(path, o)
	if err != nil {
		return nil, err
	}
	if err := sqlitedb.Migrate(ctx, db, []string{ddl}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Store{db: db}, nil
}

// OpenReadOnly opens it for looking only.
func OpenReadOnly(path string) (*Store, error) {
	db, err := sqlitedb.Open(path, sqlitedb.Options{ReadOnly: true})
	return &Store{db: db}, err
}

// Disk tells how the disk is that the file is on.
func (s *Store) Disk(ctx context.Context) sqlitedb.Disk { return s.db.Disk(ctx) }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// ErrDamaged says that what is kept is not what its name says.
var ErrDamaged = errors.New("an attachment is damaged")

// Put keeps an attachment whole; when it returns, that is on disk. now is UTC ms.
func (s *Store) Put(ctx context.Context, b []byte, now int64) (syncproto.Root, error) {
	m := syncproto.Cut(b)
	root := m.Root()
	return root, noRoom(s.write(ctx, func(tx *sqlitedb.Tx) error {
		if err := begin(tx, &m, now, nil, false); err != nil {
			return err
		}
		if err := tx.Exec(`UPDATE attachment SET named = 0, whole = 1 WHERE root = ?`, root[:]); err != nil {
			return err
		}
		if err := touch(tx, root, now); err != nil {
			return err
		}
		for i := range m.Chunks {
			at := i * syncproto.ChunkSize
			if err := keep(tx, m.Chunks[i], b[at:at+m.Size(uint64(i))]); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Begin keeps a manifest whose chunks are to be asked for. It is durable with the last of them.
func (s *Store) Begin(ctx context.Context, m *syncproto.Manifest, now int64, giver syncproto.DeviceID) error {
	defer s.changes.Add(1)
	return noRoom(s.db.WriteLazily(ctx, func(tx *sqlitedb.Tx) error { return begin(tx, m, now, giver[:], true) }))
}

func begin(tx *sqlitedb.Tx, m *syncproto.Manifest, now int64, giver []byte, named bool) error {
	root := m.Root()
	if giver == nil {
		giver = []byte{}
	}
	n, err := tx.ExecN(`INSERT OR IGNORE INTO attachment (root, length, whole, named, at, giver, kept) VALUES (?, ?, 0, ?, ?, ?, x'')`,
		root[:], m.Length, named, now, giver)
	if err != nil || n == 0 {
		return err
	}
	for i := range m.Chunks {
		if err := tx.Exec(`INSERT INTO part (root, n, hash) VALUES (?, ?, ?)`, root[:], i, m.Chunks[i][:]); err != nil {
			return err
		}
	}
	return nil
}

// keep puts a chunk where it lacks, or in place of one that is damaged.
func keep(tx *sqlitedb.Tx, hash syncproto.Hash, data []byte) error {
	row, ok, err := tx.One(`SELECT data FROM chunk WHERE hash = ?`, hash[:])
	if err != nil || ok && sha256.Sum256(row.Blob(0)) == hash {
		return err
	}
	return tx.Exec(`REPLACE INTO chunk (hash, data) VALUES (?, ?)`, hash[:], data)
}

// ErrNotAsked says that a chunk is not what its manifest says.
var ErrNotAsked = errors.New("a chunk is not what its manifest says")

// Chunk keeps one chunk that came. With the last one all of the attachment is on disk.
func (s *Store) Chunk(ctx context.Context, root syncproto.Root, index uint64, data []byte) error {
	hash := syncproto.Hash(sha256.Sum256(data))
	return noRoom(s.db.WriteLazily(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT count(*) FROM part WHERE root = ? AND n = ? AND hash = ?`, root[:], index, hash[:])
		switch {
		case err != nil:
			return err
		case n == 0:
			return fmt.Errorf("chunk %d of %v: %w", index, root, ErrNotAsked)
		}
		return keep(tx, hash, data)
	}))
}

// Next is a chunk that an attachment lacks, from a place on where one lacks there; whole
// says that it lacks none, and known that its manifest is here. Whoever is told whole may
// rely on the disk.
func (s *Store) Next(ctx context.Context, root syncproto.Root, from uint64) (index uint64, whole, known bool, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		index, whole, known, err = next(tx, root, from)
		return err
	})
	if err == nil && whole { // with it, all that was written lazily
		err = noRoom(s.write(ctx, func(tx *sqlitedb.Tx) error {
			return tx.Exec(`UPDATE attachment SET whole = 1 WHERE root = ?`, root[:])
		}))
	}
	return index, whole, known, err
}

func next(tx *sqlitedb.Tx, root syncproto.Root, from uint64) (index uint64, whole, known bool, err error) {
	n, err := tx.Int(`SELECT count(*) FROM attachment WHERE root = ?`, root[:])
	if err != nil || n == 0 {
		return 0, false, false, err
	}
	for _, from := range []uint64{from, 0} {
		row, lacks, err := tx.One(`SELECT n FROM part p WHERE root = ? AND n >= ? AND NOT EXISTS (SELECT 1 FROM chunk c WHERE c.hash = p.hash) ORDER BY n LIMIT 1`, root[:], from)
		switch {
		case err != nil:
			return 0, false, false, err
		case lacks:
			return uint64(row.Int(0)), false, true, nil
		case from == 0:
			return 0, true, true, nil
		}
	}
	return 0, true, true, nil
}

// Whole says whether all of an attachment is here.
func (s *Store) Whole(ctx context.Context, root syncproto.Root) (whole bool, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT whole FROM attachment WHERE root = ?`, root[:])
		whole = n != 0
		return err
	})
	return whole, err
}

// Manifest is that of an attachment that is here whole; ok is false for others.
func (s *Store) Manifest(ctx context.Context, root syncproto.Root) (m syncproto.Manifest, ok bool, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		n, err := tx.Int(`SELECT whole FROM attachment WHERE root = ?`, root[:])
		if ok = n != 0; err != nil || !ok {
			return err
		}
		m, err = manifest(tx, root)
		return err
	})
	return m, ok, err
}

func manifest(tx *sqlitedb.Tx, root syncproto.Root) (m syncproto.Manifest, err error) {
	length, err := tx.Int(`SELECT length FROM attachment WHERE root = ?`, root[:])
	if err != nil {
		return m, err
	}
	m.Length = uint64(length)
	err = tx.Query(func(row sqlitedb.Row) error {
		var h syncproto.Hash
		copy(h[:], row.Blob(0))
		m.Chunks = append(m.Chunks, h)
		return nil
	}, `SELECT hash FROM part WHERE root = ? ORDER BY n`, root[:])
	if err == nil && m.Root() != root {
		err = fmt.Errorf("manifest of %v: %w", root, ErrDamaged)
	}
	return m, err
}

// Read is one chunk of an attachment; nil where it is not here.
func (s *Store) Read(ctx context.Context, root syncproto.Root, index uint64) (data []byte, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		row, ok, err := tx.One(`SELECT c.data, p.hash FROM part p JOIN chunk c ON c.hash = p.hash WHERE p.root = ? AND p.n = ?`, root[:], index)
		if err != nil || !ok {
			return err
		}
		data = row.Blob(0)
		if hash := sha256.Sum256(data); string(hash[:]) != string(row.Blob(1)) {
			data = nil
			return fmt.Errorf("chunk %d of %v: %w", index, root, ErrDamaged)
		}
		return nil
	})
	return data, err
}

// noRoom says in words what a full disk means.
func noRoom(err error) error {
	if sqlitedb.NoRoom(err) {
		return refusal.New(refusal.NoRoom, "the disk is full, the attachment was not kept: make room: %v", err)
	}
	if sqlitedb.DiskError(err) {
		return refusal.New(refusal.DiskFailed, "the disk did not keep the attachment: %v", err)
	}
	return err
}
