package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Product is a product as the till shows it.
type Product struct {
	ID syncproto.RecordID `json:"id"`
	Names
	Sku      string             `json:"sku,omitempty"`
	Family   syncproto.RecordID `json:"family"`
	Owner    string             `json:"family_name"`
	Category syncproto.RecordID `json:"category"`
	Photo    *string            `json:"photo"` // attachment; null: none
	Price    *Price             `json:"price"` // at this site, else everywhere; null: none
}

// Price is an amount with its currency.
type Price struct {
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

func (c *Client) apiProducts(w http.ResponseWriter, r *http.Request) {
	list := []Product{}
	site := c.Store.Identity().Site
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		owners, err := rd.Labels(report.Family)
		if err != nil {
			return err
		}
		return rd.Each(schema.Product, func(row *records.Row) error {
			if row.Of(schema.Voided).Bool() {
				return nil
			}
			family := row.Of(schema.ProductFamily).ID()
			p := Product{ID: row.ID, Names: namesOf(row), Sku: row.Of(schema.ProductSku).Text(), Family: family, Owner: owners[string(family[:])], Category: row.Of(schema.ProductCategory).ID(), Photo: photoOf(row)}
			p.Price, err = priceOf(rd, row.ID, site)
			list = append(list, p)
			return err
		})
	})
	localapi.Answer(w, list, err)
}

func priceOf(r *store.Reader, product, site syncproto.RecordID) (*Price, error) {
	for _, place := range []syncproto.RecordID{site, {}} {
		row, err := r.Get(schema.Price, schema.PriceID(product, place))
		if err != nil {
			return nil, err
		}
		if row != nil {
			return &Price{row.Of(schema.PriceAmount).Int(), row.Of(schema.PriceCurrency).Text()}, nil
		}
	}
	return nil, nil
}

// made is the answer to a write: the id that was given, or made.
type madeAnswer struct {
	ID syncproto.RecordID `json:"id"`
}

// addProductRequest is the body of its route.
type addProductRequest struct {
	ID          syncproto.RecordID  `json:"id"`
	Name        string              `json:"name"`
	Sku         string              `json:"sku"`
	Family      *syncproto.RecordID `json:"family"`
	Category    *syncproto.RecordID `json:"category"`
	AmountMinor int64               `json:"amount_minor"`
	Currency    string              `json:"currency"`
	Here        bool                `json:"here"`
	Photo       *syncproto.Root     `json:"photo"` // attachment; null: none
}

func (q *addProductRequest) product() NewProduct {
	return NewProduct{ID: q.ID, Name: q.Name, Sku: q.Sku, Family: orZero(q.Family), Category: orZero(q.Category), PriceMinor: q.AmountMinor, Currency: q.Currency, PriceHere: q.Here, Photo: orNone(q.Photo)}
}

func (c *Client) apiAddProduct(w http.ResponseWriter, r *http.Request) {
	var q addProductRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.AddProduct(r.Context(), q.product())
	localapi.Answer(w, madeAnswer{id}, err)
}

func orZero(id *syncproto.RecordID) syncproto.RecordID {
	if id == nil {
		return syncproto.RecordID{}
	}
	return *id
}

// setPriceRequest is the body of its route.
type setPriceRequest struct {
	Product     syncproto.RecordID `json:"product"`
	AmountMinor int64              `json:"amount_minor"`
	Currency    string             `json:"currency"`
	Here        bool               `json:"here"`
}

func (c *Client) apiSetPrice(w http.ResponseWriter, r *http.Request) {
	var q setPriceRequest
	err := localapi.Read(w, r, &q)
	if err == nil {
		err = c.SetPrice(r.Context(), q.Product, q.Here, q.AmountMinor, q.Currency)
	}
	localapi.Answer(w, madeAnswer{q.Product}, err)
}

// lastTill is the till that this device opened last; nil where it opened none.
func (c *Client) lastTill(ctx context.Context) (last *records.Row, err error) {
	until, err := c.names(ctx)
	if err != nil {
		return nil, err
	}
	err = c.each(ctx, schema.TillSession, func(row *records.Row) {
		upto, ours := until[syncproto.DeviceID(row.Of(schema.TillDevice).ID())]
		if ours && row.Of(schema.TillOpenedAt).Int() <= upto && (last == nil || row.Of(schema.TillOpenedAt).Int() > last.Of(schema.TillOpenedAt).Int()) {
			last = row
		}
	})
	return last, err
}

// Till is a till as pages show it.
type Till struct {
	ID         syncproto.RecordID `json:"id"`
	OpenedAt   int64              `json:"opened_at"` // UTC ms
	FloatMinor int64              `json:"float_minor"`
	Currency   string             `json:"currency"`
	Closed     bool               `json:"closed"`
	Closing    *closing.Statement `json:"closing"` // the last statement of its sales; null while it is open
}

func (c *Client) apiTill(w http.ResponseWriter, r *http.Request) {
	row, err := c.lastTill(r.Context())
	if row == nil {
		localapi.Answer(w, nil, err)
		return
	}
	till := Till{ID: row.ID, OpenedAt: row.Of(schema.TillOpenedAt).Int(), FloatMinor: row.Of(schema.TillFloat).Int(), Currency: row.Of(schema.TillCurrency).Text(), Closed: !row.Of(schema.TillClosedAt).IsNull()}
	if till.Closed {
		till.Closing, err = c.closingOf(r.Context(), row.ID)
	}
	localapi.Answer(w, till, err)
}

// openTillRequest is the body of its route.
type openTillRequest struct {
	ID         syncproto.RecordID  `json:"id"`
	Fair       *syncproto.RecordID `json:"fair"`
	FloatMinor int64               `json:"float_minor"`
	Currency   string              `json:"currency"`
}

func (c *Client) apiOpenTill(w http.ResponseWriter, r *http.Request) {
	var q openTillRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.OpenTill(r.Context(), NewTill{ID: q.ID, Fair: orZero(q.Fair), FloatMinor: q.FloatMinor, Currency: q.Currency})
	localapi.Answer(w, madeAnswer{id}, err)
}

// closeTillRequest is the body of its route.
type closeTillRequest struct {
	CountedMinor int64 `json:"counted_minor"`
}

func (c *Client) apiCloseTill(w http.ResponseWriter, r *http.Request) {
	var q closeTillRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.CloseTill(r.Context(), id, q.CountedMinor)
	}
	localapi.Answer(w, madeAnswer{id}, err)
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
	Method   string             `json:"method"`
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
	n := NewSale{ID: q.ID, Till: q.Till, Currency: q.Currency, Method: q.Method, Waited: waited(q.WaitedMS)}
	for _, l := range q.Lines {
		n.Lines = append(n.Lines, Line(l))
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
	Method      string             `json:"method"` // of payment; empty where a file did not say
	Pieces      int64              `json:"pieces"`
	Voided      bool               `json:"voided"`
	Held        bool               `json:"held"`    // the server holds it in quarantine
	Arrived     bool               `json:"arrived"` // head office has it
}

// apiSales lists this site's sales, newest first.
func (c *Client) apiSales(w http.ResponseWriter, r *http.Request) {
	cursor, limit, err := pageOf(r)
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	out := page[SaleShown]{Items: []SaleShown{}}
	err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
		return rd.Newest(schema.Sale, cursor, limit, func(row *records.Row) error {
			lines, err := rd.Lines(row.ID)
			if err != nil {
				return err
			}
			s := SaleShown{ID: row.ID, ReceiptNo: row.Of(schema.SaleReceiptNo).Text(), SoldAt: row.Of(schema.SaleSoldAt).Int(),
				Voided: row.Of(schema.Voided).Bool(), Held: store.Held(row), Arrived: store.Arrived(row), AmountMinor: map[string]int64{}}
			paid, err := rd.Get(schema.Payment, row.ID.Child(1))
			if err != nil {
				return err
			}
			if paid != nil {
				s.Method = paid.Of(schema.PaymentMethod).Text()
			}
			counted := row.Clone()
			counted.Set(schema.Voided, syncproto.Value{})
			sum := report.NewCounter()
			sum.Sale(counted.Values, lines, 1)
			if f := sum.All[report.Key{By: report.Total}]; f != nil {
				s.AmountMinor, s.Pieces = f.AmountMinor, f.Pieces
			}
			out.Items = append(out.Items, s)
			return nil
		})
	})
	if len(out.Items) == limit {
		out.Next = out.Items[limit-1].ID.String()
	}
	localapi.Answer(w, out, err)
}
