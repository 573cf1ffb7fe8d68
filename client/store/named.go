package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// ddlNamed holds the number of changes to what Names tells.
const ddlNamed = `
CREATE TABLE named (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL) STRICT;
INSERT INTO named (one, n) VALUES (1, 0);
CREATE INDEX naming_ord ON naming (ord);
`

// object is what a database has for each field that names attachments, by its name.
type object struct{ name, ddl string }

// photos finds records that name an attachment among those that do not.
var photos = func() (all []object) {
	for _, f := range schema.AttachmentFields {
		name := f.Table.Name + "_" + f.Field.Name
		all = append(all, object{name, fmt.Sprintf("CREATE INDEX %q ON %q (%[3]q, _state) WHERE %[3]q IS NOT NULL", name, f.Table.Name, f.Field.Name)})
	}
	return all
}()

// counting counts, in the commit that does it, whatever may change what Names tells: nobody
// has to read all names to know that they are as they were. The tables count by themselves,
// for much of this package writes them. A sale touches nothing that counts.
var counting = func() (all []object) {
	count := func(about, event, table, condition string) {
		name := fmt.Sprintf("named_%s_%s_%s", table, about, strings.ToLower(strings.Fields(event)[1]))
		all = append(all, object{name, fmt.Sprintf("CREATE TRIGGER %q %s ON %q WHEN %s BEGIN UPDATE named SET n = n + 1; END", name, event, table, condition)})
	}
	for _, f := range schema.AttachmentFields {
		t, field := f.Table.Name, f.Field.Name
		differs := fmt.Sprintf(`(o.%[1]q IS NOT NEW.%[1]q OR NEW.%[1]q IS NOT NULL AND (o._state IS NULL) <> (NEW._state IS NULL))`, field)
		// Before, since what REPLACE replaces is gone after it, and no trigger told.
		count(field, "BEFORE INSERT", t, fmt.Sprintf(`coalesce((SELECT %s FROM %q o WHERE o.id = NEW.id), NEW.%q IS NOT NULL)`, differs, t, field))
		count(field, "AFTER UPDATE", t, strings.ReplaceAll(differs, "o.", "OLD."))
		count(field, "AFTER DELETE", t, fmt.Sprintf(`OLD.%q IS NOT NULL`, field))
		count(t+"_"+field, "AFTER INSERT", "preimage", fmt.Sprintf(`NEW.tbl = %d`, f.Table.ID))
		count(t+"_"+field, "AFTER DELETE", "preimage", fmt.Sprintf(`OLD.tbl = %d`, f.Table.ID))
	}
	for _, table := range []string{schema.Lookup(schema.Conflict).Name, schema.Lookup(schema.ConflictPersonal).Name, schema.Lookup(schema.Verdict).Name, "naming"} {
		for _, event := range []string{"AFTER INSERT", "AFTER UPDATE", "AFTER DELETE"} {
			count("any", event, table, "1")
		}
	}
	// Own transactions that name one, as the server logs and judges them, and as they are let go.
	for _, upto := range []string{"acked", "settled"} {
		count(upto, "AFTER UPDATE OF "+upto, "incarnation", fmt.Sprintf(`NEW.%[1]s <> OLD.%[1]s AND EXISTS (SELECT 1 FROM naming
			WHERE ord BETWEEN NEW.first_ord + min(OLD.%[1]s, NEW.%[1]s) AND NEW.first_ord + max(OLD.%[1]s, NEW.%[1]s) - 1)`, upto))
	}
	count("any", "AFTER UPDATE OF inc, seq, hash, body", "outbox", `EXISTS (SELECT 1 FROM naming WHERE ord = NEW.ord)`)
	count("any", "AFTER DELETE", "outbox", `EXISTS (SELECT 1 FROM naming WHERE ord = OLD.ord)`)
	return all
}()

// makeObjects makes what lacks of these: the schema may have got fields that name
// attachments, or that people search by, since the database was last opened.
func makeObjects(tx *sqlitedb.Tx) error {
	have := map[string]bool{}
	if err := tx.Query(func(row sqlitedb.Row) error { have[row.Text(0)] = true; return nil }, `SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'index')`); err != nil {
		return err
	}
	for _, m := range slices.Concat(photos, counting, folds) {
		if have[m.name] {
			continue
		}
		if err := tx.Script(m.ddl); err != nil {
			return err
		}
	}
	return nil
}

// namesAt is what Names told at a number.
type namesAt struct {
	at    int64
	names map[syncproto.Root]Naming
}

// NamesAt is a number that is another one when what Names tells has changed.
func (s *Store) NamesAt(ctx context.Context) (at int64, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		at, err = namesNumber(tx)
		return err
	})
	return at, err
}

func namesNumber(tx *sqlitedb.Tx) (int64, error) { return tx.Int(`SELECT n FROM named`) }
