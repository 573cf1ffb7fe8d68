package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// FamilyAtFair is what a family that took part in a fair sold there.
type FamilyAtFair struct {
	Fair        syncproto.RecordID `json:"fair"`
	FairName    settle.Names       `json:"fair_name"`
	StartsOn    rules.Day          `json:"starts_on"`
	Family      syncproto.RecordID `json:"family"`
	FamilyName  settle.Names       `json:"family_name"`
	Pieces      int64              `json:"pieces"`
	AmountMinor map[string]int64   `json:"amount_minor"` // by currency; empty: no sale
}

// Participations is what families sold at the fairs that begin in a span of days, a
// participation a row. It counts who took part (R7).
type Participations struct {
	Rows         []FamilyAtFair   `json:"rows"`
	Count        int              `json:"participations"`
	WithoutSale  int              `json:"without_sale"`
	AmountMinor  map[string]int64 `json:"amount_minor"`
	CompleteTo   *string          `json:"complete_to"` // RFC 3339, UTC; null: not known
	MissingSites []MissingSite    `json:"missing_sites"`
}

// CountParticipations counts them. A sale that was taken back whole is no sale.
func CountParticipations(r settle.Reader, in Span) (p Participations, err error) {
	p = Participations{Rows: []FamilyAtFair{}, AmountMinor: map[string]int64{}, MissingSites: []MissingSite{}}
	type part struct{ fair, family syncproto.RecordID }
	at := map[part]int{}
	if err := r.Each(schema.Participation, func(row *records.Row) error {
		if row.Of(schema.Voided).Bool() || !schema.Came(row.Of(schema.PartState).Text()) {
			return nil
		}
		of := part{row.Of(schema.PartFair).ID(), row.Of(schema.PartFamily).ID()}
		fair, err := r.Get(schema.Fair, of.fair)
		if err != nil || fair == nil || !in.Holds(fair.Of(schema.FairStartsOn).Text()) {
			return err
		}
		shown := FamilyAtFair{Fair: of.fair, FairName: settle.NamesOf(fair), StartsOn: fair.Of(schema.FairStartsOn).Text(), Family: of.family, AmountMinor: map[string]int64{}}
		family, err := r.Get(schema.Family, of.family)
		if family != nil {
			shown.FamilyName = settle.NamesOf(family)
		}
		at[of] = len(p.Rows)
		p.Rows = append(p.Rows, shown)
		return err
	}); err != nil {
		return p, err
	}
	if err := settle.EachSold(r, "", "", func(s *settle.Sold) error {
		i, ok := at[part{s.Fair, s.Family}]
		if !ok || s.Voided {
			return nil
		}
		p.Rows[i].Pieces += s.Quantity
		if s.Priced {
			p.Rows[i].AmountMinor[s.Currency] += s.Amount
			p.AmountMinor[s.Currency] += s.Amount
		}
		return nil
	}); err != nil {
		return p, err
	}
	p.Count = len(p.Rows)
	for _, row := range p.Rows {
		if row.Pieces == 0 && len(row.AmountMinor) == 0 {
			p.WithoutSale++
		}
	}
	slices.SortStableFunc(p.Rows, func(a, b FamilyAtFair) int {
		return cmp.Or(strings.Compare(a.StartsOn, b.StartsOn), strings.Compare(a.FairName.In("en"), b.FairName.In("en")), strings.Compare(a.FamilyName.In("en"), b.FamilyName.In("en")))
	})
	return p, nil
}
