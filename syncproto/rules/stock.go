package rules

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Moved is a movement of goods as Stock takes it.
type Moved struct {
	ID       syncproto.RecordID
	Kind     string
	Product  syncproto.RecordID
	From, To syncproto.RecordID
	Quantity int64
	At       int64 // UTC ms
}

// SoldOf is a sale line that counts, at the site that sold it; below zero for a return.
type SoldOf struct {
	Product  syncproto.RecordID
	Site     syncproto.RecordID
	Quantity int64
	At       int64
}

// Shelf is a product at a site.
type Shelf struct{ Site, Product syncproto.RecordID }

// Lies is what is known of a shelf.
type Lies struct {
	OnHand  int64 // below zero where more went than is known to have come (R13)
	Sold    int64
	Counted bool  // somebody has counted
	Missing int64 // at the last count; below zero where there was more than expected
}

// Short is by how many pieces more went than came: a note for the supervisor, and never a
// reason to refuse a customer (R13).
func (l Lies) Short() int64 { return max(-l.OnHand, 0) }

type step struct {
	id      syncproto.RecordID
	at      int64
	pieces  int64
	sold    bool
	counted bool
}

// Stock derives what lies where. A count holds from its time on: what went before it and
// is heard of later changes what was missing then, and not what lies there now.
func Stock(moves []Moved, sales []SoldOf) map[Shelf]Lies {
	steps := map[Shelf][]step{}
	add := func(site, product syncproto.RecordID, s step) {
		if !site.IsZero() {
			key := Shelf{site, product}
			steps[key] = append(steps[key], s)
		}
	}
	for _, m := range moves {
		if m.Kind == schema.MoveCounted {
			add(m.From, m.Product, step{id: m.ID, at: m.At, pieces: m.Quantity, counted: true})
			continue
		}
		add(m.From, m.Product, step{id: m.ID, at: m.At, pieces: -m.Quantity})
		add(m.To, m.Product, step{id: m.ID, at: m.At, pieces: m.Quantity})
	}
	for _, s := range sales {
		add(s.Site, s.Product, step{at: s.At, pieces: -s.Quantity, sold: true})
	}
	all := map[Shelf]Lies{}
	for key, s := range steps {
		all[key] = lies(s)
	}
	return all
}

func lies(steps []step) (l Lies) {
	slices.SortFunc(steps, func(a, b step) int { // of one time, counts come last
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(boolean(a.counted), boolean(b.counted)), bytes.Compare(a.id[:], b.id[:]))
	})
	for _, s := range steps {
		switch {
		case s.counted:
			l.Missing, l.OnHand, l.Counted = l.OnHand-s.pieces, s.pieces, true
			continue
		case s.sold:
			l.Sold -= s.pieces
		}
		l.OnHand += s.pieces
	}
	return l
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
