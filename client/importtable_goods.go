package client

import (
	"errors"
	"strings"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// owner is the family of a product's line; zero where it names none.
func (l *tableLine) owner(d *store.Draft) (family syncproto.RecordID, err error) {
	of := &tableLine{m: &tableImport{at: l.m.at, known: l.m.families}, line: l.line}
	family, err = of.find("family", "", "family_name")
	switch {
	case err != nil:
		return family, err
	case family.IsZero() && l.cell("family_name") != "":
		return family, refusal.New(refusal.Reference, "no family is called %q here: import families first", l.cell("family_name")).On("family_name")
	case family.IsZero():
		return family, nil
	}
	have, err := d.Get(schema.Family, family)
	if err == nil && have == nil {
		err = reference("family", family)
	}
	return family, err
}

func (m *tableImport) product(d *store.Draft, l *tableLine) (string, error) {
	names, all := l.names()
	sku := schema.ASCIIDigits(l.cell("sku"))
	if len(all) == 0 || schema.Fold(all[0]) == "" {
		return "", refusal.New(refusal.Required, "a product has a name").On("name")
	}
	family, err := l.owner(d)
	if err != nil {
		return "", err
	}
	if l.id, err = l.find("id", ""); err != nil {
		return "", err
	}
	owner := family
	if owner.IsZero() {
		owner = d.Identity().Site
	}
	if l.id.IsZero() {
		l.id = m.known.byCode[skuOf(family, sku)]
	}
	if l.id.IsZero() {
		l.id = schema.ImportedProductID(owner, sku, all[0])
	}
	price, err := m.amount(l)
	if err != nil {
		return "", err
	}
	parts, err := m.productParts(d, l, names, family, sku)
	if err != nil {
		return "", err
	}
	for _, like := range m.known.like(l.id, all...) {
		if other, err := d.Get(schema.Product, like.ID); err != nil {
			return "", err
		} else if other == nil || other.Of(schema.ProductFamily).ID() == family { // other families may make the same
			l.like = append(l.like, like)
		}
	}
	l.after = append(l.after, func() { m.known.add(l.id, skuOf(family, sku), all...) })
	outcome, err := l.put(d, schema.Product, nil, parts...)
	if err != nil || price == nil || outcome == LineDuplicate {
		return outcome, err
	}
	priced, err := m.setAmount(d, l.id, price, nil)
	if outcome == LineSame && priced != LineSame {
		outcome = LineChanged
	}
	return outcome, err
}

// productParts are what a line says of a product, and the category that it names, which is
// made where it is not here.
func (m *tableImport) productParts(d *store.Draft, l *tableLine, names part, family syncproto.RecordID, sku string) (parts []part, err error) {
	parts = []part{names, l.said(schema.ProductGroupUnit, map[string]syncproto.FieldID{"unit": schema.ProductUnit}),
		l.said(schema.ProductGroupAbout, map[string]syncproto.FieldID{"about": schema.ProductAbout}),
		l.said(schema.ProductGroupFood, map[string]syncproto.FieldID{"ingredients": schema.ProductContents})}
	food, said, err := l.yes("food")
	if err != nil {
		return nil, err
	}
	have, err := d.Get(schema.Product, l.id)
	if err != nil {
		return nil, err
	}
	if said && (food || have != nil && have.Of(schema.ProductFood).Bool()) { // none is no
		parts[3].fields = append(parts[3].fields, field(schema.ProductFood, syncproto.BoolValue(food)))
	}
	if sku != "" {
		parts = append(parts, part{schema.ProductGroupSku, []store.Field{field(schema.ProductSku, text(sku))}})
	}
	if !family.IsZero() {
		parts = append(parts, part{schema.ProductGroupFamily, []store.Field{field(schema.ProductFamily, syncproto.IDValue(family))}})
	}
	name := l.cell("category_name")
	if name == "" {
		return parts, nil
	}
	if !importedName(name) {
		return nil, refusal.New(refusal.BadForm, "%q cannot be the name of a category", name).On("category_name")
	}
	id := schema.NamedID("category", d.Identity().Org, name)
	l.before = func() error {
		if have, err := d.Get(schema.Category, id); err != nil || have != nil {
			return err
		}
		return d.Create(schema.Category, id, field(schema.NameField(name), text(name)))
	}
	return append(parts, part{schema.ProductGroupCategory, []store.Field{field(schema.ProductCategory, syncproto.IDValue(id))}}), nil
}

// amount is what a line says of a price.
func (m *tableImport) amount(l *tableLine) (*Price, error) {
	s := l.cell("price.amount_minor")
	if s == "" {
		return nil, nil
	}
	currency := strings.ToUpper(l.cell("price.currency"))
	if currency == "" {
		currency = m.options.Currency
	}
	if currency == "" {
		return nil, refusal.New(refusal.NoCurrency, "the line has a price: say in which currency").On("currency")
	}
	digits, err := csvin.MinorDigits(currency)
	if err != nil {
		return nil, refusal.Wrap(refusal.BadForm, err).On("currency")
	}
	minor, err := csvin.ParseMinor(m.file.Number(s), digits)
	switch {
	case errors.Is(err, csvin.ErrRange) || err == nil && (minor < 0 || minor > schema.MaxAmount):
		return nil, refusal.New(refusal.OutOfRange, "a price is from 0 to %d minor units", int64(schema.MaxAmount)).On("price")
	case err != nil:
		return nil, refusal.Wrap(refusal.BadForm, err).On("price")
	}
	return &Price{minor, currency}, nil
}

// setAmount sets a price, at this site alone where it has one of its own or here says so.
func (m *tableImport) setAmount(d *store.Draft, product syncproto.RecordID, p *Price, n *NewPrice) (string, error) {
	if n == nil {
		own, err := d.Get(schema.Price, schema.PriceID(product, d.Identity().Site))
		if err != nil {
			return "", err
		}
		n = &NewPrice{Here: own != nil}
	}
	n.Product, n.AmountMinor, n.Currency = product, p.AmountMinor, p.Currency
	var site syncproto.RecordID
	if n.Here {
		site = d.Identity().Site
	}
	have, err := d.Get(schema.Price, schema.PriceID(product, site))
	if err != nil {
		return "", err
	}
	outcome := LineNew
	if have != nil {
		if have.Of(schema.PriceAmount).Int() == p.AmountMinor && have.Of(schema.PriceCurrency).Text() == p.Currency {
			return LineSame, nil
		}
		outcome = LineChanged
	}
	return outcome, setPrice(d, m.client.Now(), n)
}

func (m *tableImport) price(d *store.Draft, l *tableLine) (string, error) {
	id, err := l.find("id", "sku", "name", "name_ar", "name_fa", "name_en")
	if err != nil {
		return "", err
	}
	if have, err := d.Get(schema.Product, id); err != nil || have == nil || have.Of(schema.Voided).Bool() {
		if err == nil {
			err = refusal.New(refusal.Reference, "no such product is here: import products first").On("name")
		}
		return "", err
	}
	l.id = id
	price, err := m.amount(l)
	if err != nil {
		return "", err
	}
	if price == nil {
		return "", refusal.New(refusal.Required, "the line has no price").On("price")
	}
	if err := l.first(); err != nil {
		return "", err
	}
	here, said, err := l.yes("here")
	if err != nil {
		return "", err
	}
	n := &NewPrice{Here: here, By: l.cell("by"), Reason: l.cell("reason")}
	if !said {
		own, err := d.Get(schema.Price, schema.PriceID(id, d.Identity().Site))
		if err != nil {
			return "", err
		}
		n.Here = own != nil
	}
	return m.setAmount(d, id, price, n)
}

var (
	yesWords = []string{"true", "1", "yes", "y", "نعم", "بله", "آری"}
	noWords  = []string{"false", "0", "no", "n", "لا", "خیر", "نه"}
)

// yes reads a cell that says yes or no.
func (l *tableLine) yes(key string) (yes, said bool, err error) {
	s := schema.Fold(l.cell(key))
	if s == "" {
		return false, false, nil
	}
	for _, w := range yesWords {
		if schema.Fold(w) == s {
			return true, true, nil
		}
	}
	for _, w := range noWords {
		if schema.Fold(w) == s {
			return false, true, nil
		}
	}
	return false, false, refusal.New(refusal.UnknownWord, "%q is neither yes nor no", l.cell(key)).On(key)
}
