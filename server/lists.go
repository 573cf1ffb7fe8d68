package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What branches know of families, people and goods, as head office lists it: newest first,
// by what is searched for.

// FamilyListed is a family of any branch.
type FamilyListed struct {
	ID         syncproto.RecordID `json:"id"`
	NameAr     string             `json:"name_ar"`
	NameFa     string             `json:"name_fa"`
	NameEn     string             `json:"name_en"`
	Code       string             `json:"code"`
	Branch     syncproto.RecordID `json:"branch"` // zero: known by its name alone, from sales that were imported
	BranchName string             `json:"branch_name"`
}

// Families lists families, of one branch or of all.
func (s *Server) Families(ctx context.Context, of Looked) (p localapi.Page[FamilyListed], err error) {
	p.Items = []FamilyListed{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		sites, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		return r.Search(schema.Family, of.in(schema.FamilyBranch), func(row *records.Row) (bool, error) {
			branch := row.Of(schema.FamilyBranch).ID()
			return taken(&p, &of, row.ID, FamilyListed{
				ID: row.ID, NameAr: row.Of(schema.NameAr).Text(), NameFa: row.Of(schema.NameFa).Text(), NameEn: row.Of(schema.NameEn).Text(),
				Code: row.Of(schema.FamilyCode).Text(), Branch: branch, BranchName: sites[string(branch[:])],
			}), nil
		})
	})
	return p, err
}

// ProductListed is a product with its price at sites that have none of their own.
type ProductListed struct {
	ID       syncproto.RecordID `json:"id"`
	NameAr   string             `json:"name_ar"`
	NameFa   string             `json:"name_fa"`
	NameEn   string             `json:"name_en"`
	Sku      string             `json:"sku"`
	Family   syncproto.RecordID `json:"family"` // zero: nobody's
	Owner    string             `json:"family_name"`
	Category syncproto.RecordID `json:"category"` // zero: none
	Kind     string             `json:"category_name"`
	Price    *PriceListed       `json:"price"` // null: none
	Unit     string             `json:"unit"`
	Food     bool               `json:"food"`
	Contents string             `json:"ingredients"`
	About    string             `json:"about"`
}

// PriceListed is an amount with its currency.
type PriceListed struct {
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
}

// Products lists products, of one family or of all.
func (s *Server) Products(ctx context.Context, of Looked) (p localapi.Page[ProductListed], err error) {
	p.Items = []ProductListed{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		owners, err := r.Labels(report.Family)
		if err != nil {
			return err
		}
		kinds, err := r.Labels(report.Category)
		if err != nil {
			return err
		}
		return r.Search(schema.Product, of.in(schema.ProductFamily), func(row *records.Row) (bool, error) {
			family, kind := row.Of(schema.ProductFamily).ID(), row.Of(schema.ProductCategory).ID()
			shown := ProductListed{
				ID: row.ID, NameAr: row.Of(schema.NameAr).Text(), NameFa: row.Of(schema.NameFa).Text(), NameEn: row.Of(schema.NameEn).Text(), Sku: row.Of(schema.ProductSku).Text(),
				Family: family, Owner: owners[string(family[:])], Category: kind, Kind: kinds[string(kind[:])],
				Unit: row.Of(schema.ProductUnit).Text(), Food: row.Of(schema.ProductFood).Bool(), Contents: row.Of(schema.ProductContents).Text(), About: row.Of(schema.ProductAbout).Text(),
			}
			price, err := r.Get(schema.Price, schema.PriceID(row.ID, syncproto.RecordID{}))
			if price != nil {
				shown.Price = &PriceListed{price.Of(schema.PriceAmount).Int(), price.Of(schema.PriceCurrency).Text()}
			}
			return taken(&p, &of, row.ID, shown), err
		})
	})
	return p, err
}

// Looked is a page of what is looked for.
type Looked struct {
	Text string             // words of it; empty: all
	Of   syncproto.RecordID // whose; zero: everybody's
	At   localapi.Cursor
}

func (l *Looked) in(field syncproto.FieldID) *state.Search {
	return &state.Search{Words: records.SoughtIn(l.Text), Field: field, Of: l.Of, Before: l.At.After}
}

// taken puts an item on a page and says whether it is full; at is where the next would begin.
func taken[T any](p *localapi.Page[T], of *Looked, at syncproto.RecordID, item T) (full bool) {
	p.Items = append(p.Items, item)
	if full = len(p.Items) == of.At.Limit; full {
		p.Next = at.String()
	}
	return full
}

// looked answers with a page of a list; by names who may be asked for.
func looked[T any](s *Server, by string, list func(context.Context, Looked) (localapi.Page[T], error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		of := Looked{Text: r.URL.Query().Get("q")}
		var err error
		if of.Of, err = localapi.QueryID(r, by); err != nil {
			localapi.Answer(w, nil, err)
			return
		}
		paged(s, func(ctx context.Context, at localapi.Cursor) (localapi.Page[T], error) {
			of.At = at
			return list(ctx, of)
		})(w, r)
	}
}

func (s *Server) listRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/families", Summary: "Families of one branch or of all, by name or code, newest first, in pages", Query: []string{"q", "site", "cursor", "limit"}, Response: localapi.Page[FamilyListed]{}, Handle: looked(s, "site", s.Families)},
		{Method: "GET", Path: "/api/persons", Summary: "People of one branch or of all, by name or card, newest first, in pages; who was merged is listed once", Query: []string{"q", "site", "cursor", "limit"}, Response: localapi.Page[PersonListed]{}, Handle: looked(s, "site", s.Persons)},
		{Method: "GET", Path: "/api/products", Summary: "Products of one family or of all, by name or code, newest first, in pages", Query: []string{"q", "family", "cursor", "limit"}, Response: localapi.Page[ProductListed]{}, Handle: looked(s, "family", s.Products)},
	}
}
