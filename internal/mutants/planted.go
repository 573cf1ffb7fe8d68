package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// mutant is one planted bug.
type mutant struct {
	promise string // P1 and so on
	name    string
	what    string // the bug, for people
	file    string // of the product, from the root
	edits   []edit
	pkg     string   // whose tests are to catch it
	catch   []string // names of those tests
	wrote   bool     // no test caught it when it was planted: the one named here was written then
}

// edit is a text of the file and what stands there instead.
type edit struct{ was, is string }

//go:embed planted
var files embed.FS

// plantedBugs reads all bugs, by promise.
func plantedBugs() (all []*mutant, err error) {
	names, err := fs.Glob(files, "planted/*.txt")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		promise, _, _ := strings.Cut(path.Base(name), ".")
		list, err := parse(strings.Replace(promise, "P0", "P", 1), string(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// parse reads one file of bugs: "== name", lines "key: value", and then pairs of the text
// after "-- was" and that after "-- is".
func parse(promise, text string) (list []*mutant, err error) {
	for _, block := range strings.Split("\n"+text, "\n== ")[1:] {
		m := &mutant{promise: promise}
		head, rest, _ := strings.Cut(block, "-- was\n")
		lines := strings.Split(strings.TrimSpace(head), "\n")
		m.name = lines[0]
		for _, line := range lines[1:] {
			key, value, _ := strings.Cut(line, ": ")
			switch key {
			case "what":
				m.what = value
			case "file":
				m.file = value
			case "catch":
				names := strings.Fields(value)
				m.pkg, m.catch = names[0], names[1:]
			case "wrote":
				m.wrote = true
			default:
				return nil, fmt.Errorf("%s: %q is no line of a planted bug", m.name, line)
			}
		}
		for _, pair := range strings.Split(rest, "-- was\n") {
			was, is, _ := strings.Cut(pair+"\n", "-- is\n")
			m.edits = append(m.edits, edit{strings.TrimRight(was, "\n"), strings.TrimRight(is, "\n")})
		}
		list = append(list, m)
	}
	return list, nil
}

// planted is the file with the bug in it. The text that it takes the place of has to be
// there, once: code that has changed needs its bugs planted anew.
func (m *mutant) planted(root string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	text := string(b)
	for _, e := range m.edits {
		switch n := strings.Count(text, e.was); {
		case e.was == "" || e.was == e.is:
			return nil, fmt.Errorf("%s %s changes nothing", m.promise, m.name)
		case n != 1:
			return nil, fmt.Errorf("%s %s: %s has this text %d times, want once: plant the bug anew\n%s", m.promise, m.name, m.file, n, e.was)
		}
		text = strings.Replace(text, e.was, e.is, 1)
	}
	return []byte(text), nil
}
