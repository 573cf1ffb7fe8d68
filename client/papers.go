package client

import (
	"context"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// NewDocument is a paper that was seen. Its id follows from person, kind and number.
type NewDocument struct {
	Person     syncproto.RecordID
	Kind       string // schema.DocumentIDCard, DocumentPassport, DocumentLicence or other
	Number     string
	IssuedOn   string         // day; empty: not known
	ExpiresOn  string         // last day printed on it
	Image      syncproto.Root // zero: none
	VerifiedBy string         // empty: nobody has
}

// AddDocument records a paper. The same paper with other dates, image or verification
// takes those over.
func (c *Client) AddDocument(ctx context.Context, n NewDocument) (id syncproto.RecordID, err error) {
	if n.ExpiresOn == "" {
		return id, refusal.New(refusal.Required, "a paper needs the last day printed on it").On("expires_on")
	}
	id = schema.DocumentID(n.Person, n.Kind, n.Number)
	image, err := c.attached(ctx, "image", schema.DocumentImage, n.Image)
	if err != nil {
		return id, err
	}
	err = c.record(ctx, func(d *store.Draft, _ time.Time, day string) error {
		if _, err := ours(d, n.Person); err != nil {
			return err
		}
		verified := []store.Field{field(schema.DocumentVerifiedBy, text(n.VerifiedBy)), field(schema.DocumentVerifiedOn, syncproto.Value{})}
		if n.VerifiedBy != "" {
			verified[1].Value = text(day)
		}
		dates := []store.Field{field(schema.DocumentIssuedOn, text(n.IssuedOn)), field(schema.DocumentExpiresOn, text(n.ExpiresOn))}
		have, err := d.Get(schema.IdentityDocument, id)
		if err != nil {
			return err
		}
		if have == nil {
			fields := append([]store.Field{
				image, field(schema.DocumentSite, syncproto.IDValue(d.Identity().Site)), field(schema.DocumentPerson, syncproto.IDValue(n.Person)),
				field(schema.DocumentKind, text(n.Kind)), field(schema.DocumentNumber, text(n.Number)),
			}, dates...)
			return d.Create(schema.IdentityDocument, id, append(fields, verified...)...)
		}
		for _, g := range []struct {
			group  syncproto.GroupID
			given  bool
			fields []store.Field
		}{
			{schema.DocumentGroupDates, true, dates}, {schema.DocumentGroupImage, !n.Image.IsZero(), []store.Field{image}},
			{schema.DocumentGroupVerified, n.VerifiedBy != "", verified}, {schema.GroupVoided, have.Of(schema.Voided).Bool(), []store.Field{field(schema.Voided, syncproto.BoolValue(false))}},
		} {
			if !g.given || says(have, g.fields) {
				continue
			}
			if err := d.Update(schema.IdentityDocument, id, g.group, g.fields...); err != nil {
				return err
			}
		}
		return nil
	})
	return id, err
}

// NewSignature is a person's signature under a version of the policies.
type NewSignature struct {
	ID      syncproto.RecordID // as in NewProduct
	Person  syncproto.RecordID
	Policy  syncproto.RecordID
	Lang    string         // that the text was read in
	Method  string         // screen or paper; screen where empty
	Image   syncproto.Root // the drawing, or the scan
	Witness string
}

// Sign records a signature under a text that is here, and so was read.
func (c *Client) Sign(ctx context.Context, n NewSignature) (id syncproto.RecordID, err error) {
	if n.Method == "" {
		n.Method = "screen"
	}
	if n.Image.IsZero() {
		return id, refusal.New(refusal.Required, "a signature needs its drawing or its scan").On("image")
	}
	image, err := c.attached(ctx, "image", schema.SignatureImage, n.Image)
	if err != nil {
		return id, err
	}
	err = c.record(ctx, func(d *store.Draft, now time.Time, day string) error {
		if _, err := ours(d, n.Person); err != nil {
			return err
		}
		var fresh bool
		if id, fresh, err = newID(d, schema.PolicySignature, n.ID, field(schema.SignaturePerson, syncproto.IDValue(n.Person)), field(schema.SignaturePolicy, syncproto.IDValue(n.Policy))); err != nil || !fresh {
			return err
		}
		texts, err := textsOf(d.Reader(), n.Policy)
		if err != nil {
			return err
		}
		switch {
		case len(texts) == 0:
			return reference("policy", n.Policy)
		case n.Lang == "" || texts[n.Lang] == "":
			return refusal.New(refusal.Reference, "the policy has no text in %q: nobody can have read it", n.Lang).On("lang")
		}
		return d.Create(schema.PolicySignature, id, image,
			field(schema.SignatureSite, syncproto.IDValue(d.Identity().Site)), field(schema.SignaturePerson, syncproto.IDValue(n.Person)), field(schema.SignaturePolicy, syncproto.IDValue(n.Policy)),
			field(schema.SignatureSignedOn, text(day)), field(schema.SignatureSignedAt, syncproto.IntValue(now.UnixMilli())), field(schema.SignatureMethod, text(n.Method)),
			field(schema.SignatureWitness, text(n.Witness)), field(schema.SignatureLang, text(n.Lang)))
	})
	return id, err
}

// policyLangs are the languages of texts, in the order of their records below a policy.
const policyLangs = 3

// textsOf are the texts of a policy by language.
func textsOf(r *store.Reader, policy syncproto.RecordID) (map[string]string, error) {
	texts := map[string]string{}
	if policy[14] != 0 || policy[15] != 0 { // no policy has such an id
		return texts, nil
	}
	for n := range policyLangs {
		row, err := r.Get(schema.PolicyText, policy.Child(n+1))
		if err != nil {
			return nil, err
		}
		if row != nil {
			texts[row.Of(schema.PolicyTextLang).Text()] = row.Of(schema.PolicyTextText).Text()
		}
	}
	return texts, nil
}
