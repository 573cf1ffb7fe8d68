package sqlitelog

import (
	"fmt"

	"github.com/rawaj/rawaj/server/oplog"
)

// walk computes the chain over records as they come and notes what is wrong.
//
// A record whose stored hash is not the computed one leaves a doubt: was its
// data changed, or its hash? The record after it tells, since it was chained to
// the right hash; for the last record the mark tells.
type walk struct {
	mark       witness
	next       oplog.Index // the record that should come
	prev       oplog.Hash  // stored hash of the one before it
	chained    bool        // prev is known; false behind a gap
	doubt      *doubt      // about the record before next
	shaky      bool        // the record before next may hold a false hash
	unreadable int         // records in a row
	findings   []Finding
}

type doubt struct {
	index            oplog.Index
	stored, computed oplog.Hash
	shaky            bool // the record before it left a doubt that nothing settled
}

func (k *walk) find(at oplog.Index, format string, args ...any) {
	k.findings = append(k.findings, Finding{at, fmt.Sprintf(format, args...)})
}

// record takes the next row that could be read.
func (k *walk) record(r oplog.Record) {
	k.unreadable = 0
	if r.Index < k.next {
		k.find(k.next, "found record %d in its place", r.Index)
		return
	}
	if r.Index > k.next {
		k.missing(r.Index - 1)
	}
	sum := oplog.Sum(r.Data)
	k.resolve(func(h oplog.Hash) bool { return h.Link(sum) == r.Hash })
	if computed := k.prev.Link(sum); k.chained && computed != r.Hash {
		k.doubt = &doubt{r.Index, r.Hash, computed, k.shaky}
	}
	if r.Index == k.mark.end && r.Hash != k.mark.hash {
		k.find(r.Index, "its hash is not the one the mark saw")
	}
	k.next, k.prev, k.chained, k.shaky = r.Index+1, r.Hash, true, false
}

// resolve settles a doubt by a witness to the record's true hash. Where that is
// the computed one, the chain goes on from there.
func (k *walk) resolve(isTrue func(oplog.Hash) bool) {
	d := k.doubt
	if d == nil {
		return
	}
	k.doubt = nil
	switch {
	case isTrue(d.stored) && d.shaky:
		k.find(d.index, "does not chain to record %d, which is damaged itself", d.index-1)
	case isTrue(d.stored):
		k.find(d.index, "its data was changed: it does not chain to record %d", d.index-1)
	case isTrue(d.computed):
		k.find(d.index, "its hash was changed")
		k.prev = d.computed // which the mark or the next record vouches for
	default:
		k.find(d.index, "its data or its hash was changed: it does not chain to record %d", d.index-1)
		k.shaky = true
	}
}

// missing notes that the records up to last are not there.
func (k *walk) missing(last oplog.Index) {
	k.settle()
	lost := ""
	if k.mark.end >= k.next {
		lost = "; the mark saw " + span(k.next, min(last, k.mark.end))
	}
	k.find(k.next, "%s missing%s", span(k.next, last), lost)
	k.skip(last)
}

// unread notes that the next record cannot be read; neighbours share a finding.
func (k *walk) unread(err error) {
	k.settle()
	k.unreadable++
	if k.unreadable == 1 {
		k.find(k.next, "cannot be read: %v", err)
	} else {
		first := &k.findings[len(k.findings)-1]
		first.What = fmt.Sprintf("%s cannot be read: %v", span(first.Index, k.next), err)
	}
	k.skip(k.next)
}

// skip goes on behind last with nothing to chain to.
func (k *walk) skip(last oplog.Index) {
	k.next, k.chained = last+1, false
}

// settle ends a doubt where no record follows that could tell; the mark may.
func (k *walk) settle() {
	k.resolve(func(h oplog.Hash) bool { return k.mark.end == k.next-1 && k.mark.hash == h })
}

func span(first, last oplog.Index) string {
	if first == last {
		return fmt.Sprintf("record %d", first)
	}
	return fmt.Sprintf("records %d to %d", first, last)
}
