package settle

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Page is the page of a statement in a language, as HTML or as text; that of its family
// where lang is empty.
func (s *Statement) Page(lang string, html bool) ([]byte, error) {
	lang = cmp.Or(lang, s.Lang)
	if err := checkLang(lang); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	write := s.Text
	if html {
		write = s.HTML
	}
	err := write(&b, lang)
	return b.Bytes(), err
}

func checkLang(lang string) error {
	if !slices.Contains(Langs, lang) {
		return refusal.Parameter("lang", "%q is none of %s", lang, strings.Join(Langs, ", "))
	}
	return nil
}

// pagePolicy lets a page have its own style and nothing else: what stands in it was typed by
// many people.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'"

// Books are where statements are read: those of a site, or head office's.
type Books interface {
	// Due lists what is due up to and with a day, to a family or to all where it is zero.
	Due(ctx context.Context, to string, family syncproto.RecordID) ([]Statement, error)
	// Statements lists the approved ones, the newest first, without their lines.
	Statements(ctx context.Context, family syncproto.RecordID) ([]Statement, error)
	// Statement is one with its lines.
	Statement(ctx context.Context, id syncproto.RecordID) (Statement, error)
}

// Routes are those that read statements.
func Routes(b Books) []localapi.Route {
	a := api{b}
	return []localapi.Route{
		{Method: "GET", Path: "/api/settlements/due", Summary: "What is due to families up to and with a day, as far as it is known here: drafts, that nobody has approved", Query: []string{"to", "family"}, Response: []Statement{}, Handle: a.due},
		{Method: "GET", Path: "/api/statements", Summary: "Approved statements that are known here, newest first, without their lines", Query: []string{"family"}, Response: []Statement{}, Handle: a.statements},
		{Method: "GET", Path: "/api/statements/{id}", Summary: "A statement with its lines", Response: Statement{}, Handle: a.statement},
		{Method: "GET", Path: "/api/statements/{id}/page", Summary: "The printed page of a statement, in the family's language or another; as: html or text", Query: []string{"lang", "as"}, Gives: "text/html", Handle: a.page},
	}
}

type api struct{ Books }

func (a api) due(w http.ResponseWriter, r *http.Request) {
	family, err := localapi.QueryID(r, "family")
	to := r.URL.Query().Get("to")
	if err == nil && to != "" && !schema.ValidDay(to) {
		err = refusal.Parameter("to", "%q is no day such as 2026-11-30", to)
	}
	var list []Statement
	if err == nil {
		list, err = a.Due(r.Context(), to, family)
	}
	localapi.Answer(w, list, err)
}

func (a api) statements(w http.ResponseWriter, r *http.Request) {
	family, err := localapi.QueryID(r, "family")
	var list []Statement
	if err == nil {
		list, err = a.Statements(r.Context(), family)
	}
	localapi.Answer(w, list, err)
}

func (a api) statement(w http.ResponseWriter, r *http.Request) {
	one, err := a.asked(r)
	localapi.Answer(w, one, err)
}

// asked is the statement that an address names.
func (a api) asked(r *http.Request) (one Statement, err error) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		one, err = a.Statement(r.Context(), id)
	}
	return one, err
}

func (a api) page(w http.ResponseWriter, r *http.Request) {
	as, lang := r.URL.Query().Get("as"), r.URL.Query().Get("lang")
	var err error
	if as != "" && as != "html" && as != "text" {
		err = refusal.Parameter("as", "%q is neither html nor text", as)
	}
	if err == nil && lang != "" {
		err = checkLang(lang)
	}
	var one Statement
	if err == nil {
		one, err = a.asked(r)
	}
	var b []byte
	if err == nil {
		b, err = one.Page(lang, as != "text")
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	kind := "text/html; charset=utf-8"
	if as == "text" {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(b)
}
