package crashfs

import (
	"math/rand/v2"
)

// Way is how what is under way fares in a power cut.
type Way int

const (
	AllThere     Way = iota // all of it came about
	NoneThere               // nothing did
	OneLacks                // all but one sector
	OneThere                // one sector alone
	OneFile                 // all of one file, nothing of the others
	OtherFiles              // nothing of one file, all of the others
	SomeThere               // each sector by a coin
	Torn                    // as SomeThere, and sectors are there in part
	Zeroed                  // as SomeThere; where a file grew, what lacks reads as zeros
	NamesAgainst            // what is in the files by a coin, names by another
	Ways
)

var wayNames = [Ways]string{"all there", "none there", "one sector lacks", "one sector alone", "one file alone", "one file lacks", "some sectors", "torn sectors", "grown with zeros", "names lack"}

func (w Way) String() string { return wayNames[w] }

// sectors are the units that a disk writes whole, bytes.
var sectors = []int{512, 4096}

// Cut is what the files are after a power cut now, by one way that it may go and by
// chance. The same source gives the same files.
func (d *Disk) Cut(way Way, r *rand.Rand) map[string][]byte {
	c := cut{way: way, r: r, sector: sectors[r.IntN(len(sectors))], odds: 1 + r.IntN(9)}
	c.count(d)
	keeps := func(int) bool { return true }
	switch way {
	case NoneThere:
		keeps = func(int) bool { return false }
	case NamesAgainst:
		keeps = func(int) bool { return r.IntN(2) == 0 }
	case SomeThere, Torn, Zeroed, OneThere, OneFile:
		if r.IntN(2) == 0 {
			keeps = func(int) bool { return c.coin() }
		}
	}
	all := map[string][]byte{}
	names := d.named(keeps)
	for _, name := range sorted(names) {
		all[name] = c.file(names[name], &d.files[names[name]])
	}
	return all
}

type cut struct {
	way    Way
	r      *rand.Rand
	sector int
	odds   int // of 10, that a sector is there
	one    int // sector or file that is chosen
	seen   int // sectors so far
}

func (c *cut) coin() bool { return c.r.IntN(10) < c.odds }

// count chooses the one sector, or the one file.
func (c *cut) count(d *Disk) {
	pieces := 0
	var busy []int
	for i := range d.files {
		n := 0
		for k := range d.files[i].pending {
			n += c.pieces(&d.files[i].pending[k])
		}
		if pieces += n; n > 0 {
			busy = append(busy, i)
		}
	}
	if pieces == 0 {
		return
	}
	if c.way == OneFile || c.way == OtherFiles {
		c.one = busy[c.r.IntN(len(busy))]
	} else {
		c.one = c.r.IntN(pieces)
	}
}

// pieces is in how many parts a write or truncate may come about.
func (c *cut) pieces(op *Op) int {
	if op.Kind == Truncate || len(op.Data) == 0 {
		return 1
	}
	return (op.At+len(op.Data)-1)/c.sector - op.At/c.sector + 1
}

func (c *cut) file(number int, f *file) []byte {
	if len(f.pending) == 0 {
		return f.certain
	}
	b := append([]byte(nil), f.certain...)
	for i := range f.pending {
		op := &f.pending[i]
		if op.Kind == Truncate || op.sure {
			if op.sure || c.keeps(number) {
				b = op.onto(b)
			}
			continue
		}
		for from := 0; from < len(op.Data) || from == 0; {
			to := min(len(op.Data), from+c.sector-(op.At+from)%c.sector)
			b = c.piece(number, b, &Op{Kind: Write, At: op.At + from, Data: op.Data[from:to]})
			if from = to; to == 0 {
				break
			}
		}
	}
	return b
}

// piece does what a sector's part of a write does to the file.
func (c *cut) piece(number int, b []byte, op *Op) []byte {
	switch keep := c.keeps(number); {
	case keep && c.way == Torn && c.r.IntN(3) == 0:
		part := *op
		part.Data = op.Data[:c.r.IntN(len(op.Data)+1)]
		return part.onto(b)
	case keep:
		return op.onto(b)
	case c.way == Zeroed && op.At+len(op.Data) > len(b):
		return resized(b, op.At+len(op.Data))
	}
	return b
}

func (c *cut) keeps(file int) bool {
	n := c.seen
	c.seen++
	switch c.way {
	case AllThere:
		return true
	case NoneThere:
		return false
	case OneLacks:
		return n != c.one
	case OneThere:
		return n == c.one
	case OneFile:
		return file == c.one
	case OtherFiles:
		return file != c.one
	}
	return c.coin()
}
