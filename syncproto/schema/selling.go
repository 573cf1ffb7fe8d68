package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of till_session.
const (
	TillSite     syncproto.FieldID = 1
	TillFair     syncproto.FieldID = 2
	TillDevice   syncproto.FieldID = 3
	TillOpenedAt syncproto.FieldID = 4 // UTC ms
	TillFloat    syncproto.FieldID = 5 // minor units
	TillCurrency syncproto.FieldID = 6
	TillClosedAt syncproto.FieldID = 7
	TillCounted  syncproto.FieldID = 8 // minor units
	TillHostKind syncproto.FieldID = 9 // of a food event (R10)
	TillHost     syncproto.FieldID = 10

	TillGroupOpening syncproto.GroupID = 1
	TillGroupClosing syncproto.GroupID = 2
	TillGroupHost    syncproto.GroupID = 3
)

// Fields of sale: one receipt. A sale is never edited: a mistake is voided and sold
// again.
const (
	SaleSite        syncproto.FieldID = 1
	SaleFair        syncproto.FieldID = 2
	SaleDay         syncproto.FieldID = 3 // business day in the site's zone
	SaleSoldAt      syncproto.FieldID = 4 // UTC ms by the site's clock, as claimed; not when it arrived
	SaleLineCount   syncproto.FieldID = 5
	SaleExternalRef syncproto.FieldID = 6 // number in the file it was imported from
	SaleTill        syncproto.FieldID = 7 // null for an imported sale, whose till is not ours
	SaleReceiptNo   syncproto.FieldID = 8 // ours: the device's prefix and a counter without gaps (R14)
	SaleVoidReason  syncproto.FieldID = 9
	SaleBuyer       syncproto.FieldID = 10

	SaleGroupWhat   syncproto.GroupID = 1
	SaleGroupOrigin syncproto.GroupID = 2
	SaleGroupVoid   syncproto.GroupID = 3
	SaleGroupBuyer  syncproto.GroupID = 4
)

// Fields of sale_line: what was sold, of whom, for how much. It has its own copy of
// product, category, family and price, so that a later change of the catalogue
// does not change what was sold.
const (
	LineSale      syncproto.FieldID = 1
	LineSite      syncproto.FieldID = 2
	LineFair      syncproto.FieldID = 3
	LineProduct   syncproto.FieldID = 4
	LineCategory  syncproto.FieldID = 5
	LineFamily    syncproto.FieldID = 6 // owner of the goods (R12); null: to be assigned
	LineQuantity  syncproto.FieldID = 7 // pieces; negative for a return
	LineUnitPrice syncproto.FieldID = 8 // minor units; null: unpriced
	LineCurrency  syncproto.FieldID = 9
	LineDiscount  syncproto.FieldID = 10 // minor units off the line; null or 0 or more
	LineShare     syncproto.FieldID = 11 // hundredths of a percent that an outlet or the centre keeps, frozen at the sale
	LineAgreement syncproto.FieldID = 12 // that says so; null outside of one (R17)
	LineRefunds   syncproto.FieldID = 13 // line that it takes back (R18)

	LineGroupGoods   syncproto.GroupID = 1
	LineGroupMoney   syncproto.GroupID = 2
	LineGroupShare   syncproto.GroupID = 3
	LineGroupRefunds syncproto.GroupID = 4
)

// Fields of payment.
const (
	PaymentSale     syncproto.FieldID = 1
	PaymentSite     syncproto.FieldID = 2
	PaymentFair     syncproto.FieldID = 3
	PaymentMethod   syncproto.FieldID = 4
	PaymentAmount   syncproto.FieldID = 5 // minor units; negative when paid back
	PaymentCurrency syncproto.FieldID = 6
	PaymentRef      syncproto.FieldID = 7 // number that the card terminal or the bank gave

	PaymentGroupWhat syncproto.GroupID = 1
	PaymentGroupRef  syncproto.GroupID = 2
)

const (
	// MaxAmount bounds one amount in minor units, so that a product of two and a
	// sum of many stay within 64 bits: 10¹³.
	MaxAmount = 1e13
	// MaxQuantity bounds the pieces of one line.
	MaxQuantity = 1e5
)

func money(id syncproto.FieldID, name string, required bool) Field {
	return Field{ID: id, Name: name, Kind: syncproto.Int, Required: required, Min: -MaxAmount, Max: MaxAmount}
}

func currency(id syncproto.FieldID, required bool) Field {
	return Field{ID: id, Name: "currency", Kind: syncproto.Text, Required: required, Form: Currency, Max: 3}
}

func siteAndFair(site, fair syncproto.FieldID) []ScopeRule {
	return []ScopeRule{{Kind: syncproto.ScopeSite, Field: site}, {Kind: syncproto.ScopeFair, Field: fair}}
}

// wholeLine keeps a line's worth within MaxAmount, so that the sum of a million
// lines stays within 64 bits, and a price with its currency.
func wholeLine(t *Table, v Values) *Flaw {
	price, quantity := t.Of(v, LineUnitPrice), t.Of(v, LineQuantity).Int()
	switch {
	case price.IsNull() != t.Of(v, LineCurrency).IsNull():
		return &Flaw{Kind: FlawCurrency, Field: "unit_price_minor", Detail: "and its currency go together"}
	case price.IsNull() && !t.Of(v, LineDiscount).IsNull():
		return &Flaw{Kind: FlawRequired, Field: "unit_price_minor", Detail: "is missing: a discount without a price"}
	case !t.Of(v, LineRefunds).IsNull() && quantity >= 0:
		return &Flaw{Kind: FlawRange, Field: "quantity", Min: -MaxQuantity, Max: -1, Detail: "is not below zero: a refund gives back"}
	case quantity != 0 && abs(price.Int()) > MaxAmount/abs(quantity):
		return &Flaw{Kind: FlawWorth, Field: "quantity", Detail: "times the price is worth more than a line may be"}
	}
	return nil
}

func abs(n int64) int64 { return max(n, -n) }

var selling = []*Table{
	{
		ID: TillSession, Name: "till_session", Class: syncproto.ClassS, Scopes: siteAndFair(TillSite, TillFair),
		Fields: []Field{
			{ID: TillSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: TillFair, Name: "fair", Kind: syncproto.Bytes, Ref: Fair},
			{ID: TillDevice, Name: "device", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: TillOpenedAt, Name: "opened_at", Kind: syncproto.Int, Required: true},
			money(TillFloat, "float_minor", true),
			currency(TillCurrency, true),
			{ID: TillClosedAt, Name: "closed_at", Kind: syncproto.Int},
			money(TillCounted, "counted_minor", false),
			oneOf(TillHostKind, "host_kind", "department", "government"),
			text(TillHost, "host", MaxName),
		},
		Groups: []Group{
			{ID: TillGroupOpening, Name: "opening", Rule: OnceStrict, Fields: []syncproto.FieldID{TillSite, TillFair, TillDevice, TillOpenedAt, TillFloat, TillCurrency}},
			{ID: TillGroupClosing, Name: "closing", Rule: Once, Fields: []syncproto.FieldID{TillClosedAt, TillCounted}, Together: true},
			{ID: TillGroupHost, Name: "host", Rule: Once, Fields: []syncproto.FieldID{TillHostKind, TillHost}, Together: true},
		},
	},
	{
		ID: Sale, Name: "sale", Class: syncproto.ClassS, Scopes: siteAndFair(SaleSite, SaleFair),
		Fields: []Field{
			{ID: SaleSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: SaleFair, Name: "fair", Kind: syncproto.Bytes, Ref: Fair},
			{ID: SaleDay, Name: "day", Kind: syncproto.Text, Required: true, Form: Date, Max: 10},
			{ID: SaleSoldAt, Name: "sold_at", Kind: syncproto.Int, Required: true},
			{ID: SaleLineCount, Name: "line_count", Kind: syncproto.Int, Required: true, Min: 1, Max: syncproto.Children},
			{ID: SaleExternalRef, Name: "external_ref", Kind: syncproto.Text, Max: 64},
			{ID: SaleTill, Name: "till_session", Kind: syncproto.Bytes, Ref: TillSession},
			{ID: SaleReceiptNo, Name: "receipt_no", Kind: syncproto.Text, Required: true, Form: Code, Max: 40},
			{ID: SaleVoidReason, Name: "void_reason", Kind: syncproto.Text, Max: MaxName},
			oneOf(SaleBuyer, "buyer", "public", "department_employee", "government_employee"),
			voided(),
		},
		Groups: []Group{
			{ID: SaleGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{SaleSite, SaleFair, SaleDay, SaleSoldAt, SaleLineCount, SaleExternalRef}},
			{ID: SaleGroupOrigin, Name: "origin", Rule: Once, Fields: []syncproto.FieldID{SaleTill, SaleReceiptNo}},
			{ID: SaleGroupVoid, Name: "void", Fields: []syncproto.FieldID{SaleVoidReason, Voided}},
			{ID: SaleGroupBuyer, Name: "buyer", Rule: OnceStrict, Fields: []syncproto.FieldID{SaleBuyer}},
		},
	},
	{
		ID: SaleLine, Name: "sale_line", Class: syncproto.ClassS, Whole: wholeLine, Child: LineSale, Scopes: siteAndFair(LineSite, LineFair),
		Fields: []Field{
			{ID: LineSale, Name: "sale", Kind: syncproto.Bytes, Ref: Sale, Required: true},
			{ID: LineSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: LineFair, Name: "fair", Kind: syncproto.Bytes, Ref: Fair},
			{ID: LineProduct, Name: "product", Kind: syncproto.Bytes, Ref: Product, Required: true},
			{ID: LineCategory, Name: "category", Kind: syncproto.Bytes, Ref: Category},
			{ID: LineFamily, Name: "family", Kind: syncproto.Bytes, Ref: Family},
			{ID: LineQuantity, Name: "quantity", Kind: syncproto.Int, Required: true, Min: -MaxQuantity, Max: MaxQuantity},
			money(LineUnitPrice, "unit_price_minor", false),
			currency(LineCurrency, false),
			{ID: LineDiscount, Name: "discount_minor", Kind: syncproto.Int, Min: 0, Max: MaxAmount},
			share(LineShare, false),
			ref(LineAgreement, "agreement", OutletAgreement, false),
			ref(LineRefunds, "refunds", SaleLine, false),
		},
		Groups: []Group{
			{ID: LineGroupGoods, Name: "goods", Rule: OnceStrict, Fields: []syncproto.FieldID{LineSale, LineSite, LineFair, LineProduct, LineCategory, LineFamily, LineQuantity}},
			{ID: LineGroupMoney, Name: "money", Rule: OnceStrict, Fields: []syncproto.FieldID{LineUnitPrice, LineCurrency, LineDiscount}},
			{ID: LineGroupShare, Name: "share", Rule: OnceStrict, Fields: []syncproto.FieldID{LineShare, LineAgreement}},
			{ID: LineGroupRefunds, Name: "refunds", Rule: OnceStrict, Fields: []syncproto.FieldID{LineRefunds}},
		},
	},
	{
		ID: Payment, Name: "payment", Class: syncproto.ClassS, Child: PaymentSale, Scopes: siteAndFair(PaymentSite, PaymentFair),
		Fields: []Field{
			{ID: PaymentSale, Name: "sale", Kind: syncproto.Bytes, Ref: Sale, Required: true},
			{ID: PaymentSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: PaymentFair, Name: "fair", Kind: syncproto.Bytes, Ref: Fair},
			{ID: PaymentMethod, Name: "method", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"cash", "card", "transfer", "voucher"}},
			money(PaymentAmount, "amount_minor", true),
			currency(PaymentCurrency, true),
			code(PaymentRef, "external_ref", 64),
		},
		Groups: []Group{
			{ID: PaymentGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{PaymentSale, PaymentSite, PaymentFair, PaymentMethod, PaymentAmount, PaymentCurrency}},
			{ID: PaymentGroupRef, Name: "ref", Rule: OnceStrict, Fields: []syncproto.FieldID{PaymentRef}},
		},
	},
}
