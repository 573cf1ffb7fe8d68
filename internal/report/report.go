// Package report is what the sales reports are, the same on both sides: a client
// counts its records, the server keeps the same figures as it folds.
package report

import (
	"slices"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// By is what sales are grouped by.
type By uint8

// The groupings. Numbers are kept in databases.
const (
	Total    By = 0
	Category By = 1
	Site     By = 2
	Day      By = 3
	Family   By = 4
	Product  By = 5

	// Kept so that a span of days is added up from its days: a key is the day, then the id.
	SiteDay   By = 6
	FamilyDay By = 7

	// Counted when somebody asks, and kept nowhere.
	Fair  By = 8
	Venue By = 9  // kind of place of the fair; empty where the sale was at none
	Hour  By = 10 // of the day in the zone of the site, as 09
)

// All lists every grouping that is kept and a report has.
var All = []By{Total, Category, Site, Day, Family, Product}

// Asked lists those that a report can be asked for.
var Asked = []By{Category, Site, Day, Family, Product, Fair, Venue, Hour}

var names = []string{"total", "category", "site", "day", "family", "product", "day and site", "day and family", "fair", "venue", "hour"}

func (b By) String() string { return names[b] }

// ParseBy reads the name of a grouping.
func ParseBy(s string) (By, error) {
	known := make([]string, len(Asked))
	for i, by := range Asked {
		if known[i] = by.String(); known[i] == s {
			return by, nil
		}
	}
	return 0, refusal.Parameter("by", "cannot group by %q: use %s", s, strings.Join(known, ", "))
}

// Kept says whether figures of a grouping are kept; others are counted from records.
func (b By) Kept() bool { return slices.Contains(All, b) }

// Figures is what one group of sale lines adds up to.
type Figures struct {
	Pieces      int64            `json:"pieces"`
	Lines       int64            `json:"lines"`
	Receipts    int64            `json:"receipts"` // that have a line in the group
	Unpriced    int64            `json:"unpriced_lines"`
	AmountMinor map[string]int64 `json:"amount_minor"` // by currency, minor units
}

// Add counts other in, times 1 or -1.
func (f *Figures) Add(other *Figures, times int64) {
	f.Pieces += times * other.Pieces
	f.Lines += times * other.Lines
	f.Receipts += times * other.Receipts
	f.Unpriced += times * other.Unpriced
	for currency, n := range other.AmountMinor {
		if f.AmountMinor == nil {
			f.AmountMinor = map[string]int64{}
		}
		f.AmountMinor[currency] += times * n
	}
}

// IsZero says that nothing is counted.
func (f *Figures) IsZero() bool {
	for _, n := range f.AmountMinor {
		if n != 0 {
			return false
		}
	}
	return f.Pieces == 0 && f.Lines == 0 && f.Receipts == 0 && f.Unpriced == 0
}

// Key is one group: the id of a record or a day, empty where a line has none.
type Key struct {
	By    By
	Value string
}

// Parts are the day and the id that a key is made of, each empty where it has none.
func (k Key) Parts() (day, id string) {
	switch k.By {
	case Day:
		return k.Value, ""
	case SiteDay, FamilyDay:
		n := min(len(k.Value), len(time.DateOnly))
		return k.Value[:n], k.Value[n:]
	}
	return "", k.Value
}

// Counter adds sales up. It is for one goroutine.
type Counter struct {
	All  map[Key]*Figures
	seen map[Key]struct{} // groups that the present receipt has a line in
	keys []Key            // of the present line
}

// NewCounter is empty.
func NewCounter() *Counter { return &Counter{All: map[Key]*Figures{}, seen: map[Key]struct{}{}} }

// Sale counts one receipt in every group, times 1 or -1; nothing where it is voided.
// Lines without their sale are not counted: a transaction brings them together. more are
// groups of the whole sale besides.
func (c *Counter) Sale(sale schema.Values, lines []schema.Values, times int64, more ...Key) {
	ts, tl := schema.Lookup(schema.Sale), schema.Lookup(schema.SaleLine)
	if ts.Of(sale, schema.Voided).Bool() {
		return
	}
	clear(c.seen)
	site, day := ts.Of(sale, schema.SaleSite).Raw(), ts.Of(sale, schema.SaleDay).Raw()
	for _, line := range lines {
		amount, currency, priced := rules.LineAmount(line)
		pieces := tl.Of(line, schema.LineQuantity).Int()
		family := tl.Of(line, schema.LineFamily).Raw()
		keys := append(c.keys[:0],
			Key{Total, ""},
			Key{Category, tl.Of(line, schema.LineCategory).Raw()},
			Key{Site, site},
			Key{Day, day},
			Key{Family, family},
			Key{Product, tl.Of(line, schema.LineProduct).Raw()},
			Key{SiteDay, day + site},
			Key{FamilyDay, day + family})
		c.keys = append(keys, more...)
		for _, key := range c.keys {
			f := c.All[key]
			if f == nil {
				f = &Figures{AmountMinor: map[string]int64{}}
				c.All[key] = f
			}
			if _, counted := c.seen[key]; !counted {
				c.seen[key] = struct{}{}
				f.Receipts += times
			}
			f.Lines += times
			f.Pieces += times * pieces
			if priced {
				f.AmountMinor[currency] += times * amount
			} else {
				f.Unpriced += times
			}
		}
	}
}

// Row is one line of a report.
type Row struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Figures
}

// MissingSite is a site whose sales may not all be in the figures (P13).
type MissingSite struct {
	Site        syncproto.RecordID `json:"site"`
	Name        string             `json:"name"`
	LastContact *string            `json:"last_contact"` // RFC 3339, UTC; null: never
	Declared    Declared           `json:"declared"`
}

// Declared is a backlog as declared by the site's devices.
type Declared struct {
	Transactions uint64           `json:"transactions"`
	AmountMinor  map[string]int64 `json:"amount_minor"`
	Oldest       *string          `json:"oldest"` // RFC 3339, UTC
}

// Sales is the sales report. Every figure says up to when it is complete (P13).
type Sales struct {
	Unit         string        `json:"unit"`        // what is counted
	Filter       string        `json:"filter"`      // which records count, for people
	CompleteTo   *string       `json:"complete_to"` // RFC 3339, UTC: every site's sales up to here are in; null: not known
	MissingSites []MissingSite `json:"missing_sites"`
	Rows         []Row         `json:"rows"`
	Total        Figures       `json:"total"`
}

// KeyText is a key as it stands in a report: an id in its usual form, or a day.
func KeyText(k Key) string {
	if day, id := k.Parts(); len(id) == 16 {
		return strings.TrimSpace(day + " " + syncproto.RecordID([]byte(id)).String())
	}
	return k.Value
}

// Sort orders rows by label, then key; rows without a label come last.
func Sort(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		if (a.Label == "") != (b.Label == "") {
			return strings.Compare(b.Label, a.Label)
		}
		if c := strings.Compare(a.Label, b.Label); c != 0 {
			return c
		}
		return strings.Compare(a.Key, b.Key)
	})
}

// LabelTable is the table whose names label a grouping; 0 where the key is the label.
func (b By) LabelTable() syncproto.TableID {
	switch b {
	case Category:
		return schema.Category
	case Site:
		return schema.Site
	case Family:
		return schema.Family
	case Product:
		return schema.Product
	case Fair:
		return schema.Fair
	}
	return 0
}

// Name is the name people know a catalogue record by, English first since programs
// speak English.
func Name(t *schema.Table, v schema.Values) string {
	for _, id := range []syncproto.FieldID{schema.NameEn, schema.NameAr, schema.NameFa} {
		if s := t.Of(v, id).Text(); s != "" {
			return s
		}
	}
	return ""
}
