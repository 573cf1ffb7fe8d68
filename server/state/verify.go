package state

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// maxFindings bounds a list of findings: past it, the state is to be rebuilt anyway.
const maxFindings = 1000

// Verify looks whether the state holds together: the file itself, every record
// against the digest of its shares, the feed against the records, the figures
// against the sales, and closing statements against their signatures. An error of SQLite about the file is a finding.
func (s *State) Verify(ctx context.Context) (found []string, err error) {
	v := &verifier{}
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		v.tx, v.ctx = tx, ctx
		for _, step := range []func() error{v.file, v.records, v.feed, v.figures, v.closings, v.names} {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := step(); err != nil {
				v.add("%v", err)
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil { // the file is so broken that the snapshot does not end
		v.add("file: %v", err)
		err = nil
	}
	return v.found, err
}

// Scrub is the part of Verify that a server does while it works: every record against
// the digests of its shares.
func (s *State) Scrub(ctx context.Context) (found []string, err error) {
	v := &verifier{}
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		v.tx, v.ctx = tx, ctx
		return v.records()
	})
	return v.found, err
}

type verifier struct {
	ctx   context.Context
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
			return v.ctx.Err()
		})
		switch {
		case v.ctx.Err() != nil:
			return v.ctx.Err()
		case err != nil:
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
	_, out, err := s.FingerprintAt(ctx)
	return out, err
}

// FingerprintAt is Fingerprint, and how far the fold had come when it was taken.
func (s *State) FingerprintAt(ctx context.Context) (head Head, out string, err error) {
	err = s.Read(ctx, func(r *Reader) (err error) {
		if head, err = r.Head(); err != nil {
			return err
		}
		out = fmt.Sprintf("entry %d %v, position %d %v, history %v\n", head.Applied, head.LogHash, head.Position, head.PositionHash, head.History)
		return r.Shares(func(d syncproto.ShareDigest, at syncproto.Position) {
			out += fmt.Sprintf("%v %d %x at %d\n", d.Share, d.Count, d.Sum, at)
		})
	})
	return head, out, err
}

// Compare says where two folds of one log differ. Both have to be at the same entry.
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
		if own[name] == theirs[name] {
			continue
		}
		found, err := s.compareTable(ctx, other, name)
		if err != nil {
			found = []string{fmt.Sprintf("table %s: %v", name, err)}
		}
		differences = append(differences, found...)
	}
	return differences, nil
}

// namedDifferences bounds the rows that are named of one table.
const namedDifferences = 10

// compareTable names the rows of a table in which two folds differ.
func (s *State) compareTable(ctx context.Context, other *State, table string) (found []string, err error) {
	own, theirs := map[string][32]byte{}, map[string][32]byte{}
	for st, rows := range map[*State]map[string][32]byte{s: own, other: theirs} {
		if err := st.db.Read(ctx, func(tx *sqlitedb.Tx) error {
			return eachRow(tx, table, func(key string, values []byte) { rows[key] = sha256.Sum256(values) })
		}); err != nil {
			return nil, err
		}
	}
	for key, sum := range own {
		if have, ok := theirs[key]; !ok {
			found = append(found, fmt.Sprintf("%s %s is missing", table, key))
		} else if have != sum {
			found = append(found, fmt.Sprintf("%s %s", table, key))
		}
	}
	for key := range theirs {
		if _, ok := own[key]; !ok {
			found = append(found, fmt.Sprintf("%s %s should not be there", table, key))
		}
	}
	slices.Sort(found)
	if n := len(found); n > namedDifferences {
		found = append(found[:namedDifferences], fmt.Sprintf("%s, and %d more rows", table, n-namedDifferences))
	}
	return found, nil
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
			if err := eachRow(tx, name, func(_ string, values []byte) { h.Write(values) }); err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
			sums[name] = [32]byte(h.Sum(nil))
		}
		return nil
	})
	return sums, err
}

// eachRow gives the rows of a table in the order of their keys, each with its key for
// people and all its values as bytes that no other row has.
func eachRow(tx *sqlitedb.Tx, table string, f func(key string, values []byte)) error {
	columns, order, err := keyOf(tx, table)
	if err != nil {
		return err
	}
	var values []byte
	return tx.Query(func(row sqlitedb.Row) error {
		values = values[:0]
		for i := range row.Len() {
			values = appendColumn(values, row.Any(i))
		}
		var key []string
		for _, i := range columns {
			key = append(key, columnText(row.Any(i)))
		}
		f(strings.Join(key, " "), values)
		return nil
	}, fmt.Sprintf(`SELECT * FROM %q ORDER BY %s`, table, order))
}

// appendColumn appends a value with its kind and length.
func appendColumn(b []byte, v any) []byte {
	switch v := v.(type) {
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v))
	case string:
		return append(binary.BigEndian.AppendUint32(append(b, 't'), uint32(len(v))), v...)
	case []byte:
		return append(binary.BigEndian.AppendUint32(append(b, 'b'), uint32(len(v))), v...)
	case nil:
		return append(b, 'n')
	}
	return fmt.Appendf(append(b, '?'), "%T %[1]v", v) // STRICT tables hold nothing else
}

// columnText is a key's value for people: an id as ids are written.
func columnText(v any) string {
	switch v := v.(type) {
	case []byte:
		if len(v) == len(syncproto.RecordID{}) {
			return syncproto.RecordID(v).String()
		}
		return fmt.Sprintf("%x", v)
	default:
		return fmt.Sprint(v)
	}
}

// keyOf tells the columns of a table's key by number, and its order as SQL.
func keyOf(tx *sqlitedb.Tx, table string) (columns []int, order string, err error) {
	var names []string
	err = tx.Query(func(row sqlitedb.Row) error {
		names = append(names, fmt.Sprintf("%q", row.Text(0)))
		columns = append(columns, int(row.Int(1)))
		return nil
	}, `SELECT name, cid FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk`, table)
	return columns, strings.Join(names, ", "), err
}
