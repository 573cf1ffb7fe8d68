package client

import (
	"cmp"
	"context"
	"encoding/hex"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Verdict is a transaction of this device that the server holds, or held.
type Verdict struct {
	Hash        string           `json:"hash"` // names it when it is mended
	Seq         int64            `json:"seq"`
	Code        string           `json:"code"`
	Detail      string           `json:"detail"`
	State       string           `json:"state"`
	Amounts     string           `json:"amounts"`
	AmountMinor map[string]int64 `json:"amount_minor"` // money in it by currency, minor units
	Table       string           `json:"table"`        // what it is about; "" where its content is not here any more
	Record      string           `json:"record"`       // its id; "" likewise
	Name        string           `json:"name"`         // of that, where it has one: of a sale the receipt number
	WaitsFor    string           `json:"waits_for"`    // hash of the held one that it waits for; ""
	Mend        *Mend            `json:"mend"`         // as it was recorded, where it can be mended here
}

// Mend is what was recorded, or what is recorded instead: one of these.
type Mend struct {
	Sale     *sellRequest       `json:"sale"`
	Scan     *scanRequest       `json:"scan"`
	Referral *referRequest      `json:"referral"`
	Step     *answerRequest     `json:"step"` // of a referral
	Product  *addProductRequest `json:"product"`
	Person   *addPersonRequest  `json:"person"`
}

// mendable are the refusals that other content may pass: what a device may not write it
// may not write mended.
var mendable = []syncproto.Code{
	syncproto.CodeBadValue, syncproto.CodeBadGroup, syncproto.CodeScopeFixed, syncproto.CodeOnceDiffers, syncproto.CodeBadState, syncproto.CodeGone, syncproto.CodeDependant,
}

// heldOne is a held transaction as it is listed.
type heldOne struct {
	Verdict
	t       *syncproto.Transaction
	arrived [6]byte // when it arrived, as its id tells
}

// Quarantine lists the own transactions that the server holds, or held, oldest first.
func (c *Client) Quarantine(ctx context.Context) ([]Verdict, error) {
	list := []Verdict{}
	err := c.Store.Read(ctx, func(r *store.Reader) error {
		all, err := heldAndBefore(r)
		for _, h := range all {
			list = append(list, h.Verdict)
		}
		return err
	})
	return list, err
}

func heldAndBefore(r *store.Reader) ([]heldOne, error) {
	var all []heldOne
	own, err := r.OwnVerdicts()
	if err != nil {
		return nil, err
	}
	err = r.Each(schema.Verdict, func(row *records.Row) error {
		if !own[row.ID] {
			return nil
		}
		t, err := r.Own(row)
		if err != nil {
			return err
		}
		code := syncproto.Code(row.Of(schema.VerdictCode).Int())
		v := Verdict{
			Hash: hex.EncodeToString(row.Of(schema.VerdictHash).Bytes()), Seq: row.Of(schema.VerdictSeq).Int(), Code: code.String(), Detail: row.Of(schema.VerdictDetail).Text(),
			State: row.Of(schema.VerdictState).Text(), Amounts: row.Of(schema.VerdictAmounts).Text(), AmountMinor: map[string]int64{},
		}
		schema.AddAmounts(v.AmountMinor, v.Amounts)
		if t != nil && len(t.Changes) > 0 {
			first := madeBy(&t.Changes[0])
			v.Table, v.Record = first.Table.Name, first.ID.String()
			if v.Name, err = nameFor(r, first); err != nil {
				return err
			}
			if v.State == schema.VerdictHeld && slices.Contains(mendable, code) {
				v.Mend = mendOf(t)
			}
		}
		all = append(all, heldOne{v, t, [6]byte(row.ID[:6])})
		return nil
	})
	slices.SortStableFunc(all, func(a, b heldOne) int {
		return cmp.Or(slices.Compare(a.arrived[:], b.arrived[:]), cmp.Compare(a.Seq, b.Seq))
	})
	for i := range all {
		link(all, i)
	}
	return all, err
}

// link names what a dependant waits for: the nearest held one before it that wrote
// something that it touches or names. Of what has been mended, the newest attempt can be
// mended again.
func link(all []heldOne, i int) {
	v := &all[i]
	if v.t == nil || v.State != schema.VerdictHeld {
		return
	}
	for j := range all {
		p := &all[j]
		if p.State != schema.VerdictHeld || p.t == nil || j == i {
			continue
		}
		if v.t.Replaces != nil && hex.EncodeToString(v.t.Replaces[:]) == p.Hash {
			p.Mend, p.WaitsFor = nil, v.Hash
		}
		if v.Code == syncproto.CodeDependant.String() && p.Seq < v.Seq && touches(v.t, p.t) {
			v.WaitsFor = p.Hash
		}
	}
}

func touches(t, before *syncproto.Transaction) bool {
	wrote := map[string]bool{}
	for i := range before.Changes {
		wrote[string(before.Changes[i].Record[:])] = true
	}
	for i := range t.Changes {
		c := &t.Changes[i]
		if wrote[string(c.Record[:])] {
			return true
		}
		for _, g := range c.Groups {
			for _, f := range g.Fields {
				if f.Value.Kind() == syncproto.Bytes && wrote[string(f.Value.Bytes())] {
					return true
				}
			}
		}
	}
	return false
}

// madeBy is a record as one change writes it.
func madeBy(c *syncproto.Change) *records.Row {
	t := schema.Lookup(c.Table)
	r := records.New(t, c.Record)
	for i := range c.Groups {
		r.Write(&c.Groups[i])
	}
	return r
}

// nameFor is what people know a record by that a change wrote.
func nameFor(r *store.Reader, row *records.Row) (string, error) {
	table := row.Table.ID
	for _, f := range []struct {
		table syncproto.TableID
		field syncproto.FieldID
	}{{schema.Sale, schema.SaleReceiptNo}, {schema.Person, schema.PersonName}, {schema.Referral, schema.ReferralCode}} {
		if f.table != table {
			continue
		}
		if s := row.Of(f.field).Text(); s != "" {
			return s, nil
		}
		have, err := r.Get(table, row.ID)
		if err != nil || have == nil {
			return "", err
		}
		return have.Of(f.field).Text(), nil
	}
	of := row
	switch table {
	case schema.Scan:
		person, err := r.Get(schema.Person, row.Of(schema.ScanPerson).ID())
		if err != nil || person == nil {
			return "", err
		}
		return person.Of(schema.PersonName).Text(), nil
	case schema.Price:
		product, err := r.Get(schema.Product, row.Of(schema.PriceProduct).ID())
		if err != nil || product == nil {
			return "", err
		}
		of = product
	}
	if g := of.Table.Group(schema.GroupNames); g != nil && g.AtLeastOne {
		return report.Name(of.Table, of.Values), nil
	}
	return "", nil
}

func (c *Client) apiQuarantine(w http.ResponseWriter, r *http.Request) {
	list, err := c.Quarantine(r.Context())
	localapi.Answer(w, list, err)
}

func (c *Client) apiReplace(w http.ResponseWriter, r *http.Request) {
	var q Mend
	var id syncproto.RecordID
	err := localapi.Read(w, r, &q)
	if err == nil {
		id, err = c.Replace(r.Context(), r.PathValue("hash"), q)
	}
	localapi.Answer(w, madeAnswer{id}, err)
}

func (c *Client) apiWithdraw(w http.ResponseWriter, r *http.Request) {
	hash := r.PathValue("hash")
	localapi.Answer(w, takenBack{hash}, c.Withdraw(r.Context(), hash))
}

type takenBack struct {
	Hash string `json:"hash"`
}

func badHash(hash string) error {
	return refusal.New(refusal.BadID, "%q names no transaction: take the hash from the list of what is held", hash).On("hash")
}
