package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Right is a right of a device as people look at it.
type Right struct {
	Scope        string  `json:"scope"`      // org, site/ID, fair/ID, desk/ID or device/ID
	ScopeName    string  `json:"scope_name"` // of the site or fair; "" where the scope has none
	Classes      string  `json:"classes"`    // letters, such as SP
	Write        bool    `json:"write"`
	Until        *string `json:"until"`         // last moment of records that it reads and writes; RFC 3339, UTC; null: no end
	DeliverUntil *string `json:"deliver_until"` // until when it may deliver those; null: no end
	Ended        bool    `json:"ended"`
	Reason       string  `json:"reason"` // why it was taken away
}

// SetRight is a right as it is asked for.
type SetRight struct {
	Scope        string     `json:"scope"`   // as in Right; a site or fair by its name too, where no other has it
	Classes      string     `json:"classes"` // letters, such as SP
	Write        bool       `json:"write"`
	Until        *time.Time `json:"until"`
	DeliverUntil *time.Time `json:"deliver_until"`
}

// EndRight says which right is taken away, and why.
type EndRight struct {
	Scope  string `json:"scope"` // as in SetRight
	Reason string `json:"reason"`
}

// Rights lists the rights of a device, the widest scope first.
func (s *Server) Rights(ctx context.Context, device syncproto.DeviceID) ([]Right, error) {
	if s.live.View().Device(device) == nil {
		return nil, refusal.New(refusal.NoRecord, "device %v is not known: rawaj admin device ls lists them", device)
	}
	var list []Right
	now := s.Now()
	err := s.State.Read(ctx, func(r *state.Reader) error {
		sites, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		return r.GrantsOf(device, func(row *records.Row) error {
			scope, err := syncproto.ScopeFromBinary(row.Of(schema.GrantScope).Bytes())
			if err != nil || row.Of(schema.Voided).Bool() {
				return err
			}
			name := sites[string(scope.ID[:])]
			if fair, err := r.Get(schema.Fair, scope.ID); err != nil {
				return err
			} else if fair != nil {
				name = report.Name(fair.Table, fair.Values)
			}
			list = append(list, Right{
				Scope: scope.String(), ScopeName: name, Classes: row.Of(schema.GrantClass).Text(), Write: row.Of(schema.GrantWrite).Bool(),
				Until: timeText(row.Of(schema.GrantRecordsUntil).Int()), DeliverUntil: timeText(row.Of(schema.GrantDeliverUntil).Int()),
				Ended: over(row, schema.GrantRecordsUntil, now), Reason: row.Of(schema.GrantReason).Text(),
			})
			return nil
		})
	})
	order := []string{"org", "site", "desk", "fair", "device"}
	slices.SortStableFunc(list, func(a, b Right) int {
		kind := func(r Right) int { k, _, _ := strings.Cut(r.Scope, "/"); return slices.Index(order, k) }
		return kind(a) - kind(b)
	})
	return list, err
}

// SetRight gives a device a right, or changes the one that it has in a scope.
func (s *Server) SetRight(ctx context.Context, device syncproto.DeviceID, q SetRight) ([]Right, error) {
	scope, err := s.scopeOf(ctx, q.Scope)
	if err != nil {
		return nil, err
	}
	g := NewGrant{Device: device, Scope: scope, Classes: strings.ToUpper(q.Classes), Write: q.Write}
	if q.Until != nil {
		g.Until = *q.Until
	}
	if q.DeliverUntil != nil {
		g.Deliver = *q.DeliverUntil
	}
	if err := s.Grant(ctx, g); err != nil {
		return nil, err
	}
	return s.Rights(ctx, device)
}

// EndRight takes a right away, now.
func (s *Server) EndRight(ctx context.Context, device syncproto.DeviceID, q EndRight) ([]Right, error) {
	scope, err := s.scopeOf(ctx, q.Scope)
	if err != nil {
		return nil, err
	}
	if err := s.EndGrant(ctx, device, scope, q.Reason); err != nil {
		return nil, err
	}
	return s.Rights(ctx, device)
}

// scopeOf reads a scope as people write it: a site or fair by its id, or by its name
// where no other has that.
func (s *Server) scopeOf(ctx context.Context, text string) (scope syncproto.Scope, err error) {
	if scope.UnmarshalText([]byte(text)) == nil {
		return scope, nil
	}
	kind, name, _ := strings.Cut(text, "/")
	tables := map[string]syncproto.TableID{"site": schema.Site, "desk": schema.Site, "fair": schema.Fair}
	kinds := map[string]syncproto.ScopeKind{"site": syncproto.ScopeSite, "desk": syncproto.ScopeDesk, "fair": syncproto.ScopeFair}
	table, ok := tables[kind]
	if !ok || name == "" {
		return scope, unknownWord("scope", text, "org", "site/NAME", "fair/NAME", "desk/NAME")
	}
	scope.Kind = kinds[kind]
	found := 0
	err = s.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(table, func(row *records.Row) error {
			for _, f := range []syncproto.FieldID{schema.NameAr, schema.NameFa, schema.NameEn} {
				if n := row.Of(f).Text(); n != "" && schema.Fold(n) == schema.Fold(name) {
					scope.ID = row.ID
					found++
					break
				}
			}
			return nil
		})
	})
	switch {
	case err != nil:
	case found == 0:
		err = refusal.New(refusal.Reference, "no %s is called %q", kind, name).On("scope")
	case found > 1:
		err = refusal.New(refusal.NotUnique, "%d are called %q: give the id, %s/ID", found, name, kind).On("scope")
	}
	return scope, err
}

func (s *Server) apiGrants(w http.ResponseWriter, r *http.Request) {
	device, err := localapi.PathID[syncproto.DeviceID](r)
	var list []Right
	if err == nil {
		list, err = s.Rights(r.Context(), device)
	}
	localapi.Answer(w, list, err)
}

func (s *Server) apiGrant(w http.ResponseWriter, r *http.Request) {
	answerRights(w, r, s.SetRight)
}

func (s *Server) apiEndGrant(w http.ResponseWriter, r *http.Request) {
	answerRights(w, r, s.EndRight)
}

func answerRights[T any](w http.ResponseWriter, r *http.Request, do func(context.Context, syncproto.DeviceID, T) ([]Right, error)) {
	var q T
	var list []Right
	device, err := localapi.PathID[syncproto.DeviceID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		list, err = do(r.Context(), device, q)
	}
	localapi.Answer(w, list, err)
}
