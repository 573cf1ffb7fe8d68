package main

import (
	_ "embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/rawaj/rawaj/web"
)

//go:embed demo.html
var demoHTML string

//go:embed demo.css
var demoCSS []byte

var demoTemplate = template.Must(template.New("demo").Parse(demoHTML))

// demoPlace is a place of the demo on its index page.
type demoPlace struct {
	Name   string
	Dir    string // names it in the page's forms
	Pulled bool
	Cable  bool // there is one to pull
}

type demoPage struct {
	Lang, Dir string
	Words     map[string]string
	Places    []demoPlace
	Languages []demoLanguage
}

type demoLanguage struct{ Tag, Name string }

var demoLanguages = []demoLanguage{{"ar", "العربية"}, {"fa", "فارسی"}, {"en", "English"}}

// writeDemoPage writes the index of a demo in the language that the address asks for, or
// the browser.
func writeDemoPage(w http.ResponseWriter, r *http.Request, places []demoPlace) {
	p := demoPage{Lang: languageOf(r), Dir: "ltr", Places: places, Languages: demoLanguages}
	if p.Lang != "en" {
		p.Dir = "rtl"
	}
	var err error
	if p.Words, err = web.Messages(p.Lang); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", web.Policy)
	demoTemplate.Execute(w, p)
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
