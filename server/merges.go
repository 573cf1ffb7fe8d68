package server

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// MergePersons says that two records, of one branch or of two, are one person, as a branch
// does of its own.
func (s *Server) MergePersons(ctx context.Context, n members.NewMerge) (as syncproto.RecordID, err error) {
	head := s.State.Head() // who says this has not seen what is folded only now
	end, err := s.decides(ctx, &s.merging)
	if err != nil {
		return as, err
	}
	defer end()
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		id, who, fields, err := n.Fields(r, s.Now().UnixMilli())
		if as = who; err == nil && fields != nil {
			changes, err = put(r, schema.PersonAlias, id, fields...)
		}
		return err
	}); err != nil || len(changes) == 0 {
		return as, err
	}
	return as, s.recordSeen(ctx, decisions, []syncproto.Base{head.Base()}, changes...)
}

// PartPerson undoes merges, as a branch does.
func (s *Server) PartPerson(ctx context.Context, person syncproto.RecordID, by string) error {
	if by == "" {
		return refusal.New(refusal.Required, "say who undoes it").On("by")
	}
	head := s.State.Head() // who says this has not seen what is folded only now
	end, err := s.decides(ctx, &s.merging)
	if err != nil {
		return err
	}
	defer end()
	var changes []syncproto.Change
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		list, err := members.Parting(r, person)
		if err != nil {
			return err
		}
		for _, id := range list {
			differ, err := put(r, schema.PersonAlias, id, members.Parted(by, s.Now().UnixMilli())...)
			if err != nil {
				return err
			}
			changes = append(changes, differ...)
		}
		return nil
	}); err != nil || len(changes) == 0 {
		return err
	}
	return s.recordSeen(ctx, decisions, []syncproto.Base{head.Base()}, changes...)
}

func (s *Server) mergeRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/persons/duplicates", Summary: "People of all branches who are likely one, two by two, and why", Response: []members.Double{}, Handle: ofPeople(s, members.Doubles)},
		{Method: "GET", Path: "/api/persons/merges", Summary: "Records of people that are read as others", Response: []members.Merge{}, Handle: ofPeople(s, members.Merges)},
		{Method: "POST", Path: "/api/persons/{id}/merge", Summary: "Say that a person is another one: it is read as that one from now on", Request: MergeInto{}, Response: Merged{}, Handle: s.apiMerge},
		{Method: "POST", Path: "/api/persons/{id}/part", Summary: "Undo it: the record stands by itself again", Request: PartBy{}, Response: Merged{}, Handle: s.apiPart},
	}
}

// ofPeople answers with a list, once what devices were told is safe is folded.
func ofPeople[T any](s *Server, list func(members.Reader) ([]T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := s.current(r.Context())
		var all []T
		if err == nil {
			err = s.State.Read(r.Context(), func(rd *state.Reader) (err error) {
				all, err = list(rd)
				return err
			})
		}
		localapi.Answer(w, all, err)
	}
}

// MergeInto is who a person is, who says so, and why.
type MergeInto struct {
	Into   syncproto.RecordID `json:"into"`
	By     string             `json:"by"`
	Reason string             `json:"reason"`
}

// PartBy is who undoes a merge.
type PartBy struct {
	By string `json:"by"`
}

// Merged is who a person is read as now.
type Merged struct {
	ID syncproto.RecordID `json:"id"`
}

func (s *Server) apiMerge(w http.ResponseWriter, r *http.Request) {
	var q MergeInto
	var as syncproto.RecordID
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		as, err = s.MergePersons(r.Context(), members.NewMerge{Person: person, Into: q.Into, Reason: q.Reason, By: q.By})
	}
	localapi.Answer(w, Merged{as}, err)
}

func (s *Server) apiPart(w http.ResponseWriter, r *http.Request) {
	var q PartBy
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = s.PartPerson(r.Context(), person, q.By)
	}
	localapi.Answer(w, Merged{person}, err)
}
