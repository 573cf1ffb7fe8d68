package client

import (
	"cmp"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/members"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// MemberFile is a member with all that its eligibility follows from.
type MemberFile struct {
	MemberShown
	Since       string           `json:"since,omitempty"` // day of the application
	EndedReason string           `json:"ended_reason,omitempty"`
	Grounds     []GroundShown    `json:"grounds"`
	Documents   []DocumentShown  `json:"documents"`
	Signatures  []SignatureShown `json:"signatures"`
}

// GroundShown is why somebody may be a member.
type GroundShown struct {
	ID          syncproto.RecordID `json:"id"`
	Kind        string             `json:"kind"`
	DependantOf syncproto.RecordID `json:"dependant_of"`
	From        string             `json:"from"`
	To          string             `json:"to,omitempty"`
	ConfirmedBy string             `json:"confirmed_by,omitempty"`
	ConfirmedOn string             `json:"confirmed_on,omitempty"`
}

// DocumentShown is a paper that was seen.
type DocumentShown struct {
	ID         syncproto.RecordID `json:"id"`
	Kind       string             `json:"kind"`
	Number     string             `json:"number"`
	IssuedOn   string             `json:"issued_on,omitempty"`
	ExpiresOn  string             `json:"expires_on"`
	Image      syncproto.Root     `json:"image"`
	VerifiedBy string             `json:"verified_by,omitempty"`
	VerifiedOn string             `json:"verified_on,omitempty"`
	Valid      bool               `json:"valid"` // on the day asked about
}

// SignatureShown is a signature with the text that was signed.
type SignatureShown struct {
	ID       syncproto.RecordID `json:"id"`
	Policy   syncproto.RecordID `json:"policy"`
	Version  int64              `json:"version"`
	SignedOn string             `json:"signed_on"`
	Method   string             `json:"method"`
	Image    syncproto.Root     `json:"image"`
	Witness  string             `json:"witness,omitempty"`
	Lang     string             `json:"lang"`
	Text     string             `json:"text"` // of that version, in that language
}

func (c *Client) apiMember(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err != nil {
		localapi.Answer(w, nil, err)
		return
	}
	c.book(w, r, func(rd *store.Reader, b *members.Book, day string, zone *time.Location) (any, error) {
		m, err := memberOf(rd, b, id)
		if err != nil {
			return nil, err
		}
		f := MemberFile{Grounds: []GroundShown{}, Documents: []DocumentShown{}, Signatures: []SignatureShown{}}
		if f.MemberShown, err = shownMember(rd, b, m, day, zone); err != nil {
			return nil, err
		}
		if m.Membership != nil {
			f.Since = m.Membership.Of(schema.MembershipSince).Text()
			if f.State == schema.MemberEnded {
				f.EndedReason = m.Membership.Of(schema.MembershipReason).Text()
			}
		}
		for _, row := range m.Grounds {
			f.Grounds = append(f.Grounds, GroundShown{row.ID, row.Of(schema.GroundKind).Text(), row.Of(schema.GroundDependantOf).ID(), row.Of(schema.GroundFrom).Text(), row.Of(schema.GroundTo).Text(), row.Of(schema.GroundConfirmedBy).Text(), row.Of(schema.GroundConfirmedOn).Text()})
		}
		for _, row := range m.Documents {
			p := members.Paper(row)
			f.Documents = append(f.Documents, DocumentShown{row.ID, row.Of(schema.DocumentKind).Text(), row.Of(schema.DocumentNumber).Text(), p.IssuedOn, p.ExpiresOn, row.Of(schema.DocumentImage).Root(), row.Of(schema.DocumentVerifiedBy).Text(), row.Of(schema.DocumentVerifiedOn).Text(), p.ValidOn(day)})
		}
		for _, row := range m.Signatures {
			s := SignatureShown{ID: row.ID, Policy: row.Of(schema.SignaturePolicy).ID(), SignedOn: row.Of(schema.SignatureSignedOn).Text(), Method: row.Of(schema.SignatureMethod).Text(), Image: row.Of(schema.SignatureImage).Root(), Witness: row.Of(schema.SignatureWitness).Text(), Lang: row.Of(schema.SignatureLang).Text()}
			texts, err := textsOf(rd, s.Policy)
			policy, perr := rd.Get(schema.Policy, s.Policy)
			if err := cmp.Or(err, perr); err != nil {
				return nil, err
			}
			if policy != nil {
				s.Version = policy.Of(schema.PolicyVersion).Int()
			}
			s.Text = texts[s.Lang]
			f.Signatures = append(f.Signatures, s)
		}
		return f, nil
	})
}

// groundRequest is the body of its route.
type groundRequest struct {
	ID          syncproto.RecordID  `json:"id"`
	Kind        string              `json:"kind"`
	DependantOf *syncproto.RecordID `json:"dependant_of"` // person; null: nobody who is recorded
	From        string              `json:"from"`
	To          string              `json:"to"` // last day; empty: no end known
	ConfirmedBy string              `json:"confirmed_by"`
}

func (c *Client) apiAddGround(w http.ResponseWriter, r *http.Request) {
	var q groundRequest
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		q.ID, err = c.AddGround(r.Context(), NewGround{q.ID, person, q.Kind, orZero(q.DependantOf), q.From, q.To, q.ConfirmedBy})
	}
	localapi.Answer(w, madeAnswer{q.ID}, err)
}

// datesRequest is the body of its route.
type datesRequest struct {
	From string `json:"from"`
	To   string `json:"to"` // last day; empty: no end known
}

func (c *Client) apiGroundDates(w http.ResponseWriter, r *http.Request) {
	var q datesRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.SetGroundDates(r.Context(), id, q.From, q.To)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

func (c *Client) apiVoidOf(table syncproto.TableID) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := localapi.PathID[syncproto.RecordID](r)
		if err == nil {
			err = c.VoidRecord(r.Context(), table, id)
		}
		localapi.Answer(w, madeAnswer{id}, err)
	}
}

// documentRequest is the body of its route.
type documentRequest struct {
	Kind       string          `json:"kind"`
	Number     string          `json:"number"`
	IssuedOn   string          `json:"issued_on"`
	ExpiresOn  string          `json:"expires_on"`
	Image      *syncproto.Root `json:"image"`       // attachment; null: none, or as it is
	VerifiedBy string          `json:"verified_by"` // empty: nobody has, or as it is
}

func (c *Client) apiAddDocument(w http.ResponseWriter, r *http.Request) {
	var q documentRequest
	var id syncproto.RecordID
	person, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		id, err = c.AddDocument(r.Context(), NewDocument{person, q.Kind, schema.ASCIIDigits(q.Number), q.IssuedOn, q.ExpiresOn, orNone(q.Image), q.VerifiedBy})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
