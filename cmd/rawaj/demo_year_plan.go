package main

import (
	"slices"
	"time"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What is planned of a year is drawn from a seed before anything is recorded. More is planned
// than comes out, so that a figure counted with a wrong filter is a wrong figure.

const theYear = 2018

// yearZone is where all of it happens.
var yearZone = func() *time.Location {
	z, err := time.LoadLocation(dubai)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return z
}()

// What became of a fair or a session.
const (
	fateHeld      = "held"
	fateCancelled = "cancelled"
	fateLeft      = "left" // nobody said how it ended
)

// yearFairKind is how many fairs of a kind are planned in the year, how many of them come to
// nothing, and how many are held close before and after it.
type yearFairKind struct {
	class, organiser, venue                 string
	planned, cancelled, left, before, after int
	days                                    int // at most
	name                                    string
}

var yearFairKinds = []yearFairKind{
	{schema.FairExhibition, schema.FairOwn, schema.VenuePartner, 50, 3, 0, 2, 2, 5, "معرض تجريبي عند شريك"},
	{schema.FairExhibition, schema.FairOwn, schema.VenueDepartment, 13, 1, 0, 1, 1, 4, "معرض تجريبي في الدائرة"},
	{schema.FairExhibition, schema.FairOwn, schema.VenueBranch, 8, 1, 0, 1, 1, 4, "معرض تجريبي في فرع"},
	{schema.FairEvent, schema.FairOwn, schema.VenueDepartment, 4, 0, 0, 0, 0, 1, "فعالية تجريبية للمركز"},
	{schema.FairExhibition, schema.FairOther, schema.VenuePartner, 45, 2, 0, 2, 1, 4, "معرض تجريبي لجهة أخرى"},
	{schema.FairExhibition, schema.FairOther, schema.VenueGovernment, 30, 3, 0, 0, 1, 4, "معرض حكومي تجريبي"},
	{schema.FairEvent, schema.FairOther, schema.VenueOther, 24, 1, 0, 1, 0, 2, "Sample event of others"},
	{schema.FairEvent, schema.FairOther, schema.VenueGovernment, 19, 1, 2, 0, 1, 2, "فعالية حكومية تجريبية"},
	{schema.FairAtayeb, schema.FairOwn, schema.VenueGovernment, 91, 5, 1, 3, 3, 1, "أطايب تجريبية في جهة حكومية"},
	{schema.FairAtayeb, schema.FairOwn, schema.VenueDepartment, 65, 3, 0, 2, 2, 1, "أطايب تجريبية في الدائرة"},
}

// yearAcceptances are the families accepted for fairs that are held in the year, by who
// organises them, and how many of those stay away. Fairs of other kinds have some besides.
var yearAcceptances = []struct {
	organiser      string
	accepted, away int
}{{schema.FairOwn, 330, 20}, {schema.FairOther, 520, 29}}

// acceptedElsewhere is how many families a fair has that counts in no participation.
const acceptedElsewhere = 2

// yearWorkshopKinds are the subjects that are taught in the year and those that are listed
// alone, and sessions as fairs are.
var yearWorkshopKinds = []struct {
	kind                                    string
	taught, listed                          int
	planned, cancelled, left, before, after int
	name                                    string
}{
	{schema.WorkshopPractical, 41, 2, 97, 6, 1, 5, 3, "ورشة عملية تجريبية"},
	{schema.WorkshopAdministrative, 24, 2, 56, 3, 1, 3, 2, "ورشة إدارية تجريبية"},
}

const (
	yearFamilies = 130
	yearBranches = 3
	yearStalls   = 3
)

type yearPlan struct {
	luck     *luck
	part     int
	families []*yearFamily
	people   []*yearPerson
	fairs    []*yearFair
	subjects []*yearSubject
	sessions []*yearSession
	took     map[string]bool // days on which a branch has a session
}

type yearFair struct {
	yearFairKind
	name         string
	starts, ends time.Time // first and last day
	fate         string
	guests       []*yearGuest
	id           syncproto.RecordID
}

// yearGuest is a family that was accepted.
type yearGuest struct {
	family *yearFamily
	comes  bool
}

type yearSubject struct {
	name, kind string
	minutes    int64
	id         syncproto.RecordID
}

// drawYear plans a year, or a part of it.
func drawYear(seed uint64, part int) *yearPlan {
	var s [32]byte
	for i := range 8 {
		s[i] = byte(seed >> (8 * i))
	}
	p := &yearPlan{luck: newLuck(s), part: part, took: map[string]bool{}}
	p.drawPeople()
	for i := range yearFairKinds {
		p.drawFairs(&yearFairKinds[i])
	}
	p.drawGuests()
	p.drawWorkshops()
	return p
}

// of is the part of a number that is played, at least 1 of what there is.
func (p *yearPlan) of(n int) int { return (n + p.part - 1) / p.part }

// fates says what becomes of so many that are planned in the year, in order of drawing.
func (p *yearPlan) fates(planned, cancelled, left int) (list []string) {
	n := p.of(planned)
	cancelled, left = min(p.of(cancelled), n-1), min(p.of(left), max(n-2, 0))
	for i := range n {
		switch {
		case i < n-cancelled-left:
			list = append(list, fateHeld)
		case i < n-left:
			list = append(list, fateCancelled)
		default:
			list = append(list, fateLeft)
		}
	}
	return list
}

func yearDay(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, yearZone)
}

// dayIn draws a day of the year.
func (p *yearPlan) dayIn() time.Time { return yearDay(theYear, 1, 1+p.luck.n(365)) }

// dayBefore and dayAfter draw days close to the year.
func (p *yearPlan) dayBefore() time.Time { return yearDay(theYear-1, 12, 3+p.luck.n(29)) }
func (p *yearPlan) dayAfter() time.Time  { return yearDay(theYear+1, 1, 1+p.luck.n(20)) }

func (p *yearPlan) drawFairs(k *yearFairKind) {
	add := func(starts time.Time, fate string) {
		days := 1
		if k.days > 1 {
			days = 2 + p.luck.n(k.days-1)
		}
		p.fairs = append(p.fairs, &yearFair{yearFairKind: *k, name: numbered(k.name, len(p.fairs)+1), starts: starts, ends: starts.AddDate(0, 0, days-1), fate: fate})
	}
	for i, fate := range p.fates(k.planned, k.cancelled, k.left) {
		day := p.dayIn()
		switch i { // the ends of the year are in it, and what begins in it counts though it ends after
		case 0:
			day = yearDay(theYear, 12, 31)
		case 1:
			day = yearDay(theYear, 1, 1)
		}
		add(day, fate)
	}
	for i := range p.of(k.before) {
		day := p.dayBefore()
		if i == 0 {
			day = yearDay(theYear-1, 12, 31)
		}
		add(day, fateHeld)
	}
	for i := range p.of(k.after) {
		day := p.dayAfter()
		if i == 0 {
			day = yearDay(theYear+1, 1, 1)
		}
		add(day, fateHeld)
	}
}

// counts says whether participations of a fair count, and in whose figure.
func (f *yearFair) counts(organiser string) bool {
	return f.fate == fateHeld && f.starts.Year() == theYear && f.organiser == organiser && (f.class == schema.FairExhibition || organiser == schema.FairOther)
}

// drawGuests spreads acceptances over the fairs of which they count, some of whom stay away,
// and gives the others a few.
func (p *yearPlan) drawGuests() {
	for _, a := range yearAcceptances {
		var fairs []*yearFair
		for _, f := range p.fairs {
			if f.counts(a.organiser) {
				fairs = append(fairs, f)
			}
		}
		var all []*yearGuest
		for i, n := range p.spread(max(p.of(a.accepted), len(fairs)), len(fairs), len(p.families)) {
			all = append(all, p.invite(fairs[i], n)...)
		}
		for _, i := range p.luck.perm(len(all))[:p.of(a.away)] {
			all[i].comes = false
		}
	}
	for _, f := range p.fairs {
		if !f.counts(schema.FairOwn) && !f.counts(schema.FairOther) {
			p.invite(f, acceptedElsewhere)
		}
	}
}

// invite accepts families for a fair, each once.
func (p *yearPlan) invite(f *yearFair, n int) []*yearGuest {
	for _, i := range p.luck.perm(len(p.families))[:min(n, len(p.families))] {
		f.guests = append(f.guests, &yearGuest{p.families[i], f.fate == fateHeld})
	}
	return f.guests
}

// spread gives each of so many a share of a total, unevenly: at least 1, at most most.
func (p *yearPlan) spread(total, over, most int) []int {
	list := slices.Repeat([]int{1}, over)
	for left := total - over; left > 0; {
		if i := p.luck.n(over); list[i] < most {
			list[i]++
			left--
		}
	}
	return list
}

// figures counts the plan: what the report of the year has to find in the records.
func (p *yearPlan) figures() map[string]int64 {
	n := map[string]int64{"F11": yearFounded, "F12": 12}
	for _, f := range p.fairs {
		if f.fate != fateHeld || f.starts.Year() != theYear {
			continue
		}
		came := int64(0)
		for _, g := range f.guests {
			if g.comes {
				came++
			}
		}
		switch {
		case f.class == schema.FairAtayeb:
			n["F7"]++
		case f.organiser == schema.FairOther:
			n["F5"]++
			n["F6"] += came
		case f.class == schema.FairExhibition:
			n["F1"]++
			n["F4"] += came
			if f.venue == schema.VenuePartner {
				n["F2"]++
			} else {
				n["F3"]++
			}
		}
	}
	held := map[*yearSubject]bool{}
	for _, s := range p.sessions {
		if s.fate != fateHeld || s.starts.Year() != theYear {
			continue
		}
		held[s.subject] = true
		if s.subject.kind == schema.WorkshopPractical {
			n["F9"]++
		} else {
			n["F10"]++
		}
	}
	n["F8"] = int64(len(held))
	return n
}
