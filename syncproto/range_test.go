package syncproto_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
)

// numbered is record n and its hash.
func numbered(n int) (id syncproto.RecordID, h syncproto.Hash) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id, sha256.Sum256(id[:])
}

func TestTenDifferencesAmongAMillionAreFoundInFourQuestionsAnd16KiB(t *testing.T) {
	const all = 1_000_000
	own, theirs := &syncproto.RangeTree{}, &syncproto.RangeTree{}
	leaves := map[uint32][]syncproto.Item{}
	differ := map[syncproto.RecordID]bool{}
	for n := range all {
		id, h := numbered(n)
		leaf := syncproto.RangeLeaf(7, id)
		leaves[leaf] = append(leaves[leaf], syncproto.Item{Table: 7, Record: id, Mark: syncproto.MarkOf(h)})
		theirs.Add(7, id, h)
		if n%(all/10) == 4711 {
			h[0]++
			differ[id] = true
		}
		own.Add(7, id, h)
	}
	share := syncproto.Share{Class: syncproto.ClassS, Scope: siteS.Scope}
	sent, questions := 0, 0
	say := func(f *syncproto.Range) {
		b, err := syncproto.EncodeFrame(f, false)
		if err != nil {
			t.Fatal(err)
		}
		sent += len(b)
	}
	nodes := []uint32{0}
	for level := range syncproto.RangeDepth {
		say(&syncproto.Range{Class: share.Class, Scope: share.Scope, Level: uint64(level), Nodes: nodes})
		marks := theirs.Marks(level, nodes)
		say(&syncproto.Range{Class: share.Class, Scope: share.Scope, Level: uint64(level), Nodes: nodes, Marks: marks})
		questions++
		nodes = own.Differing(level, nodes, marks)
	}
	say(&syncproto.Range{Class: share.Class, Scope: share.Scope, Level: syncproto.RangeDepth, Nodes: nodes})
	answer := &syncproto.Range{Class: share.Class, Scope: share.Scope, Level: syncproto.RangeDepth, Nodes: nodes}
	for _, leaf := range nodes {
		for _, item := range leaves[leaf] {
			answer.Items = append(answer.Items, item)
			delete(differ, item.Record)
		}
	}
	say(answer)
	questions++
	t.Logf("%d questions, %d bytes both ways, %d records listed", questions, sent, len(answer.Items))
	if len(differ) > 0 || questions > 4 || sent > 16<<10 {
		t.Errorf("%d questions and %d bytes left %d of 10 unfound", questions, sent, len(differ))
	}
}

func TestEqualTreesHaveNoNodeThatDiffers(t *testing.T) {
	a, b := &syncproto.RangeTree{}, &syncproto.RangeTree{}
	for n := range 5000 {
		id, h := numbered(n)
		a.Add(3, id, h)
		id, h = numbered(4999 - n)
		b.Add(3, id, h)
	}
	for level, nodes := range [][]uint32{{0}, {0, 17, 255}, {0, 9, 16383}} {
		if d := a.Differing(level, nodes, b.Marks(level, nodes)); len(d) > 0 {
			t.Errorf("level %d: %v differ", level, d)
		}
	}
	if bytes.Equal(a.Marks(0, []uint32{0}), (&syncproto.RangeTree{}).Marks(0, []uint32{0})) {
		t.Error("5,000 records add up to nothing")
	}
}

func TestARangeOutOfItsBoundsIsRefused(t *testing.T) {
	ok := syncproto.Range{Class: syncproto.ClassS, Scope: siteS.Scope, Level: 1, Nodes: []uint32{1, 2}}
	for name, change := range map[string]func(*syncproto.Range){
		"no nodes":            func(f *syncproto.Range) { f.Nodes = nil },
		"twice the same node": func(f *syncproto.Range) { f.Nodes = []uint32{2, 2} },
		"a node of no level":  func(f *syncproto.Range) { f.Nodes = []uint32{256} },
		"a level too deep":    func(f *syncproto.Range) { f.Level = 4 },
		"two roots":           func(f *syncproto.Range) { f.Level, f.Nodes = 0, []uint32{0, 1} },
		"too many nodes":      func(f *syncproto.Range) { f.Nodes = ascending(65) },
		"marks cut short":     func(f *syncproto.Range) { f.Marks = make([]byte, 8) },
		"records above":       func(f *syncproto.Range) { f.Items = make([]syncproto.Item, 1) },
		"marks of leaves":     func(f *syncproto.Range) { f.Level, f.Marks = 3, make([]byte, 16) },
		"no class":            func(f *syncproto.Range) { f.Class = 0 },
	} {
		f := ok
		change(&f)
		if _, err := syncproto.EncodeFrame(&f, false); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := syncproto.EncodeFrame(&ok, false); err != nil {
		t.Error(err)
	}
}

func ascending(n int) (nodes []uint32) {
	for i := range n {
		nodes = append(nodes, uint32(i))
	}
	return nodes
}
