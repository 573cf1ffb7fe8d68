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

// Serve answers with the page that an address names, as it asks for it.
func Serve(w http.ResponseWriter, r *http.Request, statement func(context.Context, syncproto.RecordID) (Statement, error)) {
	as, lang := r.URL.Query().Get("as"), r.URL.Query().Get("lang")
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil && as != "" && as != "html" && as != "text" {
		err = refusal.Parameter("as", "%q is neither html nor text", as)
	}
	if err == nil && lang != "" {
		err = checkLang(lang)
	}
	var one Statement
	if err == nil {
		one, err = statement(r.Context(), id)
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
