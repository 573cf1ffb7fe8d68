package settle

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Sold is a sale line as settlement takes it, with what a page says of it.
type Sold struct {
	rules.LineOf
	Product, Site, Fair syncproto.RecordID
	Refunds             syncproto.RecordID // line that it gives back; zero: none
}

// Dated is a snapshot that finds the lines of some days by an index. A sale's follow each other.
type Dated interface {
	LinesOf(from, to rules.Day, f func(sale, line *records.Row) error) error
}

// EachSold calls f for every sale line of a span of days with its owner and its day; an empty
// end is open. What gives back a line whose sale is voided counts as voided: it was refunded at
// one till and voided at another, neither of which knew, and is the family's loss once (R18).
func EachSold(r Reader, from, to rules.Day, f func(*Sold) error) error {
	outlets, err := outletsOf(r)
	if err != nil {
		return err
	}
	return eachLine(r, from, to, func(sale, row *records.Row) (err error) {
		s := &Sold{Product: row.Of(schema.LineProduct).ID(), Site: row.Of(schema.LineSite).ID(), Fair: row.Of(schema.LineFair).ID(), Refunds: row.Of(schema.LineRefunds).ID()}
		s.ID, s.Family, s.Quantity, s.Share = row.ID, row.Of(schema.LineFamily).ID(), row.Of(schema.LineQuantity).Int(), row.Of(schema.LineShare).Int()
		s.Amount, s.Currency, s.Priced = rules.LineAmount(row.Values)
		s.Day, s.Voided = sale.Of(schema.SaleDay).Text(), sale.Of(schema.Voided).Bool()
		if !s.Voided && !s.Refunds.IsZero() {
			if s.Voided, err = isVoided(r, s.Refunds); err != nil {
				return err
			}
		}
		s.Flagged = outlets[s.Site] && row.Of(schema.LineAgreement).IsNull()
		if s.Family.IsZero() {
			owner, err := r.Get(schema.LineOwner, schema.LineOwnerID(row.ID))
			if err != nil {
				return err
			}
			if owner != nil {
				s.Family = rules.OwnerOf(s.Family, owner.Of(schema.OwnerFamily).ID())
			}
		}
		return f(s)
	})
}

// isVoided says whether the sale of a line is voided.
func isVoided(r Reader, line syncproto.RecordID) (bool, error) {
	row, err := r.Get(schema.SaleLine, line)
	if err != nil || row == nil {
		return false, err
	}
	sale, err := r.Get(schema.Sale, row.Of(schema.LineSale).ID())
	return sale != nil && sale.Of(schema.Voided).Bool(), err
}

// eachLine goes through the days where they can be found, else through all lines: each sale is
// read once.
func eachLine(r Reader, from, to rules.Day, f func(sale, line *records.Row) error) error {
	if dated, ok := r.(Dated); ok && from != "" && to != "" {
		return dated.LinesOf(from, to, f)
	}
	var sale *records.Row
	return r.Each(schema.SaleLine, func(line *records.Row) (err error) {
		if of := line.Of(schema.LineSale).ID(); sale == nil || sale.ID != of {
			if sale, err = r.Get(schema.Sale, of); err != nil || sale == nil {
				return err
			}
		}
		if day := sale.Of(schema.SaleDay).Text(); day < from || to != "" && day > to {
			return nil
		}
		return f(sale, line)
	})
}

// paidTo makes a line that is taken back that of the family which was paid for it, whosever
// it is said to be since.
func (s *Sold) paidTo(r Reader) error {
	of := s.Refunds
	if s.Voided {
		of = s.ID
	}
	if of.IsZero() {
		return nil
	}
	row, err := r.Get(schema.StatementLine, schema.StatementLineID(of, schema.SettledSale))
	if row != nil {
		s.Family = row.Of(schema.SettledFamily).ID()
	}
	return err
}

func outletsOf(r Reader) (map[syncproto.RecordID]bool, error) {
	outlets := map[syncproto.RecordID]bool{}
	return outlets, r.Each(schema.Site, func(row *records.Row) error {
		outlets[row.ID] = row.Of(schema.SiteKind).Text() == schema.KindOutlet
		return nil
	})
}
