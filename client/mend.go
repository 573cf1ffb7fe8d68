package client

import (
	"context"
	"encoding/hex"
	"reflect"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// mending is the held transaction that the one being recorded stands in for. It goes with
// the context, so that what staff do is recorded in one way, mended or not.
type mending struct {
	hash syncproto.Hash
	held *syncproto.Transaction
}

type mendingKey struct{}

// drafting begins a transaction: it stands in for a held one where the context says so.
// again says that the held one has been mended before.
func drafting(ctx context.Context, d *store.Draft) (again bool, err error) {
	m, ok := ctx.Value(mendingKey{}).(*mending)
	if !ok {
		return false, nil
	}
	return d.Mend(m.hash, m.held)
}

// Replace mends what the server holds: what is recorded instead stands in its place, with
// the ids and, of a sale, the receipt number that it had. Asking again is harmless.
func (c *Client) Replace(ctx context.Context, hash string, q Mend) (id syncproto.RecordID, err error) {
	m, err := c.heldOf(ctx, hash)
	if err != nil {
		return id, err
	}
	var was *Mend
	if m.held != nil {
		was = mendOf(m.held)
	}
	if was == nil || was.kind() != q.kind() {
		return id, refusal.New(refusal.OtherKind, "this is mended by a request of its own kind alone")
	}
	return m.held.Changes[0].Record, c.again(context.WithValue(ctx, mendingKey{}, m), m.held.Changes[0].Record, &q)
}

// heldOf is an own transaction that the server holds; its content is nil where it is not
// here any more.
func (c *Client) heldOf(ctx context.Context, hash string) (*mending, error) {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != len(syncproto.Hash{}) {
		return nil, badHash(hash)
	}
	m := &mending{hash: syncproto.Hash(raw)}
	return m, c.Store.Read(ctx, func(r *store.Reader) error {
		row, err := r.VerdictOf(m.hash)
		if err != nil {
			return err
		}
		if row == nil {
			return store.ErrNoRecord
		}
		own, err := r.OwnVerdicts()
		if err != nil {
			return err
		}
		if !own[row.ID] {
			return store.ErrNoRecord
		}
		if s := row.Of(schema.VerdictState).Text(); s != schema.VerdictHeld {
			return refusal.New(refusal.Settled, "it is settled already: %s", s).With("state", s)
		}
		m.held, err = r.Own(row)
		return err
	})
}

// Withdraw takes back what the server holds: it never counts. Asking again is harmless.
func (c *Client) Withdraw(ctx context.Context, hash string) error {
	m, err := c.heldOf(ctx, hash)
	if err != nil {
		return err
	}
	_, zone, err := c.at(c.Now())
	if err != nil {
		return err
	}
	return c.Store.Write(ctx, func(w *store.Writer) error {
		return w.Transaction(syncproto.RecordID{}, zone, func(d *store.Draft) error {
			_, err := d.Withdraw(m.hash)
			return err
		})
	})
}

// again records what a request asks for, under the id that was held.
func (c *Client) again(ctx context.Context, id syncproto.RecordID, q *Mend) (err error) {
	switch {
	case q.Sale != nil:
		q.Sale.ID = id
		_, err = c.Sell(ctx, q.Sale.sale())
	case q.Scan != nil:
		q.Scan.ID = id
		_, err = c.scan(ctx, NewScan{ID: id, Session: q.Scan.Session, Person: q.Scan.Person, Source: q.Scan.Source}, q.Scan.Kind)
	case q.Referral != nil:
		q.Referral.ID = id
		_, err = c.Refer(ctx, q.Referral.referral())
	case q.Step != nil:
		err = c.step(ctx, id, q.Step)
	case q.Product != nil:
		q.Product.ID = id
		_, err = c.AddProduct(ctx, q.Product.product())
	case q.Person != nil:
		q.Person.ID = id
		_, err = c.AddPerson(ctx, q.Person.person())
	}
	return err
}

// kind is which one of its requests a Mend holds: -1 where that is none or several.
func (m *Mend) kind() int {
	kind := -1
	for v, i := reflect.ValueOf(m).Elem(), 0; i < v.NumField(); i++ {
		switch {
		case v.Field(i).IsNil():
		case kind >= 0:
			return -1
		default:
			kind = i
		}
	}
	return kind
}

// mendOf is what was asked for when a transaction was recorded; nil where no request can
// mend it.
func mendOf(t *syncproto.Transaction) *Mend {
	if len(t.Changes) == 0 {
		return nil
	}
	first := madeBy(&t.Changes[0])
	made := t.Changes[0].Op == syncproto.Create
	switch {
	case first.Table.ID == schema.Sale && made:
		if takesBack(t) {
			return nil
		}
		return &Mend{Sale: saleOf(t, first)}
	case first.Table.ID == schema.Scan && made:
		return &Mend{Scan: &scanRequest{ID: first.ID, Session: first.Of(schema.ScanSession).ID(), Person: first.Of(schema.ScanPerson).ID(), Kind: first.Of(schema.ScanKind).Text(), Source: first.Of(schema.ScanSource).Text()}}
	case first.Table.ID == schema.Referral && made:
		return &Mend{Referral: referralOf(first)}
	case first.Table.ID == schema.Referral:
		step := &answerRequest{State: first.Of(schema.ReferralState).Text()}
		for i := range t.Changes {
			r := madeBy(&t.Changes[i])
			step.Reason += r.Of(schema.ReferralReason).Text() + r.Of(schema.ReferralQuestion).Text()
			step.Outcome += r.Of(schema.ReferralOutcome).Text()
			step.Reply += r.Of(schema.ReferralReply).Text()
		}
		return &Mend{Step: step}
	case first.Table.ID == schema.Product && made:
		return &Mend{Product: productOf(t, first)}
	case first.Table.ID == schema.Person && made:
		return &Mend{Person: &addPersonRequest{
			ID: first.ID, Name: first.Of(schema.PersonName).Text(), Phone: first.Of(schema.PersonPhone).Text(),
			Neighbourhood: first.Of(schema.PersonNeighbourhood).Text(), Card: first.Of(schema.PersonCard).Text(), BirthYear: first.Of(schema.PersonBirthYear).Int(), Photo: given(first.Of(schema.PersonPhoto)),
		}}
	}
	return nil
}

func saleOf(t *syncproto.Transaction, sale *records.Row) *sellRequest {
	q := &sellRequest{ID: sale.ID, Till: sale.Of(schema.SaleTill).ID(), Buyer: sale.Of(schema.SaleBuyer).Text()}
	for i := range t.Changes {
		switch r := madeBy(&t.Changes[i]); r.Table.ID {
		case schema.SaleLine:
			price := r.Of(schema.LineUnitPrice)
			q.Lines = append(q.Lines, SaleLine{
				Product: r.Of(schema.LineProduct).ID(), Quantity: r.Of(schema.LineQuantity).Int(), PriceMinor: price.Int(),
				DiscountMinor: r.Of(schema.LineDiscount).Int(), Unpriced: price.IsNull(),
			})
		case schema.Payment:
			q.Method, q.Currency = r.Of(schema.PaymentMethod).Text(), r.Of(schema.PaymentCurrency).Text()
			q.Payments = append(q.Payments, paymentOf(r))
		}
	}
	if len(q.Payments) == 1 && q.Payments[0].Ref == "" { // it follows the lines as they are mended
		q.Payments = nil
	}
	return q
}

// takesBack says whether a transaction is a refund: what it gives back follows from the
// lines that it names, so there is nothing to type.
func takesBack(t *syncproto.Transaction) bool {
	for i := range t.Changes {
		if r := madeBy(&t.Changes[i]); r.Table.ID == schema.SaleLine && !r.Of(schema.LineRefunds).IsNull() {
			return true
		}
	}
	return false
}

func paymentOf(r *records.Row) Pay {
	return Pay{Method: r.Of(schema.PaymentMethod).Text(), AmountMinor: r.Of(schema.PaymentAmount).Int(), Ref: r.Of(schema.PaymentRef).Text()}
}

func productOf(t *syncproto.Transaction, product *records.Row) *addProductRequest {
	q := &addProductRequest{
		ID: product.ID, Sku: product.Of(schema.ProductSku).Text(), Photo: given(product.Of(schema.ProductPhoto)), Unit: product.Of(schema.ProductUnit).Text(),
		Food: product.Of(schema.ProductFood).Bool(), Contents: product.Of(schema.ProductContents).Text(), About: product.Of(schema.ProductAbout).Text(),
	}
	for _, f := range []syncproto.FieldID{schema.NameAr, schema.NameFa, schema.NameEn} {
		if s := product.Of(f).Text(); s != "" {
			q.Name = s
		}
	}
	for field, into := range map[syncproto.FieldID]**syncproto.RecordID{schema.ProductFamily: &q.Family, schema.ProductCategory: &q.Category} {
		if id := product.Of(field).ID(); !id.IsZero() {
			*into = &id
		}
	}
	for i := range t.Changes {
		if r := madeBy(&t.Changes[i]); r.Table.ID == schema.Price {
			q.AmountMinor, q.Currency, q.Here = r.Of(schema.PriceAmount).Int(), r.Of(schema.PriceCurrency).Text(), !r.Of(schema.PriceSite).IsNull()
		}
	}
	return q
}

func referralOf(r *records.Row) *referRequest {
	q := &referRequest{
		ID: r.ID, To: r.Of(schema.ReferralTo).ID(), Purpose: r.Of(schema.ReferralPurpose).Text(), Urgency: r.Of(schema.ReferralUrgency).Text(),
		ShareName: !r.Of(schema.ReferralName).IsNull(), SharePhone: !r.Of(schema.ReferralPhone).IsNull(), Note: r.Of(schema.ReferralNote).Text(),
		ConsentBy: r.Of(schema.ReferralConsentBy).Text(), Basis: r.Of(schema.ReferralBasis).Text(),
	}
	if id := r.Of(schema.ReferralPerson).ID(); !id.IsZero() {
		q.Person = &id
	}
	return q
}

// whenFirst is when and on which day something was done: of what is mended, when it was
// first recorded.
func whenFirst(d *store.Draft, table syncproto.TableID, id syncproto.RecordID, field syncproto.FieldID, now time.Time) int64 {
	if was := d.Mended(table, id); was != nil {
		return was.Of(field).Int()
	}
	return now.UnixMilli()
}
