package client

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewCheckIn says that a family came to a fair.
type NewCheckIn struct {
	ID     syncproto.RecordID // as in NewProduct
	Fair   syncproto.RecordID
	Family syncproto.RecordID
	By     string // supervisor who admits it against the red card, for this day
	Reason string // why
	Waited time.Duration
}

// CheckInFamily records that a family came today, by which it took part. Against the red
// card a supervisor admits it for the day, with a reason that head office sees (R6).
func (c *Client) CheckInFamily(ctx context.Context, n NewCheckIn) (id syncproto.RecordID, err error) {
	err = c.recordLate(ctx, n.Waited, func(d *store.Draft, now time.Time, day string) error {
		fair, err := known(d, "fair", schema.Fair, n.Fair)
		if err != nil {
			return err
		}
		part, err := d.Get(schema.Participation, schema.ParticipationID(n.Fair, n.Family))
		if err != nil {
			return err
		}
		if part == nil {
			return reference("family", n.Family)
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.CheckIn, n.ID, field(schema.CheckInFair, syncproto.IDValue(n.Fair)), field(schema.CheckInFamily, syncproto.IDValue(n.Family))); err != nil || !fresh {
			return err
		}
		green, err := card(d, fair.ID, n.Family, day)
		if err != nil {
			return err
		}
		if !green && (n.By == "" || n.Reason == "") {
			return refusal.New(refusal.RedCard, "the family is not known to be eligible today: a supervisor admits it for the day, with a reason").On("reason")
		}
		fields := []store.Field{field(schema.CheckInFair, syncproto.IDValue(n.Fair)), field(schema.CheckInFamily, syncproto.IDValue(n.Family)),
			field(schema.CheckInSite, syncproto.IDValue(d.Identity().Site)), field(schema.CheckInDay, text(day)), field(schema.CheckInAt, syncproto.IntValue(now.UnixMilli()))}
		if !green {
			fields = append(fields, field(schema.CheckInBy, text(n.By)), field(schema.CheckInReason, text(n.Reason)))
		}
		if err := d.Create(schema.CheckIn, id, fields...); err != nil || schema.Came(part.Of(schema.PartState).Text()) {
			return err
		}
		return stepped(d, part, schema.ParticipationTookPart, "")
	})
	return id, err
}

// card says whether a family's card is green on a day, as its standing is known here.
func card(r getter, fair, family syncproto.RecordID, day rules.Day) (bool, error) {
	state, until, err := standing(r, family, fair)
	if err != nil {
		return false, err
	}
	plan, err := r.Get(schema.FairPlan, fair)
	return rules.MayCome(state, until, day, plan != nil && plan.Of(schema.PlanProvisional).Bool()), err
}
