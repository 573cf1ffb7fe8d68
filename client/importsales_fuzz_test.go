package client

import (
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Whatever the file, nothing panics, every line is recorded, known or refused, and
// what is counted is what is here.
func FuzzImport(f *testing.F) {
	for _, s := range []string{
		"1,2015-01-01,10:00,a,Bread,Food,1,2.50\n1,2015-01-01,10:00,,Cake,,2,3\n2,2015-01-01,,,Tea,,,\n",
		"1,2015-01-01,10:00,,Bread,,1,2.50\n2,2015-01-01,10:00,,Bread,,1,1\n1,2015-01-01,10:00,,Bread,,1,2.50\n2,2015-01-01,10:00,,Bread,,1,2\n",
		"۱,۲۰۱۵-۰۱-۰۱,۱۰:۰۰,,نان,,۲,۱۳٫۲۵\r\n,,,,,,,\r\n1,2015-01-01,10:00,,NONE,,1,1\r\n",
		"1,2015-01-01,10:00,,\"Bread,,1,2.50\n2,2015-01-01,10:00,,Br\"ead,,-1,1,,\n\"\n",
		"1,2015-01-01,10:00,,Bread,,100000,99999999999999\n1,1970-01-01,00:00,,\u200f,,-1,-0.00\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "site.db"), Now: time.Now, Rand: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Enrol(t.Context(), store.Identity{OrgKey: []byte{0}, Site: syncproto.RecordID{1}, Kind: schema.KindStall, Prefix: "F", Certificate: []byte{0}, Zone: "Asia/Tehran"}); err != nil {
			t.Fatal(err)
		}
		columns, err := ParseMapping("receipt=1,date=2,time=3,sku=4,item=5,category=6,quantity=7,unit_price=8")
		if err != nil {
			t.Fatal(err)
		}
		text := "receipt,date,time,sku,item,category,quantity,unit_price\n" + body
		o := ImportOptions{Columns: columns, Currency: "AED"}
		first, refused := fuzzImport(t, s, text, o)
		again, refusedAgain := fuzzImport(t, s, text, o)
		if again.Receipts != 0 || refusedAgain < refused || again.AlreadyThere > first.Receipts+first.AlreadyThere || again.AlreadyThere < first.Receipts {
			t.Fatalf("first %+v, again %+v", first, again)
		}
		if f := fuzzFigures(t, s); int(f.Receipts) != first.Receipts || int(f.Lines) != first.Lines {
			t.Fatalf("%d receipts with %d lines are here, told of %d with %d", f.Receipts, f.Lines, first.Receipts, first.Lines)
		}
	})
}

// fuzzImport imports and accounts for every line; it tells how many were refused one
// by one.
func fuzzImport(t *testing.T, s *store.Store, text string, o ImportOptions) (r ImportResult, refused int) {
	m := &salesImport{store: s, options: o, known: map[syncproto.RecordID]struct{}{}}
	if err := m.prepare(t.Context(), strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := m.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	differ := 0
	for _, l := range m.result.Refused {
		if l.Reason == "receipt_differs" {
			differ++
		}
	}
	refused = m.result.RefusedTotal - differ
	if lines := fuzzLines(t, text); m.result.Lines+m.apart+refused != lines {
		t.Fatalf("%d lines: %d recorded, %d of receipts that were there, %d refused", lines, m.result.Lines, m.apart, refused)
	}
	return m.result, refused
}

func fuzzLines(t *testing.T, text string) (n int) {
	r, err := csvin.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := r.Read()
		var bad *csvin.LineError
		switch {
		case err == io.EOF:
			return n
		case err != nil && !errors.As(err, &bad):
			t.Fatal(err)
		}
		n++
	}
}

func fuzzFigures(t *testing.T, s *store.Store) (f report.Figures) {
	if err := s.Read(t.Context(), func(r *store.Reader) error {
		all, err := r.Figures(nil)
		if of := all[report.Key{By: report.Total}]; of != nil {
			f = *of
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return f
}
