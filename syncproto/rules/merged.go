package rules

import (
	"bytes"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
)

// Aliases lead from a record of a person to the one that it is read as; those that were
// undone are left out.
type Aliases map[syncproto.RecordID]syncproto.RecordID

// Merged is who a person is read as. Of records that were merged into each other apart, in a
// circle, it is the smallest.
func Merged(aliases Aliases, id syncproto.RecordID) syncproto.RecordID {
	path := []syncproto.RecordID{id}
	for {
		next, ok := aliases[path[len(path)-1]]
		if !ok {
			return path[len(path)-1]
		}
		if at := slices.Index(path, next); at >= 0 { // a circle
			return slices.MinFunc(path[at:], func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) })
		}
		path = append(path, next)
	}
}

// Undoing are the records whose aliases are undone, in order, so that a person stands by
// itself again, with what was merged into it: its own, and in a circle the one that leads
// back to it as well.
func Undoing(aliases Aliases, id syncproto.RecordID) (list []syncproto.RecordID) {
	at, ok := aliases[id]
	if !ok {
		return nil
	}
	list = []syncproto.RecordID{id}
	for seen := map[syncproto.RecordID]bool{id: true}; ok && !seen[at]; at, ok = aliases[at] {
		seen[at] = true
		if aliases[at] == id {
			list = append(list, at)
		}
	}
	return list
}
