package client

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/client/store"
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
	Kind     string             `json:"category_name"`
	Photo    *string            `json:"photo"` // attachment; null: none
	Price    *Price             `json:"price"` // at this site, else everywhere; null: none
	Unit     string             `json:"unit"`
	Food     bool               `json:"food"`
	Contents string             `json:"ingredients"` // and allergens, as on the label
	About    string             `json:"about"`
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
		kinds, err := rd.Labels(report.Category)
		if err != nil {
			return err
		}
		return found(rd, r, schema.Product, func(row *records.Row) error {
			family, kind := row.Of(schema.ProductFamily).ID(), row.Of(schema.ProductCategory).ID()
			p := Product{ID: row.ID, Names: namesOf(row), Sku: row.Of(schema.ProductSku).Text(), Family: family, Owner: owners[string(family[:])], Category: kind, Kind: kinds[string(kind[:])], Photo: photoOf(row)}
			p.Unit, p.Food, p.Contents, p.About = row.Of(schema.ProductUnit).Text(), row.Of(schema.ProductFood).Bool(), row.Of(schema.ProductContents).Text(), row.Of(schema.ProductAbout).Text()
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
	Unit        string              `json:"unit"`
	Food        bool                `json:"food"`
	Contents    string              `json:"ingredients"`
	About       string              `json:"about"`
}

func (q *addProductRequest) product() NewProduct {
	return NewProduct{ID: q.ID, Name: q.Name, Sku: q.Sku, Family: orZero(q.Family), Category: orZero(q.Category), PriceMinor: q.AmountMinor, Currency: q.Currency, PriceHere: q.Here, Photo: orNone(q.Photo), Unit: q.Unit, Food: q.Food, Contents: q.Contents, About: q.About}
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
	By          string             `json:"by"`
	Reason      string             `json:"reason"`
}

func (q *setPriceRequest) price() NewPrice {
	return NewPrice{Product: q.Product, Here: q.Here, AmountMinor: q.AmountMinor, Currency: q.Currency, By: q.By, Reason: q.Reason}
}

func (c *Client) apiSetPrice(w http.ResponseWriter, r *http.Request) {
	var q setPriceRequest
	err := localapi.Read(w, r, &q)
	if err == nil {
		err = c.ChangePrice(r.Context(), q.price())
	}
	localapi.Answer(w, madeAnswer{q.Product}, err)
}

// PriceShown is what a product cost from when on.
type PriceShown struct {
	At   int64               `json:"at"`   // UTC ms
	Site *syncproto.RecordID `json:"site"` // null: everywhere
	Price
	By     string `json:"by"`
	Reason string `json:"reason"`
}

// apiPrices lists the prices that a product had, newest first.
func (c *Client) apiPrices(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	list := []PriceShown{}
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			return rd.PricesOf(id, func(row *records.Row) error {
				list = append(list, PriceShown{
					At: row.Of(schema.ChangeAt).Int(), Site: orNull(row.Of(schema.ChangeSite)), Price: Price{row.Of(schema.ChangeAmount).Int(), row.Of(schema.ChangeCurrency).Text()},
					By: row.Of(schema.ChangeBy).Text(), Reason: row.Of(schema.ChangeReason).Text(),
				})
				return nil
			})
		})
	}
	slices.SortStableFunc(list, func(a, b PriceShown) int { return cmp.Compare(b.At, a.At) })
	localapi.Answer(w, list, err)
}

// CategoryShown is a category in a list.
type CategoryShown struct {
	ID syncproto.RecordID `json:"id"`
	Names
}

func (c *Client) apiCategories(w http.ResponseWriter, r *http.Request) {
	all := []CategoryShown{}
	err := c.each(r.Context(), schema.Category, func(row *records.Row) { all = append(all, CategoryShown{row.ID, namesOf(row)}) })
	localapi.Answer(w, all, err)
}

// addCategoryRequest is the body of its route.
type addCategoryRequest struct {
	Name string `json:"name"`
}

func (c *Client) apiAddCategory(w http.ResponseWriter, r *http.Request) {
	var q addCategoryRequest
	var id syncproto.RecordID
	err := localapi.Read(w, r, &q)
	if err == nil {
		id, err = c.AddCategory(r.Context(), q.Name)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// goodsRoutes are those of the catalogue.
func (c *Client) goodsRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/products", Summary: "Products with their prices here, by name or sku", Query: []string{"q"}, Response: []Product{}, Handle: c.apiProducts},
		{Method: "POST", Path: "/api/products", Summary: "Add a product", Request: addProductRequest{}, Response: madeAnswer{}, Handle: c.apiAddProduct},
		{Method: "POST", Path: "/api/prices", Summary: "Set a price, here or everywhere", Request: setPriceRequest{}, Response: madeAnswer{}, Handle: c.apiSetPrice},
		{Method: "GET", Path: "/api/products/{id}/prices", Summary: "The prices that a product had, newest first", Response: []PriceShown{}, Handle: c.apiPrices},
		{Method: "POST", Path: "/api/write-offs", Summary: "Record goods that were thrown away, and why", Request: writeOffRequest{}, Response: madeAnswer{}, Handle: c.apiWriteOff},
		{Method: "GET", Path: "/api/categories", Summary: "Categories of products", Response: []CategoryShown{}, Handle: c.apiCategories},
		{Method: "POST", Path: "/api/categories", Summary: "Add a category, known by its name: adding it again is harmless", Request: addCategoryRequest{}, Response: madeAnswer{}, Handle: c.apiAddCategory},
	}
}
