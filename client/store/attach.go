package store

import (
	"context"
	"fmt"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What names attachments (SPEC §5.16), which are kept in a file beside this one: records
// as people see them, and own transactions.

// ddlNaming: which attachments own transactions name. unwanted: the server has judged it, and
// nothing there names the attachment.
const ddlNaming = `
CREATE TABLE naming (
	root BLOB NOT NULL, ord INTEGER NOT NULL, unwanted INTEGER NOT NULL,
	PRIMARY KEY (root, ord)
) STRICT, WITHOUT ROWID;
`

// Attachments is where their bytes are.
func (s *Store) Attachments() *attach.Store { return s.attachments }

// Naming is who names an attachment here.
type Naming struct {
	Seen    bool  // a record as people see it
	Base    bool  // a record as the server has it, seen or not
	Sent    bool  // an own transaction that the server's log holds, and that still needs it there
	Open    bool  // an own transaction that is not settled, or is held, and may be read here
	Settled bool  // an own transaction that is settled, or may not be read here, and needs it at the server
	Last    int64 // newest own transaction that names it; 0: none does
}

// Stays says whether the attachment stays here; kept, that the server has it.
func (n Naming) Stays(kept bool) bool { return n.Seen || n.Base || n.Open || n.Settled && !kept }

// Due says whether the server, which does not have it, may ask for it.
func (n Naming) Due() bool { return n.Base || n.Sent }

// Names tells who names which attachments. Callers share it: it is not to be changed.
func (s *Store) Names(ctx context.Context) (map[syncproto.Root]Naming, error) {
	var last *namesAt
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		at, err := namesNumber(tx)
		if err != nil {
			return err
		}
		if last = s.names.Load(); last != nil && last.at == at {
			return nil
		}
		names, err := readNames(tx)
		if err != nil {
			return err
		}
		last = &namesAt{at, names}
		s.names.Store(last)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return last.names, nil
}

func readNames(tx *sqlitedb.Tx) (map[syncproto.Root]Naming, error) {
	names := map[syncproto.Root]Naming{}
	add := func(root syncproto.Root, n Naming) {
		have := names[root]
		names[root] = Naming{have.Seen || n.Seen, have.Base || n.Base, have.Sent || n.Sent, have.Open || n.Open, have.Settled || n.Settled, max(have.Last, n.Last)}
	}
	for _, read := range []func(*sqlitedb.Tx, func(syncproto.Root, Naming)) error{namedByRecords, namedByPreimages, namedByConflicts, namedByOwn} {
		if err := read(tx, add); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func namedByRecords(tx *sqlitedb.Tx, add func(syncproto.Root, Naming)) error {
	for _, f := range schema.AttachmentFields {
		if err := tx.Query(func(row sqlitedb.Row) error {
			add(syncproto.BytesValue(row.Blob(0)).Root(), Naming{Seen: true, Base: row.Null(1)})
			return nil
		}, fmt.Sprintf(`SELECT %[2]q, _state FROM %[1]q WHERE %[2]q IS NOT NULL`, f.Table.Name, f.Field.Name)); err != nil {
			return err
		}
	}
	return nil
}

func namedByPreimages(tx *sqlitedb.Tx, add func(syncproto.Root, Naming)) error {
	for _, f := range schema.AttachmentFields {
		if err := tx.Query(func(row sqlitedb.Row) error {
			fields, err := records.ReadFields(row.Blob(0))
			f.Table.AttachmentsIn(fields, func(root syncproto.Root) { add(root, Naming{Base: true}) })
			return err
		}, `SELECT fields FROM preimage WHERE tbl = ?`, int64(f.Table.ID)); err != nil {
			return err
		}
	}
	return nil
}

func namedByConflicts(tx *sqlitedb.Tx, add func(syncproto.Root, Naming)) error {
	for _, id := range schema.Ledgers {
		if err := set.Each(tx, schema.Lookup(id), `WHERE choice IS NULL`, func(r *records.Row) error {
			for _, root := range r.Attachments() {
				add(root, Naming{Base: true})
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// ownNaming reads, of each own transaction that names an attachment, whether the server's
// log holds it, whether it is settled, whether it is held, and whether it is sealed: nobody
// here mends it any more. One that was let go was settled.
const ownNaming = `SELECT n.root, o.ord IS NULL OR o.seq <= i.acked, o.ord IS NULL OR o.seq <= i.settled,
	EXISTS (SELECT 1 FROM verdict v WHERE v.hash = o.hash AND v."state" = 'held'), n.unwanted, o.body_hash IS NOT NULL, n.ord
	FROM naming n LEFT JOIN outbox o ON o.ord = n.ord AND length(o.body) > 0 LEFT JOIN incarnation i ON i.id = o.inc`

func namedByOwn(tx *sqlitedb.Tx, add func(syncproto.Root, Naming)) error {
	return tx.Query(func(row sqlitedb.Row) error {
		sent, settled, held, unwanted, sealed := row.Int(1) != 0, row.Int(2) != 0, row.Int(3) != 0, row.Int(4) != 0, row.Int(5) != 0
		open := (!settled || held) && !sealed
		needed := open || !unwanted
		add(syncproto.BytesValue(row.Blob(0)).Root(), Naming{Sent: sent && needed, Open: open, Settled: (settled || sealed) && needed, Last: row.Int(6)})
		return nil
	}, ownNaming)
}

// named notes which attachments an own transaction names.
func (d *Draft) named() error {
	for i := range d.t.Changes {
		c := &d.t.Changes[i]
		t := schema.Lookup(c.Table)
		for j := range c.Groups {
			var err error
			t.AttachmentsIn(c.Groups[j].Fields, func(root syncproto.Root) {
				if err == nil {
					err = d.w.tx.Exec(`INSERT OR IGNORE INTO naming (root, ord, unwanted) VALUES (?, ?, 0)`, root[:], d.ord)
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Unwanted notes that the server has judged the settled own transactions that name an
// attachment, and that nothing there names it.
func (s *Store) Unwanted(ctx context.Context, root syncproto.Root) error {
	return s.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		return tx.Exec(`UPDATE naming SET unwanted = 1 WHERE root = ? AND NOT EXISTS (SELECT 1 FROM outbox o JOIN incarnation i ON i.id = o.inc WHERE o.ord = naming.ord AND o.seq > i.settled)`, root[:])
	})
}
