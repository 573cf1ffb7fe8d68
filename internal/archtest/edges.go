package archtest

import (
	"fmt"
	"strings"
)

// edges says where the names of third parties may appear outside of test files.
// An empty list means in tests only. Measuring and simulating packages may use
// anything: the bare limits of internal/bench are these libraries without us.
var edges = []struct {
	module string
	homes  []string
}{
	{"github.com/fxamacker/cbor", []string{"syncproto"}},
	{"github.com/klauspost/compress", []string{"syncproto"}},
	{"github.com/veraison/go-cose", []string{"syncproto"}},
	{"github.com/gorilla/websocket", []string{"syncproto/wsconn"}},
	{"github.com/mattn/go-sqlite3", []string{"internal/sqlitedb", "internal/crashfs", "internal/memfs"}},
	{"github.com/hashicorp/go-memdb", []string{"server/live"}},
	{"github.com/nats-io", []string{"server/oplog/natslog"}},
	{"filippo.io/age", []string{"internal/seal"}},
	{"github.com/spf13", []string{"cmd/..."}},
	{"github.com/schollz/progressbar", []string{"cmd/..."}},
	{"github.com/prometheus/client_golang", []string{"client", "server"}},
	{"github.com/xuri/excelize", []string{"internal/tables"}},
	{"golang.org/x", []string{"syncproto/...", "internal/...", "client/...", "server/...", "cmd/..."}},
	{"github.com/google/go-cmp", nil},
	{"github.com/rogpeppe/go-internal", nil},
	{"pgregory.net/rapid", nil},
}

var edgeless = []string{"internal/bench/...", "simtest/..."}

func checkEdges(t *tree, found func(string, int, string)) {
	for _, f := range t.gofile {
		for _, i := range f.imports {
			if what := f.crosses(i); what != "" {
				found(f.path, i.line, what)
			}
		}
	}
}

// crosses says what is wrong with an import, "" if nothing is.
func (f *gofile) crosses(i imported) string {
	if _, ours := i.ours(); ours || !strings.Contains(first(i.path), ".") {
		return "" // the standard library has no dot in its first element
	}
	for _, e := range edges {
		if i.path != e.module && !strings.HasPrefix(i.path, e.module+"/") {
			continue
		}
		if f.test || within(f.pkg, edgeless) || within(f.pkg, e.homes) {
			return ""
		}
		if len(e.homes) == 0 {
			return fmt.Sprintf("%s belongs in tests", e.module)
		}
		return fmt.Sprintf("%s belongs in %s", e.module, strings.Join(e.homes, ", "))
	}
	return fmt.Sprintf("%s has no home: say in edges.go where it may be used, and in the commit why", i.path)
}

func first(importPath string) string {
	elem, _, _ := strings.Cut(importPath, "/")
	return elem
}
