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

// stockRoutes are those of goods that came, lie here and went.
func (c *Client) stockRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/agreements", Summary: "What this outlet sells under, what it sold in a span of days, and what it sold outside of it", Query: []string{"from", "to"}, Response: report.Outlets{}, Handle: c.apiAgreements},
		{Method: "GET", Path: "/api/stock", Summary: "What lies here, derived from all movements and sales; noted=true: what a supervisor has to look at", Query: []string{"noted"}, Response: []report.Shelf{}, Handle: c.apiStock},
		{Method: "GET", Path: "/api/consignments", Summary: "Goods that families gave to be sold here, newest first", Response: []LotShown{}, Handle: c.apiLots},
		{Method: "POST", Path: "/api/consignments", Summary: "Record goods that a family brought", Request: deliverRequest{}, Response: madeAnswer{}, Handle: c.apiDeliver},
		{Method: "POST", Path: "/api/consignments/{id}/steps", Summary: "Receive a consignment, return it, move it on, or record damage or that it is sold", Request: lotStepRequest{}, Response: madeAnswer{}, Handle: c.apiStepLot},
		{Method: "GET", Path: "/api/movements", Summary: "Goods that came, went or were counted, newest first, in pages", Query: []string{"cursor", "limit"}, Response: page[MovementShown]{}, Handle: c.apiMovements},
		{Method: "POST", Path: "/api/movements", Summary: "Count goods, move them, return them, or record damage, a sample or what was thrown away", Request: moveRequest{}, Response: madeAnswer{}, Handle: c.apiMove},
		{Method: "POST", Path: "/api/movements/{id}/void", Summary: "Take back a movement that was recorded by mistake", Response: madeAnswer{}, Handle: c.apiVoidMovement},
	}
}

func (c *Client) apiStock(w http.ResponseWriter, r *http.Request) {
	var list []report.Shelf
	noted, err := localapi.Flag(r, "noted")
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) (err error) {
			list, err = rd.Stock(c.Store.Identity().Site)
			return err
		})
	}
	if noted {
		list = slices.DeleteFunc(list, func(s report.Shelf) bool { return !s.Noted() })
	}
	localapi.Answer(w, list, err)
}

// LotShown is a consignment.
type LotShown struct {
	ID        syncproto.RecordID  `json:"id"`
	Family    syncproto.RecordID  `json:"family"`
	Owner     string              `json:"family_name"`
	Product   syncproto.RecordID  `json:"product"`
	Name      string              `json:"name"`
	Quantity  int64               `json:"quantity"` // that the family gave
	Pieces    int64               `json:"pieces"`   // of it that came here, less those that went back or on; what was sold is the shelf's
	Fair      *syncproto.RecordID `json:"fair"`
	Day       string              `json:"day"`
	Receiver  string              `json:"receiver"`
	Signature *syncproto.Root     `json:"signature"` // attachment; null: none
	State     string              `json:"state"`
}

func (c *Client) apiLots(w http.ResponseWriter, r *http.Request) {
	list := []LotShown{}
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		site := c.Store.Identity().Site
		families, err := rd.Labels(report.Family)
		if err != nil {
			return err
		}
		products, err := rd.Labels(report.Product)
		if err != nil {
			return err
		}
		pieces := map[syncproto.RecordID]int64{}
		if err := rd.Each(schema.StockMovement, func(m *records.Row) error {
			if lot := m.Of(schema.MoveLot).ID(); !m.Of(schema.Voided).Bool() {
				if m.Of(schema.MoveTo).ID() == site {
					pieces[lot] += m.Of(schema.MoveQuantity).Int()
				}
				if m.Of(schema.MoveFrom).ID() == site {
					pieces[lot] -= m.Of(schema.MoveQuantity).Int()
				}
			}
			return nil
		}); err != nil {
			return err
		}
		return rd.Each(schema.Consignment, func(row *records.Row) error {
			if row.Of(schema.LotSite).ID() != site {
				return nil
			}
			family, product := row.Of(schema.LotFamily).ID(), row.Of(schema.LotProduct).ID()
			list = append(list, LotShown{ID: row.ID, Family: family, Owner: families[string(family[:])], Product: product, Name: products[string(product[:])],
				Quantity: row.Of(schema.LotQuantity).Int(), Pieces: pieces[row.ID], Fair: orNull(row.Of(schema.LotFair)), Day: row.Of(schema.LotDay).Text(),
				Receiver: row.Of(schema.LotReceiver).Text(), Signature: given(row.Of(schema.LotSignature)), State: row.Of(schema.LotState).Text()})
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b LotShown) int { return cmp.Compare(b.Day, a.Day) })
	localapi.Answer(w, list, err)
}

// MovementShown is goods that came, went or were counted.
type MovementShown struct {
	ID        syncproto.RecordID  `json:"id"`
	Kind      string              `json:"kind"`
	Product   syncproto.RecordID  `json:"product"`
	Name      string              `json:"name"`
	Quantity  int64               `json:"quantity"`
	From      *syncproto.RecordID `json:"from_site"` // null: from the family
	To        *syncproto.RecordID `json:"to_site"`   // null: away
	Fair      *syncproto.RecordID `json:"fair"`
	At        int64               `json:"at"` // UTC ms
	By        string              `json:"by"`
	Lot       *syncproto.RecordID `json:"consignment"`
	Signature *syncproto.Root     `json:"signature"`
	Reason    string              `json:"reason"`
	Voided    bool                `json:"voided"`
}

func (c *Client) apiMovements(w http.ResponseWriter, r *http.Request) {
	cursor, limit, err := pageOf(r)
	out := page[MovementShown]{Items: []MovementShown{}}
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			products, err := rd.Labels(report.Product)
			if err != nil {
				return err
			}
			return rd.Newest(schema.StockMovement, cursor, limit, func(m *records.Row) error {
				product := m.Of(schema.MoveProduct).ID()
				out.Items = append(out.Items, MovementShown{ID: m.ID, Kind: m.Of(schema.MoveKind).Text(), Product: product, Name: products[string(product[:])],
					Quantity: m.Of(schema.MoveQuantity).Int(), From: orNull(m.Of(schema.MoveFrom)), To: orNull(m.Of(schema.MoveTo)), Fair: orNull(m.Of(schema.MoveFair)),
					At: m.Of(schema.MoveAt).Int(), By: m.Of(schema.MoveBy).Text(), Lot: orNull(m.Of(schema.MoveLot)), Signature: given(m.Of(schema.MoveSignature)),
					Reason: m.Of(schema.MoveReason).Text(), Voided: m.Of(schema.Voided).Bool()})
				return nil
			})
		})
	}
	if err == nil && len(out.Items) == limit {
		out.Next = out.Items[limit-1].ID.String()
	}
	localapi.Answer(w, out, err)
}
