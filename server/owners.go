package server

import (
	"cmp"
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// UnassignedLine is a line that was sold without an owner and waits for one (R12).
type UnassignedLine struct {
	ID          syncproto.RecordID  `json:"id"`
	Sale        syncproto.RecordID  `json:"sale"`
	ReceiptNo   string              `json:"receipt_no"`
	Site        syncproto.RecordID  `json:"site"`
	SiteName    string              `json:"site_name"`
	Till        *syncproto.RecordID `json:"till"` // null: another till's, imported
	SoldAt      int64               `json:"sold_at"`
	Product     syncproto.RecordID  `json:"product"`
	ProductName string              `json:"product_name"`
	Quantity    int64               `json:"quantity"` // below zero where it was given back
	AmountMinor int64               `json:"amount_minor"`
	Currency    string              `json:"currency"`
}

// Unassigned lists the lines of all sites that wait for their owner, newest first.
func (s *Server) Unassigned(ctx context.Context, at localapi.Cursor) (p localapi.Page[UnassignedLine], err error) {
	p.Items = []UnassignedLine{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		sites, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		err = r.Unassigned(at.After, at.Limit, func(sale, line *records.Row) error {
			site := line.Of(schema.LineSite).ID()
			l := UnassignedLine{ID: line.ID, Sale: line.Of(schema.LineSale).ID(), Site: site, SiteName: sites[string(site[:])], Product: line.Of(schema.LineProduct).ID(), Quantity: line.Of(schema.LineQuantity).Int()}
			l.AmountMinor, l.Currency, _ = rules.LineAmount(line.Values)
			if sale != nil {
				l.ReceiptNo, l.SoldAt = sale.Of(schema.SaleReceiptNo).Text(), sale.Of(schema.SaleSoldAt).Int()
				if till := sale.Of(schema.SaleTill); !till.IsNull() {
					id := till.ID()
					l.Till = &id
				}
			}
			l.ProductName, err = nameOf(r, schema.Product, l.Product)
			p.Items = append(p.Items, l)
			return err
		})
		if len(p.Items) == at.Limit {
			p.Next = p.Items[at.Limit-1].ID.String()
		}
		return err
	})
	return p, err
}

// AssignOwner says whose a line was, and what was given back of it, as a stall does. What is
// in a statement stays with who it says: adjustments move the money.
func (s *Server) AssignOwner(ctx context.Context, line, family syncproto.RecordID, by string) error {
	end, err := s.decides(ctx, &s.settling)
	if err != nil {
		return err
	}
	defer end()
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		row, err := r.Get(schema.SaleLine, line)
		if err != nil || row == nil {
			return cmp.Or(err, error(refusal.New(refusal.NoRecord, "there is no such line")))
		}
		if !row.Of(schema.LineFamily).IsNull() {
			return refusal.New(refusal.OwnerKnown, "this line was sold as a family's: take its sale back, and sell again")
		}
		if have, err := r.Get(schema.Family, family); err != nil || have == nil {
			return cmp.Or(err, error(refusal.New(refusal.Reference, "family %v is not known here", family).On("family")))
		}
		at := s.Now().UnixMilli()
		assign := func(line *records.Row) error {
			id := schema.LineOwnerID(line.ID)
			if have, err := r.Get(schema.LineOwner, id); err != nil || have != nil && have.Of(schema.OwnerFamily).ID() == family {
				return err
			}
			if err := settle.Free(r, schema.StatementLineID(line.ID, schema.SettledSale)); err != nil {
				return err
			}
			more, err := put(r, schema.LineOwner, id, set(schema.OwnerLine, syncproto.IDValue(line.ID)), set(schema.OwnerSite, line.Of(schema.LineSite)), set(schema.OwnerFair, line.Of(schema.LineFair)),
				set(schema.OwnerFamily, syncproto.IDValue(family)), typed(schema.OwnerBy, by), set(schema.OwnerAt, syncproto.IntValue(at)))
			changes = append(changes, more...)
			return err
		}
		if err := assign(row); err != nil {
			return err
		}
		return r.RefundsOf(line, assign)
	}); err != nil || len(changes) == 0 {
		return err
	}
	return s.record(ctx, decisions, changes...)
}

// Owner is whose a line was, and who knows it.
type Owner struct {
	Family syncproto.RecordID `json:"family"`
	By     string             `json:"by"`
}

func (s *Server) ownerRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/sale-lines/unassigned", Summary: "Lines that wait for their owner, newest first, in pages", Query: []string{"cursor", "limit"}, Response: localapi.Page[UnassignedLine]{}, Handle: paged(s, s.Unassigned)},
		{Method: "POST", Path: "/api/sale-lines/{id}/owner", Summary: "Say whose a line was that was sold without an owner", Request: Owner{}, Response: Owner{}, Handle: s.apiAssignOwner},
		{Method: "GET", Path: "/api/tills", Summary: "The tills of all sites with their sheets, newest first, in pages", Query: []string{"cursor", "limit"}, Response: localapi.Page[TillShown]{}, Handle: paged(s, s.Tills)},
	}
}

// paged answers with a page of a list, once what devices were told is safe is folded.
func paged[T any](s *Server, list func(context.Context, localapi.Cursor) (localapi.Page[T], error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at, err := localapi.CursorOf(r)
		if err == nil {
			err = s.current(r.Context())
		}
		var p localapi.Page[T]
		if err == nil {
			p, err = list(r.Context(), at)
		}
		localapi.Answer(w, p, err)
	}
}

func (s *Server) apiAssignOwner(w http.ResponseWriter, r *http.Request) {
	var q Owner
	line, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = s.AssignOwner(r.Context(), line, q.Family, q.By)
	}
	localapi.Answer(w, q, err)
}
