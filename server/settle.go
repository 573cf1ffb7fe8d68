package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What families are owed is decided here alone (R16): a draft is computed whenever somebody
// looks, and approving it is one transaction with a line for each line that it takes.

// maxStatementLines bounds the lines that one approval takes, so that its transaction stays
// far below syncproto.MaxValues and MaxBody; what is more goes into the next statement of the
// same run.
const maxStatementLines = 1 << 14

// Due lists what is due up to and with a day, to one family or to all where it is zero.
func (s *Server) Due(ctx context.Context, to rules.Day, family syncproto.RecordID) (list []settle.Statement, err error) {
	list = []settle.Statement{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		drafts, err := draftsOf(r, to, family)
		if err != nil {
			return err
		}
		for _, d := range drafts {
			branch, err := settle.Home(r, d.Family)
			if err != nil {
				return err
			}
			shown, err := d.Shown(r, branch)
			if err != nil {
				return err
			}
			list = append(list, shown)
		}
		return nil
	})
	return list, err
}

func draftsOf(r *state.Reader, to rules.Day, family syncproto.RecordID) ([]*settle.Draft, error) {
	switch {
	case to == "":
		return nil, refusal.New(refusal.Required, "say up to which day: 2026-11-30").On("to")
	case !schema.ValidDay(to):
		return nil, refusal.New(refusal.BadForm, "%q is no day such as 2026-11-30", to).On("to")
	}
	if !family.IsZero() {
		if row, err := r.Get(schema.Family, family); err != nil || row == nil {
			return nil, cmp.Or(err, error(refusal.New(refusal.Reference, "family %v is not known here", family).On("family")))
		}
	}
	return settle.Drafts(r, to, family)
}

// NewSettlement approves what is due up to and with a day.
type NewSettlement struct {
	To       string              `json:"to"`
	Family   *syncproto.RecordID `json:"family"`    // null: every family
	Currency string              `json:"currency"`  // empty: each
	NetMinor *int64              `json:"net_minor"` // of the draft that was looked at, of one family and currency; null: whatever is due
	Branch   *syncproto.RecordID `json:"branch"`    // that pays a family that has no branch
	By       string              `json:"by"`
}

// Settled is what a settlement came to.
type Settled struct {
	Approved []settle.Statement `json:"approved"` // without their lines
	Waiting  []Waiting          `json:"waiting"`
}

// Waiting is a draft that was not approved: its lines wait for the next settlement.
type Waiting struct {
	Family   syncproto.RecordID `json:"family"`
	Name     settle.Names       `json:"family_name"`
	Currency string             `json:"currency"`
	NetMinor int64              `json:"net_minor"`
	Unpriced int                `json:"unpriced"`
	Why      string             `json:"why"` // not_payable: deductions are not less than sales; no_branch: nobody pays it; unpriced
}

// Settle approves statements, one transaction each. Asked again it approves what is due by
// then, which is nothing: a line is in one approved statement at most.
func (s *Server) Settle(ctx context.Context, q NewSettlement) (done Settled, err error) {
	done = Settled{Approved: []settle.Statement{}, Waiting: []Waiting{}}
	if q.By == "" {
		return done, refusal.New(refusal.Required, "say who approves it").On("by")
	}
	end, err := s.decides(ctx, &s.settling)
	if err != nil {
		return done, err
	}
	defer end()
	var drafts []*settle.Draft
	var number int
	branches := map[syncproto.RecordID]syncproto.RecordID{}
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		if drafts, err = draftsOf(r, q.To, orZero(q.Family)); err != nil {
			return err
		}
		if err = knownSite(r, q.Branch); err != nil {
			return err
		}
		drafts = slices.DeleteFunc(drafts, func(d *settle.Draft) bool { return q.Currency != "" && d.Currency != q.Currency })
		if number, err = lastNumber(r); err == nil {
			err = seen(r, &q, drafts)
		}
		for _, d := range drafts {
			if err == nil {
				branches[d.Family], err = settle.Home(r, d.Family)
			}
		}
		return err
	}); err != nil {
		return done, err
	}
	approved := map[syncproto.RecordID]bool{}
	for _, d := range drafts {
		branch := branches[d.Family]
		if branch.IsZero() {
			branch = orZero(q.Branch)
		}
		why := ""
		switch {
		case len(d.Entries) == 0:
			why = "unpriced"
		case !d.Payable():
			why = "not_payable"
		case branch.IsZero():
			why = "no_branch"
		}
		if why != "" {
			done.Waiting = append(done.Waiting, Waiting{Family: d.Family, Currency: d.Currency, NetMinor: d.Net, Unpriced: len(d.Unpriced), Why: why})
			continue
		}
		for some := range slices.Chunk(d.Entries, maxStatementLines) {
			part := d.Part(some)
			if !part.Payable() {
				continue
			}
			number++
			id, err := s.approve(ctx, part, branch, number, q.By)
			if err != nil {
				return done, err
			}
			approved[id] = true
		}
	}
	return done, s.State.Read(ctx, func(r *state.Reader) error {
		if done.Approved, err = settle.Statements(r, false, func(row *records.Row) bool { return approved[row.ID] }); err != nil {
			return err
		}
		for i := range done.Waiting {
			if row, err := r.Get(schema.Family, done.Waiting[i].Family); row != nil {
				done.Waiting[i].Name = settle.NamesOf(row)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
}

// seen holds what is due against the draft that was looked at: somebody else may have
// approved it meanwhile, and is named by the number of the statement.
func seen(r *state.Reader, q *NewSettlement, drafts []*settle.Draft) error {
	if q.NetMinor == nil {
		return nil
	}
	if q.Family == nil || q.Currency == "" {
		return refusal.New(refusal.Required, "a sum is of one family and one currency").On("currency")
	}
	var net int64
	entries := 0
	for _, d := range drafts {
		net, entries = net+d.Net, entries+len(d.Entries)
	}
	switch {
	case entries == 0:
		last, err := lastOf(r, *q.Family, q.Currency)
		if err != nil || last == nil {
			return cmp.Or(err, error(refusal.New(refusal.NothingDue, "nothing is due to this family")))
		}
		return settle.TakenBy(last)
	case net != *q.NetMinor:
		return refusal.New(refusal.DraftChanged, "%d is due by now, and not %d: look at it again", net, *q.NetMinor).On("net_minor").With("net_minor", net)
	}
	return nil
}

// lastOf is the newest approved statement of a family in a currency; nil where there is none.
func lastOf(r *state.Reader, family syncproto.RecordID, currency string) (last *records.Row, err error) {
	return last, r.Each(schema.Statement, func(row *records.Row) error {
		if row.Of(schema.StatementFamily).ID() == family && row.Of(schema.StatementCurrency).Text() == currency && row.Of(schema.StatementState).Text() == schema.StatementApproved {
			last = row
		}
		return nil
	})
}

// statementNumber is what statements are known by: S-000001 and on.
const statementNumber = "S-"

func lastNumber(r *state.Reader) (last int, err error) {
	return last, r.Each(schema.Statement, func(row *records.Row) error {
		if n, err := strconv.Atoi(strings.TrimPrefix(row.Of(schema.StatementNumber).Text(), statementNumber)); err == nil {
			last = max(last, n)
		}
		return nil
	})
}

// approve writes a statement with its lines.
func (s *Server) approve(ctx context.Context, d *settle.Draft, branch syncproto.RecordID, number int, by string) (id syncproto.RecordID, err error) {
	if id, err = s.own.ids.Record(); err != nil {
		return id, err
	}
	var changes []syncproto.Change
	err = s.State.Read(ctx, func(r *state.Reader) error {
		changes, err = put(r, schema.Statement, id, set(schema.StatementFamily, syncproto.IDValue(d.Family)), set(schema.StatementBranch, syncproto.IDValue(branch)),
			typed(schema.StatementNumber, fmt.Sprintf("%s%06d", statementNumber, number)), typed(schema.StatementFrom, d.From()), typed(schema.StatementTo, d.To), typed(schema.StatementCurrency, d.Currency),
			typed(schema.StatementState, schema.StatementApproved), typed(schema.StatementApprovedBy, by), set(schema.StatementApprovedAt, syncproto.IntValue(s.Now().UnixMilli())))
		for i := range d.Entries {
			if err != nil {
				return err
			}
			e := &d.Entries[i]
			at := schema.StatementLineID(e.Of, e.Kind)
			if err = settle.Free(r, at); err == nil {
				var line []syncproto.Change
				line, err = put(r, schema.StatementLine, at, d.Fields(e, id, branch)...)
				changes = append(changes, line...)
			}
		}
		return err
	})
	if err != nil {
		return id, err
	}
	return id, s.record(ctx, decisions, changes...)
}

// knownSite refuses a branch that is named and is no site here: nobody would ever pay.
func knownSite(r *state.Reader, branch *syncproto.RecordID) error {
	if branch == nil {
		return nil
	}
	row, err := r.Get(schema.Site, *branch)
	if err == nil && row == nil {
		err = refusal.New(refusal.Reference, "branch %v is not known here", *branch).On("branch")
	}
	return err
}

func orZero(id *syncproto.RecordID) syncproto.RecordID {
	if id == nil {
		return syncproto.RecordID{}
	}
	return *id
}
