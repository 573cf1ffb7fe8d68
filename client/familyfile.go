package client

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// FamilyFile is what of a family is nobody's but its branch's.
type FamilyFile struct {
	Head   *syncproto.RecordID `json:"head"` // person; null: not known
	Phone  string              `json:"phone"`
	Payout string              `json:"payout"` // how it wants to be paid: cash, transfer or voucher; empty: not asked
	Lang   string              `json:"lang"`   // of what is printed for it: ar, fa or en; empty: that of the branch
}

// KeepFamily records it, whole, over what was there.
func (c *Client) KeepFamily(ctx context.Context, family syncproto.RecordID, f FamilyFile) error {
	return c.record(ctx, func(d *store.Draft, _ time.Time, _ string) error {
		me := d.Identity().Site
		if err := ourFamily(d, family); err != nil {
			return err
		}
		head := syncproto.Value{}
		if f.Head != nil {
			if _, err := known(d, "head", schema.Person, *f.Head); err != nil {
				return err
			}
			head = syncproto.IDValue(*f.Head)
		}
		have, err := d.Get(schema.FamilyPrivate, family)
		if err != nil {
			return err
		}
		fields := []store.Field{
			field(schema.FamilyPrivateHead, head), field(schema.FamilyPrivatePhone, text(schema.ASCIIDigits(f.Phone))), field(schema.FamilyPrivatePayout, text(f.Payout)), field(schema.FamilyPrivateLang, text(f.Lang)),
		}
		if have == nil {
			return d.Create(schema.FamilyPrivate, family, append(fields, field(schema.FamilyPrivateBranch, syncproto.IDValue(me)))...)
		}
		for _, f := range fields {
			if have.Of(f.Field) == f.Value {
				continue
			}
			g := have.Table.GroupOf(have.Table.Index(f.Field))
			if err := d.Update(schema.FamilyPrivate, family, g.ID, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// ourFamily refuses a family of another branch: what only one branch knows is recorded there.
// One that no branch has is anybody's.
func ourFamily(d *store.Draft, id syncproto.RecordID) error {
	of, err := d.Get(schema.Family, id)
	switch {
	case err != nil || of == nil:
		return cmp.Or(err, error(store.ErrNoRecord))
	case of.Of(schema.FamilyBranch).ID() != d.Identity().Site && !of.Of(schema.FamilyBranch).IsNull():
		return refusal.New(refusal.NotAllowed, "the family belongs to another branch: it is recorded there")
	}
	return nil
}

func (c *Client) apiKeepFamily(w http.ResponseWriter, r *http.Request) {
	var q FamilyFile
	id, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = localapi.Read(w, r, &q)
	}
	if err == nil {
		err = c.KeepFamily(r.Context(), id, q)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}
