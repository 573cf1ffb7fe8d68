package server

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewPolicy is a version of the centre's policies, which head office publishes: the next
// after those that are there. Its text never changes.
type NewPolicy struct {
	ID     syncproto.RecordID `json:"id"` // made by the caller, so that asking twice is harmless; zero: made here
	NameAr string             `json:"name_ar"`
	NameFa string             `json:"name_fa"`
	NameEn string             `json:"name_en"`
	From   string             `json:"from"` // first day it is in force
	TextAr string             `json:"text_ar"`
	TextFa string             `json:"text_fa"`
	TextEn string             `json:"text_en"`
}

// PolicyShown is a version that was published.
type PolicyShown struct {
	ID      syncproto.RecordID `json:"id"`
	Version int64              `json:"version"`
	NameAr  string             `json:"name_ar,omitempty"`
	NameFa  string             `json:"name_fa,omitempty"`
	NameEn  string             `json:"name_en,omitempty"`
	From    string             `json:"from"`
	Langs   []string           `json:"langs"` // that its text is there in
}

// Policies lists the versions, oldest first.
func (s *Server) Policies(ctx context.Context) (list []PolicyShown, err error) {
	list = []PolicyShown{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		langs := map[syncproto.RecordID][]string{}
		if err := r.Each(schema.PolicyText, func(row *records.Row) error {
			id := row.Of(schema.PolicyTextPolicy).ID()
			langs[id] = append(langs[id], row.Of(schema.PolicyTextLang).Text())
			return nil
		}); err != nil {
			return err
		}
		return r.Each(schema.Policy, func(row *records.Row) error {
			list = append(list, PolicyShown{row.ID, row.Of(schema.PolicyVersion).Int(), row.Of(schema.NameAr).Text(), row.Of(schema.NameFa).Text(), row.Of(schema.NameEn).Text(), row.Of(schema.PolicyFrom).Text(), langs[row.ID]})
			return nil
		})
	})
	slices.SortFunc(list, func(a, b PolicyShown) int { return int(a.Version - b.Version) })
	return list, err
}

// Publish publishes a version of the policies.
func (s *Server) Publish(ctx context.Context, n NewPolicy) (p PolicyShown, err error) {
	texts := []struct{ lang, text string }{{"ar", n.TextAr}, {"fa", n.TextFa}, {"en", n.TextEn}}
	switch {
	case n.NameAr+n.NameFa+n.NameEn == "":
		return p, refusal.New(refusal.Required, "a policy needs a name in one language at least").On("name_ar")
	case n.TextAr+n.TextFa+n.TextEn == "":
		return p, refusal.New(refusal.Required, "a policy needs its text in one language at least").On("text_ar")
	case !schema.ValidDay(n.From):
		return p, refusal.New(refusal.BadForm, "from: %q is no day such as 2026-11-30", n.From).On("from")
	}
	if n.ID.IsZero() {
		if n.ID, err = s.own.ids.Record(); err != nil {
			return p, err
		}
	} else if n.ID[14] != 0 || n.ID[15] != 0 || n.ID[6]>>4 != 7 {
		return p, refusal.New(refusal.BadID, "id %v: want a UUIDv7 whose last four digits are 0", n.ID).On("id")
	}
	end, err := s.decides(ctx, &s.publishing) // one version at a time gets the next number
	if err != nil {
		return p, err
	}
	defer end()
	list, err := s.Policies(ctx)
	if err != nil {
		return p, err
	}
	next := int64(1)
	for _, have := range list {
		if have.ID == n.ID {
			return have, nil // asked again after a lost answer
		}
		next = max(next, have.Version+1)
	}
	changes := []syncproto.Change{create(schema.Policy, n.ID,
		typed(schema.NameAr, n.NameAr), typed(schema.NameFa, n.NameFa), typed(schema.NameEn, n.NameEn),
		syncproto.FieldValue{Field: schema.PolicyVersion, Value: syncproto.IntValue(next)}, syncproto.FieldValue{Field: schema.PolicyFrom, Value: syncproto.TextValue(n.From)})}
	p = PolicyShown{n.ID, next, n.NameAr, n.NameFa, n.NameEn, n.From, nil}
	for i, t := range texts {
		if t.text == "" {
			continue
		}
		p.Langs = append(p.Langs, t.lang)
		changes = append(changes, create(schema.PolicyText, n.ID.Child(i+1),
			syncproto.FieldValue{Field: schema.PolicyTextPolicy, Value: syncproto.IDValue(n.ID)}, syncproto.FieldValue{Field: schema.PolicyTextLang, Value: syncproto.TextValue(t.lang)}, syncproto.FieldValue{Field: schema.PolicyTextText, Value: syncproto.TextValue(t.text)}))
	}
	for i := range changes {
		if err := schema.Check(&changes[i]); err != nil {
			if flaw, ok := errors.AsType[*schema.Flaw](err); ok {
				field := flaw.Field
				if i > 0 { // the texts follow the policy, in the order of their languages
					field += "_" + p.Langs[i-1]
				}
				return p, refusal.New(refusal.Code(flaw.Kind), "%s", flaw).With("max", flaw.Max).On(field)
			}
			return p, err
		}
	}
	return p, s.record(ctx, decisions, changes...)
}

func (s *Server) policyRoutes() []localapi.Route {
	return []localapi.Route{
		{Method: "GET", Path: "/api/policies", Summary: "The versions of the policies", Response: []PolicyShown{}, Handle: s.apiPolicies},
		{Method: "POST", Path: "/api/policies", Summary: "Publish the next version of the policies", Request: NewPolicy{}, Response: PolicyShown{}, Handle: s.apiPublish},
	}
}

func (s *Server) apiPolicies(w http.ResponseWriter, r *http.Request) {
	list, err := s.Policies(r.Context())
	localapi.Answer(w, list, err)
}

func (s *Server) apiPublish(w http.ResponseWriter, r *http.Request) {
	var n NewPolicy
	err := localapi.Read(w, r, &n)
	var p PolicyShown
	if err == nil {
		p, err = s.Publish(r.Context(), n)
	}
	localapi.Answer(w, p, err)
}
