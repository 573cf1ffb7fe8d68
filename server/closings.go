package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// closings are the statements that wait for an answer, or whose answer may become
// another: those that were found to differ, once something leaves quarantine. An answer
// that calls a statement equal stands for ever.
type closings struct {
	mu      sync.Mutex
	waiting map[syncproto.RecordID]bool
	differ  map[syncproto.RecordID]bool
	wake    chan struct{} // holds a token when something waits
}

func newClosings() closings {
	return closings{waiting: map[syncproto.RecordID]bool{}, differ: map[syncproto.RecordID]bool{}, wake: make(chan struct{}, 1)}
}

// noted takes over what a commit of the fold brought.
func (c *closings) noted(r *state.Result) {
	c.mu.Lock()
	for _, t := range r.Records {
		switch t.Table {
		case schema.Closing:
			c.waiting[t.ID] = true
		case schema.Verdict:
			for id := range c.differ {
				c.waiting[id] = true
			}
		}
	}
	waits := len(c.waiting) > 0
	c.mu.Unlock()
	if waits {
		c.knock()
	}
}

func (c *closings) knock() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// answersAtOnce is how many statements are answered in one transaction.
const answersAtOnce = 64

// next takes some that wait. Until they are known to be equal they may have to be judged
// again.
func (c *closings) next() (ids []syncproto.RecordID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.waiting {
		if len(ids) == answersAtOnce {
			break
		}
		delete(c.waiting, id)
		c.differ[id] = true
		ids = append(ids, id)
	}
	return ids
}

// settled takes out those that are equal for ever.
func (c *closings) settled(ids []syncproto.RecordID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		delete(c.waiting, id)
		delete(c.differ, id)
	}
}

func (c *closings) put(ids ...syncproto.RecordID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.waiting[id] = true
	}
}

// answerAgain is when answers that could not be written are tried again.
const answerAgain = time.Minute

// answers answers statements as they come, and at the start those that nobody has
// answered or that differed.
func (s *Server) answers(ctx context.Context) error {
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		return r.Closings(report.Span{}, func(row, answer, _ *records.Row) error {
			if answer == nil || answer.Of(schema.AnswerOutcome).Text() != closing.Equal {
				s.closings.put(row.ID)
			}
			return nil
		})
	}); err != nil {
		return err
	}
	for {
		ids := s.closings.next()
		if len(ids) > 0 {
			err := s.answerClosings(ctx, ids)
			if err == nil {
				continue
			}
			s.closings.put(ids...)
			if ctx.Err() == nil {
				s.Logger.Error("answer closings", "err", err)
			}
		}
		var again <-chan time.Time
		if len(ids) > 0 {
			again = time.After(answerAgain)
		}
		select {
		case <-s.closings.wake:
		case <-again:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// answerClosings judges statements and records what is new of it, in one transaction.
func (s *Server) answerClosings(ctx context.Context, ids []syncproto.RecordID) error {
	var changes []syncproto.Change
	var seen syncproto.Base
	var equal []syncproto.RecordID
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		seen = head.Base()
		for _, id := range ids {
			row, err := r.Get(schema.Closing, id)
			if err != nil {
				return err
			}
			if row == nil {
				continue
			}
			a, err := s.judge(r, &head, row)
			if err != nil {
				return err
			}
			if a.Outcome == syncproto.ClosingEqual {
				equal = append(equal, id)
			} else {
				s.Logger.Warn("a closing is not what is here", "closing", id, "outcome", a.Outcome)
			}
			have, err := r.Get(schema.ClosingAnswer, schema.ClosingAnswerID(id))
			if err != nil {
				return err
			}
			if c := s.answerChange(&head, row, have, a); c != nil {
				changes = append(changes, *c)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if len(changes) > 0 {
		if err := s.recordSeen(ctx, decisions, []syncproto.Base{seen}, changes...); err != nil {
			return err
		}
	}
	s.closings.settled(equal)
	return nil
}

// judge makes the same statement from what is here.
func (s *Server) judge(r *state.Reader, head *state.Head, row *records.Row) (*syncproto.ClosingAnswer, error) {
	signed := row.Of(schema.ClosingSigned).Bytes()
	a := &syncproto.ClosingAnswer{Statement: syncproto.ClosingHash(signed), Outcome: syncproto.ClosingUnsound, History: head.History, Position: head.Position, TimeMS: s.Now().UnixMilli()}
	device, err := r.Get(schema.Device, row.Of(schema.ClosingDevice).ID())
	if err != nil || device == nil {
		return a, err
	}
	a.Key = device.Of(schema.DeviceKey).Bytes()
	c, err := syncproto.VerifyClosing(a.Key, head.Org, signed)
	if err != nil || device.Of(schema.DeviceSite).ID() != c.Site {
		return a, nil
	}
	j, err := r.JudgeClosing(row, &c, device.Of(schema.DevicePrefix).Text())
	if err != nil {
		return nil, err
	}
	a.Head, a.Counts, a.Held, a.Late, a.Voided = j.Head, j.ClosingCounts, j.Held, j.Late, j.VoidedSince
	if a.Outcome = syncproto.ClosingDiffers; j.ClosingCounts.Equal(&c.Counts) {
		a.Outcome = syncproto.ClosingEqual
	}
	return a, nil
}

// answerChange is the change that records an answer; nil where it has been given.
func (s *Server) answerChange(head *state.Head, row, have *records.Row, a *syncproto.ClosingAnswer) *syncproto.Change {
	id := schema.ClosingAnswerID(row.ID)
	said := func() []syncproto.FieldValue {
		return []syncproto.FieldValue{
			{Field: schema.AnswerOutcome, Value: syncproto.TextValue(a.Outcome.String())},
			{Field: schema.AnswerSigned, Value: syncproto.BytesValue(syncproto.SignClosingAnswer(s.DeviceKey, head.Org, a))},
			{Field: schema.AnswerCertificate, Value: syncproto.BytesValue(s.own.certificate)},
		}
	}
	if have == nil {
		c := create(schema.ClosingAnswer, id, append(said(), syncproto.FieldValue{Field: schema.AnswerSite, Value: row.Of(schema.ClosingSite)}, syncproto.FieldValue{Field: schema.AnswerClosing, Value: syncproto.IDValue(row.ID)})...)
		return &c
	}
	was, err := syncproto.ReadClosingAnswer(have.Of(schema.AnswerSigned).Bytes())
	if err == nil && (was.Outcome == syncproto.ClosingEqual || was.Outcome == a.Outcome && was.Counts.Equal(&a.Counts) && was.Held == a.Held) {
		return nil
	}
	c := update(schema.ClosingAnswer, id, said()...)
	for i := range c.Groups {
		c.Groups[i].Base = 0
	}
	return &c
}

// Closings lists the statements of a span of days, of one site or where it is zero of all,
// and what was said to them.
func (s *Server) Closings(ctx context.Context, in report.Span, site syncproto.RecordID, proofs bool) (closing.Statements, error) {
	head := s.State.Head()
	list := closing.Statements{Organisation: head.Org, OrgKey: head.OrgKey, Closings: []closing.Statement{}}
	err := s.State.Read(ctx, func(r *state.Reader) error {
		names, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		return r.Closings(in, func(row, answer, device *records.Row) error {
			if !site.IsZero() && row.Of(schema.ClosingSite).ID() != site {
				return nil
			}
			v, err := r.ShowClosing(row, answer, device)
			v.SiteName = names[string(v.Site[:])]
			if device != nil {
				v.Label = device.Of(schema.DeviceLabel).Text()
			}
			list.Closings = append(list.Closings, v)
			return err
		})
	})
	closing.Sort(list.Closings, proofs)
	return list, err
}

func (s *Server) apiClosings(w http.ResponseWriter, r *http.Request) {
	in, err := report.ParseSpan(r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	var proofs bool
	var site syncproto.RecordID
	if err == nil {
		proofs, err = localapi.Flag(r, "proofs")
	}
	if err == nil {
		site, err = localapi.QueryID(r, "site")
	}
	if err == nil {
		err = s.current(r.Context())
	}
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	list, err := s.Closings(r.Context(), in, site, proofs)
	localapi.Answer(w, list, err)
}
