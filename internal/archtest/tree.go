package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// tree is the repository as the rules see it.
type tree struct {
	fset   *token.FileSet
	gofile []*gofile
	text   []textfile // every source, Go included, and the prose about them
}

type gofile struct {
	path    string
	pkg     string // folder, from the root: "server/state"
	test    bool   // _test.go
	syntax  *ast.File
	imports []imported
}

type imported struct {
	path string // as written: "time", Module + "/client"
	name string // the name it goes by in this file
	line int
}

type textfile struct {
	path string
	data string
}

// load reads every Go file and every other source of the repository. Folders
// that the go command does not look into, built things and modules of their own
// are left out.
func load(root fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if skipped(root, name) {
				return fs.SkipDir
			}
			return nil
		}
		return t.read(root, name)
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return t, nil
}

func skipped(root fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	switch base {
	case "testdata", "vendor", "node_modules", "dist":
		return true
	}
	_, err := fs.Stat(root, path.Join(dir, "go.mod"))
	return err == nil
}

func (t *tree) read(root fs.FS, name string) error {
	switch path.Ext(name) {
	case ".go", ".sql", ".ts", ".js", ".svelte", ".css", ".sh", ".md":
	default:
		return nil
	}
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	t.text = append(t.text, textfile{path: name, data: string(data)})
	if path.Ext(name) != ".go" {
		return nil
	}
	syntax, err := parser.ParseFile(t.fset, name, data, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &gofile{
		path:   name,
		pkg:    path.Dir(name),
		test:   strings.HasSuffix(name, "_test.go"),
		syntax: syntax,
	}
	for _, spec := range syntax.Imports {
		f.imports = append(f.imports, t.imported(spec))
	}
	t.gofile = append(t.gofile, f)
	return nil
}

func (t *tree) imported(spec *ast.ImportSpec) imported {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
	name := path.Base(p)
	if spec.Name != nil {
		name = spec.Name.Name
	}
	return imported{path: p, name: name, line: t.line(spec)}
}

func (t *tree) line(n ast.Node) int { return t.fset.Position(n.Pos()).Line }

// nameOf returns the name under which f imports pkg, "" if it does not.
func (f *gofile) nameOf(pkg string) string {
	for _, i := range f.imports {
		if i.path == pkg {
			return i.name
		}
	}
	return ""
}

// ours returns the folder of an import of this module, and whether it is one.
func (i imported) ours() (string, bool) {
	if i.path == Module {
		return ".", true
	}
	return strings.CutPrefix(i.path, Module+"/")
}

// within says whether pkg is one of the patterns: a folder, or with "/..." a
// folder and all below it.
func within(pkg string, patterns []string) bool {
	for _, p := range patterns {
		if top, all := strings.CutSuffix(p, "/..."); pkg == top || all && strings.HasPrefix(pkg, top+"/") {
			return true
		}
	}
	return false
}
