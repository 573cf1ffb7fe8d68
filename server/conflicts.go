package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/ledger"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Conflict is a line of the ledger, Side one of its sides.
type (
	Conflict = ledger.Conflict
	Side     = ledger.Side
)

// Conflicts reads the whole ledger.
func (s *Server) Conflicts(ctx context.Context) ([]Conflict, error) {
	return Conflicts(ctx, s.State)
}

// Conflicts reads the ledger of a state.
func Conflicts(ctx context.Context, st *state.State) ([]Conflict, error) {
	list := []Conflict{}
	err := st.Read(ctx, func(r *state.Reader) error {
		who, err := ledger.ReadAuthors(r)
		if err != nil {
			return err
		}
		for _, table := range schema.Ledgers {
			if err := r.Each(table, func(row *records.Row) error {
				c, err := ledger.Of(r, &who, row)
				list = append(list, c)
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// Take says which of the two values is right.
type Take struct {
	Side string `json:"side"` // winner or loser
}

// Take settles a conflict as head office sees it: the value that is right is written once
// more, by somebody who saw both. Where it was settled like that already, nothing is.
func (s *Server) Take(ctx context.Context, id syncproto.RecordID, q Take) (c Conflict, err error) {
	if q.Side != schema.ChoiceWinner && q.Side != schema.ChoiceLoser {
		return c, unknownWord("side", q.Side, schema.ChoiceWinner, schema.ChoiceLoser)
	}
	change, base, err := s.taking(ctx, id, q.Side)
	if err != nil {
		return c, err
	}
	if change != nil {
		lane := decisions
		if schema.OfControl(change.Table) {
			lane = control
		}
		if err := s.recordSeen(ctx, lane, []syncproto.Base{base}, *change); err != nil {
			return c, err
		}
	}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		row, err := conflictRow(r, id)
		if err != nil {
			return err
		}
		who, err := ledger.ReadAuthors(r)
		if err == nil {
			c, err = ledger.Of(r, &who, row)
		}
		return err
	})
	return c, err
}

// taking is the change that takes a side, written on the state that it is read from; nil
// where that side was taken before.
func (s *Server) taking(ctx context.Context, id syncproto.RecordID, side string) (change *syncproto.Change, base syncproto.Base, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		base = head.Base()
		row, err := conflictRow(r, id)
		if err != nil {
			return err
		}
		if choice := row.Of(schema.ConflictChoice).Text(); choice != "" {
			if choice == side {
				return nil
			}
			return refusal.New(refusal.Settled, "it is settled already: %s", choice).With("state", choice)
		}
		t, g := ledger.About(row)
		fields, err := ledger.Fields(row, side)
		if t == nil || g == nil || err != nil {
			return err
		}
		of, err := r.Get(t.ID, row.Of(schema.ConflictRecord).ID())
		if err != nil {
			return err
		}
		if of == nil || side == schema.ChoiceLoser && !ledger.Takeable(row, of) {
			return refusal.New(refusal.FirstStands, "the rules of %s let that value not be written any more", t.Name).On("side")
		}
		w := syncproto.GroupWrite{Group: g.ID, Fields: fields}
		if g.Rule == schema.State {
			w.Left = of.Of(g.Fields[0]).Text()
		}
		change = &syncproto.Change{Op: syncproto.Update, Table: t.ID, Record: of.ID, Groups: []syncproto.GroupWrite{w}}
		return nil
	})
	return change, base, err
}

func conflictRow(r *state.Reader, id syncproto.RecordID) (*records.Row, error) {
	for _, table := range schema.Ledgers {
		if row, err := r.Get(table, id); err != nil || row != nil {
			return row, err
		}
	}
	return nil, refusal.New(refusal.NoRecord, "the ledger has no conflict %v", id)
}

func (s *Server) apiConflicts(w http.ResponseWriter, r *http.Request) {
	list, err := s.Conflicts(r.Context())
	localapi.Answer(w, list, err)
}

func (s *Server) apiTake(w http.ResponseWriter, r *http.Request) {
	var q Take
	var c Conflict
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		c, err = s.Take(r.Context(), id, q)
	}
	localapi.Answer(w, c, err)
}
