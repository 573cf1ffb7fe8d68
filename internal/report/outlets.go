package report

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Outlets is what outlets sell under, and what they sold outside of that.
type Outlets struct {
	Agreements   []AgreementShown `json:"agreements"`
	Outside      []OutsideLine    `json:"outside"`       // newest first; of many the newest
	OutsideCount int64            `json:"outside_count"` // all of them
}

// AgreementShown is what an outlet sells under, and what was sold under it.
type AgreementShown struct {
	ID       syncproto.RecordID `json:"id"`
	Site     syncproto.RecordID `json:"site"`
	SiteName string             `json:"site_name"`
	Operator string             `json:"operator"`
	From     string             `json:"from_day"`
	To       string             `json:"to_day"`   // last day, as it was agreed
	Share    int64              `json:"share"`    // of the outlet, in hundredths of a percent
	Period   string             `json:"period"`   // week, month or quarter: how often it settles
	Document *string            `json:"document"` // attachment; null: none
	EndedOn  string             `json:"ended_on"` // last day, where it was ended before; empty: it was not
	Reason   string             `json:"reason"`   // of the end
	InForce  bool               `json:"in_force"` // on the outlet's day of today
	Lines    int64              `json:"lines"`    // sold under it
	Pieces   int64              `json:"pieces"`   // likewise, less those given back
	Amount   map[string]int64   `json:"amount_minor"`
	Kept     map[string]int64   `json:"kept_minor"` // of it, what the outlet keeps; the rest is the families'
}

// OutsideLine is what an outlet sold with no agreement in force (R17).
type OutsideLine struct {
	Line      syncproto.RecordID  `json:"line"`
	Sale      syncproto.RecordID  `json:"sale"`
	ReceiptNo string              `json:"receipt_no"`
	Site      syncproto.RecordID  `json:"site"`
	SiteName  string              `json:"site_name"`
	Day       string              `json:"day"`
	Product   syncproto.RecordID  `json:"product"`
	Name      string              `json:"name"`
	Quantity  int64               `json:"quantity"`
	Amount    int64               `json:"amount_minor"`
	Currency  string              `json:"currency"`
	Agreement *syncproto.RecordID `json:"agreement"` // that the outlet sold by, whose end it had not heard of; null: none
	Share     int64               `json:"share"`     // that the line froze
}

// outsideShown bounds a list that a person looks through.
const outsideShown = 1000

// ReadAgreements gives the agreements of each outlet as rules take them.
func ReadAgreements(r Reader) (map[syncproto.RecordID][]rules.Agreement, error) {
	of := map[syncproto.RecordID][]rules.Agreement{}
	return of, r.Each(schema.OutletAgreement, func(row *records.Row) error {
		site := row.Of(schema.AgreementSite).ID()
		of[site] = append(of[site], ruledAgreement(row))
		return nil
	})
}

func ruledAgreement(row *records.Row) rules.Agreement {
	return rules.Agreement{ID: row.ID, Span: rules.Span{From: row.Of(schema.AgreementFrom).Text(), To: row.Of(schema.AgreementTo).Text()},
		EndedOn: row.Of(schema.AgreementEndedOn).Text(), Share: row.Of(schema.AgreementShare).Int()}
}

// outletCount goes through the agreements and sales of outlets.
type outletCount struct {
	tx    *sqlitedb.Tx
	set   *records.Set
	names namer
	out   Outlets
	all   map[syncproto.RecordID][]rules.Agreement // by outlet
	at    map[syncproto.RecordID]int               // of an agreement in out
}

// CountOutlets lists agreements with what was sold under them in a span of days, and what
// was sold outside of any. now is UTC ms.
func CountOutlets(tx *sqlitedb.Tx, set *records.Set, in Span, now int64) (Outlets, error) {
	c := &outletCount{tx: tx, set: set, names: namer{tx: tx, set: set, known: map[syncproto.RecordID]string{}},
		all: map[syncproto.RecordID][]rules.Agreement{}, at: map[syncproto.RecordID]int{}}
	c.out = Outlets{Agreements: []AgreementShown{}, Outside: []OutsideLine{}}
	if err := set.Each(tx, schema.Lookup(schema.OutletAgreement), `ORDER BY id`, func(row *records.Row) error { return c.agreement(row, now) }); err != nil {
		return c.out, err
	}
	var sale *records.Row // lines of one follow each other
	err := set.Each(tx, schema.Lookup(schema.SaleLine), `WHERE site IN (SELECT id FROM site WHERE kind = '`+schema.KindOutlet+`') ORDER BY id DESC`, func(line *records.Row) error {
		var err error
		if of := line.Of(schema.LineSale).ID(); sale == nil || sale.ID != of {
			sale, err = set.Get(tx, schema.Lookup(schema.Sale), of)
		}
		if err != nil || sale == nil || sale.Of(schema.Voided).Bool() || !in.Holds(sale.Of(schema.SaleDay).Text()) {
			return err
		}
		c.line(sale, line)
		return nil
	})
	slices.SortFunc(c.out.Agreements, func(a, b AgreementShown) int {
		return cmp.Or(cmp.Compare(a.SiteName, b.SiteName), cmp.Compare(b.From, a.From), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return c.out, cmp.Or(err, c.names.err)
}

func (c *outletCount) agreement(row *records.Row, now int64) error {
	a := ruledAgreement(row)
	site := row.Of(schema.AgreementSite).ID()
	c.all[site] = append(c.all[site], a)
	c.at[row.ID] = len(c.out.Agreements)
	shown := AgreementShown{ID: row.ID, Site: site, SiteName: c.names.of(schema.Site, site), Operator: row.Of(schema.AgreementOperator).Text(),
		From: a.Span.From, To: a.Span.To, Share: a.Share, Period: row.Of(schema.AgreementPeriod).Text(), EndedOn: a.EndedOn, Reason: row.Of(schema.AgreementReason).Text(),
		Amount: map[string]int64{}, Kept: map[string]int64{}}
	if root := row.Of(schema.AgreementDocument).Root(); !root.IsZero() {
		text := root.String()
		shown.Document = &text
	}
	outlet, err := c.set.Get(c.tx, schema.Lookup(schema.Site), site)
	if err == nil && outlet != nil {
		if zone, zerr := time.LoadLocation(outlet.Of(schema.SiteZone).Text()); zerr == nil {
			shown.InForce = a.Covers(rules.DayIn(now, zone))
		}
	}
	c.out.Agreements = append(c.out.Agreements, shown)
	return err
}

func (c *outletCount) line(sale, line *records.Row) {
	amount, currency, _ := rules.LineAmount(line.Values)
	named, share, pieces := line.Of(schema.LineAgreement).ID(), line.Of(schema.LineShare).Int(), line.Of(schema.LineQuantity).Int()
	if i, ok := c.at[named]; ok {
		a := &c.out.Agreements[i]
		a.Lines++
		a.Pieces += pieces
		if currency != "" {
			a.Amount[currency] += amount
			a.Kept[currency] += rules.Kept(amount, share)
		}
	}
	site, day := line.Of(schema.LineSite).ID(), sale.Of(schema.SaleDay).Text()
	// What is given back follows the line that it takes back, whenever that is.
	if !line.Of(schema.LineRefunds).IsNull() || !rules.Outside(c.all[site], named, day) {
		return
	}
	if c.out.OutsideCount++; c.out.OutsideCount > outsideShown {
		return
	}
	product := line.Of(schema.LineProduct).ID()
	o := OutsideLine{Line: line.ID, Sale: sale.ID, ReceiptNo: sale.Of(schema.SaleReceiptNo).Text(), Site: site, SiteName: c.names.of(schema.Site, site), Day: day,
		Product: product, Name: c.names.of(schema.Product, product), Quantity: pieces, Amount: amount, Currency: currency, Share: share}
	if !named.IsZero() {
		o.Agreement = &named
	}
	c.out.Outside = append(c.out.Outside, o)
}
