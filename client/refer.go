package client

import (
	"cmp"
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewReferral is what a sender asks of another desk.
type NewReferral struct {
	ID         syncproto.RecordID // as in NewProduct
	To         syncproto.RecordID // site
	Purpose    string             // loan, exam, job, support, case or other
	Urgency    string             // normal, urgent or emergency; normal where empty
	Person     syncproto.RecordID // whom it is about; zero: a case code alone
	ShareName  bool
	SharePhone bool
	Note       string
	ConsentBy  string // who agreed to what is shared
	Basis      string // legal basis instead of consent
}

// ErrNoConsent says that a person would be named without consent or a legal basis.
var ErrNoConsent = refusal.New(refusal.NoConsent, "record who agreed to what is shared, or name the legal basis; otherwise share the case code alone (R36)").On("consent_by")

// Refer sends a referral from this site's desk: draft and sending are one act, with
// the guard on consent (R36). Only what is ticked of the person goes (R37).
func (c *Client) Refer(ctx context.Context, n NewReferral) (id syncproto.RecordID, err error) {
	if (n.ShareName || n.SharePhone) && n.ConsentBy == "" && n.Basis == "" {
		return id, ErrNoConsent
	}
	if n.Urgency == "" {
		n.Urgency = "normal"
	}
	err = c.record(ctx, func(d *store.Draft, now time.Time, _ string) error {
		var fresh bool
		if id, fresh, err = newID(d, schema.Referral, n.ID, field(schema.ReferralTo, syncproto.IDValue(n.To))); err != nil || !fresh {
			return err
		}
		if site, err := d.Get(schema.Site, n.To); err != nil || site == nil {
			return cmp.Or(err, reference("to", n.To))
		}
		fields := []store.Field{
			field(schema.ReferralFrom, syncproto.IDValue(d.Identity().Site)), field(schema.ReferralTo, syncproto.IDValue(n.To)),
			field(schema.ReferralPurpose, text(n.Purpose)), field(schema.ReferralUrgency, text(n.Urgency)),
			field(schema.ReferralCode, text(d.Identity().Prefix+"-"+id.String()[24:32])), field(schema.ReferralNote, text(n.Note)),
			field(schema.ReferralState, text(schema.ReferralSent)), field(schema.ReferralSentAt, syncproto.IntValue(now.UnixMilli())),
			field(schema.ReferralBasis, text(n.Basis)),
		}
		if n.ConsentBy != "" {
			fields = append(fields, field(schema.ReferralConsentBy, text(n.ConsentBy)), field(schema.ReferralConsentAt, syncproto.IntValue(now.UnixMilli())))
		}
		shared, err := sharedOf(d, &n)
		if err != nil {
			return err
		}
		return d.Create(schema.Referral, id, append(fields, shared...)...)
	})
	return id, err
}

func sharedOf(d *store.Draft, n *NewReferral) (fields []store.Field, err error) {
	if n.Person.IsZero() {
		return nil, nil
	}
	p, err := d.Get(schema.Person, n.Person)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, reference("person", n.Person)
	}
	fields = append(fields, field(schema.ReferralPerson, syncproto.IDValue(n.Person)))
	if n.ShareName {
		fields = append(fields, field(schema.ReferralName, p.Of(schema.PersonName)))
	}
	if n.SharePhone {
		fields = append(fields, field(schema.ReferralPhone, p.Of(schema.PersonPhone)))
	}
	return fields, nil
}
