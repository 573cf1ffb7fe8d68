package client

import (
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// saleRoutes are those of selling.
func (c *Client) saleRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/sales", Summary: "Sales, newest first, in pages; or those of a receipt number", Query: []string{"cursor", "limit", "receipt"}, Response: page[SaleShown]{}, Handle: c.apiSales},
		{Method: "POST", Path: "/api/sales", Summary: "Sell: when this answers, the sale is on disk", Request: sellRequest{}, Response: soldAnswer{}, Handle: c.apiSell},
		{Method: "POST", Path: "/api/sales/{id}/void", Summary: "Take a sale back", Request: voidRequest{}, Response: madeAnswer{}, Handle: c.apiVoid},
		{Method: "GET", Path: "/api/sales/{id}", Summary: "A sale with its lines and payments", Response: SaleWhole{}, Handle: c.apiSale},
		{Method: "POST", Path: "/api/sales/{id}/refund", Summary: "Give pieces of a sale back: a sale of its own, below zero", Request: refundRequest{}, Response: soldAnswer{}, Handle: c.apiRefund},
		{Method: "GET", Path: "/api/sale-lines/unassigned", Summary: "Lines that wait for their owner, newest first, in pages", Query: []string{"cursor", "limit"}, Response: page[LineShown]{}, Handle: c.apiUnassigned},
		{Method: "POST", Path: "/api/sale-lines/{id}/owner", Summary: "Say whose a line was that was sold without an owner", Request: ownerRequest{}, Response: madeAnswer{}, Handle: c.apiAssignOwner},
	}
}

// SaleLine is a line of a sale as it is asked for.
type SaleLine struct {
	Product       syncproto.RecordID `json:"product"`
	Quantity      int64              `json:"quantity"`
	PriceMinor    int64              `json:"unit_price_minor"`
	DiscountMinor int64              `json:"discount_minor"`
	Unpriced      bool               `json:"unpriced"`
}

// sellRequest is the body of its route.
type sellRequest struct {
	ID       syncproto.RecordID `json:"id"`
	Till     syncproto.RecordID `json:"till"`
	Currency string             `json:"currency"`
	Method   string             `json:"method"`   // of paying all of it; cash where empty
	Payments []Pay              `json:"payments"` // instead, where it is paid in several ways
	Buyer    string             `json:"buyer"`    // public, department_employee, government_employee; empty: not asked
	Lines    []SaleLine         `json:"lines"`
	WaitedMS int64              `json:"waited_ms"` // how long it waited in the page, by the page's clock
}

// waited is a wait as a page claims it; absurd ones are 0.
func waited(ms int64) time.Duration {
	if ms < 0 || ms > maxWaited.Milliseconds() {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

func (q *sellRequest) sale() NewSale {
	n := NewSale{ID: q.ID, Till: q.Till, Currency: q.Currency, Method: q.Method, Payments: q.Payments, Buyer: q.Buyer, Waited: waited(q.WaitedMS)}
	for _, l := range q.Lines {
		n.Lines = append(n.Lines, Line{Product: l.Product, Quantity: l.Quantity, PriceMinor: l.PriceMinor, DiscountMinor: l.DiscountMinor, Unpriced: l.Unpriced})
	}
	return n
}

func (c *Client) apiSell(w http.ResponseWriter, r *http.Request) {
	var q sellRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	sold, err := c.Sell(r.Context(), q.sale())
	localapi.Answer(w, soldAnswer(sold), err)
}

// soldAnswer is a sale as it was recorded.
type soldAnswer struct {
	Sale        syncproto.RecordID `json:"id"`
	ReceiptNo   string             `json:"receipt_no"`
	AmountMinor int64              `json:"amount_minor"`
}

// voidRequest is the body of its route.
type voidRequest struct {
	Reason string `json:"reason"`
}

func (c *Client) apiVoid(w http.ResponseWriter, r *http.Request) {
	var q voidRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.VoidSale(r.Context(), id, q.Reason)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// SaleShown is a sale in a list.
type SaleShown struct {
	ID          syncproto.RecordID `json:"id"`
	ReceiptNo   string             `json:"receipt_no"`
	SoldAt      int64              `json:"sold_at"` // UTC ms
	AmountMinor map[string]int64   `json:"amount_minor"`
	Method      string             `json:"method"` // of the first payment; empty where a file did not say
	Payments    []Pay              `json:"payments"`
	Pieces      int64              `json:"pieces"`
	Voided      bool               `json:"voided"`
	Held        bool               `json:"held"`    // the server holds it in quarantine
	Arrived     bool               `json:"arrived"` // head office has it
}

func saleShown(rd *store.Reader, row *records.Row) (s SaleShown, err error) {
	lines, err := rd.Lines(row.ID)
	if err != nil {
		return s, err
	}
	s = SaleShown{ID: row.ID, ReceiptNo: row.Of(schema.SaleReceiptNo).Text(), SoldAt: row.Of(schema.SaleSoldAt).Int(), Payments: []Pay{},
		Voided: row.Of(schema.Voided).Bool(), Held: store.Held(row), Arrived: store.Arrived(row), AmountMinor: map[string]int64{}}
	counted := row.Clone()
	counted.Set(schema.Voided, syncproto.Value{})
	sum := report.NewCounter()
	sum.Sale(counted.Values, lines, 1)
	if f := sum.All[report.Key{By: report.Total}]; f != nil {
		s.AmountMinor, s.Pieces = f.AmountMinor, f.Pieces
	}
	err = rd.PaymentsOf(row.ID, func(paid *records.Row) error {
		s.Payments = append(s.Payments, paymentOf(paid))
		return nil
	})
	if len(s.Payments) > 0 {
		s.Method = s.Payments[0].Method
	}
	return s, err
}

// apiSales lists this site's sales, newest first, or those of a receipt number.
func (c *Client) apiSales(w http.ResponseWriter, r *http.Request) {
	cursor, limit, err := pageOf(r)
	receipt := r.URL.Query().Get("receipt")
	if strings.ContainsFunc(receipt, unicode.IsSpace) {
		err = refusal.Parameter("receipt", "%q is no receipt number", receipt)
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	out := page[SaleShown]{Items: []SaleShown{}}
	err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
		add := func(row *records.Row) error {
			s, err := saleShown(rd, row)
			out.Items = append(out.Items, s)
			return err
		}
		if receipt != "" {
			return rd.WithReceipt(receipt, add)
		}
		return rd.Newest(schema.Sale, cursor, limit, add)
	})
	if len(out.Items) == limit {
		out.Next = out.Items[limit-1].ID.String()
	}
	localapi.Answer(w, out, err)
}
