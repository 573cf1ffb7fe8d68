package store

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// LinesOf calls f for the lines of a sale, in order.
func (r *Reader) LinesOf(sale syncproto.RecordID, f func(*records.Row) error) error {
	return r.children(schema.SaleLine, schema.LineSale, sale, f)
}

// PaymentsOf calls f for the payments of a sale, in order.
func (r *Reader) PaymentsOf(sale syncproto.RecordID, f func(*records.Row) error) error {
	return r.children(schema.Payment, schema.PaymentSale, sale, f)
}

func (r *Reader) children(table syncproto.TableID, parent syncproto.FieldID, sale syncproto.RecordID, f func(*records.Row) error) error {
	end := sale.LastChild()
	return set.Each(r.tx, schema.Lookup(table), `WHERE id > ? AND id <= ? ORDER BY id`, func(row *records.Row) error {
		if row.Of(parent).ID() != sale {
			return nil
		}
		return f(row)
	}, sale[:], end[:])
}

// ddlRefunds finds the refunds of a line. Lines that refund nothing are not in it, so a
// sale costs no more.
const ddlRefunds = `CREATE INDEX line_refunds ON sale_line (refunds) WHERE refunds IS NOT NULL;`

// RefundsOf calls f for the lines that take a line back.
func (r *Reader) RefundsOf(line syncproto.RecordID, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.SaleLine), `WHERE refunds = ? ORDER BY id`, f, line[:])
}

// Refunded is how many pieces of a line were given back by sales that count.
func (r *Reader) Refunded(line syncproto.RecordID) (pieces int64, err error) {
	err = r.RefundsOf(line, func(back *records.Row) error {
		sale, err := r.Get(schema.Sale, back.Of(schema.LineSale).ID())
		if err == nil && (sale == nil || !sale.Of(schema.Voided).Bool()) {
			pieces -= back.Of(schema.LineQuantity).Int()
		}
		return err
	})
	return pieces, err
}

// Unassigned calls f for the newest lines that wait for their owner, as report.Unassigned.
func (r *Reader) Unassigned(cursor syncproto.RecordID, limit int, f func(sale, line *records.Row) error) error {
	return report.Unassigned(r.tx, set, cursor, limit, f)
}

// WithReceipt calls f for the sales of a receipt number: one, unless a device was copied.
// It reads the whole table.
func (r *Reader) WithReceipt(number string, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.Sale), `WHERE receipt_no = ? ORDER BY id DESC`, f, number)
}

// PricesOf calls f for what a product cost from when on.
func (r *Reader) PricesOf(product syncproto.RecordID, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.PriceChange), `WHERE product = ? ORDER BY id DESC`, f, product[:])
}
