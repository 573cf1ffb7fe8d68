package client

import (
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/syncproto"
)

// deliverRequest is the body of its route.
type deliverRequest struct {
	ID        syncproto.RecordID  `json:"id"`
	Product   syncproto.RecordID  `json:"product"`
	Family    *syncproto.RecordID `json:"family"` // null: the product's
	Quantity  int64               `json:"quantity"`
	Fair      *syncproto.RecordID `json:"fair"`
	Receiver  string              `json:"receiver"`  // who counted it; empty: it waits to be counted
	Signature *syncproto.Root     `json:"signature"` // attachment; null: none
}

func (c *Client) apiDeliver(w http.ResponseWriter, r *http.Request) {
	var q deliverRequest
	var id syncproto.RecordID
	err := localapi.Read(w, r, &q)
	if err == nil {
		id, err = c.Deliver(r.Context(), NewLot{q.ID, q.Product, orZero(q.Family), q.Quantity, orZero(q.Fair), q.Receiver, orNone(q.Signature)})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

// lotStepRequest is the body of its route.
type lotStepRequest struct {
	ID        syncproto.RecordID  `json:"id"`   // of the movement
	Step      string              `json:"step"` // received, returned, damaged, moved or sold
	Quantity  int64               `json:"quantity"`
	Rest      bool                `json:"rest"` // nothing of it lies here afterwards
	To        *syncproto.RecordID `json:"to"`   // site; of moved
	By        string              `json:"by"`
	Signature *syncproto.Root     `json:"signature"`
	Reason    string              `json:"reason"`
}

func (c *Client) apiStepLot(w http.ResponseWriter, r *http.Request) {
	var q lotStepRequest
	lot, err := about(w, r, &q)
	if err == nil {
		err = c.StepLot(r.Context(), LotStep{q.ID, lot, q.Step, q.Quantity, q.Rest, orZero(q.To), q.By, orNone(q.Signature), q.Reason})
	}
	localapi.Answer(w, madeAnswer{lot}, err)
}

// moveRequest is the body of its route.
type moveRequest struct {
	ID        syncproto.RecordID  `json:"id"`
	Kind      string              `json:"kind"` // moved, returned, damaged, sample, written_off or counted
	Product   syncproto.RecordID  `json:"product"`
	Quantity  int64               `json:"quantity"`
	To        *syncproto.RecordID `json:"to"` // site; of moved
	Fair      *syncproto.RecordID `json:"fair"`
	By        string              `json:"by"`
	Signature *syncproto.Root     `json:"signature"` // of the family
	Reason    string              `json:"reason"`
}

func (c *Client) apiMove(w http.ResponseWriter, r *http.Request) {
	var q moveRequest
	var id syncproto.RecordID
	err := localapi.Read(w, r, &q)
	if err == nil {
		id, err = c.Move(r.Context(), NewMovement{q.ID, q.Kind, q.Product, q.Quantity, orZero(q.To), orZero(q.Fair), q.By, orNone(q.Signature), q.Reason})
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

func (c *Client) apiVoidMovement(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = c.VoidMovement(r.Context(), id)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
