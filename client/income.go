package client

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewIncomeNote is what a family had in a month from somewhere else than its sales, which
// are computed. There is one a month and source.
type NewIncomeNote struct {
	Family      syncproto.RecordID
	Month       string // 2026-11
	Source      string // assistance, work, business or other
	AmountMinor int64
	Currency    string
	VerifiedBy  string
	Note        string
	Voided      bool // it was noted by mistake
}

// NoteIncome records it, over what was noted of that month and source.
func (c *Client) NoteIncome(ctx context.Context, n NewIncomeNote) (id syncproto.RecordID, err error) {
	id = schema.IncomeNoteID(n.Family, n.Month, n.Source)
	return id, c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		me := d.Identity().Site
		if err := ourFamily(d, n.Family); err != nil {
			return err
		}
		amount := []store.Field{field(schema.IncomeAmount, syncproto.IntValue(n.AmountMinor)), field(schema.IncomeCurrency, text(n.Currency)),
			field(schema.IncomeVerifiedBy, text(n.VerifiedBy)), field(schema.IncomeNoted, text(n.Note))}
		have, err := d.Get(schema.IncomeNote, id)
		if err != nil {
			return err
		}
		switch {
		case have == nil && n.Voided:
			return store.ErrNoRecord
		case have == nil:
			return d.Create(schema.IncomeNote, id, append(amount, field(schema.IncomeBranch, syncproto.IDValue(me)), field(schema.IncomeFamily, syncproto.IDValue(n.Family)),
				field(schema.IncomeMonth, text(n.Month)), field(schema.IncomeSource, text(n.Source)))...)
		}
		if !says(have, amount) {
			if err := d.Update(schema.IncomeNote, id, schema.IncomeGroupAmount, amount...); err != nil {
				return err
			}
		}
		if have.Of(schema.Voided).Bool() == n.Voided {
			return nil
		}
		return d.Update(schema.IncomeNote, id, schema.GroupVoided, field(schema.Voided, syncproto.BoolValue(n.Voided)))
	})
}

// IncomeOf is what a family had by month, as far as it is known here: from the sales of this
// site and its fairs, and from those that were settled. Assistance is shown to a device that
// reads class E here.
func (c *Client) IncomeOf(ctx context.Context, family syncproto.RecordID) (list []report.FamilyIncome, err error) {
	return list, c.Store.Read(ctx, func(r *store.Reader) error {
		access, err := c.access(r)
		if err != nil {
			return err
		}
		eligibility := syncproto.Share{Class: syncproto.ClassE, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: c.Store.Identity().Site}}
		list, err = report.Income(r, family, slices.Contains(access.MayRead(c.Now().UnixMilli()), eligibility))
		return err
	})
}

// Grown is the report of families whose income from sales grew, as far as it is known here.
func (c *Client) Grown(ctx context.Context, month string) (g report.Grown, err error) {
	return g, c.Store.Read(ctx, func(r *store.Reader) error {
		g, err = report.CountGrown(r, month)
		return err
	})
}

func (c *Client) incomeRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/families/{id}/income", Summary: "What a family had of sales a month, beside its assistance for a device that reads class E", Response: []report.FamilyIncome{}, Handle: c.apiIncome},
		{Method: "POST", Path: "/api/families/{id}/income", Summary: "Note what a family had in a month from elsewhere", Request: noteIncomeRequest{}, Response: madeAnswer{}, Handle: c.apiNoteIncome},
		{Method: "GET", Path: "/api/report/grown", Summary: "Families whose income from sales grew three months in a row, up to a month", Query: []string{"month"}, Response: report.Grown{}, Handle: c.apiGrown},
	}
}

func (c *Client) apiIncome(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	var list []report.FamilyIncome
	if err == nil {
		list, err = c.IncomeOf(r.Context(), id)
	}
	localapi.Answer(w, list, err)
}

func (c *Client) apiGrown(w http.ResponseWriter, r *http.Request) {
	g, err := c.Grown(r.Context(), r.URL.Query().Get("month"))
	localapi.Answer(w, g, err)
}

// noteIncomeRequest is the body of its route.
type noteIncomeRequest struct {
	Month       string `json:"month"`  // 2026-11
	Source      string `json:"source"` // assistance, work, business or other
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	VerifiedBy  string `json:"verified_by"`
	Note        string `json:"note"`
	Voided      bool   `json:"voided"` // it was noted by mistake
}

func (c *Client) apiNoteIncome(w http.ResponseWriter, r *http.Request) {
	var q noteIncomeRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		id, err = c.NoteIncome(r.Context(), NewIncomeNote{id, q.Month, q.Source, q.AmountMinor, q.Currency, q.VerifiedBy, q.Note, q.Voided})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
