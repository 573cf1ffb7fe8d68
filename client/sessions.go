package client

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// sessionSteps are the statuses that a session comes to from one. What was held and what
// was cancelled may be put right by each other: somebody took the wrong line.
var sessionSteps = map[string][]string{
	"planned":               {"open", schema.SessionHeld, schema.SessionCancelled},
	"open":                  {schema.SessionHeld, schema.SessionCancelled},
	schema.SessionHeld:      {schema.SessionCancelled},
	schema.SessionCancelled: {schema.SessionHeld},
}

// StepSession says how far a session has come: open, held, or cancelled with a reason.
// What was held alone counts.
func (c *Client) StepSession(ctx context.Context, session syncproto.RecordID, status, reason string) error {
	if status == schema.SessionCancelled && reason == "" {
		return refusal.New(refusal.Required, "say why the session is cancelled").On("reason")
	}
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		have, err := known(d, "session", schema.WorkshopSession, session)
		if err != nil {
			return err
		}
		present := have.Of(schema.SessionStatus).Text()
		if present == status {
			return nil
		}
		if !slices.Contains(sessionSteps[present], status) {
			return refusal.New(refusal.BadStep, "a session that is %s cannot become %s", present, status).On("status").With("from", present).With("to", status)
		}
		if err := d.Update(schema.WorkshopSession, session, schema.SessionGroupStatus, field(schema.SessionStatus, text(status))); err != nil || reason == "" {
			return err
		}
		return d.Update(schema.WorkshopSession, session, schema.SessionGroupReason, field(schema.SessionReason, text(reason)))
	})
}

// stepSessionRequest is the body of its route.
type stepSessionRequest struct {
	Status string `json:"status"` // open, held or cancelled
	Reason string `json:"reason"` // of a cancellation
}

func (c *Client) apiStepSession(w http.ResponseWriter, r *http.Request) {
	var q stepSessionRequest
	id, err := about(w, r, &q)
	if err == nil {
		err = c.StepSession(r.Context(), id, q.Status, q.Reason)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
