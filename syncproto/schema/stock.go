package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of consignment: goods that a family gave to be sold, and where they lie.
const (
	LotFamily    syncproto.FieldID = 1
	LotProduct   syncproto.FieldID = 2
	LotQuantity  syncproto.FieldID = 3
	LotSite      syncproto.FieldID = 4 // where it lies
	LotFair      syncproto.FieldID = 5
	LotDay       syncproto.FieldID = 6 // of the delivery
	LotReceiver  syncproto.FieldID = 7 // who counted it
	LotSignature syncproto.FieldID = 8 // of the family
	LotState     syncproto.FieldID = 9

	LotGroupWhat  syncproto.GroupID = 1
	LotGroupPlace syncproto.GroupID = 2
	LotGroupState syncproto.GroupID = 3
)

// States of a consignment.
const (
	LotDelivered = "delivered"
	LotAtPlace   = "at_place"
	LotMoved     = "moved" // on its way
	LotDamaged   = "damaged"
	LotReturned  = "returned"
	LotSold      = "sold"
)

// lotStates: a sale is money taken, and stands over all; a return has the family's
// signature and stands over damage and moving.
var lotStates = &Machine{
	Initial: []string{LotDelivered, LotAtPlace},
	Arrows: []Arrow{
		{LotDelivered, LotAtPlace}, {LotDelivered, LotReturned},
		{LotAtPlace, LotSold}, {LotAtPlace, LotReturned}, {LotAtPlace, LotDamaged}, {LotAtPlace, LotMoved},
		{LotMoved, LotAtPlace}, {LotMoved, LotDamaged},
	},
	Rank: []string{LotDelivered, LotAtPlace, LotMoved, LotDamaged, LotReturned, LotSold},
}

// Fields of stock_movement: goods that came, went, or were counted. Movements are only
// added; what lies where is derived from them and from sale lines (rules.OnHand).
const (
	MoveKind      syncproto.FieldID = 1
	MoveFamily    syncproto.FieldID = 2
	MoveProduct   syncproto.FieldID = 3
	MoveQuantity  syncproto.FieldID = 4
	MoveFrom      syncproto.FieldID = 5 // site; null: from the family
	MoveTo        syncproto.FieldID = 6 // site; null: away
	MoveFair      syncproto.FieldID = 7
	MoveAt        syncproto.FieldID = 8
	MoveBy        syncproto.FieldID = 9
	MoveLot       syncproto.FieldID = 10 // consignment
	MoveSignature syncproto.FieldID = 11 // of the family
	MoveReason    syncproto.FieldID = 12

	MoveGroupWhat   syncproto.GroupID = 1
	MoveGroupVoided syncproto.GroupID = 2
)

// Kinds of movements.
const (
	MoveDelivered = "delivered" // to
	MoveMoved     = "moved"     // from, to
	MoveReturned  = "returned"  // from, to the family
	MoveDamaged   = "damaged"   // from
	MoveSample    = "sample"    // from
	MoveWritten   = "written_off"
	MoveCounted   = "counted" // at from: so many lie there
)

// Fields of outlet_agreement: what an outlet sells under, and what it keeps (R17). Head
// office writes it; what was agreed is not edited, but ended and agreed anew.
const (
	AgreementSite     syncproto.FieldID = 1 // outlet
	AgreementOperator syncproto.FieldID = 2
	AgreementFrom     syncproto.FieldID = 3
	AgreementTo       syncproto.FieldID = 4 // last day
	AgreementShare    syncproto.FieldID = 5 // of the outlet, in hundredths of a percent
	AgreementPeriod   syncproto.FieldID = 6
	AgreementDocument syncproto.FieldID = 7
	AgreementEndedOn  syncproto.FieldID = 8 // last day, where it was ended before
	AgreementReason   syncproto.FieldID = 9

	AgreementGroupWhat  syncproto.GroupID = 1
	AgreementGroupEnded syncproto.GroupID = 2
)

var stock = []*Table{
	{
		ID: Consignment, Name: "consignment", Class: syncproto.ClassS, Scopes: siteAndFair(LotSite, LotFair), Movable: true,
		Fields: []Field{
			ref(LotFamily, "family", Family, true),
			ref(LotProduct, "product", Product, true),
			count(LotQuantity, "quantity", 1, MaxQuantity, true),
			ref(LotSite, "site", Site, true),
			ref(LotFair, "fair", Fair, false),
			day(LotDay, "day", true),
			text(LotReceiver, "receiver", MaxName),
			attachment(LotSignature, "signature"),
			states(LotState, lotStates),
		},
		Groups: []Group{
			{ID: LotGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{LotFamily, LotProduct, LotQuantity, LotDay, LotReceiver, LotSignature}},
			{ID: LotGroupPlace, Name: "place", Fields: []syncproto.FieldID{LotSite, LotFair}},
			{ID: LotGroupState, Name: "state", Rule: State, Fields: []syncproto.FieldID{LotState}, Machine: lotStates},
		},
	},
	{
		ID: StockMovement, Name: "stock_movement", Class: syncproto.ClassS,
		Scopes: append(siteAndFair(MoveFrom, MoveFair), ScopeRule{Kind: syncproto.ScopeSite, Field: MoveTo}),
		Fields: []Field{
			required(oneOf(MoveKind, "kind", MoveDelivered, MoveMoved, MoveReturned, MoveDamaged, MoveSample, MoveWritten, MoveCounted)),
			ref(MoveFamily, "family", Family, false),
			ref(MoveProduct, "product", Product, true),
			count(MoveQuantity, "quantity", 0, MaxQuantity, true),
			ref(MoveFrom, "from_site", Site, false),
			ref(MoveTo, "to_site", Site, false),
			ref(MoveFair, "fair", Fair, false),
			instant(MoveAt, "at", true),
			text(MoveBy, "by", MaxName),
			ref(MoveLot, "consignment", Consignment, false),
			attachment(MoveSignature, "signature"),
			text(MoveReason, "reason", MaxReason),
			voided(),
		},
		Groups: []Group{
			{ID: MoveGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
				MoveKind, MoveFamily, MoveProduct, MoveQuantity, MoveFrom, MoveTo, MoveFair, MoveAt, MoveBy, MoveLot, MoveSignature, MoveReason,
			}},
			{ID: MoveGroupVoided, Name: "voided", Fields: []syncproto.FieldID{Voided}},
		},
		Whole: wholeMovement,
	},
	{
		ID: OutletAgreement, Name: "outlet_agreement", Class: syncproto.ClassS, Scopes: atSite(AgreementSite),
		Fields: []Field{
			ref(AgreementSite, "site", Site, true),
			required(text(AgreementOperator, "operator", MaxName)),
			day(AgreementFrom, "from_day", true),
			day(AgreementTo, "to_day", true),
			share(AgreementShare, true),
			required(oneOf(AgreementPeriod, "period", "week", "month", "quarter")),
			attachment(AgreementDocument, "document"),
			day(AgreementEndedOn, "ended_on", false),
			text(AgreementReason, "reason", MaxReason),
		},
		Groups: []Group{
			{ID: AgreementGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{
				AgreementSite, AgreementOperator, AgreementFrom, AgreementTo, AgreementShare, AgreementPeriod, AgreementDocument,
			}},
			{ID: AgreementGroupEnded, Name: "ended", Fields: []syncproto.FieldID{AgreementEndedOn, AgreementReason}, Together: true},
		},
		Whole: inOrder(AgreementFrom, AgreementTo),
	},
}

// wholeMovement holds a movement to where its kind comes from and goes to.
func wholeMovement(t *Table, v Values) *Flaw {
	kind := t.Of(v, MoveKind).Text()
	from, to := !t.Of(v, MoveFrom).IsNull(), !t.Of(v, MoveTo).IsNull()
	wantFrom, wantTo := kind != MoveDelivered, kind == MoveDelivered || kind == MoveMoved
	switch {
	case from != wantFrom:
		return &Flaw{Kind: FlawRequired, Field: "from_site", Detail: "goes with every kind but delivered"}
	case to != wantTo:
		return &Flaw{Kind: FlawRequired, Field: "to_site", Detail: "goes with delivered and moved"}
	case kind == MoveMoved && t.Of(v, MoveFrom) == t.Of(v, MoveTo):
		return &Flaw{Kind: FlawForm, Field: "to_site", Detail: "is where it was"}
	case kind != MoveCounted && t.Of(v, MoveQuantity).Int() == 0:
		return &Flaw{Kind: FlawRange, Field: "quantity", Min: 1, Max: MaxQuantity, Detail: "is nothing"}
	case kind == MoveWritten && t.Of(v, MoveReason).IsNull():
		return &Flaw{Kind: FlawRequired, Field: "reason", Detail: "is missing: written off without a reason"}
	}
	return nil
}
