package server

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bounds are the constants of bounds.go.
var bounds = map[string]any{
	"maxSessions": maxSessions, "maxStrangers": maxStrangers, "maxPerAddress": maxPerAddress,
	"pushWindow": pushWindow, "backlogWindow": backlogWindow, "usualBatch": usualBatch, "usualBudget": usualBudget, "bulkBudget": bulkBudget,
	"maxWaiting": maxWaiting, "stalledBatch": stalledBatch, "budgetWait": budgetWait,
	"maxPages": maxPages, "pageBytes": pageBytes, "slowReader": slowReader,
	"maxHeld": maxHeld, "maxHeldBytes": maxHeldBytes, "maxEscrow": maxEscrow, "maxEscrowBytes": maxEscrowBytes, "maxParked": maxParked, "maxKept": maxKept, "maxParcels": maxParcels,
	"maxChunks": maxChunks, "stalledChunk": stalledChunk, "maxGiven": maxGiven, "maxMissed": maxMissed, "maxUploads": maxUploads,
	"doorRetry": doorRetry, "busyRetry": busyRetry, "addressRetry": addressRetry,
}

var boundRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ([^|]+) \\|")

func TestBoundsOfTheServerAreThoseOfTheirPage(t *testing.T) {
	page, err := os.ReadFile("../docs/BOUNDS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(page), "\n## The server\n")
	part, _, _ = strings.Cut(part, "\n## ")
	said := map[string]string{}
	for _, m := range boundRow.FindAllStringSubmatch(part, -1) {
		said[m[1]] = strings.ReplaceAll(m[2], ",", "")
	}
	names := constants(t, "bounds.go")
	for name := range said {
		if !slices.Contains(names, name) {
			t.Errorf("docs/BOUNDS.md has %s, bounds.go has not", name)
		}
	}
	for _, name := range names {
		if want := fmt.Sprint(bounds[name]); said[name] != want {
			t.Errorf("%s is %s in the code, %q in docs/BOUNDS.md", name, want, said[name])
		}
	}
}

// constants lists those that a file declares.
func constants(t *testing.T, file string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			for _, s := range g.Specs {
				for _, n := range s.(*ast.ValueSpec).Names {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names
}
