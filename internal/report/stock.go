package report

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Shelf is what is known of a product at a site. Missing and short are notes for a
// supervisor; nothing is refused for them (R13).
type Shelf struct {
	Site     syncproto.RecordID `json:"site"`
	SiteName string             `json:"site_name"`
	Product  syncproto.RecordID `json:"product"`
	Name     string             `json:"name"`
	Family   syncproto.RecordID `json:"family"`
	Owner    string             `json:"family_name"`
	OnHand   int64              `json:"on_hand"` // below zero where more went than is known to have come
	Sold     int64              `json:"sold"`
	Counted  bool               `json:"counted"` // somebody has counted
	Missing  int64              `json:"missing"` // at the last count; below zero where there was more than expected
	Short    int64              `json:"short"`   // pieces that went and are not known to have come
}

// Noted says whether a supervisor has to look at it.
func (s *Shelf) Noted() bool { return s.Missing != 0 || s.Short > 0 }

// Stock derives what lies at a site, or at all of them where it is zero. A shelf is known
// from the first movement on: who never records one keeps no stock.
func Stock(tx *sqlitedb.Tx, set *records.Set, site syncproto.RecordID) ([]Shelf, error) {
	known := map[rules.Shelf]bool{}
	var moves []rules.Moved
	if err := set.Each(tx, schema.Lookup(schema.StockMovement), `WHERE NOT coalesce(voided, 0)`, func(row *records.Row) error {
		m := rules.Moved{ID: row.ID, Kind: row.Of(schema.MoveKind).Text(), Product: row.Of(schema.MoveProduct).ID(),
			From: row.Of(schema.MoveFrom).ID(), To: row.Of(schema.MoveTo).ID(), Quantity: row.Of(schema.MoveQuantity).Int(), At: row.Of(schema.MoveAt).Int()}
		moves = append(moves, m)
		for _, place := range []syncproto.RecordID{m.From, m.To} {
			if !place.IsZero() && (site.IsZero() || place == site) {
				known[rules.Shelf{Site: place, Product: m.Product}] = true
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	sales, err := soldFrom(tx, known)
	if err != nil {
		return nil, err
	}
	list := []Shelf{}
	for key, l := range rules.Stock(moves, sales) {
		if known[key] {
			list = append(list, Shelf{Site: key.Site, Product: key.Product, OnHand: l.OnHand, Sold: l.Sold, Counted: l.Counted, Missing: l.Missing, Short: l.Short()})
		}
	}
	if err := nameShelves(tx, set, list); err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b Shelf) int {
		return cmp.Or(cmp.Compare(a.SiteName, b.SiteName), cmp.Compare(a.Name, b.Name), bytes.Compare(a.Site[:], b.Site[:]), bytes.Compare(a.Product[:], b.Product[:]))
	})
	return list, nil
}

// soldFrom lists what was sold from known shelves, by sales that count.
func soldFrom(tx *sqlitedb.Tx, known map[rules.Shelf]bool) (sales []rules.SoldOf, err error) {
	return sales, tx.Query(func(row sqlitedb.Row) error {
		s := rules.SoldOf{Product: syncproto.RecordID(row.Blob(0)), Site: syncproto.RecordID(row.Blob(1)), Quantity: row.Int(2), At: row.Int(3)}
		if known[rules.Shelf{Site: s.Site, Product: s.Product}] {
			sales = append(sales, s)
		}
		return nil
	}, `SELECT l.product, l.site, l.quantity, s.sold_at FROM sale_line l JOIN sale s ON s.id = l.sale
		WHERE NOT coalesce(s.voided, 0) AND l.product IN (SELECT product FROM stock_movement)`)
}

func nameShelves(tx *sqlitedb.Tx, set *records.Set, list []Shelf) error {
	names := namer{tx: tx, set: set, known: map[syncproto.RecordID]string{}}
	for i := range list {
		s := &list[i]
		product, err := set.Get(tx, schema.Lookup(schema.Product), s.Product)
		if err != nil {
			return err
		}
		if product != nil {
			s.Name, s.Family = Name(product.Table, product.Values), product.Of(schema.ProductFamily).ID()
		}
		s.SiteName, s.Owner = names.of(schema.Site, s.Site), names.of(schema.Family, s.Family)
	}
	return names.err
}

// namer gives the names that people know records by, each read once.
type namer struct {
	tx    *sqlitedb.Tx
	set   *records.Set
	known map[syncproto.RecordID]string
	err   error
}

func (n *namer) of(table syncproto.TableID, id syncproto.RecordID) string {
	if name, ok := n.known[id]; ok || id.IsZero() {
		return name
	}
	row, err := n.set.Get(n.tx, schema.Lookup(table), id)
	if n.err = cmp.Or(n.err, err); row != nil {
		n.known[id] = Name(row.Table, row.Values)
	}
	return n.known[id]
}
