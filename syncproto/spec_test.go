package syncproto_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func readSpec(t testing.TB) string {
	b, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is what stands under a heading, up to the next of its kind or higher.
func section(t testing.TB, spec, number string) string {
	_, after, ok := strings.Cut(spec, "\n### "+number+" ")
	if !ok {
		t.Fatalf("SPEC.md has no section %s", number)
	}
	after, _, _ = strings.Cut(after, "\n## ")
	after, _, _ = strings.Cut(after, "\n### ")
	return after
}

func TestSectionsThatTheCodeCitesExist(t *testing.T) {
	spec := readSpec(t)
	cited := regexp.MustCompile(`SPEC §(\d+(?:\.\d+)?)`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range cited.FindAllStringSubmatch(string(b), -1) {
			heading := "\n### " + m[1] + " "
			if !strings.Contains(m[1], ".") {
				heading = "\n## " + m[1] + ". "
			}
			if !strings.Contains(spec, heading) {
				t.Errorf("%s cites SPEC §%s, which is not there", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	within := regexp.MustCompile(`§(\d+\.\d+)`)
	for _, m := range within.FindAllStringSubmatch(strings.ReplaceAll(spec, "RFC ", "RFC"), -1) {
		if !strings.Contains(spec, "\n### "+m[1]+" ") && !strings.Contains(spec, "\n"+strings.SplitN(m[1], ".", 2)[1]+". **") && !regexp.MustCompile(`RFC\d+ §`+regexp.QuoteMeta(m[1])).MatchString(strings.ReplaceAll(spec, "RFC ", "RFC")) {
			t.Errorf("SPEC.md refers to §%s, which is not there", m[1])
		}
	}
}

var keyRow = regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| [^|]+ \|[^|]*\|$`)

func TestEveryKeyOfAFrameStandsInItsTable(t *testing.T) {
	spec := readSpec(t)
	for number, values := range map[string][]any{
		"5.1": {syncproto.Challenge{}}, "5.2": {syncproto.Hello{}, syncproto.Declared{}}, "5.3": {syncproto.Resume{}}, "5.4": {syncproto.Welcome{}},
		"5.5": {syncproto.Push{}, syncproto.Receipt{}}, "5.7": {syncproto.Leave{}}, "5.8": {syncproto.Checkpoint{}},
		"5.10": {syncproto.Credit{}}, "5.11": {syncproto.Ping{}}, "5.12": {syncproto.Bye{}}, "5.15": {syncproto.Give{}}, "5.16": {syncproto.Have{}, syncproto.Chunk{}, syncproto.ChunkAsk{}},
		"7.3": {syncproto.EnrolRequest{}}, "7.4": {syncproto.EnrolResponse{}}, "7.5": {syncproto.EnrolError{}}, "7.6": {syncproto.RenameRequest{}},
	} {
		var want, got []string
		for _, v := range values {
			for i := range reflect.TypeOf(v).NumField() {
				key, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("cbor"), ",")
				want = append(want, key)
			}
		}
		for _, m := range keyRow.FindAllStringSubmatch(beforeParts(section(t, spec, number)), -1) {
			got = append(got, m[1])
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("§%s: code (-), SPEC.md (+)\n%s", number, d)
		}
	}
}

// beforeParts leaves out a table of the parts of an array, which has no keys.
func beforeParts(s string) string {
	s, _, _ = strings.Cut(s, "\n| # |")
	return s
}

func known(c syncproto.Code) bool { return c.String() != fmt.Sprintf("code_%d", c) }

func TestEveryCodeStandsInItsTable(t *testing.T) {
	spec := readSpec(t)
	_, spec, _ = strings.Cut(spec, "\n## 9. ")
	var want, got []string
	for c := range syncproto.Code(300) {
		if known(c) {
			want = append(want, fmt.Sprintf("%d %s", c, c))
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| (\\d+) \\| `(\\w+)` \\|").FindAllStringSubmatch(spec, -1) {
		got = append(got, m[1]+" "+m[2])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("code (-), SPEC.md (+)\n%s", d)
	}
}

func TestBoundsInTheSpecAreThoseOfTheCode(t *testing.T) {
	spec := readSpec(t)
	_, spec, _ = strings.Cut(spec, "\n## 8. ")
	spec, _, _ = strings.Cut(spec, "\n## 9. ")
	spec = strings.ReplaceAll(spec, ",", "")
	for name, n := range map[string]int{
		"MaxText": syncproto.MaxText, "MaxBytes": syncproto.MaxBytes, "MaxBody": syncproto.MaxBody, "MaxChanges": syncproto.MaxChanges, "MaxGroups": syncproto.MaxGroups,
		"MaxFields": syncproto.MaxFields, "MaxValues": syncproto.MaxValues, "MaxBases": syncproto.MaxBases, "MaxBatchTransactions": syncproto.MaxBatchTransactions,
		"MaxBatch": syncproto.MaxBatch, "MaxBatchLength": syncproto.MaxBatchLength, "MaxFrame": syncproto.MaxFrame, "MaxFrameLength": syncproto.MaxFrameLength,
		"MaxGreeting": syncproto.MaxGreeting, "MaxHeads": syncproto.MaxHeads, "MaxSettled": syncproto.MaxSettled, "MaxCursor": syncproto.MaxCursor,
		"MaxCovered": syncproto.MaxCovered, "MaxRows": syncproto.MaxRows, "MaxGive": syncproto.MaxGive, "MaxKeptRow": syncproto.MaxKeptRow, "MaxAttachment": syncproto.MaxAttachment, "ChunkSize": syncproto.ChunkSize, "MaxChunks": syncproto.MaxChunks, "MaxEnrol": syncproto.MaxEnrol,
	} {
		if !regexp.MustCompile(fmt.Sprintf(`\b%d\b`, n)).MatchString(spec) {
			t.Errorf("%s: %d does not stand in §8", name, n)
		}
	}
}

func TestSpecListsTheTablesOfTheSchema(t *testing.T) {
	const begin, end = "<!-- tables: written by go test ./syncproto -update -->\n", "<!-- end of tables -->"
	spec := readSpec(t)
	head, rest, ok := strings.Cut(spec, begin)
	kept, tail, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatal("SPEC.md has lost the marks round its tables")
	}
	var made strings.Builder
	for _, table := range schema.All {
		describe(&made, table)
	}
	if *update {
		if err := os.WriteFile("SPEC.md", []byte(head+begin+made.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		kept = made.String()
	}
	if d := cmp.Diff(kept, made.String()); d != "" {
		t.Errorf("run go test ./syncproto -update: SPEC.md (-), schema (+)\n%s", d)
	}
}

func describe(b *strings.Builder, t *schema.Table) {
	var scopes []string
	for _, s := range t.Scopes {
		scopes = append(scopes, describeScope(t, s))
	}
	fmt.Fprintf(b, "\n**%d %s**, class %v, scope %s", t.ID, t.Name, t.Class, strings.Join(scopes, ", "))
	if t.Movable {
		b.WriteString("; an update may move it")
	}
	b.WriteString("\n\n| field | name | holds | group |\n|---|---|---|---|\n")
	for i := range t.Fields {
		f := &t.Fields[i]
		g := t.GroupOf(i)
		fmt.Fprintf(b, "| %d | %s | %s | %d %s%s |\n", f.ID, f.Name, describeField(f), g.ID, g.Name, [...]string{"", ", once", ", once strict", ", state"}[g.Rule])
	}
	for i := range t.Groups {
		if m := t.Groups[i].Machine; m != nil {
			fmt.Fprintf(b, "\nStates begin at %s. Arrows:", strings.Join(m.Initial, ", "))
			for j, a := range m.Arrows {
				fmt.Fprintf(b, "%s %s → %s", [...]string{"", ","}[min(j, 1)], a.From, a.To)
			}
			b.WriteString(".\n")
			if len(m.Waiting) > 0 {
				fmt.Fprintf(b, "No clash between: %s.\n", strings.Join(m.Waiting, ", "))
			}
			if len(m.Rank) > 0 {
				fmt.Fprintf(b, "Of two that left one state the one further on here stands: %s.\n", strings.Join(m.Rank, ", "))
			}
			if len(m.Clashes) > 0 {
				b.WriteString("Clashes (left → wanted, but present: outcome):")
				for j, c := range m.Clashes {
					outcome := c.Outcome
					if outcome == "" {
						outcome = "`bad_state`"
					}
					fmt.Fprintf(b, "%s %s → %s, but %s: %s", [...]string{"", ";"}[min(j, 1)], c.Left, c.Wanted, c.Present, outcome)
				}
				b.WriteString(".\n")
			}
		}
	}
}

func describeScope(t *schema.Table, s schema.ScopeRule) string {
	name, _, _ := strings.Cut(syncproto.Scope{Kind: s.Kind}.String(), "/")
	switch {
	case s.Self:
		return "`" + name + "/` its own id"
	case s.Field == 0:
		return "`" + name + "`"
	case s.Org:
		return "`" + name + "/` " + t.Fields[t.Index(s.Field)].Name + ", else `org`"
	}
	return "`" + name + "/` " + t.Fields[t.Index(s.Field)].Name
}

func describeField(f *schema.Field) string {
	what := [...]string{"null", "boolean", "integer", "text", "bytes"}[f.Kind]
	switch {
	case f.Ref != 0:
		what = fmt.Sprintf("ref %d", f.Ref)
	case f.Kind == syncproto.Int && (f.Min != 0 || f.Max != 0):
		what += fmt.Sprintf(", %d to %d", f.Min, f.Max)
	case len(f.Words) > 0:
		words := slices.Clone(f.Words)
		what = "one of " + strings.Join(words, ", ")
	case f.Form == schema.Attachment:
		what = "attachment"
	case f.Form == schema.Code:
		what = fmt.Sprintf("code, at most %d", max(f.Max, 1))
	case f.Form == schema.Date:
		what = "date"
	case f.Form == schema.Currency:
		what = "currency"
	case f.Kind == syncproto.Text && f.Max != 0:
		what += fmt.Sprintf(", at most %d bytes", 4*f.Max)
	case f.Max != 0:
		what += fmt.Sprintf(", at most %d", f.Max)
	}
	if f.Required {
		what += " !"
	}
	return what
}
