package settle

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	_ "time/tzdata" // days are those of a branch's zone, on any machine
	"unicode"

	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Langs are the languages that a page of a family is printed in.
var Langs = []string{"ar", "fa", "en"}

// Money writes minor units as people write them: 81786005 of USD is 817860.05.
func Money(n int64, currency string) string {
	digits, err := csvin.MinorDigits(currency)
	if err != nil || digits == 0 {
		return strconv.FormatInt(n, 10)
	}
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	s := fmt.Sprintf("%0*d", digits+1, u)
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// Percent writes hundredths of a percent: 1550 is 15.5%.
func Percent(share int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%02d", share/100, share%100), "0"), ".") + "%"
}

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// printed is a statement as it stands on paper.
type printed struct {
	Lang, Dir string
	W         words
	Title     string
	Facts     [][2]string // name and value
	Rows      []printedRow
	Gross     string
	Net       string
	Notes     []string
}

type printedRow struct{ Product, Place, Kind, Pieces, Gross, Share, Net string }

func (s *Statement) printed(lang string) *printed {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	w := wordsOf(lang)
	p := &printed{Lang: lang, Dir: "rtl", W: w, Title: w.Draft, Gross: Money(s.GrossMinor, s.Currency), Net: Money(s.NetMinor, s.Currency) + " " + s.Currency}
	if lang == "en" {
		p.Dir = "ltr"
	}
	fact := func(name, value string) {
		if value != "" {
			p.Facts = append(p.Facts, [2]string{name, clean(value)})
		}
	}
	if s.Number != "" {
		p.Title = w.Statement
	}
	fact(w.Number, s.Number)
	fact(w.Family, s.FamilyName.In(lang))
	fact(w.Branch, s.BranchName.In(lang))
	fact(w.From, s.From)
	fact(w.To, s.To)
	fact(w.State, w.states[s.State])
	for _, r := range s.Rows {
		row := printedRow{Product: clean(cmp.Or(r.Product.In(lang), r.Reason)), Place: clean(r.Place.In(lang)), Kind: w.kinds[r.Kind], Gross: Money(r.GrossMinor, s.Currency), Net: Money(r.NetMinor, s.Currency)}
		if r.Kind != schema.SettledOther {
			row.Pieces, row.Share = strconv.FormatInt(r.Pieces, 10), Percent(r.Share)
		}
		p.Rows = append(p.Rows, row)
	}
	if s.Unpriced > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s: %d", w.Unpriced, s.Unpriced))
	}
	if o := s.Payout; o != nil {
		if o.PaidAt != 0 {
			fact(w.PaidOn, rules.DayIn(o.PaidAt, zone))
			fact(w.Paid, Money(o.AmountMinor, s.Currency)+" "+s.Currency+" ("+w.methods[o.Method]+")")
			fact(w.Receipt, o.ReceiptNo)
			fact(w.PaidBy, o.By)
		}
		if o.Dispute != "" {
			p.Notes = append(p.Notes, w.Dispute+": "+clean(o.Dispute))
		}
	}
	return p
}

// HTML writes the page of a family in a language: one file that needs nothing beside it.
func (s *Statement) HTML(w io.Writer, lang string) error {
	return page.Execute(w, s.printed(lang))
}

// Text writes the page for a terminal or a plain printer.
func (s *Statement) Text(w io.Writer, lang string) error {
	p := s.printed(lang)
	fmt.Fprintln(w, p.Title)
	for _, f := range p.Facts {
		fmt.Fprintf(w, "%s: %s\n", f[0], f[1])
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join([]string{p.W.Product, p.W.Place, p.W.Kind, p.W.Pieces, p.W.Gross, p.W.Share, p.W.Net}, "\t"))
	for _, r := range p.Rows {
		fmt.Fprintln(t, strings.Join([]string{r.Product, r.Place, r.Kind, r.Pieces, r.Gross, r.Share, r.Net}, "\t"))
	}
	fmt.Fprintln(t, strings.Join([]string{p.W.Total, "", "", "", p.Gross, "", p.Net}, "\t"))
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range p.Notes {
		fmt.Fprintln(w, n)
	}
	_, err := fmt.Fprintf(w, "\n%s: ____________________\n", p.W.Signature)
	return err
}

// clean leaves out of typed text what would steer a terminal or turn its reading direction.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}
