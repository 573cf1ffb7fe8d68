package crashfs

import (
	"maps"
	"slices"
)

// Kind is what was done.
type Kind int

const (
	Write         Kind = iota // Data to File, at At
	Truncate                  // File, to At bytes
	Sync                      // File
	SyncFailed                // File: what was under way may never come about, whatever later syncs say
	Create                    // File, under Name
	Delete                    // the Name of File
	Rename                    // File from Name to To; whoever had that is gone
	SyncDirectory             // all names
	Said                      // a Word by the caller
)

// Op is one thing that was done. A File is a number; names come and go.
type Op struct {
	Kind Kind
	File int
	Name string
	To   string
	At   int
	Data []byte
	Word int

	stuck, sure bool // of a write under way: a sync of it has failed; one that came after has not
}

// Trace is all that was done to the files of a directory.
type Trace struct {
	Start map[string][]byte // what was there before, by name
	Ops   []Op
}

// Disk is the directory as it stands after some of a trace: what is certain, and what
// is under way.
type Disk struct {
	trace   *Trace
	at      int // this many ops have been done
	files   []file
	names   map[string]int // certain
	renames []Op           // creates, deletes and renames under way
}

type file struct {
	certain []byte
	pending []Op // writes and truncates, in order
}

// Disk is the directory before the trace.
func (t *Trace) Disk() *Disk {
	d := &Disk{trace: t, names: map[string]int{}}
	for _, name := range sorted(t.Start) {
		d.names[name] = len(d.files)
		d.files = append(d.files, file{certain: t.Start[name]})
	}
	return d
}

// At says how many ops have been done.
func (d *Disk) At() int { return d.at }

// Done does the ops up to the n-th.
func (d *Disk) Done(n int) {
	for ; d.at < n; d.at++ {
		d.do(&d.trace.Ops[d.at])
	}
}

// Fork is a copy that goes its own way.
func (d *Disk) Fork() *Disk {
	f := *d
	f.files, f.names, f.renames = slices.Clone(d.files), maps.Clone(d.names), slices.Clip(d.renames)
	for i := range f.files {
		f.files[i].pending = slices.Clip(f.files[i].pending)
	}
	return &f
}

func (d *Disk) do(op *Op) {
	switch op.Kind {
	case Write, Truncate:
		f := &d.files[op.File]
		f.pending = append(f.pending, *op)
	case Sync:
		d.files[op.File].sync()
	case SyncFailed:
		f := &d.files[op.File]
		f.pending = slices.Clone(f.pending)
		for i := range f.pending {
			f.pending[i].stuck = !f.pending[i].sure
		}
	case Create:
		for len(d.files) <= op.File {
			d.files = append(d.files, file{})
		}
		d.renames = append(d.renames, *op)
	case Delete, Rename:
		d.renames = append(d.renames, *op)
	case SyncDirectory:
		d.names = d.named(func(int) bool { return true })
		d.renames = nil
	}
}

// sync makes certain what is under way, but for what a sync has failed of: a system
// forgets that it was to be written.
func (f *file) sync() {
	if !slices.ContainsFunc(f.pending, func(op Op) bool { return op.stuck }) {
		f.certain, f.pending = f.whole(), nil
		return
	}
	f.pending = slices.Clone(f.pending)
	for i := range f.pending {
		f.pending[i].sure = !f.pending[i].stuck
	}
}

// whole is the file with all that is under way.
func (f *file) whole() []byte {
	b := slices.Clone(f.certain)
	for i := range f.pending {
		b = f.pending[i].onto(b)
	}
	return b
}

// onto does a write or a truncate to b, which it may change.
func (op *Op) onto(b []byte) []byte {
	if op.Kind == Truncate {
		return resized(b, op.At)
	}
	if end := op.At + len(op.Data); end > len(b) {
		b = resized(b, end)
	}
	copy(b[op.At:], op.Data)
	return b
}

// resized is b cut off, or lengthened with zeros.
func resized(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// named is what the directory says if those of the changes under way came
// about that keep says.
func (d *Disk) named(keep func(i int) bool) map[string]int {
	names := maps.Clone(d.names)
	for i, op := range d.renames {
		if !keep(i) {
			continue
		}
		switch op.Kind {
		case Create:
			names[op.Name] = op.File
		case Delete:
			delete(names, op.Name)
		case Rename:
			delete(names, op.Name)
			names[op.To] = op.File
		}
	}
	return names
}

// Whole is every file as programs see it, and as a process that is killed leaves it.
func (d *Disk) Whole() map[string][]byte {
	all := map[string][]byte{}
	for name, i := range d.named(func(int) bool { return true }) {
		all[name] = d.files[i].whole()
	}
	return all
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
