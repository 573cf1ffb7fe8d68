package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/syncproto"
)

// HoursText is minutes as people read them, never rounded up: 11:59 (R5).
func HoursText(minutes int64) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }

// Credited is what one session gave one person, as Attendance derives it here or a credit
// record brings it from elsewhere.
type Credited struct {
	Session  syncproto.RecordID
	StartsAt int64 // of the session, UTC ms
	EndsAt   int64
	Entered  int64 // UTC ms of its first scan
	Minutes  int64
	Counts   bool // for membership
	Review   bool // somebody has to look: nothing is credited
	Decided  bool // somebody has looked
}

// Correction is other minutes than were credited; the old value stays beside it (R4).
type Correction struct {
	ID      syncproto.RecordID
	Session syncproto.RecordID
	Was     int64
	Minutes int64
	Reason  string
	At      int64 // UTC ms
}

// HoursLine is one line of a statement of hours.
type HoursLine struct {
	Credited
	Overlaps  syncproto.RecordID // session at the same time that was entered before; zero: none
	Corrected *Correction        // that holds; nil: none
}

// Hours adds up a person's sessions: lines in the order in which they were held, and the
// minutes that count for membership. A session is credited once, however often it is
// given. Of two sessions at the same time the one that was entered later waits for a
// person, unless somebody has decided about it or corrected it (R4).
func Hours(sessions []Credited, corrections []Correction) (lines []HoursLine, minutes int64) {
	last := map[syncproto.RecordID]*Correction{}
	for i := range corrections {
		c := &corrections[i]
		if have := last[c.Session]; have == nil || c.later(have) {
			last[c.Session] = c
		}
	}
	entered := slices.Clone(sessions)
	slices.SortFunc(entered, func(a, b Credited) int {
		return cmp.Or(cmp.Compare(a.Entered, b.Entered), bytes.Compare(a.Session[:], b.Session[:]), cmp.Compare(b.Minutes, a.Minutes))
	})
	for _, s := range entered {
		l := HoursLine{Credited: s, Corrected: last[s.Session]}
		if slices.ContainsFunc(lines, func(have HoursLine) bool { return have.Session == s.Session }) {
			continue
		}
		if l.Corrected != nil {
			l.Minutes, l.Review = l.Corrected.Minutes, false
		} else if !s.Decided {
			l.Overlaps = overlapping(lines, &s)
			l.Review = l.Review || !l.Overlaps.IsZero()
		}
		if l.Review {
			l.Minutes = 0
		}
		lines = append(lines, l)
		if l.Counts {
			minutes += l.Minutes
		}
	}
	slices.SortStableFunc(lines, func(a, b HoursLine) int {
		return cmp.Or(cmp.Compare(a.StartsAt, b.StartsAt), bytes.Compare(a.Session[:], b.Session[:]))
	})
	return lines, minutes
}

func (c *Correction) later(o *Correction) bool {
	return c.At > o.At || c.At == o.At && bytes.Compare(c.ID[:], o.ID[:]) > 0
}

// overlapping is a session that credits something at the same time; touching is none.
func overlapping(lines []HoursLine, s *Credited) (id syncproto.RecordID) {
	for _, l := range lines {
		if l.Minutes > 0 && l.StartsAt < s.EndsAt && s.StartsAt < l.EndsAt {
			return l.Session
		}
	}
	return id
}

// SessionOf is a session as the count of workshops takes it.
type SessionOf struct {
	Workshop syncproto.RecordID
	Kind     string // practical or administrative
	Held     bool
}

// WorkshopCount tells subjects and sessions apart: "2 workshops, 3 sessions held: 2
// practical, 1 administrative".
type WorkshopCount struct {
	Workshops int
	Sessions  int
	ByKind    map[string]int // sessions
}

// CountWorkshops counts what was held.
func CountWorkshops(sessions []SessionOf) WorkshopCount {
	c := WorkshopCount{ByKind: map[string]int{}}
	subjects := map[syncproto.RecordID]bool{}
	for _, s := range sessions {
		if s.Held {
			subjects[s.Workshop] = true
			c.Sessions++
			c.ByKind[s.Kind]++
		}
	}
	c.Workshops = len(subjects)
	return c
}
