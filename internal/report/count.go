package report

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Count adds up every sale in a database. Sales that skip refuses are left out; nil
// leaves out none.
func Count(tx *sqlitedb.Tx, set *records.Set, skip func(*records.Row) bool) (map[Key]*Figures, error) {
	all := NewCounter()
	lines := &cursor{tx: tx, set: set}
	err := set.Each(tx, schema.Lookup(schema.Sale), `ORDER BY id`, func(sale *records.Row) error {
		own, err := lines.of(sale.ID)
		if err != nil || skip != nil && skip(sale) {
			return err
		}
		all.Sale(sale.Values, own, 1)
		return nil
	})
	return all.All, err
}

// cursor walks the lines beside their sales: ids of lines follow those of their
// sale, so both are read once, in order, in pages.
type cursor struct {
	tx   *sqlitedb.Tx
	set  *records.Set
	page []*records.Row
	last syncproto.RecordID
	end  bool
}

const cursorPage = 4096

func (c *cursor) of(sale syncproto.RecordID) ([]schema.Values, error) {
	var own []schema.Values
	for {
		for len(c.page) > 0 {
			line := c.page[0]
			of := line.Of(schema.LineSale).ID()
			switch compare(of, sale) {
			case 1:
				return own, nil
			case 0:
				own = append(own, line.Values)
			}
			c.page = c.page[1:]
		}
		if c.end {
			return own, nil
		}
		if err := c.next(); err != nil {
			return nil, err
		}
	}
}

func compare(a, b syncproto.RecordID) int {
	for i := range a {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}

func (c *cursor) next() error {
	last := c.last
	c.page = nil
	err := c.set.Each(c.tx, schema.Lookup(schema.SaleLine), `WHERE id > ? ORDER BY id LIMIT ?`, func(r *records.Row) error {
		c.page = append(c.page, r)
		c.last = r.ID
		return nil
	}, last[:], cursorPage)
	c.end = len(c.page) < cursorPage
	return err
}

// LinesOf reads the lines of one sale.
func LinesOf(tx *sqlitedb.Tx, set *records.Set, sale syncproto.RecordID) ([]schema.Values, error) {
	var lines []schema.Values
	end := sale.LastChild()
	err := set.Each(tx, schema.Lookup(schema.SaleLine), `WHERE id > ? AND id <= ? ORDER BY id`, func(r *records.Row) error {
		if r.Of(schema.LineSale).ID() == sale {
			lines = append(lines, r.Values)
		}
		return nil
	}, sale[:], end[:])
	return lines, err
}

// Labels gives the name of every key of a grouping that is a record.
func Labels(tx *sqlitedb.Tx, set *records.Set, by By) (map[string]string, error) {
	labels := map[string]string{}
	t := schema.Lookup(by.LabelTable())
	if t == nil {
		return labels, nil
	}
	err := set.Each(tx, t, ``, func(r *records.Row) error {
		labels[string(r.ID[:])] = Name(t, r.Values)
		return nil
	})
	return labels, err
}

// Table makes the rows and the total of a grouping.
func Table(by By, figures map[Key]*Figures, labels map[string]string) (rows []Row, total Figures) {
	rows = []Row{}
	total.AmountMinor = map[string]int64{}
	for key, f := range figures {
		if key.By == Total {
			total.Add(f, 1)
		}
		if key.By != by || f.IsZero() {
			continue
		}
		row := Row{Key: KeyText(key), Label: labels[key.Value], Figures: Figures{AmountMinor: map[string]int64{}}}
		if by == Day {
			row.Label = key.Value
		}
		row.Figures.Add(f, 1)
		rows = append(rows, row)
	}
	Sort(rows)
	return rows, total
}
