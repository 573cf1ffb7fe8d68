package client

import (
	"context"
	"net/http"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/syncproto"
)

// payoutRoutes are those of statements and of what is paid for them.
func (c *Client) payoutRoutes() []localapi.Route {
	return append(settle.Routes(c), []localapi.Route{
		{Method: "POST", Path: "/api/statements/{id}/payout", Summary: "Pay a statement: when this answers, it is on disk", Request: payRequest{}, Response: paidAnswer{}, Handle: c.apiPay},
		{Method: "POST", Path: "/api/statements/{id}/dispute", Summary: "Record what the family says against a statement", Request: disputeRequest{}, Response: madeAnswer{}, Handle: c.apiDispute},
	}...)
}

// Due lists what is due up to and with a day, as far as it is known here: a branch reads the
// sales of its own site and fairs. Head office decides on all of them.
func (c *Client) Due(ctx context.Context, to string, family syncproto.RecordID) (list []settle.Statement, err error) {
	day, _, err := c.dayOn(to)
	if err != nil {
		return nil, err
	}
	list = []settle.Statement{}
	return list, c.Store.Read(ctx, func(r *store.Reader) error {
		drafts, err := settle.Drafts(r, day, family)
		if err != nil {
			return err
		}
		for _, d := range drafts {
			branch, err := settle.Home(r, d.Family)
			if err != nil {
				return err
			}
			shown, err := d.Shown(r, branch)
			if err != nil {
				return err
			}
			list = append(list, shown)
		}
		return nil
	})
}

// payRequest is the body of its route.
type payRequest struct {
	Method    string          `json:"method"` // cash, transfer or voucher; cash where empty
	By        string          `json:"by"`
	Signature *syncproto.Root `json:"signature"` // of who received it; not for a transfer
}

// paidAnswer is a payout as it was recorded.
type paidAnswer struct {
	ReceiptNo string `json:"receipt_no"`
}

func (c *Client) apiPay(w http.ResponseWriter, r *http.Request) {
	var q payRequest
	var paid paidAnswer
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		paid.ReceiptNo, err = c.Pay(r.Context(), NewPayout{id, q.Method, q.By, orNone(q.Signature)})
	}
	localapi.Answer(w, paid, err)
}

// disputeRequest is the body of its route.
type disputeRequest struct {
	Dispute string `json:"dispute"`
}

func (c *Client) apiDispute(w http.ResponseWriter, r *http.Request) {
	var q disputeRequest
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.Dispute(r.Context(), id, q.Dispute)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
