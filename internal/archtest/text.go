package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// sqlTime finds what makes SQLite look at a clock or at the zone of the machine.
var sqlTime = regexp.MustCompile(`(?i)` +
	`\bCURRENT_(TIMESTAMP|DATE|TIME)\b` +
	`|'(now|localtime)'` +
	`|\b(datetime|julianday|unixepoch|strftime)\s*\(\s*\)`)

var sqlComment = regexp.MustCompile(`--[^\n]*`)

// SQL must not read the clock: instants are values that the caller passes, so
// that a replay and a skewed device compute what the first run computed.
func checkSQLTime(t *tree, found func(string, int, string)) {
	for _, f := range t.text {
		if path.Ext(f.path) != ".sql" {
			continue
		}
		for _, hit := range sqlTimes(f.data) {
			found(f.path, hit.line, fmt.Sprintf("SQL reads a clock: %s", hit.what))
		}
	}
	for _, f := range t.gofile {
		if f.pkg == "internal/archtest" { // it names what it looks for
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			for _, hit := range sqlTimes(s) {
				found(f.path, t.line(lit)+hit.line-1, fmt.Sprintf("SQL reads a clock: %s", hit.what))
			}
			return true
		})
	}
}

type hit struct {
	line int // 1 is the first
	what string
}

func sqlTimes(sql string) []hit {
	sql = sqlComment.ReplaceAllString(sql, "")
	var hits []hit
	for _, at := range sqlTime.FindAllStringIndex(sql, -1) {
		hits = append(hits, hit{line: 1 + strings.Count(sql[:at[0]], "\n"), what: sql[at[0]:at[1]]})
	}
	return hits
}

// Characters that reorder the text around them make a source read otherwise
// than it compiles. Sources write them as escapes, messages live in JSON. (The
// zero-width non-joiner is not one of them: Persian is not spelled without it.)
func checkBidi(t *tree, found func(string, int, string)) {
	for _, f := range t.text {
		for n, line := range strings.Split(f.data, "\n") {
			if i := strings.IndexFunc(line, reorders); i >= 0 {
				found(f.path, n+1, fmt.Sprintf("bidirectional control character %+q", []rune(line[i:])[0]))
			}
		}
	}
}

func reorders(r rune) bool {
	switch {
	case r == 0x061C, r == 0x200E, r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return true
	}
	return false
}
