package settle

import (
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Names are those of a record, as the family reads them in its language.
type Names struct {
	Ar string `json:"name_ar"`
	Fa string `json:"name_fa"`
	En string `json:"name_en"`
}

// NamesOf are the names of a record of the catalogue.
func NamesOf(row *records.Row) Names {
	return Names{row.Of(schema.NameAr).Text(), row.Of(schema.NameFa).Text(), row.Of(schema.NameEn).Text()}
}

// In is the name in a language, else in another one.
func (n Names) In(lang string) string {
	return cmp.Or(map[string]string{"ar": n.Ar, "fa": n.Fa, "en": n.En}[lang], n.Ar, n.Fa, n.En)
}

// Line is a line of a statement.
type Line struct {
	Of         syncproto.RecordID `json:"of"` // sale line or adjustment
	Kind       string             `json:"kind"`
	Day        rules.Day          `json:"day"`
	Product    Names              `json:"product"`
	Place      Names              `json:"place"` // fair, else site
	Pieces     int64              `json:"pieces"`
	GrossMinor int64              `json:"gross_minor"`
	Share      int64              `json:"share"` // hundredths of a percent that somebody else keeps
	NetMinor   int64              `json:"net_minor"`
	Flagged    bool               `json:"flagged"` // sold outside of an agreement
	Reason     string             `json:"reason"`  // of an adjustment
}

// Row is what of a product was sold at a place: what the page of the family shows.
type Row struct {
	Kind       string `json:"kind"` // sale, refund, void or adjustment
	Product    Names  `json:"product"`
	Place      Names  `json:"place"`
	Pieces     int64  `json:"pieces"`
	GrossMinor int64  `json:"gross_minor"`
	Share      int64  `json:"share"`
	NetMinor   int64  `json:"net_minor"`
	Reason     string `json:"reason"`
}

// KindRefund is the kind of a row of what was given back; in records it is a sale below zero.
const KindRefund = "refund"

// Paid is what was handed over for a statement, and what the family says to it.
type Paid struct {
	State       string         `json:"state"`   // paid, disputed or answered
	PaidAt      int64          `json:"paid_at"` // UTC ms; 0: not yet
	AmountMinor int64          `json:"amount_minor"`
	Method      string         `json:"method"`
	ReceiptNo   string         `json:"receipt_no"`
	By          string         `json:"by"`
	Signature   syncproto.Root `json:"signature"`
	Dispute     string         `json:"dispute"`
}

// Statement is a statement, or the draft of one, as people read it.
type Statement struct {
	ID         syncproto.RecordID `json:"id"` // zero: a draft
	Number     string             `json:"number"`
	Family     syncproto.RecordID `json:"family"`
	FamilyName Names              `json:"family_name"`
	Lang       string             `json:"lang"` // that the family reads
	Branch     syncproto.RecordID `json:"branch"`
	BranchName Names              `json:"branch_name"`
	Zone       string             `json:"zone"` // of the branch, whose days these are
	From       rules.Day          `json:"from"`
	To         rules.Day          `json:"to"`
	Currency   string             `json:"currency"`
	State      string             `json:"state"` // in_statement (a draft), approved, paid or disputed
	ApprovedBy string             `json:"approved_by"`
	ApprovedAt int64              `json:"approved_at"` // UTC ms
	GrossMinor int64              `json:"gross_minor"`
	NetMinor   int64              `json:"net_minor"`
	Unpriced   int                `json:"unpriced"` // lines of a draft that wait for a price
	Count      int                `json:"line_count"`
	Lines      []Line             `json:"lines"`
	Rows       []Row              `json:"rows"` // lines added up by product and place
	Payout     *Paid              `json:"payout"`
}

// pages reads names once.
type pages struct {
	r     Reader
	names map[syncproto.RecordID]Names
}

func newPages(r Reader) *pages { return &pages{r, map[syncproto.RecordID]Names{}} }

func (p *pages) name(table syncproto.TableID, id syncproto.RecordID) (n Names, err error) {
	if have, ok := p.names[id]; ok || id.IsZero() {
		return have, nil
	}
	row, err := p.r.Get(table, id)
	if row != nil {
		n = NamesOf(row)
	}
	p.names[id] = n
	return n, err
}

// Home is the branch of a family, that pays it; zero where nobody has said.
func Home(r Reader, family syncproto.RecordID) (branch syncproto.RecordID, err error) {
	row, err := r.Get(schema.Family, family)
	if row != nil {
		branch = row.Of(schema.FamilyBranch).ID()
	}
	if err != nil || !branch.IsZero() {
		return branch, err
	}
	if row, err = r.Get(schema.FamilyPrivate, family); row != nil {
		branch = row.Of(schema.FamilyPrivateBranch).ID()
	}
	return branch, err
}

// head fills in who it is about. A family reads its own language, else that of its branch.
func (p *pages) head(s *Statement) (err error) {
	if s.FamilyName, err = p.name(schema.Family, s.Family); err != nil {
		return err
	}
	if s.BranchName, err = p.name(schema.Site, s.Branch); err != nil {
		return err
	}
	s.Lang = "ar"
	site, err := p.r.Get(schema.Site, s.Branch)
	if err != nil {
		return err
	}
	if site != nil {
		s.Lang, s.Zone = cmp.Or(site.Of(schema.SiteLang).Text(), s.Lang), site.Of(schema.SiteZone).Text()
	}
	file, err := p.r.Get(schema.FamilyPrivate, s.Family)
	if file != nil {
		s.Lang = cmp.Or(file.Of(schema.FamilyPrivateLang).Text(), s.Lang)
	}
	return err
}

// add adds a line that says what a statement line's fields say.
func (p *pages) add(s *Statement, row *records.Row) (err error) {
	kind, fair := row.Of(schema.SettledKind).Text(), row.Of(schema.SettledFair).ID()
	l := Line{
		Of: row.Of(schema.SettledLine).ID(), Kind: kind, Day: row.Of(schema.SettledDay).Text(), Pieces: row.Of(schema.SettledQuantity).Int(), GrossMinor: row.Of(schema.SettledGross).Int(),
		Share: row.Of(schema.SettledShare).Int(), NetMinor: row.Of(schema.SettledNet).Int(), Flagged: row.Of(schema.SettledFlagged).Bool(),
	}
	if l.Product, err = p.name(schema.Product, row.Of(schema.SettledProduct).ID()); err != nil {
		return err
	}
	if l.Place, err = p.name(schema.Site, row.Of(schema.SettledSite).ID()); err == nil && !fair.IsZero() {
		l.Place, err = p.name(schema.Fair, fair)
	}
	if err == nil && kind == schema.SettledOther {
		l.Of = row.Of(schema.SettledAdjustment).ID()
		var why *records.Row
		if why, err = p.r.Get(schema.Adjustment, l.Of); why != nil {
			l.Reason = why.Of(schema.AdjustmentReason).Text()
		}
	}
	s.Lines = append(s.Lines, l)
	s.Count++
	s.GrossMinor += l.GrossMinor
	s.NetMinor += l.NetMinor
	return err
}

// rowKey is what lines are added up by.
type rowKey struct {
	kind           string
	product, place Names
	share          int64
	reason         string
}

// sum adds the lines up by product and place, in the order of their days.
func (s *Statement) sum() {
	slices.SortStableFunc(s.Lines, func(a, b Line) int { return cmp.Compare(a.Day, b.Day) })
	at := map[rowKey]int{}
	s.Rows = []Row{}
	for _, l := range s.Lines {
		kind := l.Kind
		if kind == schema.SettledSale && (l.Pieces < 0 || l.GrossMinor < 0) {
			kind = KindRefund
		}
		key := rowKey{kind, l.Product, l.Place, l.Share, l.Reason}
		i, ok := at[key]
		if !ok {
			i = len(s.Rows)
			at[key] = i
			s.Rows = append(s.Rows, Row{Kind: kind, Product: l.Product, Place: l.Place, Share: l.Share, Reason: l.Reason})
		}
		r := &s.Rows[i]
		r.Pieces += l.Pieces
		r.GrossMinor += l.GrossMinor
		r.NetMinor += l.NetMinor
	}
}

// Shown is a draft as people read it; branch is where it would be paid.
func (d *Draft) Shown(r Reader, branch syncproto.RecordID) (s Statement, err error) {
	p := newPages(r)
	s = Statement{Family: d.Family, Branch: branch, From: d.From(), To: d.To, Currency: d.Currency, State: rules.LineInStatement, Unpriced: len(d.Unpriced), Lines: []Line{}}
	if err = p.head(&s); err != nil {
		return s, err
	}
	for i := range d.Entries {
		row := records.New(schema.Lookup(schema.StatementLine), syncproto.RecordID{})
		for _, f := range d.Fields(&d.Entries[i], s.ID, branch) {
			row.Set(f.Field, f.Value)
		}
		if err = p.add(&s, row); err != nil {
			return s, err
		}
	}
	s.sum()
	return s, nil
}

// Statements are those that wanted takes, the newest first, without their lines unless whole.
func Statements(r Reader, whole bool, wanted func(*records.Row) bool) ([]Statement, error) {
	p := newPages(r)
	list, at := []Statement{}, map[syncproto.RecordID]int{}
	if err := r.Each(schema.Statement, func(row *records.Row) error {
		if !wanted(row) {
			return nil
		}
		s, err := p.statement(row)
		at[row.ID] = len(list)
		list = append(list, s)
		return err
	}); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return list, nil
	}
	if err := r.Each(schema.StatementLine, func(row *records.Row) error {
		i, ok := at[row.Of(schema.SettledStatement).ID()]
		if !ok {
			return nil
		}
		return p.add(&list[i], row)
	}); err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].sum(); !whole {
			list[i].Lines, list[i].Rows = []Line{}, []Row{}
		}
	}
	slices.Reverse(list)
	return list, nil
}

func (p *pages) statement(row *records.Row) (s Statement, err error) {
	s = Statement{
		ID: row.ID, Number: row.Of(schema.StatementNumber).Text(), Family: row.Of(schema.StatementFamily).ID(), Branch: row.Of(schema.StatementBranch).ID(),
		From: row.Of(schema.StatementFrom).Text(), To: row.Of(schema.StatementTo).Text(), Currency: row.Of(schema.StatementCurrency).Text(),
		ApprovedBy: row.Of(schema.StatementApprovedBy).Text(), ApprovedAt: row.Of(schema.StatementApprovedAt).Int(), Lines: []Line{},
	}
	if err = p.head(&s); err != nil {
		return s, err
	}
	paid, err := p.r.Get(schema.Payout, schema.PayoutID(row.ID))
	state := ""
	if paid != nil {
		state = paid.Of(schema.PayoutState).Text()
		s.Payout = &Paid{State: state, PaidAt: paid.Of(schema.PayoutPaidAt).Int(), AmountMinor: paid.Of(schema.PayoutAmount).Int(), Method: paid.Of(schema.PayoutMethod).Text(),
			ReceiptNo: paid.Of(schema.PayoutReceiptNo).Text(), By: paid.Of(schema.PayoutBy).Text(), Signature: paid.Of(schema.PayoutSignature).Root(), Dispute: paid.Of(schema.PayoutDispute).Text()}
	}
	s.State = rules.LineState(row.Of(schema.StatementState).Text() == schema.StatementApproved, state, true)
	return s, err
}
