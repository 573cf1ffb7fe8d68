package closing

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Find calls f for the sales that a statement is about, by their ids.
type Find func(tx *sqlitedb.Tx, set *records.Set, of Of, f func(*records.Row) error) error

// ByIndex finds them by Indexes: for the centre, where the sales of all sites stand
// between each other.
func ByIndex(tx *sqlitedb.Tx, set *records.Set, of Of, f func(*records.Row) error) error {
	t := schema.Lookup(schema.Sale)
	if !of.Till.IsZero() {
		return set.Each(tx, t, `WHERE till_session = ? ORDER BY id`, f, of.Till[:])
	}
	return set.Each(tx, t, `WHERE day = ? AND site = ? ORDER BY id`, of.named(f), of.Day, of.Site[:])
}

// named passes on the sales whose receipt numbers are the device's.
func (of *Of) named(f func(*records.Row) error) func(*records.Row) error {
	return func(sale *records.Row) error {
		if !strings.HasPrefix(sale.Of(schema.SaleReceiptNo).Text(), of.Prefix+"-") {
			return nil
		}
		return f(sale)
	}
}

// Parts has a site find its sales without the indexes on them, which are two more pages in
// the commit of each sale: ids begin with their time, so of a till or a day it is enough to
// know the hours. The first three bytes of an id are 2²⁴ ms, under five hours: a row is
// written once in that time. It stays when a sale leaves; whoever looks finds less there.
const Parts = `
CREATE TABLE sold (
	key ANY NOT NULL, -- a till session's id, or a day as text
	part BLOB NOT NULL, -- first bytes of ids of its sales
	PRIMARY KEY (key, part)
) STRICT, WITHOUT ROWID;
INSERT INTO sold SELECT DISTINCT till_session, substr(id, 1, 3) FROM sale WHERE till_session IS NOT NULL;
INSERT INTO sold SELECT DISTINCT day, substr(id, 1, 3) FROM sale WHERE day IS NOT NULL;
CREATE TRIGGER sold_at_a_till AFTER INSERT ON sale
WHEN NEW.till_session IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sold WHERE key = NEW.till_session AND part = substr(NEW.id, 1, 3))
BEGIN INSERT INTO sold VALUES (NEW.till_session, substr(NEW.id, 1, 3)); END;
CREATE TRIGGER sold_on_a_day AFTER INSERT ON sale
WHEN NEW.day IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sold WHERE key = NEW.day AND part = substr(NEW.id, 1, 3))
BEGIN INSERT INTO sold VALUES (NEW.day, substr(NEW.id, 1, 3)); END;
DROP INDEX sale_of_till;
DROP INDEX sale_of_day;`

// ByPart finds them by Parts.
func ByPart(tx *sqlitedb.Tx, set *records.Set, of Of, f func(*records.Row) error) error {
	var key any = of.Till[:]
	if of.Till.IsZero() {
		key = of.Day
	}
	var parts [][]byte
	if err := tx.Query(func(row sqlitedb.Row) error {
		parts = append(parts, row.Blob(0))
		return nil
	}, `SELECT part FROM sold WHERE key = ? ORDER BY part`, key); err != nil {
		return err
	}
	t := schema.Lookup(schema.Sale)
	for _, part := range parts {
		last := slices.Concat(part, bytes.Repeat([]byte{0xff}, len(syncproto.RecordID{})))
		var err error
		if of.Till.IsZero() {
			err = set.Each(tx, t, `WHERE id BETWEEN ? AND ? AND day = ? AND site = ? ORDER BY id`, of.named(f), part, last, of.Day, of.Site[:])
		} else {
			err = set.Each(tx, t, `WHERE id BETWEEN ? AND ? AND till_session = ? ORDER BY id`, f, part, last, of.Till[:])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// VerifyParts tells found of the sales that ByPart would not find.
func VerifyParts(tx *sqlitedb.Tx, found func(what string)) error {
	return tx.Query(func(row sqlitedb.Row) error {
		found(fmt.Sprintf("sale %x is not found by its till and day", row.Blob(0)))
		return nil
	}, `SELECT id FROM sale WHERE till_session IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sold WHERE key = till_session AND part = substr(id, 1, 3))
		OR day IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sold WHERE key = day AND part = substr(id, 1, 3))`)
}
