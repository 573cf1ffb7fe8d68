package main

import (
	"fmt"

	"context"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Women who learn at the centre, made up, in three languages.
var demoWomen = []string{"زهرا نمونه", "مریم فرضی", "فاطمه مثالی", "نرگس آزمایشی", "سمیه خیالی", "ليلى التجريبية", "هدى المثال", "نورة الفرضية", "Sara Sample", "Maryam Madeup", "Hana Example", "Mina Testcase"}

// What the centre teaches; the short one is for the live demo.
var demoWorkshops = []struct {
	name, kind string
	minutes    int64
}{{"گلیم\u200cبافی", "practical", 120}, {"چرم\u200cدوزی", "practical", 120}, {"آشنایی با چرم\u200cدوزی", "administrative", 10}}

// Rounds of the day in which people do something that others do not hear of.
const (
	roundRefer    = 20
	roundNoon     = 70 // centre and desk have contact: what was sent is there
	roundAnswer   = 80
	roundContact  = 100 // of desk, then centre: acceptance arrives first
	roundWithdraw = 120 // the other clash: in the evening the withdrawal arrives first
)

// demoPeople is the list of what was done with women and referrals.
type demoPeople struct {
	sessions  []demoSession
	due       []demoScan // still to be done, in order of time
	scans     int
	referrals []demoReferral
}

type demoSession struct {
	id       syncproto.RecordID
	starts   time.Time
	ends     time.Time
	minutes  int64
	attended map[syncproto.RecordID]*demoStay
}

// demoStay is when staff of any tablet saw a woman come and go; zero: never.
type demoStay struct{ in, out time.Time }

type demoScan struct {
	at      time.Time
	place   string
	session int
	woman   syncproto.RecordID
	out     bool
}

// demoReferral is a referral and the state that it has to end in (accept against
// withdraw ends accepted, whoever's word arrives first).
type demoReferral struct {
	id   syncproto.RecordID
	ends string
}

func (p *demoPeople) morning(ctx context.Context, d *demoDay) error {
	centre := d.site("centre")
	for i, name := range demoWomen {
		id, err := d.woman(ctx, centre, i, name)
		if err != nil {
			return err
		}
		d.women = append(d.women, id)
	}
	for i := range 2 {
		s, err := d.plan(ctx, centre, i, d.begins.Add(time.Duration(i*4)*time.Hour+30*time.Minute), 2*time.Hour)
		if err != nil {
			return err
		}
		p.sessions = append(p.sessions, s)
		p.draw(d, i)
	}
	return nil
}

// draw makes up who comes and goes: some are seen by both tablets at one moment, one is
// never seen to leave.
func (p *demoPeople) draw(d *demoDay, session int) {
	s := p.sessions[session]
	for i, woman := range d.women {
		in := s.starts.Add(time.Duration(i-3) * time.Minute)
		out := s.ends.Add(time.Duration(3-d.luck.n(30)) * time.Minute)
		for _, place := range []string{"centre", "centre-2"} {
			if i%3 != 0 && (i%2 == 0) != (place == "centre") {
				continue // the other tablet sees her
			}
			p.due = append(p.due, demoScan{in, place, session, woman, false})
			if i > 0 {
				p.due = append(p.due, demoScan{out, place, session, woman, true})
			}
		}
	}
}

// round does what is due in a round of the day.
func (p *demoPeople) round(ctx context.Context, d *demoDay, n int) error {
	now := d.now()
	later := p.due[:0]
	for _, scan := range p.due {
		if scan.at.After(now) {
			later = append(later, scan)
			continue
		}
		if err := p.scan(ctx, d, scan); err != nil {
			return err
		}
	}
	p.due = later
	d.at.Store(&now)
	switch n {
	case roundRefer:
		return p.refer(ctx, d)
	case roundNoon:
		return d.contactAll(ctx, "centre", "desk", "centre")
	case roundAnswer:
		return p.answer(ctx, d)
	case roundContact:
		return d.contactAll(ctx, "desk", "centre", "desk")
	case roundWithdraw:
		return p.clash(ctx, d, &p.referrals[3])
	}
	return nil
}

func (p *demoPeople) scan(ctx context.Context, d *demoDay, q demoScan) error {
	s := p.sessions[q.session]
	d.at.Store(&q.at)
	c := d.site(q.place).client
	do := c.CheckIn
	if q.out {
		do = c.CheckOut
	}
	if _, err := do(ctx, client.NewScan{Session: s.id, Person: q.woman}); err != nil {
		return err
	}
	p.scans++
	stay := s.attended[q.woman]
	if stay == nil {
		stay = &demoStay{}
		s.attended[q.woman] = stay
	}
	if q.out {
		stay.out = q.at
	} else if stay.in.IsZero() || q.at.Before(stay.in) {
		stay.in = q.at
	}
	return nil
}

// refer sends referrals from the centre to the desk, and one the other way.
func (p *demoPeople) refer(ctx context.Context, d *demoDay) error {
	centre, desk := d.site("centre"), d.site("desk")
	named := client.NewReferral{To: desk.store.Identity().Site, Purpose: "loan", Person: d.women[1], ShareName: true, ConsentBy: demoWomen[1], Note: "برای خرید دار قالی"}
	code := client.NewReferral{To: named.To, Purpose: "exam"}
	for _, x := range []struct {
		from *demoSite
		r    client.NewReferral
		ends string
	}{
		{centre, named, "completed"},
		{centre, code, schema.ReferralDeclined},
		{centre, code, schema.ReferralAccepted}, // the two that clash
		{centre, named, schema.ReferralAccepted},
		{desk, client.NewReferral{To: centre.store.Identity().Site, Purpose: "job", Urgency: "urgent"}, schema.ReferralAccepted},
	} {
		id, err := x.from.client.Refer(ctx, x.r)
		if err != nil {
			return err
		}
		p.referrals = append(p.referrals, demoReferral{id, x.ends})
	}
	return nil
}

// answer lets both sides answer what came at noon, without hearing of each other.
func (p *demoPeople) answer(ctx context.Context, d *demoDay) error {
	centre, desk := d.site("centre").client, d.site("desk").client
	for _, state := range []string{schema.ReferralAccepted, "in_service"} {
		if err := desk.Answer(ctx, p.referrals[0].id, state, "", ""); err != nil {
			return err
		}
	}
	if err := desk.Answer(ctx, p.referrals[0].id, "completed", "", "وام پرداخت شد"); err != nil {
		return err
	}
	if err := desk.Answer(ctx, p.referrals[1].id, schema.ReferralDeclined, "ظرفیت آزمون پر است", ""); err != nil {
		return err
	}
	if err := centre.Answer(ctx, p.referrals[4].id, schema.ReferralAccepted, "", ""); err != nil {
		return err
	}
	return p.clash(ctx, d, &p.referrals[2])
}

// clash: the desk accepts what the centre withdraws.
func (p *demoPeople) clash(ctx context.Context, d *demoDay, r *demoReferral) error {
	if err := d.site("desk").client.Answer(ctx, r.id, schema.ReferralAccepted, "", ""); err != nil {
		return err
	}
	return d.site("centre").client.Answer(ctx, r.id, schema.ReferralWithdrawn, "", "")
}

// woman is somebody the centre looks after: of a day before, or new.
func (d *demo) woman(ctx context.Context, s *demoSite, i int, name string) (id syncproto.RecordID, err error) {
	card := fmt.Sprintf("R-%d", i+1)
	if err := s.store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Person, func(row *records.Row) error {
			if row.Of(schema.PersonCard).Text() == card {
				id = row.ID
			}
			return nil
		})
	}); err != nil || !id.IsZero() {
		return id, err
	}
	return s.client.AddPerson(ctx, client.NewPerson{Name: name, Card: card, Neighbourhood: "محله نمونه"})
}

// plan plans a session of one of the workshops.
func (d *demo) plan(ctx context.Context, s *demoSite, workshop int, starts time.Time, long time.Duration) (x demoSession, err error) {
	w := demoWorkshops[workshop]
	id, err := s.named(ctx, schema.Workshop, w.name)
	if err == nil && id.IsZero() {
		id, err = s.client.AddWorkshop(ctx, client.NewWorkshop{Name: w.name, Kind: w.kind, Minutes: w.minutes, Counts: true})
	}
	if err != nil {
		return x, err
	}
	starts = starts.Truncate(time.Minute)
	x = demoSession{starts: starts, ends: starts.Add(long), minutes: w.minutes, attended: map[syncproto.RecordID]*demoStay{}}
	x.id, err = s.client.PlanSession(ctx, client.NewSession{Workshop: id, Starts: x.starts, Ends: x.ends})
	return x, err
}
