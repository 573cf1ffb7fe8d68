package state

import (
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

// salesAfter counts them in again as they stand after it.
func (f *fold) salesAfter(p *plan, sales map[syncproto.RecordID]bool) error {
	for id, made := range sales {
		if made && f.countMade(p, id) {
			continue
		}
		if err := f.countSale(id, 1); err != nil {
			return err
		}
	}
	return nil
}

// countMade counts a sale that the plan brings whole, without reading it back.
func (f *fold) countMade(p *plan, id syncproto.RecordID) bool {
	sale := p.byRecord[recordKey{schema.Sale, id}]
	var lines []schema.Values
	for _, w := range p.writes {
		if w.after.Table.ID == schema.SaleLine && w.after.Of(schema.LineSale).ID() == id && w.before == nil {
			lines = append(lines, w.after.Values)
		}
	}
	if int64(len(lines)) != sale.after.Of(schema.SaleLineCount).Int() {
		return false
	}
	f.figures.Sale(sale.after.Values, lines, 1)
	return true
}

func (f *fold) countSale(id syncproto.RecordID, times int64) error {
	sale, err := set.Get(f.tx, schema.Lookup(schema.Sale), id)
	if err != nil || sale == nil {
		return err
	}
	if id[14] != 0 || id[15] != 0 {
		return nil // its lines cannot be found by its id: no client of ours made it
	}
	lines, err := report.LinesOf(f.tx, set, id)
	if err != nil {
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
