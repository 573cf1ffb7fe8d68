package archtest

import "fmt"

// arrow says what the packages of a folder may import of ours. The first arrow
// that fits a package counts, so the narrow ones come first.
type arrow struct {
	from []string
	to   []string
	not  []string // taken out of to
	test []string // what test files may import besides
}

// Everything both sides may build on. The measuring package sees both sides, so
// neither side may see it.
var (
	shared    = []string{"syncproto/...", "internal/..."}
	everybody = []string{"syncproto/...", "internal/...", "client/...", "server/...", "web/...", "simtest/..."}
	notShared = []string{"internal/bench/...", "internal/archtest", "internal/crashfs", "internal/memfs", "internal/smalldisk"}

	// What every test may use, and nothing but tests.
	kits = []string{"internal/smalldisk", "internal/raced"}
)

var arrows = []arrow{
	// The agreement imports nothing outside itself, and inside it only downwards.
	{from: []string{"syncproto/hlc", "syncproto/canon"}},
	{from: []string{"syncproto"}, to: []string{"syncproto/hlc", "syncproto/canon"}, test: []string{"syncproto/..."}},
	{from: []string{"syncproto/schema"}, to: []string{"syncproto", "syncproto/hlc", "syncproto/canon"}, test: []string{"syncproto/..."}},
	{from: []string{"syncproto/rules"}, to: []string{"syncproto", "syncproto/hlc", "syncproto/canon", "syncproto/schema"}, test: []string{"syncproto/..."}},
	{from: []string{"syncproto/wsconn"}, to: []string{"syncproto", "syncproto/hlc", "syncproto/canon"}, test: []string{"syncproto/...", "internal/memnet"}},

	// What both sides build on sees neither.
	{from: []string{"internal/sqlitedb/...", "internal/csvin", "internal/memnet", "internal/buildinfo", "internal/archtest"}},
	{from: []string{"internal/mark"}, to: []string{"syncproto/..."}},
	{from: []string{"internal/records"}, to: []string{"syncproto/...", "internal/sqlitedb/..."}},
	{from: []string{"internal/crashfs"}, test: []string{"internal/sqlitedb", "internal/mark"}},
	{from: []string{"internal/memfs"}, test: []string{"internal/sqlitedb"}},
	{from: []string{"internal/bench/..."}, to: everybody, not: append([]string{"internal/crashfs", "internal/memfs"}, kits...)},
	{from: []string{"internal/attach"}, to: shared, not: notShared, test: []string{"internal/crashfs", "internal/smalldisk"}},
	{from: []string{"internal/..."}, to: shared, not: notShared},

	// A site.
	{from: []string{"client/store/..."}, to: []string{"syncproto/...", "internal/...", "client/store/..."}, not: notShared},
	{from: []string{"client/..."}, to: []string{"syncproto/...", "internal/...", "client/..."}, not: notShared},

	// The centre: the log below, state folded from it, live folded beside.
	{
		from: []string{"server/oplog/..."},
		to:   []string{"syncproto/...", "internal/...", "server/oplog/..."},
		not:  append([]string{"server/oplog/oplogtest"}, notShared...),
		test: []string{"server/oplog/oplogtest"},
	},
	{
		from: []string{"server/state/..."},
		to:   []string{"syncproto/...", "internal/...", "server/oplog", "server/state/..."},
		not:  notShared,
		test: []string{"server/oplog/..."},
	},
	{
		from: []string{"server/live/..."},
		to:   []string{"syncproto/...", "internal/...", "server/oplog", "server/state/...", "server/live/..."},
		not:  notShared,
		test: []string{"server/oplog/..."},
	},
	{
		from: []string{"server/backup"},
		to:   []string{"syncproto/...", "internal/...", "server/oplog", "server/oplog/sqlitelog", "server/state"},
		not:  notShared,
		test: []string{"server"},
	},
	{
		from: []string{"server/..."},
		to:   []string{"syncproto/...", "internal/...", "server/..."},
		not:  append([]string{"server/oplog/oplogtest"}, notShared...),
		test: []string{"server/oplog/oplogtest"},
	},

	// The two that see both sides, and the pages, which see nobody.
	{from: []string{"web/..."}},
	{from: []string{"simtest/sim"}, to: everybody, not: append([]string{"internal/archtest", "internal/crashfs", "server/oplog/oplogtest"}, kits...)},
	{from: []string{"cmd/...", "simtest/..."}, to: everybody, not: append([]string{"internal/archtest", "internal/crashfs", "internal/memfs", "server/oplog/oplogtest"}, kits...), test: []string{"internal/crashfs"}},
}

func checkArrows(t *tree, found func(string, int, string)) {
	for _, f := range t.gofile {
		a, ok := arrowOf(f.pkg)
		if !ok {
			found(f.path, 1, fmt.Sprintf("package %s has no arrow: say in arrows.go what it may import", f.pkg))
			continue
		}
		for _, i := range f.imports {
			to, ours := i.ours()
			if !ours || a.allows(f, to) {
				continue
			}
			found(f.path, i.line, fmt.Sprintf("%s must not import %s", f.pkg, to))
		}
	}
}

func arrowOf(pkg string) (arrow, bool) {
	for _, a := range arrows {
		if within(pkg, a.from) {
			return a, true
		}
	}
	return arrow{}, false
}

func (a arrow) allows(f *gofile, to string) bool {
	if f.test && (to == f.pkg || within(to, a.test) || within(to, kits)) { // an external test imports its own package
		return true
	}
	return within(to, a.to) && !within(to, a.not)
}
