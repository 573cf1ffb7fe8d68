package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// demoResult is what a day found.
type demoResult struct {
	Equal     bool           `json:"equal"`
	Staff     report.Figures `json:"staff"` // the independent list of what staff did
	Centre    report.Figures `json:"centre"`
	Sites     []demoSiteSums `json:"sites"`
	Scans     int            `json:"scans"`
	Attended  int            `json:"attended"` // women, a session each
	Minutes   int64          `json:"credited_minutes"`
	Referrals int            `json:"referrals"`
	Conflicts int            `json:"conflicts"`
	Findings  []string       `json:"findings"`
}

type demoSiteSums struct {
	Name         string         `json:"name"`
	Transactions uint64         `json:"transactions"`
	Sales        report.Figures `json:"sales"` // that the site sees
}

func (r *demoResult) equal() bool { return r.Equal }

func (r *demoResult) print(w io.Writer) {
	fmt.Fprintf(w, "staff sold      %d receipts, %d lines, %d pieces, %s\n", r.Staff.Receipts, r.Staff.Lines, r.Staff.Pieces, amounts(r.Staff.AmountMinor))
	fmt.Fprintf(w, "head office has %d receipts, %d lines, %d pieces, %s\n", r.Centre.Receipts, r.Centre.Lines, r.Centre.Pieces, amounts(r.Centre.AmountMinor))
	for _, s := range r.Sites {
		fmt.Fprintf(w, "%-8s recorded %d transactions with the cable pulled", s.Name, s.Transactions)
		if s.Sales.Receipts > 0 {
			fmt.Fprintf(w, ", and sees %s", amounts(s.Sales.AmountMinor))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d scans of two tablets are %d attendances with %d minutes; %d referrals ended as they should\n", r.Scans, r.Attended, r.Minutes, r.Referrals)
	fmt.Fprintf(w, "%d times two people wrote the same thing without having seen each other's: one value holds, the other is kept\n", r.Conflicts)
	for _, f := range r.Findings {
		fmt.Fprintln(w, "NOT EQUAL:", f)
	}
	if r.Equal {
		fmt.Fprintln(w, "all digests and sums are equal")
	}
}

func (r *demoResult) differ(format string, args ...any) {
	r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
}

// reader reads records at a site or at head office.
type reader interface {
	Get(syncproto.TableID, syncproto.RecordID) (*records.Row, error)
	Each(syncproto.TableID, func(*records.Row) error) error
}

// compare holds head office and every site to the list.
func (d *demoDay) compare(ctx context.Context) (*demoResult, error) {
	r := &demoResult{Findings: []string{}}
	bySite := map[string]*report.Figures{}
	for _, sale := range d.sales {
		if sale.voided {
			continue
		}
		f := report.Figures{Receipts: 1, Lines: sale.lines, Pieces: sale.pieces, AmountMinor: map[string]int64{demoCurrency: sale.amount}}
		r.Staff.Add(&f, 1)
		if bySite[sale.place] == nil {
			bySite[sale.place] = &report.Figures{}
		}
		bySite[sale.place].Add(&f, 1)
	}
	sales, err := d.server.Sales(ctx, report.Site)
	if err != nil {
		return nil, err
	}
	r.Centre.Add(&sales.Total, 1)
	r.Centre.Add(&d.before, -1)
	r.same("head office's sum", &r.Centre, &r.Staff)
	if len(sales.MissingSites) > 0 {
		r.differ("%d sites are still out", len(sales.MissingSites))
	}
	if err := d.server.State.Read(ctx, func(rd *state.Reader) error {
		for _, ledger := range schema.Ledgers {
			if err := rd.Each(ledger, func(*records.Row) error { r.Conflicts++; return nil }); err != nil {
				return err
			}
		}
		return d.people.compare(r, "head office", rd)
	}); err != nil {
		return nil, err
	}
	for _, s := range d.sites {
		if err := d.compareSite(ctx, r, s, sales.Rows, bySite[s.place]); err != nil {
			return nil, err
		}
	}
	r.Scans, r.Referrals = d.people.scans, len(d.people.referrals)
	for _, s := range d.people.sessions {
		r.Attended += len(s.attended)
		for _, stay := range s.attended {
			r.Minutes += s.credit(stay)
		}
	}
	r.Equal = len(r.Findings) == 0
	return r, nil
}

func (d *demoDay) compareSite(ctx context.Context, r *demoResult, s *demoSite, centre []report.Row, staff *report.Figures) error {
	own, err := client.Sales(ctx, s.store, report.Site)
	if err != nil {
		return err
	}
	status, err := s.client.Status(ctx)
	if err != nil {
		return err
	}
	if status.Quarantined > 0 {
		r.differ("%s has %d transactions held", s.place, status.Quarantined)
	}
	line := demoSiteSums{Name: s.place, Transactions: status.Transactions}
	key := s.store.Identity().Site.String()
	for _, row := range own.Rows {
		if row.Key == key {
			line.Sales.Add(&row.Figures, 1)
		}
	}
	r.Sites = append(r.Sites, line)
	for _, row := range centre {
		if row.Key == key {
			r.same(s.place+"'s sum at head office", &row.Figures, &line.Sales)
		}
	}
	if staff != nil && line.Sales.Receipts < staff.Receipts {
		r.differ("%s has %d receipts, staff sold %d", s.place, line.Sales.Receipts, staff.Receipts)
	}
	if unequal := s.store.Progress().Unequal; unequal != "" {
		r.differ("%s: %s", s.place, unequal)
	}
	if s.kind == schema.KindRooyesh {
		if err := s.store.Read(ctx, func(rd *store.Reader) error { return d.people.compare(r, s.place, rd) }); err != nil {
			return err
		}
	}
	if s.kind == schema.KindDesk {
		if err := s.store.Read(ctx, func(rd *store.Reader) error { return d.people.compareReferrals(r, s.place, rd) }); err != nil {
			return err
		}
	}
	return d.digests(ctx, r, s)
}

func (r *demoResult) same(what string, got, want *report.Figures) {
	difference := report.Figures{}
	difference.Add(got, 1)
	difference.Add(want, -1)
	if !difference.IsZero() {
		r.differ("%s is %+v, want %+v", what, *got, *want)
	}
}

// credit is what staff reckon a stay is worth.
func (s *demoSession) credit(stay *demoStay) int64 {
	if stay.out.IsZero() {
		return 0
	}
	from, to := stay.in, stay.out
	if from.Before(s.starts) {
		from = s.starts
	}
	if to.After(s.ends) {
		to = s.ends
	}
	return min(s.minutes, int64(to.Sub(from)/time.Minute))
}

// compare looks for all scans, and for what is derived from them.
func (p *demoPeople) compare(r *demoResult, where string, rd reader) error {
	scans := map[syncproto.RecordID][]rules.ScanOf{}
	if err := rd.Each(schema.Scan, func(row *records.Row) error {
		id := row.Of(schema.ScanSession).ID()
		scans[id] = append(scans[id], rules.ScanOf{Person: row.Of(schema.ScanPerson).ID(), Kind: row.Of(schema.ScanKind).Text(), At: row.Of(schema.ScanAt).Int()})
		return nil
	}); err != nil {
		return err
	}
	n := 0
	for _, s := range p.sessions {
		row, err := rd.Get(schema.WorkshopSession, s.id)
		if err != nil {
			return err
		}
		if row == nil {
			r.differ("%s lacks a session", where)
			continue
		}
		n += len(scans[s.id])
		got := rules.Attendance(row.Values, scans[s.id])
		if len(got) != len(s.attended) {
			r.differ("%s has %d attendances, staff saw %d", where, len(got), len(s.attended))
		}
		for _, x := range got {
			stay := s.attended[x.Person]
			if stay == nil || x.InAt != stay.in.UnixMilli() || x.Credited != s.credit(stay) || x.Review != stay.out.IsZero() {
				r.differ("%s: attendance is %+v, staff saw %+v", where, x, stay)
			}
		}
	}
	if n != p.scans {
		r.differ("%s has %d scans, staff made %d", where, n, p.scans)
	}
	return p.compareReferrals(r, where, rd)
}

func (p *demoPeople) compareReferrals(r *demoResult, where string, rd reader) error {
	for i, want := range p.referrals {
		row, err := rd.Get(schema.Referral, want.id)
		if err != nil {
			return err
		}
		if row == nil {
			r.differ("%s lacks referral %d", where, i)
		} else if got := row.Of(schema.ReferralState).Text(); got != want.ends {
			r.differ("%s: referral %d is %s, want %s", where, i, got, want.ends)
		}
	}
	return nil
}

// digests compares every share that a site covers, record by record hash, with the
// server's own.
func (d *demoDay) digests(ctx context.Context, r *demoResult, s *demoSite) error {
	covered, err := s.store.Digests(ctx)
	if err != nil {
		return err
	}
	if len(covered) == 0 {
		r.differ("%s covers nothing", s.place)
	}
	theirs := map[syncproto.Share]syncproto.Digest{}
	if err := d.server.State.Read(ctx, func(rd *state.Reader) error {
		return rd.Shares(func(x syncproto.ShareDigest, _ syncproto.Position) {
			theirs[x.Share] = syncproto.Digest{Count: x.Count, Sum: x.Sum}
		})
	}); err != nil {
		return err
	}
	for share, own := range covered {
		if own != theirs[share] {
			r.differ("%s: %v is %v there and %v at the server", s.place, share, own, theirs[share])
		}
	}
	return nil
}
