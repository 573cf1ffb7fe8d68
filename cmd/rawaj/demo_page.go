package main

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"regexp"
	"strings"

	"github.com/rawaj/rawaj/web"
)

//go:embed demo.html
var demoHTML string

//go:embed demo.css
var demoCSS []byte

//go:embed demo_words.json
var demoWordsJSON []byte

var demoTemplate = template.Must(template.New("demo").Parse(demoHTML))

// demoWords are the words of the index page, by language.
var demoWords = func() (all map[string]map[string]string) {
	if err := json.Unmarshal(demoWordsJSON, &all); err != nil {
		panic("bug: " + err.Error())
	}
	return all
}()

// demoPlace is a place of the demo on its index page.
type demoPlace struct {
	Place   string // names it in the page's forms
	Name    string
	Kind    string // what it is, in words
	Try     string // what to try there
	Address string
	Cable   bool // there is one to pull
	Pulled  bool
}

type demoPage struct {
	Lang, Dir string
	Title     string
	Words     map[string]string
	Places    []demoPlace
	Languages []demoLanguage
	Sheets    []string // that the pages of a site have: their fonts are in them
}

type demoLanguage struct{ Tag, Name string }

var demoLanguages = []demoLanguage{{"ar", "العربية"}, {"fa", "فارسی"}, {"en", "English"}}

// writePage writes the index of a demo in the language that the address asks for, or
// the browser.
func (d *demo) writePage(w http.ResponseWriter, r *http.Request) {
	p := demoPage{Lang: languageOf(r), Dir: "ltr", Languages: demoLanguages, Sheets: sheets()}
	if p.Lang != "en" {
		p.Dir = "rtl"
	}
	p.Words = demoWords[p.Lang]
	p.Title = p.Words["title"]
	if d.year != nil {
		p.Title = p.Words["title.year"]
	}
	p.Places = append(p.Places, demoPlace{Place: "server", Name: p.Words["office"], Kind: p.Words["kind.office"], Try: p.Words["try.server"], Address: d.office.url})
	for _, s := range d.sites {
		words := cmp.Or(s.words, s.place)
		p.Places = append(p.Places, demoPlace{
			Place: s.place, Name: s.name, Kind: p.Words["kind."+words], Try: p.Words["try."+words],
			Address: s.url, Cable: true, Pulled: s.cable.isPulled(),
		})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", web.Policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "same-origin")
	demoTemplate.Execute(w, p)
}

var sheetLink = regexp.MustCompile(`href="(/assets/[^"]+\.css)"`)

// sheets are the style sheets of a site's pages; none where they are not built.
func sheets() (list []string) {
	page, err := fs.ReadFile(web.Files(web.Site), "site.html")
	if err != nil {
		return nil
	}
	for _, m := range sheetLink.FindAllSubmatch(page, -1) {
		list = append(list, string(m[1]))
	}
	return list
}

func languageOf(r *http.Request) string {
	for _, asked := range []string{r.URL.Query().Get("lang"), r.Header.Get("Accept-Language")} {
		for _, l := range demoLanguages {
			if strings.HasPrefix(asked, l.Tag) {
				return l.Tag
			}
		}
	}
	return "en"
}
