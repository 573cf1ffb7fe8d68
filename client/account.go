package client

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// FamilyAccount is where a family's money is transferred to. It is of class E: devices that do
// not read that do not have it.
type FamilyAccount struct {
	Holder string `json:"holder"`
	Bank   string `json:"bank"`
	Number string `json:"number"`
}

// KeepAccount records it, over what was there.
func (c *Client) KeepAccount(ctx context.Context, family syncproto.RecordID, a FamilyAccount) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		if err := ourFamily(d, family); err != nil {
			return err
		}
		where := []store.Field{field(schema.AccountHolder, text(a.Holder)), field(schema.AccountBank, text(a.Bank)), field(schema.AccountNumber, text(schema.ASCIIDigits(a.Number)))}
		have, err := d.Get(schema.FamilyAccount, family)
		switch {
		case err != nil:
			return err
		case have == nil:
			return d.Create(schema.FamilyAccount, family, append(where, field(schema.AccountBranch, syncproto.IDValue(d.Identity().Site)))...)
		case says(have, where):
			return nil
		}
		return d.Update(schema.FamilyAccount, family, schema.AccountGroupWhere, where...)
	})
}

func (c *Client) apiKeepAccount(w http.ResponseWriter, r *http.Request) {
	var q FamilyAccount
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.KeepAccount(r.Context(), id, q)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

func (c *Client) apiAccount(w http.ResponseWriter, r *http.Request) {
	id, err := localapi.PathID[syncproto.RecordID](r)
	var row *records.Row
	if err == nil {
		err = c.Store.Read(r.Context(), func(rd *store.Reader) error {
			row, err = rd.Get(schema.FamilyAccount, id)
			return err
		})
	}
	if row == nil {
		localapi.Answer(w, nil, err)
		return
	}
	localapi.Answer(w, FamilyAccount{row.Of(schema.AccountHolder).Text(), row.Of(schema.AccountBank).Text(), row.Of(schema.AccountNumber).Text()}, nil)
}
