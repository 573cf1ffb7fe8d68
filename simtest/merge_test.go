package simtest_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// merger is two devices of a branch that merge people apart. People are made up.
type merger struct {
	t      *testing.T
	centre *simtest.Centre
	sites  [2]*simtest.Site
	people []syncproto.RecordID // in order
	now    *time.Time
}

// elapses lets a second pass before whatever is done next.
func (m *merger) elapses() { *m.now = m.now.Add(time.Second) }

func (m *merger) merges(device, who, into int) {
	m.t.Helper()
	m.elapses()
	_, err := m.sites[device].Client.MergePersons(context.Background(), members.NewMerge{Person: m.people[who], Into: m.people[into], Reason: "a made-up reason", By: "Mariam"})
	must(m.t, err)
}

func (m *merger) parts(device, who int) {
	m.t.Helper()
	m.elapses()
	must(m.t, m.sites[device].Client.PartPerson(context.Background(), m.people[who], "Mariam"))
}

// sync lets a device go first, and both hear of all.
func (m *merger) sync(first int) {
	for _, s := range []*simtest.Site{m.sites[first], m.sites[1-first], m.sites[first]} {
		if r := s.Sync(); r.Quarantined != 0 {
			m.t.Errorf("held: %+v", r)
		}
	}
	m.centre.Folded()
}

// read is who the people are read as, at both devices and at head office alike.
func (m *merger) read() (as []int) {
	m.t.Helper()
	of := func(r members.Reader) error {
		aliases, err := members.Aliases(r)
		var here []int
		for _, p := range m.people {
			here = append(here, slices.Index(m.people, rules.Merged(aliases, p)))
		}
		if as != nil && !slices.Equal(as, here) {
			m.t.Errorf("read as %v and as %v", as, here)
		}
		as = here
		return err
	}
	for _, s := range m.sites {
		must(m.t, s.Store.Read(context.Background(), func(r *store.Reader) error { return of(r) }))
	}
	must(m.t, m.centre.State.Read(context.Background(), func(r *state.Reader) error { return of(r) }))
	return as
}

func TestTwoDevicesThatMergeApartEndAlikeInBothOrders(t *testing.T) {
	c := simtest.NewCentre(t)
	sites := [2]*simtest.Site{c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch)}
	now := time.Now()
	for _, s := range sites {
		s.Now = func() time.Time { return now }
	}
	for _, x := range []struct {
		name   string
		before func(m *merger)
		apart  [2]func(m *merger)
		want   []int
	}{
		{"the same", nil, [2]func(*merger){func(m *merger) { m.merges(0, 0, 1) }, func(m *merger) { m.merges(1, 0, 1) }}, []int{1, 1, 2}},
		{"into each other", nil, [2]func(*merger){func(m *merger) { m.merges(0, 0, 1) }, func(m *merger) { m.merges(1, 1, 0) }}, []int{0, 0, 2}},
		{"a chain", nil, [2]func(*merger){func(m *merger) { m.merges(0, 0, 1) }, func(m *merger) { m.merges(1, 1, 2) }}, []int{2, 2, 2}},
		{"a circle of three", nil, [2]func(*merger){func(m *merger) { m.merges(0, 1, 2); m.merges(0, 2, 0) }, func(m *merger) { m.merges(1, 0, 1) }}, []int{0, 0, 0}},
		{"one into two: what was said last", nil, [2]func(*merger){func(m *merger) { m.merges(0, 0, 1) }, func(m *merger) { m.merges(1, 0, 2) }}, []int{2, 1, 2}},
		{"one undoes it, the other merges on", func(m *merger) { m.merges(0, 0, 1) }, [2]func(*merger){func(m *merger) { m.parts(0, 0) }, func(m *merger) { m.merges(1, 0, 2) }}, []int{0, 2, 2}},
		{"both undo it", func(m *merger) { m.merges(0, 0, 1) }, [2]func(*merger){func(m *merger) { m.parts(0, 0) }, func(m *merger) { m.parts(1, 0) }}, []int{0, 1, 2}},
		{"each undoes its side of a circle", func(m *merger) { m.merges(0, 0, 1); m.merges(1, 1, 0); m.sync(0) }, [2]func(*merger){func(m *merger) { m.parts(0, 0) }, func(m *merger) { m.parts(1, 1) }}, []int{0, 1, 2}},
		{"one undoes a circle", func(m *merger) { m.merges(0, 0, 1); m.merges(1, 1, 0); m.sync(0) }, [2]func(*merger){func(m *merger) { m.parts(0, 1) }, func(*merger) {}}, []int{0, 1, 2}},
		{"merged again after it was undone", func(m *merger) { m.merges(0, 0, 1); m.parts(0, 0) }, [2]func(*merger){func(m *merger) { m.merges(0, 0, 2) }, func(*merger) {}}, []int{2, 1, 2}},
	} {
		for first := range 2 {
			t.Run(x.name+[2]string{", the first first", ", the second first"}[first], func(t *testing.T) {
				m := &merger{t: t, centre: c, sites: sites, now: &now}
				for range 3 {
					id, err := sites[0].Client.AddPerson(context.Background(), client.NewPerson{Name: "A made-up person"})
					must(t, err)
					m.people = append(m.people, id)
				}
				slices.SortFunc(m.people, func(a, b syncproto.RecordID) int { return bytes.Compare(a[:], b[:]) })
				m.sync(0)
				if x.before != nil {
					x.before(m)
					m.sync(0)
				}
				x.apart[0](m)
				x.apart[1](m)
				m.sync(first)
				if got := m.read(); !slices.Equal(got, x.want) {
					t.Errorf("read as %v, want %v", got, x.want)
				}
			})
		}
	}
	for _, s := range sites {
		s.Sound()
	}
	told := 0
	must(t, sites[0].Store.Read(context.Background(), func(r *store.Reader) error {
		return r.Each(schema.ConflictPersonal, func(row *records.Row) error { told++; return nil })
	}))
	if told == 0 {
		t.Error("whoever merged one into two was not told")
	}
}

// A merge, at the branch or at head office, counts a person once in hours, attendance,
// memberships and the year, wherever the session was, and undoing it twice again. A branch
// that only held the session does not hear who somebody else's people are.
func TestAMergedPersonCountsOnceUntilItIsUndone(t *testing.T) {
	for _, where := range []string{"at home", "at another branch"} {
		t.Run(where, func(t *testing.T) {
			inBubble(t, func(b *bubble) {
				home, stop := b.siteOf("Branch", schema.KindBranch)
				defer stop()
				holder := home
				if where != "at home" {
					var stop func()
					holder, stop = b.siteOf("Other branch", schema.KindBranch)
					defer stop()
				}
				countsOnce(b, home, holder)
			})
		})
	}
}

func countsOnce(b *bubble, home, holder *client.Client) {
	t := b.t
	family, err := home.AddFamily(ctx, client.NewFamily{Name: "Made-up family"})
	must(t, err)
	workshop, err := holder.AddWorkshop(ctx, client.NewWorkshop{Name: "Incense", Kind: "practical", Minutes: 60, Counts: true})
	must(t, err)
	begin := time.Now()
	session, err := holder.PlanSession(ctx, client.NewSession{Workshop: workshop, Starts: begin, Ends: begin.Add(time.Hour)})
	must(t, err)
	var people []syncproto.RecordID
	for range 2 {
		person, err := home.AddPerson(ctx, client.NewPerson{Name: "Made-up Noor Salem", BirthYear: 1980})
		must(t, err)
		must(t, home.Apply(ctx, person, family))
		people = append(people, person)
	}
	elapse(time.Minute)
	for _, person := range people {
		_, err = holder.CheckIn(ctx, client.NewScan{Session: session, Person: person})
		must(t, err)
	}
	elapse(time.Hour)
	for _, person := range people {
		_, err = holder.CheckOut(ctx, client.NewScan{Session: session, Person: person})
		must(t, err)
	}
	counts := func(when string, persons int) {
		t.Helper()
		elapse(time.Minute)
		if holder == home {
			attending, err := home.Attendance(ctx, session)
			must(t, err)
			if len(attending) != persons {
				t.Errorf("%s: %d attended, want %d", when, len(attending), persons)
			}
		}
		must(t, home.Store.Read(ctx, func(r *store.Reader) error {
			book, err := members.Read(r)
			if err == nil && len(book.Families()[family]) != persons {
				t.Errorf("%s: %d memberships, want %d", when, len(book.Families()[family]), persons)
			}
			doubles, derr := members.Doubles(r)
			if want := persons - 1; len(doubles) != want {
				t.Errorf("%s: doubles are %+v, want %d", when, doubles, want)
			}
			return errors.Join(err, derr)
		}))
		for _, person := range people {
			h, err := home.HoursOf(ctx, person, "")
			must(t, err)
			if h.Minutes != 59 || len(h.Lines) != 1 || h.Name == "" {
				t.Errorf("%s: hours of one are %+v, want one session", when, h)
			}
		}
		year, err := b.server.Annual(ctx, begin.Year())
		must(t, err)
		at := slices.IndexFunc(year.Figures, func(f report.AnnualFigure) bool { return f.ID == "F12" })
		if parts := year.Figures[at].Parts; parts["people_below"] != int64(persons) {
			t.Errorf("%s: F12 has %v, want %d below", when, parts, persons)
		}
		o, err := b.server.Overview(ctx, server.Asked{})
		must(t, err)
		if o.Credited != int64(59*persons) {
			t.Errorf("%s: head office credits %d minutes, want %d", when, o.Credited, 59*persons)
		}
	}
	counts("before", 2)
	merge := members.NewMerge{Person: people[0], Into: people[1], By: "Mariam"}
	for _, side := range []struct {
		name   string
		merges func(context.Context, members.NewMerge) (syncproto.RecordID, error)
		parts  func(context.Context, syncproto.RecordID, string) error
	}{{"the branch", home.MergePersons, home.PartPerson}, {"head office", b.server.MergePersons, b.server.PartPerson}} {
		for range 2 { // asking twice is harmless
			as, err := side.merges(ctx, merge)
			must(t, err)
			if as != people[1] {
				t.Errorf("read as %v, want %v", as, people[1])
			}
		}
		counts("merged by "+side.name, 1)
		for range 2 {
			must(t, side.parts(ctx, people[0], "Mariam"))
		}
		counts("undone by "+side.name, 2)
		_, err := side.merges(ctx, members.NewMerge{Person: people[0], Into: people[0], By: "Mariam"})
		wantRefusal(t, err, refusal.SamePerson, "into")
		_, err = side.merges(ctx, members.NewMerge{Person: people[0], Into: syncproto.RecordID{1}, By: "Mariam"})
		wantRefusal(t, err, refusal.Reference, "into")
		_, err = side.merges(ctx, members.NewMerge{Person: people[0], Into: people[1]})
		wantRefusal(t, err, refusal.Required, "by")
		wantRefusal(t, side.parts(ctx, people[0], ""), refusal.Required, "by")
		wantRefusal(t, side.parts(ctx, people[1], "Mariam"), refusal.NoRecord, "")
	}
}

// Whoever is read as a member of another family leaves the first with nobody: its stall is told,
// and told again when that is undone.
func TestAFamilyWhoseOnlyMemberIsReadAsAnothersHasNoStanding(t *testing.T) {
	inBubble(t, func(b *bubble) {
		branch, stop := b.siteOf("Branch", schema.KindBranch)
		defer stop()
		var people, families [2]syncproto.RecordID
		for i := range people {
			var err error
			families[i], err = branch.AddFamily(ctx, client.NewFamily{Name: "Made-up family"})
			must(t, err)
			people[i], err = branch.AddPerson(ctx, client.NewPerson{Name: "Made-up Noor Salem", BirthYear: 1980})
			must(t, err)
			must(t, branch.Apply(ctx, people[i], families[i]))
		}
		stands := func(when string, want ...string) {
			t.Helper()
			elapse(time.Minute)
			for i, family := range families {
				must(t, b.server.State.Read(ctx, func(r *state.Reader) error {
					row, err := r.Get(schema.Standing, schema.StandingID(family, syncproto.RecordID{}))
					if err == nil && (row == nil || row.Of(schema.StandingState).Text() != want[i]) {
						t.Errorf("%s: family %d stands as %v, want %s", when, i, row, want[i])
					}
					return err
				}))
			}
		}
		stands("before", schema.MemberOpen, schema.MemberOpen)
		_, err := branch.MergePersons(ctx, members.NewMerge{Person: people[0], Into: people[1], By: "Mariam"})
		must(t, err)
		stands("merged", schema.MemberEnded, schema.MemberOpen)
		must(t, branch.PartPerson(ctx, people[0], "Mariam"))
		stands("undone", schema.MemberOpen, schema.MemberOpen)
		_, err = branch.MergePersons(ctx, members.NewMerge{Person: people[0], Into: people[1], By: "Mariam"})
		must(t, err)
		must(t, branch.EndMembership(ctx, people[1], "left", ""))
		stands("ended", schema.MemberEnded, schema.MemberEnded)
		must(t, branch.PartPerson(ctx, people[0], "Mariam"))
		stands("ended, and undone", schema.MemberEnded, schema.MemberEnded)
	})
}

// A list names a person by whom it is read as; where that is another branch's, the list that
// comes back makes no record of it here.
func TestAPersonOfAnotherBranchIsNotTakenOverByAListOfPeople(t *testing.T) {
	inBubble(t, func(b *bubble) {
		home, stop := b.siteOf("Branch", schema.KindBranch)
		defer stop()
		other, stop := b.siteOf("Other branch", schema.KindBranch)
		defer stop()
		var people [2]syncproto.RecordID
		for i, c := range []*client.Client{home, other} {
			var err error
			people[i], err = c.AddPerson(ctx, client.NewPerson{Name: "Made-up Noor Salem"})
			must(t, err)
		}
		elapse(time.Minute)
		_, err := b.server.MergePersons(ctx, members.NewMerge{Person: people[0], Into: people[1], By: "Mariam"})
		must(t, err)
		elapse(time.Minute)
		told, err := home.ImportTable(ctx, strings.NewReader("id,name\n"+people[1].String()+",Made-up Reem\n"), client.TableImport{Kind: "people"})
		must(t, err)
		if l := told.Lines[0]; l.Outcome != client.LineRefused || l.Code != string(refusal.NotAllowed) {
			t.Errorf("the line became %+v", l)
		}
		elapse(time.Minute)
		must(t, b.server.State.Read(ctx, func(r *state.Reader) error {
			row, err := r.Get(schema.Person, people[1])
			if err == nil && row.Of(schema.PersonSite).ID() != other.Store.Identity().Site {
				t.Error("the person went over to the branch that imported the list")
			}
			return err
		}))
	})
}
