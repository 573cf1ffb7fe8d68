package main

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const sessionAhead = 14 // days before it that a session is planned

// planSessions has branches plan their sessions, people come and go, and staff say what was
// held.
func (y *yearPlay) planSessions() {
	for _, s := range y.plan.sessions {
		at := y.branch(s.branch).client
		y.deed(s.starts.AddDate(0, 0, -sessionAhead), func(ctx context.Context) (err error) {
			s.id, err = at.PlanSession(ctx, client.NewSession{Workshop: s.subject.id, Starts: s.starts, Ends: s.ends})
			return err
		})
		switch s.fate {
		case fateCancelled:
			y.deed(s.starts.AddDate(0, 0, -1), func(ctx context.Context) error {
				return at.StepSession(ctx, s.id, schema.SessionCancelled, "اعتذرت المدربة")
			})
		case fateHeld:
			y.deed(s.ends.Add(15*time.Minute), func(ctx context.Context) error { return at.StepSession(ctx, s.id, schema.SessionHeld, "") })
			for _, x := range s.people {
				y.planStay(at, s, x)
			}
		}
	}
}

// planStay has somebody scanned, with the mistakes that people make.
func (y *yearPlay) planStay(at *client.Client, s *yearSession, x *yearStay) {
	in := func(ctx context.Context) error {
		_, err := at.CheckIn(ctx, client.NewScan{Session: s.id, Person: x.person.id})
		return err
	}
	out := func(ctx context.Context) error {
		_, err := at.CheckOut(ctx, client.NewScan{Session: s.id, Person: x.person.id})
		return err
	}
	y.deed(x.in, in)
	if x.twice {
		y.deed(x.in.Add(5*time.Second), in)
		y.done.mistakes[mistakeScan]++
	}
	if x.forgot {
		y.done.mistakes[mistakeForgot]++
	} else {
		y.deed(x.out, out)
	}
	if !x.confirmed.IsZero() {
		y.deed(x.confirmed, func(ctx context.Context) error {
			return at.Review(ctx, client.NewReview{Session: s.id, Person: x.person.id, Verdict: schema.AttendanceConfirmed, Out: x.out, By: "مدربة تجريبية"})
		})
	}
	if x.corrected >= 0 {
		y.deed(s.ends.Add(2*time.Hour), func(ctx context.Context) error {
			_, err := at.Correct(ctx, client.NewCorrection{Session: s.id, Person: x.person.id, Minutes: x.corrected, Reason: "حضرت نصف الورشة", By: "مدربة تجريبية"})
			return err
		})
	}
}
