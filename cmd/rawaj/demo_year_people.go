package main

import (
	"fmt"
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

// Families, members and sessions of a year as they are drawn. All of them are made up.

type yearFamily struct {
	name   string
	branch int
	member *yearPerson
	id     syncproto.RecordID
	goods  []yearGood
}

type yearGood struct {
	name  string
	price int64
	id    syncproto.RecordID
}

type yearPerson struct {
	name    string
	branch  int
	again   bool      // somebody who is there already, recorded once more
	papers  bool      // all that membership asks for, but the hours
	expires time.Time // last day of the licence
	id      syncproto.RecordID
}

type yearSession struct {
	subject *yearSubject
	branch  int
	starts  time.Time
	ends    time.Time
	fate    string
	people  []*yearStay
	id      syncproto.RecordID
}

// yearStay is a person at a session.
type yearStay struct {
	person    *yearPerson
	in, out   time.Time
	twice     bool      // scanned twice in a row
	forgot    bool      // to scan on leaving
	confirmed time.Time // when somebody said later that the person left; zero: never
	corrected int64     // minutes that somebody set right later; -1: nobody did
}

func numbered(name string, n int) string { return fmt.Sprintf("%s %d", name, n) }

var yearFamilyNames = []string{"أسرة تجريبية", "بيت نموذجي", "Sample family", "خانواده نمونه"}
var yearGoodNames = []string{"بخور", "دخون", "مبخرة", "بهارات", "عسل", "حلوى", "تلي", "سدو", "Soap", "Basket", "عطر", "قهوة"}

// personTwice is one of how many members somebody records a second time.
const personTwice = 25

func (p *yearPlan) drawPeople() {
	for i := range max(p.of(yearFamilies), yearBranches*4) {
		f := &yearFamily{name: numbered(yearFamilyNames[i%len(yearFamilyNames)], i+1), branch: i % yearBranches}
		f.member = &yearPerson{name: numbered("سيدة مفترضة", i+1), branch: f.branch, papers: !p.luck.one(12), expires: yearDay(theYear+2, 6, 30)}
		if p.luck.one(10) {
			f.member.expires = p.dayIn()
		}
		for range 1 + p.luck.n(2) {
			good := yearGoodNames[p.luck.n(len(yearGoodNames))]
			f.goods = append(f.goods, yearGood{name: fmt.Sprintf("%s %d-%d", good, i+1, len(f.goods)+1), price: int64(500 + 250*p.luck.n(60))})
		}
		p.families, p.people = append(p.families, f), append(p.people, f.member)
	}
	for i, of := range p.people {
		if i%personTwice == 0 { // at another branch, under the same name
			p.people = append(p.people, &yearPerson{name: of.name, branch: (of.branch + 1) % yearBranches, again: true})
		}
	}
}

// At a session.
const (
	fewestPeople = 6
	mostPeople   = 14
	comesEarly   = 10 // minutes before it begins
	comesLate    = 20 // minutes after
	leavesEarly  = 30
	leavesLate   = 10
)

func (p *yearPlan) drawWorkshops() {
	for _, k := range yearWorkshopKinds {
		first := len(p.subjects)
		taught := p.of(k.taught)
		for range taught + p.of(k.listed) {
			p.subjects = append(p.subjects, &yearSubject{name: numbered(k.name, len(p.subjects)+1), kind: k.kind, minutes: int64(60 + 30*p.luck.n(4))})
		}
		subjects := p.subjects[first:]
		held := 0
		for _, fate := range p.fates(k.planned, k.cancelled, k.left) {
			subject := subjects[p.luck.n(len(subjects))]
			if fate == fateHeld {
				if subject = subjects[p.luck.n(taught)]; held < taught { // each of them at least once
					subject = subjects[held]
				}
				held++
			}
			p.drawSession(subject, p.dayIn, fate)
		}
		for range p.of(k.before) {
			p.drawSession(subjects[p.luck.n(len(subjects))], p.dayBefore, fateHeld)
		}
		for range p.of(k.after) {
			p.drawSession(subjects[p.luck.n(len(subjects))], p.dayAfter, fateHeld)
		}
	}
}

// drawSession puts a session on a working day on which the branch has no other.
func (p *yearPlan) drawSession(subject *yearSubject, draw func() time.Time, fate string) {
	s := &yearSession{subject: subject, fate: fate}
	for s.starts.IsZero() {
		s.branch = p.luck.n(yearBranches)
		day := draw()
		key := fmt.Sprint(s.branch, day.Unix())
		if day.Weekday() == time.Friday || day.Weekday() == time.Saturday || p.took[key] {
			continue
		}
		p.took[key] = true
		s.starts = day.Add(time.Duration(9+7*p.luck.n(2)) * time.Hour)
	}
	s.ends = s.starts.Add(time.Duration(subject.minutes+30*int64(p.luck.n(2))) * time.Minute)
	if fate == fateHeld {
		p.drawStays(s)
	}
	p.sessions = append(p.sessions, s)
}

func (p *yearPlan) drawStays(s *yearSession) {
	n := fewestPeople + p.luck.n(mostPeople-fewestPeople+1)
	for _, i := range p.luck.perm(len(p.people)) {
		if p.people[i].branch != s.branch {
			continue
		}
		x := &yearStay{person: p.people[i], corrected: -1, twice: p.luck.one(12), forgot: p.luck.one(30)}
		x.in = s.starts.Add(time.Duration(p.luck.n(comesEarly+comesLate)-comesEarly) * time.Minute)
		x.out = s.ends.Add(time.Duration(p.luck.n(leavesEarly+leavesLate)-leavesEarly) * time.Minute)
		switch {
		case x.forgot && p.luck.one(2):
			x.confirmed = s.ends.Add(time.Hour)
		case !x.forgot && p.luck.one(60):
			x.corrected = s.subject.minutes / 2
		}
		s.people = append(s.people, x)
		if len(s.people) == n {
			break
		}
	}
}

// credit is what staff reckon a stay is worth.
func (s *yearSession) credit(x *yearStay) int64 {
	switch {
	case x.corrected >= 0:
		return x.corrected
	case x.forgot && x.confirmed.IsZero():
		return 0
	}
	from, to := x.in, x.out
	if from.Before(s.starts) {
		from = s.starts
	}
	if to.After(s.ends) {
		to = s.ends
	}
	return min(s.subject.minutes, int64(to.Sub(from)/time.Minute))
}

// hours counts how many people have the hours of membership at the end of the year, and
// how many came and have not.
func (p *yearPlan) hours() (enough, below int64) {
	minutes := map[*yearPerson]int64{}
	for _, s := range p.sessions {
		for _, x := range s.people {
			if s.starts.Year() <= theYear {
				minutes[x.person] += s.credit(x)
			}
		}
	}
	for _, n := range minutes {
		if n >= 12*60 {
			enough++
		} else {
			below++
		}
	}
	return enough, below
}
