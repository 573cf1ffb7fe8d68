package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

var testName = regexp.MustCompile(`\b(Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*`)

// The pages under docs say which test holds which promise. A test that is
// renamed or gone holds nothing.
func checkNamedTests(t *tree, found func(string, int, string)) {
	exists := map[string]bool{}
	for _, f := range t.gofile {
		if !f.test {
			continue
		}
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				exists[fn.Name.Name] = true
			}
		}
	}
	for _, f := range t.text {
		if path.Ext(f.path) != ".md" || path.Dir(f.path) != "docs" {
			continue
		}
		for n, line := range strings.Split(f.data, "\n") {
			for _, name := range testName.FindAllString(line, -1) {
				if !exists[name] {
					found(f.path, n+1, fmt.Sprintf("no test is called %s", name))
				}
			}
		}
	}
}
