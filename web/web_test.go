package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var built = fstest.MapFS{
	"site.html":            {Data: []byte("<!doctype html>")},
	"sw.js":                {Data: []byte("worker")},
	"assets/a-1234.js":     {Data: []byte("plain")},
	"assets/a-1234.js.gz":  {Data: []byte("zipped")},
	"assets/font-12.woff2": {Data: []byte("font")},
	".gitkeep":             {},
}

func ask(h http.Handler, method, path, accept string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestPagesAreServedWithWhatBrowsersMayKeep(t *testing.T) {
	h := handler(built, "site.html")
	for _, c := range []struct {
		method, path, accept    string
		status                  int
		cache, coding, mimetype string
	}{
		{"GET", "/", "gzip", 200, "no-cache", "", "text/html; charset=utf-8"},
		{"HEAD", "/", "gzip", 200, "no-cache", "", "text/html; charset=utf-8"},
		{"GET", "/assets/a-1234.js", "deflate, gzip;q=0.5", 200, "private, max-age=31536000, immutable", "gzip", "text/javascript; charset=utf-8"},
		{"GET", "/assets/a-1234.js", "gzip;q=0", 200, "private, max-age=31536000, immutable", "", "text/javascript; charset=utf-8"},
		{"GET", "/assets/a-1234.js", "", 200, "private, max-age=31536000, immutable", "", "text/javascript; charset=utf-8"},
		{"GET", "/sw.js", "", 200, "no-cache", "", "text/javascript; charset=utf-8"}, // a browser asks for it each time
		{"GET", "/assets/font-12.woff2", "gzip", 200, "private, max-age=31536000, immutable", "", "font/woff2"},
		{"GET", "/assets/../../web.go", "", 404, "", "", ""},
		{"GET", "/assets", "", 404, "", "", ""},
		{"GET", "/.gitkeep", "", 404, "", "", ""},
		{"GET", "/nothing", "", 404, "", "", ""},
		{"POST", "/", "", 405, "", "", ""},
	} {
		t.Run(c.method+" "+c.path+" "+c.accept, func(t *testing.T) {
			r := ask(h, c.method, c.path, c.accept)
			if r.StatusCode != c.status {
				t.Fatalf("status is %d, want %d", r.StatusCode, c.status)
			}
			if got := r.Header.Get("Content-Security-Policy"); got != Policy {
				t.Errorf("policy is %q", got)
			}
			if c.status != 200 {
				return
			}
			if r.Header.Get("Cache-Control") != c.cache || r.Header.Get("Content-Encoding") != c.coding || r.Header.Get("Content-Type") != c.mimetype {
				t.Errorf("headers are %v", r.Header)
			}
		})
	}
}

func TestAProgramWithoutPagesSaysWhatToType(t *testing.T) {
	w := httptest.NewRecorder()
	handler(fstest.MapFS{".gitkeep": {}}, "site.html").ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 503 || !strings.Contains(w.Body.String(), NotBuilt) {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// Most bytes, packed: what a cheap tablet waits for.
const (
	maxFirstScript   = 60_000
	maxFurtherScript = 15_000
	maxStyle         = 12_000
	maxFirstLoad     = 200_000
	maxPrecache      = 900_000
)

func TestBuiltPagesStayInBudget(t *testing.T) {
	for _, e := range []Entry{Site, Dashboard} {
		t.Run(string(e), func(t *testing.T) {
			files := Files(e)
			index, err := fs.ReadFile(files, string(e)+".html")
			if err != nil {
				if os.Getenv("WEB_REQUIRED") != "" {
					t.Fatal(err, ": ", NotBuilt)
				}
				t.Skip(NotBuilt)
			}
			if bytes.Contains(index, []byte("<style")) || regexp.MustCompile(`<script[^>]*>[^<]`).Match(index) {
				t.Error("the content policy allows no inline script or style")
			}
			if bytes.Contains(index, []byte("://")) {
				t.Error("the page names another host")
			}
			var script, style, all, catalogue int
			fonts := map[string]int{}
			err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || strings.HasSuffix(name, ".gz") {
					return err
				}
				n := packed(t, files, name)
				all += n
				first := bytes.Contains(index, []byte("/"+name+`"`))
				switch {
				case strings.HasSuffix(name, ".css"):
					style += n
				case strings.HasSuffix(name, ".woff2"):
					family, _, _ := strings.Cut(strings.TrimPrefix(name, "assets/"), "-")
					if !strings.Contains(name, "-ext-") {
						fonts[family] += n
					}
				case strings.HasSuffix(name, ".js") && first:
					script += n
				case regexp.MustCompile(`/(ar|fa|en)-[^/]*\.js$`).MatchString(name):
					catalogue = max(catalogue, n)
				case strings.HasSuffix(name, ".js") && n > maxFurtherScript:
					t.Errorf("%s has %d bytes packed, at most %d", name, n, maxFurtherScript)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			script += catalogue
			load := script + style + len(index)
			for _, n := range fonts {
				load = max(load, script+style+len(index)+n)
			}
			t.Logf("first script %d of %d, style %d of %d, first load with fonts %d of %d, all %d of %d", script, maxFirstScript, style, maxStyle, load, maxFirstLoad, all, maxPrecache)
			if script > maxFirstScript || style > maxStyle || load > maxFirstLoad || all > maxPrecache {
				t.Error("over budget")
			}
		})
	}
}

func TestTheWorkerKeepsTheWholeBuild(t *testing.T) {
	files := Files(Site)
	worker, err := fs.ReadFile(files, "sw.js")
	if err != nil {
		if os.Getenv("WEB_REQUIRED") != "" {
			t.Fatal(err, ": ", NotBuilt)
		}
		t.Skip(NotBuilt)
	}
	kept := map[string]bool{}
	for _, name := range regexp.MustCompile(`/assets/[\w.-]+`).FindAllString(string(worker), -1) {
		kept[strings.TrimPrefix(name, "/")] = true
	}
	err = fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(name, ".gz") {
			if !kept[name] {
				t.Errorf("%s is not kept", name)
			}
			delete(kept, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range kept {
		t.Errorf("%s is kept, and was not built", name)
	}
	if !regexp.MustCompile(`rawaj-[0-9a-f]{16}`).Match(worker) {
		t.Error("the build has no name")
	}
}

func packed(t *testing.T, files fs.FS, name string) int {
	body, err := fs.ReadFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".woff2") {
		return len(body)
	}
	twin, err := fs.ReadFile(files, name+".gz")
	if err != nil {
		if strings.HasPrefix(name, "assets/") {
			t.Errorf("%s has no gzip twin", name)
		}
		return len(body)
	}
	z, err := gzip.NewReader(bytes.NewReader(twin))
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(z); err != nil || !bytes.Equal(plain.Bytes(), body) {
		t.Errorf("the twin of %s holds something else", name)
	}
	return len(twin)
}

func TestTheLockFileNamesNoRegistry(t *testing.T) {
	b, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Resolved, Integrity string }
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		t.Fatal(err)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" || name != "" && p.Integrity == "" {
			t.Errorf("%s: resolved %q, integrity %q", name, p.Resolved, p.Integrity)
		}
	}
}

func TestPagesAreInNoFrameAndLoadNothingFromElsewhere(t *testing.T) {
	said := map[string]string{}
	for part := range strings.SplitSeq(Policy, "; ") {
		name, of, _ := strings.Cut(part, " ")
		said[name] = of
	}
	for name, want := range map[string]string{"frame-ancestors": "'none'", "default-src": "'self'", "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'"} {
		if said[name] != want {
			t.Errorf("%s is %q, want %q", name, said[name], want)
		}
	}
	for name, of := range said {
		if strings.Contains(of, "unsafe") || strings.Contains(of, "http:") || strings.Contains(of, "*") {
			t.Errorf("%s lets in %q", name, of)
		}
	}
}
