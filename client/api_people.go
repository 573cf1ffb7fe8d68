package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// WorkshopShown is a workshop in a list.
type WorkshopShown struct {
	ID syncproto.RecordID `json:"id"`
	Names
	Kind    string `json:"kind"`
	Minutes int64  `json:"minutes"`
	Counts  bool   `json:"counts"`
}

func (c *Client) apiWorkshops(w http.ResponseWriter, r *http.Request) {
	list := []WorkshopShown{}
	err := c.each(r.Context(), schema.Workshop, func(row *records.Row) {
		list = append(list, WorkshopShown{row.ID, namesOf(row), row.Of(schema.WorkshopKind).Text(), row.Of(schema.WorkshopMinutes).Int(), row.Of(schema.WorkshopCounts).Bool()})
	})
	localapi.Answer(w, list, err)
}

// addWorkshopRequest is the body of its route.
type addWorkshopRequest struct {
	ID      syncproto.RecordID `json:"id"`
	Name    string             `json:"name"`
	Kind    string             `json:"kind"`
	Minutes int64              `json:"minutes"`
	Counts  bool               `json:"counts"`
}

func (c *Client) apiAddWorkshop(w http.ResponseWriter, r *http.Request) {
	var q addWorkshopRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.AddWorkshop(r.Context(), NewWorkshop(q))
	localapi.Answer(w, madeAnswer{id}, err)
}

// SessionShown is a session in a list.
type SessionShown struct {
	ID       syncproto.RecordID `json:"id"`
	Workshop syncproto.RecordID `json:"workshop"`
	Names
	StartsAt int64  `json:"starts_at"` // UTC ms
	EndsAt   int64  `json:"ends_at"`   // UTC ms
	Minutes  int64  `json:"minutes"`
	Status   string `json:"status"`
}

func (c *Client) apiSessions(w http.ResponseWriter, r *http.Request) {
	list := []SessionShown{}
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		return rd.Each(schema.WorkshopSession, func(row *records.Row) error {
			s := SessionShown{ID: row.ID, Workshop: row.Of(schema.SessionWorkshop).ID(), StartsAt: row.Of(schema.SessionStartsAt).Int(),
				EndsAt: row.Of(schema.SessionEndsAt).Int(), Minutes: row.Of(schema.SessionMinutes).Int(), Status: row.Of(schema.SessionStatus).Text()}
			workshop, err := rd.Get(schema.Workshop, s.Workshop)
			if workshop != nil {
				s.Names = namesOf(workshop)
			}
			list = append(list, s)
			return err
		})
	})
	localapi.Answer(w, list, err)
}

// planSessionRequest is the body of its route.
type planSessionRequest struct {
	ID       syncproto.RecordID `json:"id"`
	Workshop syncproto.RecordID `json:"workshop"`
	StartsAt int64              `json:"starts_at"`
	EndsAt   int64              `json:"ends_at"`

	Also *syncproto.RecordID `json:"also_site"` // a second site that holds it too; null: none
}

func (c *Client) apiPlanSession(w http.ResponseWriter, r *http.Request) {
	var q planSessionRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.PlanSession(r.Context(), NewSession{q.ID, q.Workshop, time.UnixMilli(q.StartsAt), time.UnixMilli(q.EndsAt), orZero(q.Also)})
	localapi.Answer(w, madeAnswer{id}, err)
}

// scanRequest is the body of its route.
type scanRequest struct {
	ID       syncproto.RecordID `json:"id"`
	Session  syncproto.RecordID `json:"session"`
	Person   syncproto.RecordID `json:"person"`
	Kind     string             `json:"kind"`
	Source   string             `json:"source"`
	WaitedMS int64              `json:"waited_ms"` // as in sellRequest
}

func (c *Client) apiScan(w http.ResponseWriter, r *http.Request) {
	var q scanRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.scan(r.Context(), NewScan{q.ID, q.Session, q.Person, q.Source, waited(q.WaitedMS)}, q.Kind)
	localapi.Answer(w, madeAnswer{id}, err)
}

// Desk is a site that referrals can go to.
type Desk struct {
	ID syncproto.RecordID `json:"id"`
	Names
	Kind string `json:"kind"`
}

func (c *Client) apiDesks(w http.ResponseWriter, r *http.Request) {
	list := []Desk{}
	own := c.Store.Identity().Site
	err := c.each(r.Context(), schema.Site, func(row *records.Row) {
		switch kind := row.Of(schema.SiteKind).Text(); kind {
		case schema.KindDesk, schema.KindBranch, schema.KindRooyesh:
			if row.ID != own {
				list = append(list, Desk{row.ID, namesOf(row), kind})
			}
		}
	})
	localapi.Answer(w, list, err)
}

// ReferralShown is a referral as sender and receiver see it.
type ReferralShown struct {
	ID       syncproto.RecordID `json:"id"`
	Out      bool               `json:"out"` // sent from here
	From     syncproto.RecordID `json:"from"`
	FromName string             `json:"from_name"`
	To       syncproto.RecordID `json:"to"`
	ToName   string             `json:"to_name"`
	Purpose  string             `json:"purpose"`
	Urgency  string             `json:"urgency"`
	CaseCode string             `json:"case_code"`
	Name     string             `json:"shared_name,omitempty"`
	Phone    string             `json:"shared_phone,omitempty"`
	Note     string             `json:"note,omitempty"`
	State    string             `json:"state"`
	Reason   string             `json:"reason,omitempty"`
	Outcome  string             `json:"outcome,omitempty"`
	SentAt   int64              `json:"sent_at"`  // UTC ms
	Question string             `json:"question"` // what more the receiver needs
	Reply    string             `json:"reply"`
	Redirect string             `json:"redirect_to"` // site that the receiver names instead
	Instead  string             `json:"redirect_name"`
}

func (c *Client) apiReferrals(w http.ResponseWriter, r *http.Request) {
	list := []ReferralShown{}
	own := c.Store.Identity().Site
	err := c.Store.Read(r.Context(), func(rd *store.Reader) error {
		names, err := rd.Labels(report.Site)
		if err != nil {
			return err
		}
		return rd.Each(schema.Referral, func(row *records.Row) error {
			from, to := row.Of(schema.ReferralFrom).ID(), row.Of(schema.ReferralTo).ID()
			instead := row.Of(schema.ReferralRedirect).ID()
			shown := ReferralShown{
				ID: row.ID, Out: from == own, From: from, FromName: names[string(from[:])], To: to, ToName: names[string(to[:])],
				Purpose: row.Of(schema.ReferralPurpose).Text(), Urgency: row.Of(schema.ReferralUrgency).Text(), CaseCode: row.Of(schema.ReferralCode).Text(),
				Name: row.Of(schema.ReferralName).Text(), Phone: row.Of(schema.ReferralPhone).Text(), Note: row.Of(schema.ReferralNote).Text(),
				State: row.Of(schema.ReferralState).Text(), Reason: row.Of(schema.ReferralReason).Text(), Outcome: row.Of(schema.ReferralOutcome).Text(),
				SentAt: row.Of(schema.ReferralSentAt).Int(), Question: row.Of(schema.ReferralQuestion).Text(), Reply: row.Of(schema.ReferralReply).Text(), Instead: names[string(instead[:])],
			}
			if !instead.IsZero() {
				shown.Redirect = instead.String()
			}
			list = append(list, shown)
			return nil
		})
	})
	localapi.Answer(w, list, err)
}

// referRequest is the body of its route.
type referRequest struct {
	ID         syncproto.RecordID  `json:"id"`
	To         syncproto.RecordID  `json:"to"`
	Purpose    string              `json:"purpose"`
	Urgency    string              `json:"urgency"`
	Person     *syncproto.RecordID `json:"person"`
	ShareName  bool                `json:"share_name"`
	SharePhone bool                `json:"share_phone"`
	Note       string              `json:"note"`
	ConsentBy  string              `json:"consent_by"`
	Basis      string              `json:"legal_basis"`
}

func (q *referRequest) referral() NewReferral {
	return NewReferral{q.ID, q.To, q.Purpose, q.Urgency, orZero(q.Person), q.ShareName, q.SharePhone, q.Note, q.ConsentBy, q.Basis}
}

func (c *Client) apiRefer(w http.ResponseWriter, r *http.Request) {
	var q referRequest
	if err := localapi.Read(w, r, &q); err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	id, err := c.Refer(r.Context(), q.referral())
	localapi.Answer(w, madeAnswer{id}, err)
}

// answerRequest is the body of its route.
type answerRequest struct {
	State      string              `json:"state"`
	Reason     string              `json:"reason"`      // of a decline, of naming another desk, or what more is needed
	Outcome    string              `json:"outcome"`     // of the end
	RedirectTo *syncproto.RecordID `json:"redirect_to"` // where redirected
	Reply      string              `json:"reply"`       // to what was asked: received again
}

func (c *Client) apiAnswer(w http.ResponseWriter, r *http.Request) {
	var q answerRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.step(r.Context(), id, &q)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// step moves a referral as it is asked.
func (c *Client) step(ctx context.Context, id syncproto.RecordID, q *answerRequest) error {
	switch {
	case q.State == schema.ReferralRedirected && q.RedirectTo != nil:
		return c.Redirect(ctx, id, *q.RedirectTo, q.Reason)
	case q.State == schema.ReferralReceived && q.Reply != "":
		return c.Reply(ctx, id, q.Reply)
	}
	return c.Answer(ctx, id, q.State, q.Reason, q.Outcome)
}
