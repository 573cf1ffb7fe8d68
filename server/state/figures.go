package state

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// salesBefore takes the sales that a plan touches out of the figures, as they stand
// before it. Sales that the plan makes stand nowhere yet.
func (f *fold) salesBefore(p *plan) (map[syncproto.RecordID]bool, error) {
	sales := map[syncproto.RecordID]bool{} // true: made by the plan
	for _, w := range p.writes {
		switch w.after.Table.ID {
		case schema.Sale:
			sales[w.after.ID] = w.before == nil
		case schema.SaleLine:
			id := w.after.Of(schema.LineSale).ID()
			if _, ok := sales[id]; !ok {
				sale := p.byRecord[recordKey{schema.Sale, id}]
				sales[id] = sale != nil && sale.before == nil
			}
		case schema.LineOwner: // its line counts as another family's from now on
			f.owners = owning
			line, err := f.planned(p, schema.SaleLine, w.after.Of(schema.OwnerLine).ID())
			if err != nil {
				return nil, err
			}
			if line == nil {
				continue
			}
			id := line.Of(schema.LineSale).ID()
			if _, ok := sales[id]; !ok {
				sale := p.byRecord[recordKey{schema.Sale, id}]
				sales[id] = sale != nil && sale.before == nil
			}
		}
	}
	for id, made := range sales {
		if made {
			continue
		}
		if err := f.countSale(id, -1); err != nil {
			return nil, err
		}
	}
	return sales, nil
}

// owners says whether any line was ever assigned: imported lines have no family, and would
// each be looked up.
type owners uint8

const (
	notLooked owners = iota
	owning
	owningNone
)

// planned is a record as a plan writes it, else as it stands; nil where it is in neither.
func (f *fold) planned(p *plan, table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	if w := p.byRecord[recordKey{table, id}]; w != nil {
		return w.after, nil
	}
	return set.Get(f.tx, schema.Lookup(table), id)
}

// owned is a line as it counts.
func (f *fold) owned(line *records.Row) (schema.Values, error) {
	if f.owners == notLooked {
		n, err := f.tx.Int(`SELECT count(*) FROM (SELECT 1 FROM line_owner LIMIT 1)`)
		if err != nil {
			return nil, err
		}
		if f.owners = owningNone; n > 0 {
			f.owners = owning
		}
	}
	if f.owners == owningNone || !line.Of(schema.LineFamily).IsNull() {
		return line.Values, nil
	}
	owner, err := set.Get(f.tx, schema.Lookup(schema.LineOwner), schema.LineOwnerID(line.ID))
	return report.Owned(line, owner), err
}

// salesAfter counts them in again as they stand after it.
func (f *fold) salesAfter(p *plan, sales map[syncproto.RecordID]bool) error {
	for id, made := range sales {
		if made {
			whole, err := f.countMade(p, id)
			if err != nil {
				return err
			}
			if whole {
				continue
			}
		}
		if err := f.countSale(id, 1); err != nil {
			return err
		}
	}
	return nil
}

// countMade counts a sale that the plan brings whole, without reading it back.
func (f *fold) countMade(p *plan, id syncproto.RecordID) (whole bool, err error) {
	sale := p.byRecord[recordKey{schema.Sale, id}]
	var lines []schema.Values
	for _, w := range p.writes {
		if w.after.Table.ID == schema.SaleLine && w.after.Of(schema.LineSale).ID() == id && w.before == nil {
			line, err := f.owned(w.after)
			if err != nil {
				return false, err
			}
			lines = append(lines, line)
		}
	}
	if int64(len(lines)) != sale.after.Of(schema.SaleLineCount).Int() {
		return false, nil
	}
	f.figures.Sale(sale.after.Values, lines, 1)
	return true, nil
}

func (f *fold) countSale(id syncproto.RecordID, times int64) error {
	sale, err := set.Get(f.tx, schema.Lookup(schema.Sale), id)
	if err != nil || sale == nil {
		return err
	}
	if id[14] != 0 || id[15] != 0 {
		return nil // its lines cannot be found by its id: no client of ours made it
	}
	var lines []schema.Values
	if err := report.EachLine(f.tx, set, id, func(row *records.Row) error {
		line, err := f.owned(row)
		lines = append(lines, line)
		return err
	}); err != nil {
		return err
	}
	f.figures.Sale(sale.Values, lines, times)
	return nil
}

func (f *fold) saveFigures() error {
	for key, d := range f.figures.All {
		f.result.Figures = append(f.result.Figures, key)
		if err := f.tx.Exec(`INSERT INTO figure (dim, key, pieces, lines, receipts, unpriced) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (dim, key) DO UPDATE SET pieces = pieces + excluded.pieces, lines = lines + excluded.lines,
				receipts = receipts + excluded.receipts, unpriced = unpriced + excluded.unpriced`,
			int64(key.By), []byte(key.Value), d.Pieces, d.Lines, d.Receipts, d.Unpriced); err != nil {
			return err
		}
		for currency, n := range d.AmountMinor {
			if err := f.tx.Exec(`INSERT INTO figure_amount (dim, key, currency, amount) VALUES (?, ?, ?, ?)
				ON CONFLICT (dim, key, currency) DO UPDATE SET amount = amount + excluded.amount`,
				int64(key.By), []byte(key.Value), currency, n); err != nil {
				return err
			}
		}
	}
	clear(f.figures.All)
	return nil
}

// readFigure reads one figure; nil where nothing was ever counted.
func readFigure(tx *sqlitedb.Tx, key report.Key) (*report.Figures, error) {
	row, ok, err := tx.One(`SELECT pieces, lines, receipts, unpriced FROM figure WHERE dim = ? AND key = ?`, int64(key.By), []byte(key.Value))
	if err != nil || !ok {
		return nil, err
	}
	f := &report.Figures{Pieces: row.Int(0), Lines: row.Int(1), Receipts: row.Int(2), Unpriced: row.Int(3), AmountMinor: map[string]int64{}}
	return f, tx.Query(func(row sqlitedb.Row) error {
		f.AmountMinor[row.Text(0)] = row.Int(1)
		return nil
	}, `SELECT currency, amount FROM figure_amount WHERE dim = ? AND key = ?`, int64(key.By), []byte(key.Value))
}

// readFigures reads all that Apply has kept.
func readFigures(tx *sqlitedb.Tx) (map[report.Key]*report.Figures, error) {
	all := map[report.Key]*report.Figures{}
	err := tx.Query(func(row sqlitedb.Row) error {
		all[report.Key{By: report.By(row.Int(0)), Value: string(row.Blob(1))}] = &report.Figures{
			Pieces: row.Int(2), Lines: row.Int(3), Receipts: row.Int(4), Unpriced: row.Int(5), AmountMinor: map[string]int64{},
		}
		return nil
	}, `SELECT dim, key, pieces, lines, receipts, unpriced FROM figure`)
	if err != nil {
		return nil, err
	}
	return all, tx.Query(func(row sqlitedb.Row) error {
		f := all[report.Key{By: report.By(row.Int(0)), Value: string(row.Blob(1))}]
		if f != nil {
			f.AmountMinor[row.Text(2)] = row.Int(3)
		}
		return nil
	}, `SELECT dim, key, currency, amount FROM figure_amount`)
}
