package state

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// maxFindings bounds a list of findings: past it, the state is to be rebuilt anyway.
const maxFindings = 1000

// Verify looks whether the state holds together: the file itself, every record
// against the digest of its shares, the feed against the records, and the figures
// against the sales. An error of SQLite about the file is a finding.
func (s *State) Verify(ctx context.Context) (found []string, err error) {
	v := &verifier{}
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		v.tx = tx
		for _, step := range []func() error{v.file, v.records, v.feed, v.figures} {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := step(); err != nil {
				v.add("%v", err)
			}
		}
		return nil
	})
	return v.found, err
}

type verifier struct {
	tx    *sqlitedb.Tx
	found []string
}

func (v *verifier) add(format string, args ...any) {
	if len(v.found) < maxFindings {
		v.found = append(v.found, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) file() error {
	found, err := v.tx.Integrity()
	for _, f := range found {
		v.add("file: %s", f)
	}
	return err
}

// records adds up every digest anew.
func (v *verifier) records() error {
	fresh := map[syncproto.Share]*syncproto.Digest{}
	var hasher records.Hasher
	for _, t := range schema.All {
		err := set.Each(v.tx, t, `ORDER BY id`, func(r *records.Row) error {
			if ok, err := set.FoldHolds(v.tx, r); err != nil || !ok {
				v.add("%s %v: its searchable text is not that of its names", t.Name, r.ID)
			}
			h := hasher.Hash(r)
			for _, scope := range r.Scopes(nil) {
				share := syncproto.Share{Class: t.Class, Scope: scope}
				if fresh[share] == nil {
					fresh[share] = &syncproto.Digest{}
				}
				fresh[share].Add(h)
			}
			return nil
		})
		if err != nil {
			v.add("%s: %v", t.Name, err)
		}
	}
	err := (&Reader{v.tx}).Shares(func(d syncproto.ShareDigest, _ syncproto.Position) {
		have := syncproto.Digest{Count: d.Count, Sum: d.Sum}
		var want syncproto.Digest
		if f := fresh[d.Share]; f != nil {
			want = *f
		}
		if have != want {
			v.add("%v: its records add up to %v, its digest is %v", d.Share, want, have)
		}
		delete(fresh, d.Share)
	})
	for share := range fresh {
		v.add("%v: has records and no digest", share)
	}
	return err
}

// feed looks for every record where the feed of each of its shares should have it, and
// for rows of the feed that belong to nothing.
func (v *verifier) feed() error {
	expected := map[string]int64{}
	for _, t := range schema.All {
		err := set.Each(v.tx, t, ``, func(r *records.Row) error {
			for _, scope := range r.Scopes(nil) {
				key := scope.AppendBinary(nil)
				n, err := v.tx.Int(`SELECT count(*) FROM feed f JOIN share s ON s.id = f.share WHERE s.class = ? AND s.scope = ? AND f.position = ? AND f.tbl = ? AND f.record = ?`,
					int64(t.Class), key, r.Meta[metaPosition], int64(t.ID), r.ID[:])
				if err != nil {
					return err
				}
				if n != 1 {
					v.add("%s %v: the feed of %v does not have it at position %d", t.Name, r.ID, scope, r.Meta[metaPosition])
				}
				expected[string(append(key, byte(t.Class)))]++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return v.tx.Query(func(row sqlitedb.Row) error {
		records := expected[string(append(append([]byte(nil), row.Blob(1)...), byte(row.Int(0))))]
		if row.Int(2) != records+row.Int(3) {
			v.add("share %x of class %d: its feed has %d rows for %d records and %d that left", row.Blob(1), row.Int(0), row.Int(2), records, row.Int(3))
		}
		return nil
	}, `SELECT class, scope, (SELECT count(*) FROM feed WHERE share = share.id), (SELECT count(*) FROM gone WHERE share = share.id) FROM share`)
}

// figures counts the sales anew.
func (v *verifier) figures() error {
	kept, err := readFigures(v.tx)
	if err != nil {
		return err
	}
	counted, err := report.Count(v.tx, set, nil)
	if err != nil {
		return err
	}
	for key := range maps.Keys(counted) {
		if kept[key] == nil {
			kept[key] = &report.Figures{}
		}
	}
	keys := slices.SortedFunc(maps.Keys(kept), func(a, b report.Key) int {
		if a.By != b.By {
			return int(a.By) - int(b.By)
		}
		return slices.Compare([]byte(a.Value), []byte(b.Value))
	})
	for _, key := range keys {
		difference := report.Figures{}
		difference.Add(kept[key], 1)
		if counted[key] != nil {
			difference.Add(counted[key], -1)
		}
		if !difference.IsZero() {
			v.add("sales by %v, %s: the figure kept is not what the sales add up to", key.By, report.KeyText(key))
		}
	}
	return nil
}

// Fingerprint names everything that a fold decides, so that two folds of one log can
// be compared: position and its hash, and the digest of every share.
func (s *State) Fingerprint(ctx context.Context) (string, error) {
	var out string
	err := s.Read(ctx, func(r *Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		out = fmt.Sprintf("entry %d %v, position %d %v, history %v\n", head.Applied, head.LogHash, head.Position, head.PositionHash, head.History)
		return r.Shares(func(d syncproto.ShareDigest, at syncproto.Position) {
			out += fmt.Sprintf("%v %d %x at %d\n", d.Share, d.Count, d.Sum, at)
		})
	})
	return out, err
}

// Compare says in which tables two folds of one log differ. Both have to be at the
// same entry.
func (s *State) Compare(ctx context.Context, other *State) (differences []string, err error) {
	own, err := s.tableSums(ctx)
	if err != nil {
		return nil, err
	}
	theirs, err := other.tableSums(ctx)
	if err != nil {
		return []string{err.Error()}, nil
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if own[name] != theirs[name] {
			differences = append(differences, "table "+name)
		}
	}
	return differences, nil
}

// tableSums hashes every table, rows in the order of their keys.
func (s *State) tableSums(ctx context.Context) (map[string][32]byte, error) {
	sums := map[string][32]byte{}
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		var names []string
		if err := tx.Query(func(row sqlitedb.Row) error { names = append(names, row.Text(0)); return nil },
			`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`); err != nil {
			return err
		}
		for _, name := range names {
			h := sha256.New()
			order, err := keyOf(tx, name)
			if err != nil {
				return err
			}
			if err := tx.Query(func(row sqlitedb.Row) error {
				for i := range row.Len() {
					fmt.Fprintf(h, "%T %v\x00", row.Any(i), row.Any(i))
				}
				h.Write([]byte{'\n'})
				return nil
			}, fmt.Sprintf(`SELECT * FROM %q ORDER BY %s`, name, order)); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
			sums[name] = [32]byte(h.Sum(nil))
		}
		return nil
	})
	return sums, err
}

func keyOf(tx *sqlitedb.Tx, table string) (order string, err error) {
	err = tx.Query(func(row sqlitedb.Row) error {
		if order != "" {
			order += ", "
		}
		order += fmt.Sprintf("%q", row.Text(0))
		return nil
	}, `SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, table)
	return order, err
}
