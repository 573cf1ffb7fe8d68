package report

import (
	"encoding/hex"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Count adds up every sale in a database. Sales that skip refuses are left out; nil
// leaves out none. more gives groups of a sale besides those that are kept.
func Count(tx *sqlitedb.Tx, set *records.Set, skip func(*records.Row) bool, more ...func(*records.Row) (Key, error)) (map[Key]*Figures, error) {
	all := NewCounter()
	lines := &cursor{tx: tx, set: set, owners: map[syncproto.RecordID]*records.Row{}}
	if err := set.Each(tx, schema.Lookup(schema.LineOwner), ``, func(owner *records.Row) error {
		lines.owners[owner.ID] = owner
		return nil
	}); err != nil {
		return nil, err
	}
	err := set.Each(tx, schema.Lookup(schema.Sale), `ORDER BY id`, func(sale *records.Row) error {
		own, err := lines.of(sale.ID)
		if err != nil || skip != nil && skip(sale) {
			return err
		}
		var keys []Key
		for _, f := range more {
			key, err := f(sale)
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		all.Sale(sale.Values, own, 1, keys...)
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

	owners map[syncproto.RecordID]*records.Row // by id of line_owner
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
				var owner *records.Row
				if len(c.owners) > 0 && line.Of(schema.LineFamily).IsNull() {
					owner = c.owners[schema.LineOwnerID(line.ID)]
				}
				own = append(own, Owned(line, owner))
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

// Owned is a line as it counts: as its family's that was assigned later, where it was sold
// without one (R12). owner is its line_owner, nil where there is none.
func Owned(line, owner *records.Row) schema.Values {
	if owner == nil || !line.Of(schema.LineFamily).IsNull() {
		return line.Values
	}
	owned := line.Clone()
	owned.Set(schema.LineFamily, owner.Of(schema.OwnerFamily))
	return owned.Values
}

// LinesOf reads the lines of one sale as they were sold.
func LinesOf(tx *sqlitedb.Tx, set *records.Set, sale syncproto.RecordID) ([]schema.Values, error) {
	var lines []schema.Values
	return lines, EachLine(tx, set, sale, func(line *records.Row) error {
		lines = append(lines, line.Values)
		return nil
	})
}

// EachLine calls f for the lines of one sale, in order.
func EachLine(tx *sqlitedb.Tx, set *records.Set, sale syncproto.RecordID, f func(*records.Row) error) error {
	end := sale.LastChild()
	return set.Each(tx, schema.Lookup(schema.SaleLine), `WHERE id > ? AND id <= ? ORDER BY id`, func(r *records.Row) error {
		if r.Of(schema.LineSale).ID() != sale {
			return nil
		}
		return f(r)
	}, sale[:], end[:])
}

// Labels gives the name of every key of a grouping that is a record. Families of one name are
// told apart by their codes, or by their ids.
func Labels(tx *sqlitedb.Tx, set *records.Set, by By) (map[string]string, error) {
	labels := map[string]string{}
	t := schema.Lookup(by.LabelTable())
	if t == nil {
		return labels, nil
	}
	called := map[string][]*records.Row{}
	err := set.Each(tx, t, ``, func(r *records.Row) error {
		name := Name(t, r.Values)
		labels[string(r.ID[:])] = name
		if by == Family && name != "" {
			called[name] = append(called[name], r)
		}
		return nil
	})
	for name, families := range called {
		if len(families) == 1 {
			continue
		}
		codes := map[string]int{}
		for _, r := range families {
			codes[r.Of(schema.FamilyCode).Text()]++
		}
		for _, r := range families {
			mark := r.Of(schema.FamilyCode).Text()
			if mark == "" || codes[mark] > 1 {
				mark = hex.EncodeToString(r.ID[10:14]) // of what is drawn by lot; the last two are 0
			}
			labels[string(r.ID[:])] = name + " (" + mark + ")"
		}
	}
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
		if by == Day || by == Venue || by == Hour {
			row.Label = key.Value
		}
		row.Figures.Add(f, 1)
		rows = append(rows, row)
	}
	Sort(rows)
	return rows, total
}
