package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of category: names and voided only. Fields of family.
const (
	FamilyCode   syncproto.FieldID = 4 // printed on the family's card
	FamilyBranch syncproto.FieldID = 5

	FamilyGroupCode   syncproto.GroupID = 2
	FamilyGroupBranch syncproto.GroupID = 3
)

// Fields of product.
const (
	ProductSku      syncproto.FieldID = 4
	ProductFamily   syncproto.FieldID = 5
	ProductCategory syncproto.FieldID = 6
	ProductUnit     syncproto.FieldID = 7
	ProductPhoto    syncproto.FieldID = 8
	ProductFood     syncproto.FieldID = 9
	ProductContents syncproto.FieldID = 10 // ingredients and allergens, as on the label
	ProductAbout    syncproto.FieldID = 11

	ProductGroupSku      syncproto.GroupID = 2
	ProductGroupFamily   syncproto.GroupID = 3
	ProductGroupCategory syncproto.GroupID = 4
	ProductGroupUnit     syncproto.GroupID = 5
	ProductGroupPhoto    syncproto.GroupID = 6
	ProductGroupFood     syncproto.GroupID = 7
	ProductGroupAbout    syncproto.GroupID = 8
)

// Fields of price: one record for a product and a place (PriceID).
const (
	PriceProduct  syncproto.FieldID = 1
	PriceSite     syncproto.FieldID = 2 // null: everywhere
	PriceAmount   syncproto.FieldID = 3 // minor units
	PriceCurrency syncproto.FieldID = 4

	PriceGroupWhere  syncproto.GroupID = 1
	PriceGroupAmount syncproto.GroupID = 2
)

// maxAbout bounds what is said of a product, in letters: a label.
const maxAbout = 1000

var catalogue = []*Table{
	{
		ID: Category, Name: "category", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(), voided()), Groups: []Group{namesGroup(), voidedGroup()}, Fold: []syncproto.FieldID{NameAr, NameFa, NameEn},
	},
	{
		ID: Family, Name: "family", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			Field{ID: FamilyCode, Name: "code", Kind: syncproto.Text, Form: Code, Max: 40},
			Field{ID: FamilyBranch, Name: "branch", Kind: syncproto.Bytes, Ref: Site},
			voided(),
		),
		Groups: []Group{
			namesGroup(),
			{ID: FamilyGroupCode, Name: "code", Fields: []syncproto.FieldID{FamilyCode}},
			{ID: FamilyGroupBranch, Name: "branch", Fields: []syncproto.FieldID{FamilyBranch}},
			voidedGroup(),
		},
		Fold: []syncproto.FieldID{NameAr, NameFa, NameEn, FamilyCode},
	},
	{
		ID: Product, Name: "product", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeOrg}},
		Fields: append(names(),
			Field{ID: ProductSku, Name: "sku", Kind: syncproto.Text, Form: Code, Max: 64},
			Field{ID: ProductFamily, Name: "family", Kind: syncproto.Bytes, Ref: Family},
			Field{ID: ProductCategory, Name: "category", Kind: syncproto.Bytes, Ref: Category},
			Field{ID: ProductUnit, Name: "unit", Kind: syncproto.Text, Max: 40},
			photo(ProductPhoto),
			Field{ID: ProductFood, Name: "food", Kind: syncproto.Bool},
			text(ProductContents, "ingredients", maxAbout),
			text(ProductAbout, "about", maxAbout),
			voided(),
		),
		Groups: []Group{
			namesGroup(),
			{ID: ProductGroupSku, Name: "sku", Fields: []syncproto.FieldID{ProductSku}},
			{ID: ProductGroupFamily, Name: "family", Fields: []syncproto.FieldID{ProductFamily}},
			{ID: ProductGroupCategory, Name: "category", Fields: []syncproto.FieldID{ProductCategory}},
			{ID: ProductGroupUnit, Name: "unit", Fields: []syncproto.FieldID{ProductUnit}},
			{ID: ProductGroupPhoto, Name: "photo", Fields: []syncproto.FieldID{ProductPhoto}},
			{ID: ProductGroupFood, Name: "food", Fields: []syncproto.FieldID{ProductFood, ProductContents}},
			{ID: ProductGroupAbout, Name: "about", Fields: []syncproto.FieldID{ProductAbout}},
			voidedGroup(),
		},
		Fold: []syncproto.FieldID{NameAr, NameFa, NameEn, ProductSku},
	},
	{
		ID: Price, Name: "price", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: PriceSite, Org: true}},
		Fields: []Field{
			{ID: PriceProduct, Name: "product", Kind: syncproto.Bytes, Ref: Product, Required: true},
			{ID: PriceSite, Name: "site", Kind: syncproto.Bytes, Ref: Site},
			{ID: PriceAmount, Name: "amount_minor", Kind: syncproto.Int, Required: true, Min: 0, Max: MaxAmount},
			currency(PriceCurrency, true),
		},
		Groups: []Group{
			{ID: PriceGroupWhere, Name: "where", Rule: OnceStrict, Fields: []syncproto.FieldID{PriceProduct, PriceSite}},
			{ID: PriceGroupAmount, Name: "amount", Fields: []syncproto.FieldID{PriceAmount, PriceCurrency}},
		},
	},
}
