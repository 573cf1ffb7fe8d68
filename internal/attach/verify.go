package attach

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// Verify looks whether everything here is what its name says: the file, every manifest
// and every chunk. An error of SQLite's about the file is a finding.
func (s *Store) Verify(ctx context.Context) (found []string, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		if found, err = tx.Integrity(); err != nil {
			return err
		}
		var roots []syncproto.Root
		if err := tx.Query(func(row sqlitedb.Row) error {
			var root syncproto.Root
			copy(root[:], row.Blob(0))
			roots = append(roots, root)
			return nil
		}, `SELECT root FROM attachment ORDER BY root`); err != nil {
			return err
		}
		if err := tx.Query(func(row sqlitedb.Row) error {
			found = append(found, fmt.Sprintf("attachment %x lacks chunk %d", row.Blob(0), row.Int(1)))
			return nil
		}, `SELECT p.root, p.n FROM attachment a JOIN part p ON p.root = a.root WHERE a.whole = 1 AND NOT EXISTS (SELECT 1 FROM chunk c WHERE c.hash = p.hash) LIMIT 1000`); err != nil {
			return err
		}
		for _, root := range roots {
			if _, err := manifest(tx, root); errors.Is(err, ErrDamaged) {
				found = append(found, err.Error())
			} else if err != nil {
				return err
			}
		}
		return tx.Query(func(row sqlitedb.Row) error {
			if hash := sha256.Sum256(row.Blob(1)); string(hash[:]) != string(row.Blob(0)) {
				found = append(found, fmt.Sprintf("chunk %x of %v is not what its hash says", row.Blob(0), row.Text(2)))
			}
			return ctx.Err()
		}, `SELECT hash, data, (SELECT group_concat(DISTINCT lower(hex(root))) FROM part p WHERE p.hash = chunk.hash) FROM chunk ORDER BY id`)
	})
	if err != nil && ctx.Err() == nil {
		found, err = append(found, err.Error()), nil
	}
	return found, err
}

// Heal drops the chunks of an attachment that are not what their hashes say, so that they
// are asked for again.
func (s *Store) Heal(ctx context.Context, root syncproto.Root) error {
	return s.write(ctx, func(tx *sqlitedb.Tx) error {
		var bad []int64
		if err := tx.Query(func(row sqlitedb.Row) error {
			if hash := sha256.Sum256(row.Blob(2)); string(hash[:]) != string(row.Blob(1)) {
				bad = append(bad, row.Int(0))
			}
			return nil
		}, `SELECT c.id, c.hash, c.data FROM part p JOIN chunk c ON c.hash = p.hash WHERE p.root = ?`, root[:]); err != nil {
			return err
		}
		for _, id := range bad {
			if err := tx.Exec(`UPDATE attachment SET whole = 0 WHERE root IN (SELECT p.root FROM part p JOIN chunk c ON c.hash = p.hash WHERE c.id = ?)`, id); err != nil {
				return err
			}
			if err := tx.Exec(`DELETE FROM chunk WHERE id = ?`, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reader reads an attachment that is whole, verified as it goes.
func (s *Store) Reader(ctx context.Context, root syncproto.Root, m *syncproto.Manifest) *Reader {
	return &Reader{s: s, ctx: ctx, root: root, m: m, have: -1}
}
