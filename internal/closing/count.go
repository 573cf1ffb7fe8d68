// Package closing is what both sides do alike about a day's closing statement: counting
// the sales that it is about, and showing it with what the centre said to it (SPEC §13).
package closing

import (
	"maps"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Indexes find the sales of a till and of a day among those of years, and statements.
const Indexes = `
CREATE INDEX sale_of_till ON sale (till_session) WHERE till_session IS NOT NULL;
CREATE INDEX sale_of_day ON sale (day, site);
CREATE INDEX closing_of_day ON closing (day, site);
CREATE INDEX closing_of_till ON closing (till_session) WHERE till_session IS NOT NULL;`

// Of says whose sales a statement is about: those of a till, or those of a day that a
// device of a site recorded, whose receipt numbers begin with its prefix.
type Of struct {
	Site   syncproto.RecordID
	Till   syncproto.RecordID // zero: of the day
	Day    string
	Prefix string
}

// Knew says what the author of a statement could know: whether a record was there, and
// whether the present word of its being voided was.
type Knew func(*records.Row) (made, voided bool, err error)

// Counted is what a statement counts, and what it does not.
type Counted struct {
	syncproto.ClosingCounts
	Late        uint64 // sales of the till or day that its author could not know
	VoidedSince uint64 // sales that it counts and that are voided now
}

// Count counts. knew nil: all that is there was known.
func Count(tx *sqlitedb.Tx, set *records.Set, find Find, of Of, knew Knew) (c Counted, err error) {
	if knew == nil {
		knew = func(*records.Row) (bool, bool, error) { return true, true, nil }
	}
	s := sums{tx: tx, set: set, knew: knew, lines: map[string]int64{}, payments: map[[2]string]int64{}}
	if err := find(tx, set, of, func(sale *records.Row) error {
		made, voided, err := knew(sale)
		switch {
		case err != nil:
			return err
		case !made:
			c.Late++
			return nil
		case sale.Of(schema.Voided).Bool() && voided:
			c.Voided++
			return nil
		case sale.Of(schema.Voided).Bool():
			c.VoidedSince++
		}
		c.Sales++
		return s.sale(sale)
	}); err != nil {
		return c, err
	}
	if len(s.lines) > syncproto.MaxClosingSums || len(s.payments) > syncproto.MaxClosingPayments {
		return c, refusal.New(refusal.TooMany, "sales in %d currencies, the most is %d", len(s.lines), syncproto.MaxClosingSums).With("max", syncproto.MaxClosingSums)
	}
	for _, currency := range slices.Sorted(maps.Keys(s.lines)) {
		c.Lines = append(c.Lines, syncproto.ClosingSum{Currency: currency, Minor: s.lines[currency]})
	}
	for _, key := range slices.SortedFunc(maps.Keys(s.payments), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		c.Payments = append(c.Payments, syncproto.ClosingPayment{Method: key[0], ClosingSum: syncproto.ClosingSum{Currency: key[1], Minor: s.payments[key]}})
	}
	c.Records = syncproto.RecordsHash(s.hashes)
	return c, nil
}

// Present is how many sales there are of a till or day now, and how many are voided.
func Present(tx *sqlitedb.Tx, set *records.Set, find Find, of Of) (all, voided uint64, err error) {
	err = find(tx, set, of, func(sale *records.Row) error {
		all++
		if sale.Of(schema.Voided).Bool() {
			voided++
		}
		return nil
	})
	return all, voided, err
}

// sums is what is added up of the sales that count.
type sums struct {
	tx       *sqlitedb.Tx
	set      *records.Set
	knew     Knew
	hasher   records.Hasher
	hashes   []syncproto.Hash
	lines    map[string]int64
	payments map[[2]string]int64
}

// sale counts one with its lines and payments. Whether it is voided is no part of its
// hash: those that count are not.
func (s *sums) sale(sale *records.Row) error {
	bare := sale.Clone()
	for _, id := range sale.Table.Group(schema.SaleGroupVoid).Fields {
		bare.Set(id, syncproto.Value{})
	}
	s.hashes = append(s.hashes, s.hasher.Hash(bare))
	if err := s.children(schema.SaleLine, schema.LineSale, sale.ID, func(line *records.Row) {
		if amount, currency, priced := rules.LineAmount(line.Values); priced {
			s.lines[currency] += amount
		}
	}); err != nil {
		return err
	}
	return s.children(schema.Payment, schema.PaymentSale, sale.ID, func(p *records.Row) {
		s.payments[[2]string{p.Of(schema.PaymentMethod).Text(), p.Of(schema.PaymentCurrency).Text()}] += p.Of(schema.PaymentAmount).Int()
	})
}

// children are found by their ids, which follow that of their sale.
func (s *sums) children(table syncproto.TableID, parent syncproto.FieldID, sale syncproto.RecordID, add func(*records.Row)) error {
	end := sale.LastChild()
	return s.set.Each(s.tx, schema.Lookup(table), `WHERE id > ? AND id <= ? ORDER BY id`, func(r *records.Row) error {
		if r.Of(parent).ID() != sale {
			return nil
		}
		made, _, err := s.knew(r)
		if err != nil || !made {
			return err
		}
		s.hashes = append(s.hashes, s.hasher.Hash(r))
		add(r)
		return nil
	}, sale[:], end[:])
}
