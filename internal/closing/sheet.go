package closing

import (
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Sheet is a till from its opening to its approval (R15). What it was closed with was
// signed and stays; what came later stands beside it.
type Sheet struct {
	Till       syncproto.RecordID  `json:"till"`
	Site       syncproto.RecordID  `json:"site"`
	Fair       *syncproto.RecordID `json:"fair"` // null: none
	Device     syncproto.DeviceID  `json:"device"`
	State      string              `json:"state"`
	OpenedAt   int64               `json:"opened_at"` // UTC ms
	ClosedAt   *int64              `json:"closed_at"` // UTC ms; null while it is open
	Currency   string              `json:"currency"`
	FloatMinor int64               `json:"float_minor"`

	HostKind  string `json:"host_kind"` // of a food event: department or government; empty: not known
	Host      string `json:"host"`
	NeedsHost bool   `json:"needs_host"` // the till asks for it, once (R10)

	Totals                        // as they were signed when it was closed; while it is open, as they are
	DrawerMinor   int64           `json:"drawer_minor"`   // what should lie in it: float and cash
	CountedMinor  *int64          `json:"counted_minor"`  // null while it is open
	VarianceMinor *int64          `json:"variance_minor"` // counted less drawer
	LimitMinor    int64           `json:"limit_minor"`    // a difference over it, either way, is for two persons
	NeedsSecond   bool            `json:"needs_second"`
	Counts        []CountShown    `json:"counts"`              // what was counted, in order
	Late          Totals          `json:"late"`                // what came since it was closed, less what was voided since
	Unsigned      int64           `json:"late_unsigned_minor"` // of it, what no addendum has signed
	ToAssign      int64           `json:"to_assign"`           // lines that wait for their owner
	Approvals     []ApprovalShown `json:"approvals"`           // in order
}

// Totals are sums of sales that count, in the till's currency where they are amounts.
type Totals struct {
	Sales       int64  `json:"sales"`
	Voided      int64  `json:"voided"`
	AmountMinor int64  `json:"amount_minor"`
	Payments    []Paid `json:"payments"`
}

// Pieces are notes or coins of one kind, and how many.
type Pieces struct {
	Minor  int64 `json:"minor"`
	Pieces int64 `json:"pieces"`
}

// CountShown is what was counted.
type CountShown struct {
	At     int64    `json:"at"` // UTC ms
	By     string   `json:"by"`
	Minor  int64    `json:"amount_minor"`
	Pieces []Pieces `json:"pieces"`
}

// ApprovalShown is what somebody signed.
type ApprovalShown struct {
	Kind        string `json:"kind"` // count, variance or late
	AmountMinor int64  `json:"amount_minor"`
	By          string `json:"by"`
	Second      string `json:"second"`
	Reason      string `json:"reason"`
	At          int64  `json:"at"` // UTC ms
}

// SheetOf makes the sheet of a till from the records of a side. state is the till sheet's
// record, where a person has moved it; nil otherwise.
func SheetOf(tx *sqlitedb.Tx, set *records.Set, find Find, till, state *records.Row) (s Sheet, err error) {
	s = Sheet{
		Till: till.ID, Site: till.Of(schema.TillSite).ID(), Device: syncproto.DeviceID(till.Of(schema.TillDevice).ID()), OpenedAt: till.Of(schema.TillOpenedAt).Int(),
		Currency: till.Of(schema.TillCurrency).Text(), FloatMinor: till.Of(schema.TillFloat).Int(), LimitMinor: rules.VarianceLimit, Counts: []CountShown{}, Approvals: []ApprovalShown{},
	}
	if fair := till.Of(schema.TillFair); !fair.IsNull() {
		id := fair.ID()
		s.Fair = &id
	}
	s.HostKind, s.Host = till.Of(schema.TillHostKind).Text(), till.Of(schema.TillHost).Text()
	if s.NeedsHost, err = NeedsHost(tx, set, till); err != nil {
		return s, err
	}
	now, err := Count(tx, set, find, Of{Till: till.ID}, nil)
	if err != nil {
		return s, err
	}
	s.Totals, s.Late = totals(&now.ClosingCounts, s.Currency), Totals{Payments: []Paid{}}
	if closed := till.Of(schema.TillClosedAt); !closed.IsNull() {
		at, counted := closed.Int(), till.Of(schema.TillCounted).Int()
		s.ClosedAt, s.CountedMinor = &at, &counted
		if err := s.signed(tx, set, till); err != nil {
			return s, err
		}
	}
	s.DrawerMinor = rules.Drawer(s.FloatMinor, s.paid())
	if s.CountedMinor != nil {
		variance := *s.CountedMinor - s.DrawerMinor
		s.VarianceMinor, s.NeedsSecond = &variance, rules.NeedsSecond(*s.CountedMinor, s.DrawerMinor, s.LimitMinor)
	}
	if err := s.people(tx, set); err != nil {
		return s, err
	}
	if s.ToAssign, err = toAssign(tx, set, find, till.ID); err != nil {
		return s, err
	}
	s.State = s.state(state)
	return s, nil
}

// NeedsHost says whether a till sells at a food event whose host nobody has named.
func NeedsHost(tx *sqlitedb.Tx, set *records.Set, till *records.Row) (bool, error) {
	fair, err := set.Get(tx, schema.Lookup(schema.Fair), till.Of(schema.TillFair).ID())
	if err != nil || fair == nil {
		return false, err
	}
	return rules.NeedsHost(fair.Of(schema.FairClass).Text(), till.Of(schema.TillHost).Text()), nil
}

// signed puts what was signed at the closing in the place of what is there now, and what
// came since beside it.
func (s *Sheet) signed(tx *sqlitedb.Tx, set *records.Set, till *records.Row) error {
	var first *records.Row
	if err := set.Each(tx, schema.Lookup(schema.Closing), `WHERE till_session = ? ORDER BY number, id`, func(row *records.Row) error {
		if first == nil {
			first = row
		}
		return nil
	}, till.ID[:]); err != nil || first == nil {
		return err
	}
	said, err := syncproto.ReadClosing(first.Of(schema.ClosingSigned).Bytes())
	if err != nil {
		return nil // whoever shows statements says that it is unsound
	}
	now := s.Totals
	s.Totals = totals(&said.Counts, s.Currency)
	s.Late = now.less(&s.Totals)
	return nil
}

func totals(c *syncproto.ClosingCounts, currency string) Totals {
	t := Totals{Sales: int64(c.Sales), Voided: int64(c.Voided), Payments: []Paid{}}
	for _, l := range c.Lines {
		if l.Currency == currency {
			t.AmountMinor = l.Minor
		}
	}
	for _, p := range c.Payments {
		if p.Currency == currency {
			t.Payments = append(t.Payments, Paid{p.Method, p.Currency, p.Minor})
		}
	}
	return t
}

// less is what there is more in t.
func (t *Totals) less(o *Totals) Totals {
	d := Totals{Sales: t.Sales - o.Sales, Voided: t.Voided - o.Voided, AmountMinor: t.AmountMinor - o.AmountMinor, Payments: slices.Clone(t.Payments)}
	for _, p := range o.Payments {
		i := slices.IndexFunc(d.Payments, func(q Paid) bool { return q.Method == p.Method })
		if i < 0 {
			i = len(d.Payments)
			d.Payments = append(d.Payments, Paid{p.Method, p.Currency, 0})
		}
		d.Payments[i].AmountMinor -= p.AmountMinor
	}
	d.Payments = slices.DeleteFunc(d.Payments, func(p Paid) bool { return p.AmountMinor == 0 })
	return d
}

// paid are the payments as rules take them.
func (t *Totals) paid() (all []rules.Paid) {
	for _, p := range t.Payments {
		all = append(all, rules.Paid{Method: p.Method, Amount: p.AmountMinor})
	}
	return all
}

// people adds what was counted and signed.
func (s *Sheet) people(tx *sqlitedb.Tx, set *records.Set) error {
	if err := set.Each(tx, schema.Lookup(schema.TillCount), `WHERE till_session = ? ORDER BY id`, func(row *records.Row) error {
		counted, _ := schema.ReadCount(row.Of(schema.CountPieces).Text())
		c := CountShown{At: row.Of(schema.CountAt).Int(), By: row.Of(schema.CountBy).Text(), Minor: rules.CountTotal(counted), Pieces: []Pieces{}}
		for _, d := range counted {
			c.Pieces = append(c.Pieces, Pieces(d))
		}
		s.Counts = append(s.Counts, c)
		return nil
	}, s.Till[:]); err != nil {
		return err
	}
	s.Unsigned = s.Late.AmountMinor
	err := set.Each(tx, schema.Lookup(schema.TillApproval), `WHERE till_session = ? ORDER BY id`, func(row *records.Row) error {
		a := ApprovalShown{
			Kind: row.Of(schema.ApprovalKind).Text(), AmountMinor: row.Of(schema.ApprovalAmount).Int(), By: row.Of(schema.ApprovalBy).Text(),
			Second: row.Of(schema.ApprovalSecond).Text(), Reason: row.Of(schema.ApprovalReason).Text(), At: row.Of(schema.ApprovalAt).Int(),
		}
		if a.Kind == ApproveLate {
			s.Unsigned -= a.AmountMinor
		}
		s.Approvals = append(s.Approvals, a)
		return nil
	}, s.Till[:])
	slices.SortStableFunc(s.Approvals, func(a, b ApprovalShown) int { return cmp.Compare(a.At, b.At) })
	return err
}

// Kinds of approvals.
const (
	ApproveCount    = "count"    // the count is within the limit
	ApproveVariance = "variance" // it is not, and two persons signed that
	ApproveLate     = "late"     // sales that came after the closing
)

// Signed says whether somebody has signed what the till was closed with.
func (s *Sheet) Signed() bool {
	return slices.ContainsFunc(s.Approvals, func(a ApprovalShown) bool { return a.Kind != ApproveLate })
}

// state is how far the till has come, by the records; head office's word that its device is
// lost holds until it is closed after all.
func (s *Sheet) state(row *records.Row) string {
	said := ""
	if row != nil {
		said = row.Of(schema.SheetState).Text()
	}
	late := 0
	if s.Unsigned != 0 {
		late = 1
	}
	switch waits := rules.AfterClosing(s.NeedsSecond, late); {
	case s.ClosedAt == nil && (said == schema.TillLost || said == schema.TillOff || said == schema.TillBack):
		return said
	case s.ClosedAt == nil && len(s.Counts) > 0:
		return schema.TillCounting
	case s.ClosedAt == nil && s.Sales+s.Voided > 0:
		return schema.TillSelling
	case s.ClosedAt == nil:
		return schema.TillOpened
	case waits != schema.TillLate && s.Signed():
		return schema.TillApproved
	default:
		return waits
	}
}

// toAssign is how many lines of a till wait for their owner (R12).
func toAssign(tx *sqlitedb.Tx, set *records.Set, find Find, till syncproto.RecordID) (n int64, err error) {
	err = find(tx, set, Of{Till: till}, func(sale *records.Row) error {
		if sale.Of(schema.Voided).Bool() {
			return nil
		}
		end := sale.ID.LastChild()
		return set.Each(tx, schema.Lookup(schema.SaleLine), `WHERE id > ? AND id <= ?`, func(line *records.Row) error {
			if line.Of(schema.LineSale).ID() != sale.ID {
				return nil
			}
			var assigned syncproto.RecordID
			owner, err := set.Get(tx, schema.Lookup(schema.LineOwner), schema.LineOwnerID(line.ID))
			if err != nil {
				return err
			}
			if owner != nil {
				assigned = owner.Of(schema.OwnerFamily).ID()
			}
			if rules.ToAssign(line.Of(schema.LineFamily).ID(), assigned) {
				n++
			}
			return nil
		}, sale.ID[:], end[:])
	})
	return n, err
}
