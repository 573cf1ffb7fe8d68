package state

import (
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Which attachments are named, and by what (SPEC §5.16). Their bytes are in no log and no
// state: a fold only says what they are needed for.

// ddlNamed: attachments that records name, and those that held transactions name.
const ddlNamed = `
CREATE TABLE named (
	root BLOB NOT NULL, tbl INTEGER NOT NULL, record BLOB NOT NULL,
	PRIMARY KEY (root, tbl, record)
) STRICT, WITHOUT ROWID;
CREATE TABLE held_named (
	root BLOB NOT NULL, position INTEGER NOT NULL,
	PRIMARY KEY (root, position)
) STRICT, WITHOUT ROWID;
ALTER TABLE health ADD COLUMN attachments INTEGER NOT NULL DEFAULT 0`

// names keeps who names attachments as a record changes; before is nil for a new one.
func (f *fold) names(before, after *records.Row) error {
	var was []syncproto.Root
	if before != nil {
		was = before.Attachments()
	}
	is := after.Attachments()
	for _, root := range was {
		if !slices.Contains(is, root) {
			if err := f.tx.Exec(`DELETE FROM named WHERE root = ? AND tbl = ? AND record = ?`, root[:], int64(after.Table.ID), after.ID[:]); err != nil {
				return err
			}
		}
	}
	for _, root := range is {
		if !slices.Contains(was, root) {
			if err := f.tx.Exec(`INSERT OR IGNORE INTO named (root, tbl, record) VALUES (?, ?, ?)`, root[:], int64(after.Table.ID), after.ID[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdNames notes the attachments that a held transaction names.
func (f *fold) holdNames(position syncproto.Position, t *syncproto.Transaction) error {
	for i := range t.Changes {
		table := schema.Lookup(t.Changes[i].Table)
		if table == nil {
			continue
		}
		for _, g := range t.Changes[i].Groups {
			var err error
			table.AttachmentsIn(g.Fields, func(root syncproto.Root) {
				if err == nil {
					err = f.tx.Exec(`INSERT OR IGNORE INTO held_named (root, position) VALUES (?, ?)`, root[:], uint64(position))
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Named says whether a record, or a held transaction, names an attachment.
func (r *Reader) Named(root syncproto.Root) (bool, error) {
	n, err := r.tx.Int(`SELECT EXISTS (SELECT 1 FROM named WHERE root = ?1) OR EXISTS (SELECT 1 FROM held_named WHERE root = ?1)`, root[:])
	return n != 0, err
}

// NamedIn says whether a record that is in one of the shares names an attachment.
func (r *Reader) NamedIn(root syncproto.Root, shares []syncproto.Share) (found bool, err error) {
	err = r.tx.Query(func(row sqlitedb.Row) error {
		t := schema.Lookup(syncproto.TableID(row.Int(0)))
		if t == nil {
			return nil
		}
		record, err := set.Get(r.tx, t, syncproto.RecordID(row.Blob(1)))
		if err != nil || record == nil {
			return err
		}
		for _, scope := range record.Scopes(nil) {
			found = found || slices.Contains(shares, syncproto.Share{Class: t.Class, Scope: scope})
		}
		if found {
			return sqlitedb.ErrStop
		}
		return nil
	}, `SELECT tbl, record FROM named WHERE root = ?`, root[:])
	return found, err
}

// AllNamed lists every attachment that is named.
func (r *Reader) AllNamed() (map[syncproto.Root]bool, error) {
	all := map[syncproto.Root]bool{}
	return all, r.tx.Query(func(row sqlitedb.Row) error {
		all[syncproto.Root(row.Blob(0))] = true
		return nil
	}, `SELECT root FROM named UNION SELECT root FROM held_named`)
}

// names counts anew which records name attachments.
func (v *verifier) names() error {
	kept := map[string]bool{}
	if err := v.tx.Query(func(row sqlitedb.Row) error {
		kept[string(row.Blob(0))+string(row.Blob(2))] = true
		return nil
	}, `SELECT root, tbl, record FROM named`); err != nil {
		return err
	}
	for _, t := range schema.All {
		if err := set.Each(v.tx, t, ``, func(r *records.Row) error {
			for _, root := range r.Attachments() {
				key := string(root[:]) + string(r.ID[:])
				if !kept[key] {
					v.add("%s %v: it is not known to name attachment %v", t.Name, r.ID, root)
				}
				delete(kept, key)
			}
			return v.ctx.Err()
		}); err != nil {
			return err
		}
	}
	for key := range kept {
		v.add("record %x: it does not name attachment %x", key[32:], key[:32])
	}
	return nil
}
