package client

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// record empties the queue. What the result counts is committed.
func (m *salesImport) record(ctx context.Context) error {
	for len(m.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, apart, done := m.result, m.apart, 0
		err := m.store.Write(ctx, func(w *store.Writer) error {
			began := time.Now()
			for done < len(m.queue) && time.Since(began) < importCommitTime {
				if err := m.settle(w, m.queue[done]); err != nil {
					return err
				}
				done++
			}
			if m.options.DryRun {
				return errTakenBack
			}
			return nil
		})
		if err != nil && !errors.Is(err, errTakenBack) {
			m.result, m.apart = before, apart
			return err
		}
		m.queue = m.queue[done:]
	}
	m.queue = nil
	return nil
}

// settle records a receipt, unless it is here.
func (m *salesImport) settle(w *store.Writer, r *importedReceipt) error {
	here, same, err := m.isHere(w.Reader(), r)
	if err != nil {
		return err
	}
	if !here {
		m.result.Receipts++
		m.result.Lines += len(r.lines)
		m.tellReceipt(r, LineNew, "")
		_, offset := m.options.Now().In(m.zone).Zone()
		return w.Transaction(syncproto.RecordID{}, offset/60, func(d *store.Draft) error { return m.draft(d, r) })
	}
	m.apart += len(r.lines)
	if same {
		m.result.AlreadyThere++
		m.tellReceipt(r, LineSame, "")
	} else {
		m.refuse(r.line, receiptDiffers)
		m.tellReceipt(r, LineRefused, receiptDiffers)
	}
	return nil
}

// isHere says whether a receipt is here, or would be by now, and whether it is the same.
func (m *salesImport) isHere(rd *store.Reader, r *importedReceipt) (here, same bool, err error) {
	if before, would := m.would[r.id]; would {
		return true, before == hashOf(r.lines), nil
	}
	have, err := rd.Get(schema.Sale, r.id)
	if err == nil && have == nil && m.options.DryRun {
		err = m.remember(r)
	}
	if err != nil || have == nil {
		return false, false, err
	}
	lines, err := rd.Lines(r.id)
	return true, slices.EqualFunc(r.lines, lines, importedLine.equal), err
}

func (l importedLine) equal(have schema.Values) bool {
	t := schema.Lookup(schema.SaleLine)
	return t.Of(have, schema.LineProduct).ID() == l.product && t.Of(have, schema.LineQuantity).Int() == l.quantity &&
		t.Of(have, schema.LineUnitPrice) == l.price && t.Of(have, schema.LineCurrency) == l.currency
}

func (m *salesImport) draft(d *store.Draft, r *importedReceipt) error {
	for i := range r.lines {
		if err := m.draftCatalogue(d, &r.lines[i]); err != nil {
			return err
		}
	}
	site, fair := syncproto.IDValue(m.identity.Site), syncproto.IDValue(m.fair)
	if err := d.Create(schema.Sale, r.id,
		store.Field{Field: schema.SaleSite, Value: site},
		store.Field{Field: schema.SaleFair, Value: fair},
		store.Field{Field: schema.SaleDay, Value: syncproto.TextValue(r.key.day)},
		store.Field{Field: schema.SaleSoldAt, Value: syncproto.IntValue(r.at.UnixMilli())},
		store.Field{Field: schema.SaleLineCount, Value: syncproto.IntValue(int64(len(r.lines)))},
		store.Field{Field: schema.SaleExternalRef, Value: syncproto.TextValue(r.key.ref)},
		store.Field{Field: schema.SaleReceiptNo, Value: syncproto.TextValue(d.NextReceipt())},
	); err != nil {
		return err
	}
	under, err := agreementOn(d, r.key.day)
	if err != nil {
		return err
	}
	for i, l := range r.lines {
		if err := d.Create(schema.SaleLine, r.id.Child(i+1), append(frozen(under),
			store.Field{Field: schema.LineSale, Value: syncproto.IDValue(r.id)},
			store.Field{Field: schema.LineSite, Value: site},
			store.Field{Field: schema.LineFair, Value: fair},
			store.Field{Field: schema.LineProduct, Value: syncproto.IDValue(l.product)},
			store.Field{Field: schema.LineCategory, Value: syncproto.IDValue(l.category)},
			store.Field{Field: schema.LineFamily, Value: syncproto.IDValue(m.family)},
			store.Field{Field: schema.LineQuantity, Value: syncproto.IntValue(l.quantity)},
			store.Field{Field: schema.LineUnitPrice, Value: l.price},
			store.Field{Field: schema.LineCurrency, Value: l.currency},
		)...); err != nil {
			return err
		}
	}
	return nil
}

// draftCatalogue drafts what a line refers to and is not here yet.
func (m *salesImport) draftCatalogue(d *store.Draft, l *importedLine) error {
	if err := m.need(d, schema.Family, m.family, m.options.Family); err != nil {
		return err
	}
	if err := m.need(d, schema.Category, l.category, l.categoryName); err != nil {
		return err
	}
	fields := []store.Field{
		{Field: schema.ProductFamily, Value: syncproto.IDValue(m.family)},
		{Field: schema.ProductCategory, Value: syncproto.IDValue(l.category)},
	}
	if l.sku != "" {
		fields = append(fields, store.Field{Field: schema.ProductSku, Value: syncproto.TextValue(l.sku)})
	}
	return m.need(d, schema.Product, l.product, l.name, fields...)
}

// need drafts a catalogue record with a name unless it is here or its id is zero.
func (m *salesImport) need(d *store.Draft, table syncproto.TableID, id syncproto.RecordID, name string, fields ...store.Field) error {
	if _, ok := m.known[id]; ok || id.IsZero() {
		return nil
	}
	have, err := d.Get(table, id)
	if err == nil && have == nil {
		err = d.Create(table, id, append(fields, store.Field{Field: schema.NameField(name), Value: syncproto.TextValue(name)})...)
	}
	if err != nil {
		return err
	}
	if len(m.known) == importKnown {
		clear(m.known)
	}
	m.known[id] = struct{}{}
	return nil
}
