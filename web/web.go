// Package web holds the pages, as npm built them, and serves them. It knows nothing of
// what they show.
package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist/site
var siteFiles embed.FS

//go:embed all:dist/dashboard
var dashboardFiles embed.FS

// Entry is one of the two apps.
type Entry string

// The apps: of a stall or centre, and of head office.
const (
	Site      Entry = "site"
	Dashboard Entry = "dashboard"
)

// Policy is what a page may load: its own files. Images may also be made in the page.
const Policy = "default-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// NotBuilt is what a program without pages says.
const NotBuilt = "pages are not built: make build"

// Files gives the built files of an entry: none but a placeholder where Node has not run.
func Files(e Entry) fs.FS {
	all := siteFiles
	if e == Dashboard {
		all = dashboardFiles
	}
	sub, err := fs.Sub(all, "dist/"+string(e))
	if err != nil {
		panic("bug: " + err.Error())
	}
	return sub
}

// Handler serves an entry: its page at /, and what the page names below it.
func Handler(e Entry) http.Handler { return handler(Files(e), string(e)+".html") }

func handler(files fs.FS, index string) http.Handler {
	_, err := fs.Stat(files, index)
	built := err == nil
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "pages are only read", http.StatusMethodNotAllowed)
			return
		case !built:
			http.Error(w, NotBuilt, http.StatusServiceUnavailable)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name == "" {
			name = index
		}
		serveFile(w, r, files, name)
	})
}

func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	h := w.Header()
	body, err := fs.ReadFile(files, name)
	if err != nil || strings.HasPrefix(path.Base(name), ".") {
		http.NotFound(w, r)
		return
	}
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") { // named by their content
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	if zipped, err := fs.ReadFile(files, name+".gz"); err == nil {
		h.Set("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = zipped
		}
	}
	h.Set("Content-Type", contentType(name))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// takesGzip says whether a browser does; one that forbids it says q=0.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" {
			q = strings.ReplaceAll(q, " ", "")
			return strings.TrimRight(q, "0.") != "q="
		}
	}
	return false
}

// contentType does not ask the machine's own tables: some have none for fonts.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
