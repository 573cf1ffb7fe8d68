package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What is there before the year begins: policies, families and their members, their goods,
// and what is taught.

// before records it at the branches, and has everybody hear of it.
func (y *yearPlay) before(ctx context.Context) error {
	if _, err := y.server.Found(ctx, server.Founding{On: fmt.Sprintf("%d-01-01", yearFounded)}); err != nil {
		return err
	}
	policy, err := y.server.Publish(ctx, server.NewPolicy{NameAr: "سياسات تجريبية", From: fmt.Sprintf("%d-01-01", theYear-1), TextAr: "نص تجريبي: ما يلتزم به الأعضاء."})
	if err != nil {
		return err
	}
	if err := y.contacts(ctx); err != nil {
		return err
	}
	b := newBar(y.talk, "members", int64(len(y.plan.families)))
	defer b.done()
	for i, f := range y.plan.families {
		if err := y.family(ctx, f); err != nil {
			return err
		}
		b.set(int64(i + 1))
	}
	for i, p := range y.plan.people {
		if err := y.person(ctx, i, p); err != nil {
			return err
		}
	}
	for _, f := range y.plan.families {
		if err := y.member(ctx, f, policy.ID); err != nil {
			return err
		}
	}
	for _, s := range y.plan.subjects {
		if s.id, err = y.branch(0).client.AddWorkshop(ctx, client.NewWorkshop{Name: s.name, Kind: s.kind, Minutes: s.minutes, Counts: true}); err != nil {
			return err
		}
	}
	for range 2 { // the second time everybody hears of the others
		if err := y.contacts(ctx); err != nil {
			return err
		}
	}
	return nil
}

// family adds a family with its goods at its branch.
func (y *yearPlay) family(ctx context.Context, f *yearFamily) (err error) {
	at := y.branch(f.branch).client
	if f.id, err = at.AddFamily(ctx, client.NewFamily{Name: f.name}); err != nil {
		return err
	}
	category, err := at.AddCategory(ctx, "منتجات تجريبية")
	if err != nil {
		return err
	}
	for i := range f.goods {
		g := &f.goods[i]
		if g.id, err = at.AddProduct(ctx, client.NewProduct{Name: g.name, Family: f.id, Category: category, PriceMinor: g.price, Currency: demoCurrency}); err != nil {
			return err
		}
		y.goods = append(y.goods, g.id)
	}
	return nil
}

func (y *yearPlay) person(ctx context.Context, i int, p *yearPerson) (err error) {
	if p.again {
		y.done.mistakes[mistakePerson]++
	}
	p.id, err = y.branch(p.branch).client.AddPerson(ctx, client.NewPerson{Name: p.name, Card: fmt.Sprintf("Y-%d", i+1)})
	return err
}

// member records what membership asks for, but the hours.
func (y *yearPlay) member(ctx context.Context, f *yearFamily, policy syncproto.RecordID) error {
	p, at := f.member, y.branch(f.branch).client
	if err := at.Apply(ctx, p.id, f.id); err != nil || !p.papers {
		return err
	}
	if _, err := at.AddGround(ctx, client.NewGround{Person: p.id, Kind: schema.GroundBeneficiary, From: "2017-01-01", ConfirmedBy: "موظفة تجريبية"}); err != nil {
		return err
	}
	for kind, expires := range map[string]time.Time{
		schema.DocumentIDCard: yearDay(theYear+3, 1, 1), schema.DocumentPassport: yearDay(theYear+3, 1, 1), schema.DocumentLicence: p.expires,
	} {
		if _, err := at.AddDocument(ctx, client.NewDocument{Person: p.id, Kind: kind, Number: "T-" + p.id.String()[:8] + kind, ExpiresOn: expires.Format(time.DateOnly), VerifiedBy: "موظفة تجريبية"}); err != nil {
			return err
		}
	}
	root, err := attachDrawing(ctx, at)
	if err == nil {
		_, err = at.Sign(ctx, client.NewSignature{Person: p.id, Policy: policy, Lang: "ar", Image: root})
	}
	return err
}

// attachDrawing keeps a made-up signature.
func attachDrawing(ctx context.Context, at *client.Client) (syncproto.Root, error) {
	var drawing bytes.Buffer
	if err := png.Encode(&drawing, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		return syncproto.Root{}, err
	}
	return at.Attach(ctx, drawing.Bytes())
}
