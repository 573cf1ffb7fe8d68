package report

import (
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Unassigned calls f for the newest lines that wait for their owner, by id, at most limit of
// them and those before cursor; a zero cursor begins at the end. Of a sale that was taken back
// nobody owns anything. sale is nil where it is not here.
func Unassigned(tx *sqlitedb.Tx, set *records.Set, cursor syncproto.RecordID, limit int, f func(sale, line *records.Row) error) error {
	if cursor.IsZero() {
		cursor = syncproto.RecordID(slices.Repeat([]byte{0xff}, len(cursor)))
	}
	return set.Each(tx, schema.Lookup(schema.SaleLine), `WHERE id < ? AND family IS NULL ORDER BY id DESC`, func(line *records.Row) error {
		owner, err := set.Get(tx, schema.Lookup(schema.LineOwner), schema.LineOwnerID(line.ID))
		if err != nil || owner != nil {
			return err
		}
		sale, err := set.Get(tx, schema.Lookup(schema.Sale), line.Of(schema.LineSale).ID())
		if err != nil || sale != nil && sale.Of(schema.Voided).Bool() {
			return err
		}
		if limit--; limit < 0 {
			return sqlitedb.ErrStop
		}
		return f(sale, line)
	}, cursor[:])
}
