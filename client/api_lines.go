package client

import (
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// SaleWhole is a sale with all that belongs to it.
type SaleWhole struct {
	SaleShown
	Till       *syncproto.RecordID `json:"till"` // null: another till's, imported
	Day        string              `json:"day"`
	Buyer      string              `json:"buyer"` // empty: not asked
	VoidReason string              `json:"void_reason"`
	Outside    bool                `json:"outside_agreement"` // an outlet sold it with no agreement in force
	Lines      []LineShown         `json:"lines"`
}

// LineShown is a line of a sale as it was sold, and what became of it.
type LineShown struct {
	ID      syncproto.RecordID `json:"id"`
	Sale    syncproto.RecordID `json:"sale"`
	Product syncproto.RecordID `json:"product"`
	Names
	Family     *syncproto.RecordID `json:"family"` // whose it was; null: to be assigned
	Owner      string              `json:"family_name"`
	Quantity   int64               `json:"quantity"`         // below zero where it was given back
	UnitMinor  *int64              `json:"unit_price_minor"` // as it was sold; null: unpriced
	Discount   int64               `json:"discount_minor"`
	Amount     int64               `json:"amount_minor"`
	Currency   string              `json:"currency"`
	Refundable int64               `json:"refundable"` // pieces that may still be given back
	Refunds    *syncproto.RecordID `json:"refunds"`    // line that it takes back; null: none
	Share      *int64              `json:"share"`      // hundredths of a percent that the outlet keeps, frozen at the sale; null: none
	Agreement  *syncproto.RecordID `json:"agreement"`  // that says so
}

// orNull is a reference that may be none.
func orNull(v syncproto.Value) *syncproto.RecordID {
	if v.IsNull() {
		return nil
	}
	id := v.ID()
	return &id
}

// lineShown shows a line; sale may be nil where it is not here.
func lineShown(rd *store.Reader, owners map[string]string, sale, line *records.Row) (LineShown, error) {
	of := lineOf(line, sale)
	l := LineShown{
		ID: line.ID, Sale: line.Of(schema.LineSale).ID(), Product: line.Of(schema.LineProduct).ID(), Quantity: of.Quantity,
		Discount: line.Of(schema.LineDiscount).Int(), Amount: of.Amount, Currency: of.Currency, Refunds: orNull(line.Of(schema.LineRefunds)),
		Agreement: orNull(line.Of(schema.LineAgreement)),
	}
	if share := line.Of(schema.LineShare); !share.IsNull() {
		n := share.Int()
		l.Share = &n
	}
	if of.Priced {
		price := line.Of(schema.LineUnitPrice).Int()
		l.UnitMinor = &price
	}
	product, err := rd.Get(schema.Product, l.Product)
	if err != nil {
		return l, err
	}
	if product != nil {
		l.Names = namesOf(product)
	}
	owner, err := ownerOf(rd, line)
	if err != nil {
		return l, err
	}
	if !owner.IsZero() {
		l.Family, l.Owner = &owner, owners[string(owner[:])]
	}
	refunded, err := rd.Refunded(line.ID)
	l.Refundable = rules.Refundable(&of, refunded)
	return l, err
}

func (c *Client) apiSale(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	whole := SaleWhole{Lines: []LineShown{}}
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			sale, err := rd.Get(schema.Sale, id)
			if err == nil && sale == nil {
				err = store.ErrNoRecord
			}
			if err != nil {
				return err
			}
			owners, err := rd.Labels(report.Family)
			if err != nil {
				return err
			}
			whole.Till, whole.Day, whole.Buyer = orNull(sale.Of(schema.SaleTill)), sale.Of(schema.SaleDay).Text(), sale.Of(schema.SaleBuyer).Text()
			whole.VoidReason = sale.Of(schema.SaleVoidReason).Text()
			if whole.SaleShown, err = saleShown(rd, sale); err != nil {
				return err
			}
			outside, err := c.outside(rd)
			if err != nil {
				return err
			}
			return rd.LinesOf(id, func(line *records.Row) error {
				l, err := lineShown(rd, owners, sale, line)
				whole.Outside = whole.Outside || outside(whole.Day, line)
				whole.Lines = append(whole.Lines, l)
				return err
			})
		})
	}
	localapi.Answer(w, whole, err)
}

// refundRequest is the body of its route.
type refundRequest struct {
	ID       syncproto.RecordID `json:"id"`
	Till     syncproto.RecordID `json:"till"`
	Lines    []Back             `json:"lines"`
	Method   string             `json:"method"`   // as in sellRequest
	Payments []Pay              `json:"payments"` // likewise, below zero
	WaitedMS int64              `json:"waited_ms"`
}

func (c *Client) apiRefund(w http.ResponseWriter, r *http.Request) {
	var q refundRequest
	sale, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	var sold Sold
	if err == nil {
		sold, err = c.Refund(r.Context(), NewRefund{ID: q.ID, Sale: sale, Till: q.Till, Lines: q.Lines, Method: q.Method, Payments: q.Payments, Waited: waited(q.WaitedMS)})
	}
	localapi.Answer(w, soldAnswer(sold), err)
}

// ownerRequest is the body of its route.
type ownerRequest struct {
	Family syncproto.RecordID `json:"family"`
	By     string             `json:"by"` // who knows it
}

func (c *Client) apiAssignOwner(w http.ResponseWriter, r *http.Request) {
	var q ownerRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.AssignOwner(r.Context(), id, q.Family, q.By)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// apiUnassigned lists the lines that wait for their owner, newest first.
func (c *Client) apiUnassigned(w http.ResponseWriter, r *http.Request) {
	cursor, limit, err := pageOf(r)
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	out := page[LineShown]{Items: []LineShown{}}
	err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
		return rd.Unassigned(cursor, limit, func(sale, line *records.Row) error {
			l, err := lineShown(rd, nil, sale, line)
			out.Items = append(out.Items, l)
			return err
		})
	})
	if len(out.Items) == limit {
		out.Next = out.Items[limit-1].ID.String()
	}
	localapi.Answer(w, out, err)
}
