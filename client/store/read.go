package store

import (
	"context"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Reader reads records as people see them here: base with overlay. It belongs to
// the function it was given to and ends with it.
type Reader struct{ tx *sqlitedb.Tx }

// Read runs f on one snapshot.
func (s *Store) Read(ctx context.Context, f func(*Reader) error) error {
	return s.db.Read(ctx, func(tx *sqlitedb.Tx) error { return f(&Reader{tx}) })
}

// Reader reads what has been recorded so far, this Write's own included.
func (w *Writer) Reader() *Reader { return &Reader{w.tx} }

// Get is a record; nil where there is none.
func (r *Reader) Get(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	return set.Get(r.tx, schema.Lookup(table), id)
}

// Each calls f for every record of a table, by id. sqlitedb.ErrStop ends it without
// an error.
func (r *Reader) Each(table syncproto.TableID, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(table), `ORDER BY id`, f)
}

// Newest calls f for the newest records of a table, by id, at most limit of them and
// those before cursor; a zero cursor begins at the end.
func (r *Reader) Newest(table syncproto.TableID, cursor syncproto.RecordID, limit int, f func(*records.Row) error) error {
	if cursor.IsZero() {
		return set.Each(r.tx, schema.Lookup(table), `ORDER BY id DESC LIMIT ?`, f, limit)
	}
	return set.Each(r.tx, schema.Lookup(table), `WHERE id < ? ORDER BY id DESC LIMIT ?`, f, cursor[:], limit)
}

// Lines are the lines of a sale, in order.
func (r *Reader) Lines(sale syncproto.RecordID) ([]schema.Values, error) {
	return report.LinesOf(r.tx, set, sale)
}

// Named is a catalogue record that is not voided, by any of its names, folded; nil
// where there is none. It reads the whole table.
func (r *Reader) Named(table syncproto.TableID, name string) (*records.Row, error) {
	var found *records.Row
	want := schema.Fold(name)
	err := r.Each(table, func(row *records.Row) error {
		for _, f := range []syncproto.FieldID{schema.NameAr, schema.NameFa, schema.NameEn} {
			if n := row.Of(f).Text(); n != "" && schema.Fold(n) == want && !row.Of(schema.Voided).Bool() {
				found = row
				return sqlitedb.ErrStop
			}
		}
		return nil
	})
	return found, err
}

// Figures counts every sale here; those that skip refuses are left out, nil leaves
// out none.
func (r *Reader) Figures(skip func(*records.Row) bool) (map[report.Key]*report.Figures, error) {
	return report.Count(r.tx, set, skip)
}

// FiguresBy is Figures for a grouping of any kind.
func (r *Reader) FiguresBy(by report.By, skip func(*records.Row) bool) (map[report.Key]*report.Figures, error) {
	return report.CountBy(r.tx, set, by, skip)
}

// Labels gives the name of every key of a grouping that is a record.
func (r *Reader) Labels(by report.By) (map[string]string, error) {
	return report.Labels(r.tx, set, by)
}

// Stock is what lies at a site, as far as it is known here.
func (r *Reader) Stock(site syncproto.RecordID) ([]report.Shelf, error) {
	return report.Stock(r.tx, set, site)
}

// Outlets is what this outlet sells under, and what it sold. now is UTC ms.
func (r *Reader) Outlets(in report.Span, now int64) (report.Outlets, error) {
	return report.CountOutlets(r.tx, set, in, now)
}
