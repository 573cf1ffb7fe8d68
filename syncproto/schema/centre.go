package schema

import (
	"strconv"
	"strings"

	"github.com/rawaj/rawaj/syncproto"
)

// Fields of verdict: what became of a transaction that was held (quarantine). The
// record's id is derived from the transaction's chain hash (VerdictID).
const (
	VerdictDevice      syncproto.FieldID = 1
	VerdictIncarnation syncproto.FieldID = 2
	VerdictSeq         syncproto.FieldID = 3
	VerdictHash        syncproto.FieldID = 4 // chain hash of the transaction
	VerdictCode        syncproto.FieldID = 5
	VerdictDetail      syncproto.FieldID = 6
	VerdictState       syncproto.FieldID = 7
	VerdictAmounts     syncproto.FieldID = 8 // "AED 1200, USD 5": money in the held sales, for people

	VerdictGroupWhat  syncproto.GroupID = 1
	VerdictGroupState syncproto.GroupID = 2
)

// States of a verdict.
const (
	VerdictHeld      = "held"
	VerdictReleased  = "released"
	VerdictReplaced  = "replaced"
	VerdictWithdrawn = "withdrawn"
)

// AddAmounts adds what a verdict says of money: "AED 1200, USD 5".
func AddAmounts(sums map[string]int64, amounts string) {
	for part := range strings.SplitSeq(amounts, ", ") {
		currency, minor, _ := strings.Cut(part, " ")
		if n, err := strconv.ParseInt(minor, 10, 64); err == nil {
			sums[currency] += n
		}
	}
}

// Fields of conflict: both values of a group that two people wrote without having
// seen each other's (P4).
const (
	ConflictLoser        syncproto.FieldID = 1 // device
	ConflictWinner       syncproto.FieldID = 2 // device
	ConflictTable        syncproto.FieldID = 3
	ConflictRecord       syncproto.FieldID = 4
	ConflictGroup        syncproto.FieldID = 5
	ConflictRule         syncproto.FieldID = 6 // stamp, once, or state
	ConflictLoserFields  syncproto.FieldID = 7 // canonical {field: value}
	ConflictWinnerFields syncproto.FieldID = 8
	ConflictLoserTime    syncproto.FieldID = 9  // effective stamp, UTC ms
	ConflictWinnerTime   syncproto.FieldID = 10 // effective stamp, UTC ms
	ConflictLoserHash    syncproto.FieldID = 11 // chain hash of the loser's transaction
	ConflictWinnerHash   syncproto.FieldID = 12

	// How it was settled; null while it is open. Apply alone writes these.
	ConflictSettledBy   syncproto.FieldID = 13 // device
	ConflictSettledTime syncproto.FieldID = 14 // effective stamp, UTC ms
	ConflictSettledHash syncproto.FieldID = 15 // chain hash of the settling transaction
	ConflictChoice      syncproto.FieldID = 16 // which value that wrote

	ConflictGroupWhat    syncproto.GroupID = 1
	ConflictGroupSettled syncproto.GroupID = 2
)

// Choices of who settles a conflict.
const (
	ChoiceWinner = "winner"
	ChoiceLoser  = "loser"
	ChoiceOther  = "other" // a third value
)

// Fields of grant: one share that a device may read, and whether it may write.
const (
	GrantDevice       syncproto.FieldID = 1
	GrantClass        syncproto.FieldID = 2 // letters of classes, such as SP
	GrantScope        syncproto.FieldID = 3 // as on the wire
	GrantWrite        syncproto.FieldID = 4
	GrantRecordsUntil syncproto.FieldID = 5 // UTC ms; null: no end
	GrantDeliverUntil syncproto.FieldID = 6 // UTC ms; null: no end
	GrantReason       syncproto.FieldID = 7 // why it was ended

	GrantGroupWhat   syncproto.GroupID = 1
	GrantGroupHow    syncproto.GroupID = 2
	GrantGroupReason syncproto.GroupID = 3
)

// Fields of enrolment: a one-time code, seen by the server alone.
const (
	EnrolmentCodeID  syncproto.FieldID = 1
	EnrolmentCodeKey syncproto.FieldID = 2 // HMAC key; never the code
	EnrolmentSite    syncproto.FieldID = 3
	EnrolmentExpires syncproto.FieldID = 4 // UTC ms
	EnrolmentFairs   syncproto.FieldID = 5 // ids one after the other
	EnrolmentDevice  syncproto.FieldID = 6 // that redeemed it

	EnrolmentGroupWhat syncproto.GroupID = 1
	EnrolmentGroupUsed syncproto.GroupID = 2
)

// Fields of backed: up to where a verified backup holds a device's chain.
const (
	BackedDevice      syncproto.FieldID = 1
	BackedIncarnation syncproto.FieldID = 2
	BackedSeq         syncproto.FieldID = 3
	BackedHash        syncproto.FieldID = 4

	BackedGroupWho  syncproto.GroupID = 1
	BackedGroupHead syncproto.GroupID = 2
)

// Fields of decision: what head office does about a transaction in quarantine.
const (
	DecisionHash   syncproto.FieldID = 1 // chain hash of the held transaction
	DecisionAction syncproto.FieldID = 2
	DecisionWaives syncproto.FieldID = 3 // codes of refusals that are waived, two bytes each
	DecisionReason syncproto.FieldID = 4

	DecisionGroupWhat syncproto.GroupID = 1
)

// Actions of a decision.
const (
	DecisionRelease  = "release"
	DecisionWithdraw = "withdraw"
)

// WaivedCodes reads the refusals that a decision waives.
func WaivedCodes(b []byte) []syncproto.Code {
	var codes []syncproto.Code
	for ; len(b) >= 2; b = b[2:] {
		codes = append(codes, syncproto.Code(b[0])<<8|syncproto.Code(b[1]))
	}
	return codes
}

// WaivedValue is the form that WaivedCodes reads; null where there are none.
func WaivedValue(codes []syncproto.Code) syncproto.Value {
	if len(codes) == 0 {
		return syncproto.Value{}
	}
	var b []byte
	for _, c := range codes {
		b = append(b, byte(c>>8), byte(c))
	}
	return syncproto.BytesValue(b)
}

// MaxConflictFields bounds one side of a conflict: a group of MaxFields long texts
// is cut to what a person can read, with the whole in the log.
const MaxConflictFields = syncproto.MaxBytes

var centre = []*Table{
	{
		ID: Verdict, Name: "verdict", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeDevice, Field: VerdictDevice}},
		Fields: []Field{
			{ID: VerdictDevice, Name: "device", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: VerdictIncarnation, Name: "incarnation", Kind: syncproto.Bytes, Required: true, Max: 16},
			{ID: VerdictSeq, Name: "seq", Kind: syncproto.Int, Required: true},
			{ID: VerdictHash, Name: "hash", Kind: syncproto.Bytes, Required: true, Max: 32},
			{ID: VerdictCode, Name: "code", Kind: syncproto.Int, Required: true},
			{ID: VerdictDetail, Name: "detail", Kind: syncproto.Text, Max: 500},
			{ID: VerdictState, Name: "state", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{VerdictHeld, VerdictReleased, VerdictReplaced, VerdictWithdrawn}},
			{ID: VerdictAmounts, Name: "amounts", Kind: syncproto.Text, Max: 200},
		},
		Groups: []Group{
			{ID: VerdictGroupWhat, Name: "what", Rule: Once, Fields: []syncproto.FieldID{VerdictDevice, VerdictIncarnation, VerdictSeq, VerdictHash, VerdictAmounts}},
			{ID: VerdictGroupState, Name: "state", Fields: []syncproto.FieldID{VerdictCode, VerdictDetail, VerdictState}},
		},
	},
	conflictTable(Conflict, "conflict", syncproto.ClassS),
	{
		ID: Grant, Name: "device_grant", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeDevice, Field: GrantDevice}},
		Fields: []Field{
			{ID: GrantDevice, Name: "device", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: GrantClass, Name: "classes", Kind: syncproto.Text, Required: true, Form: Code, Max: 4},
			{ID: GrantScope, Name: "scope", Kind: syncproto.Bytes, Required: true, Max: 17},
			{ID: GrantWrite, Name: "writes", Kind: syncproto.Bool, Required: true},
			{ID: GrantRecordsUntil, Name: "records_until", Kind: syncproto.Int},
			{ID: GrantDeliverUntil, Name: "deliver_until", Kind: syncproto.Int},
			{ID: GrantReason, Name: "reason", Kind: syncproto.Text, Max: MaxReason},
			voided(),
		},
		Groups: []Group{
			{ID: GrantGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{GrantDevice, GrantScope}},
			{ID: GrantGroupHow, Name: "how", Fields: []syncproto.FieldID{GrantClass, GrantWrite, GrantRecordsUntil, GrantDeliverUntil, Voided}},
			{ID: GrantGroupReason, Name: "reason", Fields: []syncproto.FieldID{GrantReason}},
		},
	},
	{
		ID: Enrolment, Name: "enrolment", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeCentre}},
		Fields: []Field{
			{ID: EnrolmentCodeID, Name: "code_id", Kind: syncproto.Bytes, Required: true, Max: 10},
			{ID: EnrolmentCodeKey, Name: "code_key", Kind: syncproto.Bytes, Required: true, Max: 32},
			{ID: EnrolmentSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: EnrolmentExpires, Name: "expires", Kind: syncproto.Int, Required: true},
			{ID: EnrolmentFairs, Name: "fairs", Kind: syncproto.Bytes, Max: 16 * 64},
			{ID: EnrolmentDevice, Name: "device", Kind: syncproto.Bytes, Ref: Device},
		},
		Groups: []Group{
			{ID: EnrolmentGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{1, 2, 3, 4, 5}},
			{ID: EnrolmentGroupUsed, Name: "used", Rule: Once, Fields: []syncproto.FieldID{EnrolmentDevice}},
		},
	},
	{
		ID: Backed, Name: "backed", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeDevice, Field: BackedDevice}},
		Fields: []Field{
			{ID: BackedDevice, Name: "device", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: BackedIncarnation, Name: "incarnation", Kind: syncproto.Bytes, Required: true, Max: 16},
			{ID: BackedSeq, Name: "seq", Kind: syncproto.Int, Required: true},
			{ID: BackedHash, Name: "hash", Kind: syncproto.Bytes, Required: true, Max: 32},
		},
		Groups: []Group{
			{ID: BackedGroupWho, Name: "who", Rule: OnceStrict, Fields: []syncproto.FieldID{BackedDevice}},
			{ID: BackedGroupHead, Name: "head", Fields: []syncproto.FieldID{BackedIncarnation, BackedSeq, BackedHash}},
		},
	},
}

var decisions = []*Table{{
	ID: Decision, Name: "decision", Class: syncproto.ClassS, Scopes: []ScopeRule{{Kind: syncproto.ScopeCentre}},
	Fields: []Field{
		{ID: DecisionHash, Name: "hash", Kind: syncproto.Bytes, Required: true, Max: 32},
		{ID: DecisionAction, Name: "action", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{DecisionRelease, DecisionWithdraw}},
		{ID: DecisionWaives, Name: "waives", Kind: syncproto.Bytes, Max: 64},
		{ID: DecisionReason, Name: "reason", Kind: syncproto.Text, Max: MaxReason},
	},
	Groups: []Group{{ID: DecisionGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{DecisionHash, DecisionAction, DecisionWaives, DecisionReason}}},
}}

// ledgers are the conflicts over records of other classes: who may not read a record
// may not read in the ledger what stood in it.
var ledgers = []*Table{conflictTable(ConflictPersonal, "conflict_personal", syncproto.ClassP)}

var eligibilityLedgers = []*Table{conflictTable(ConflictEligibility, "conflict_eligibility", syncproto.ClassE)}

// Ledgers are the tables of conflicts, one a class.
var Ledgers = []syncproto.TableID{Conflict, ConflictPersonal, ConflictEligibility}

// Ledger is the table that conflicts over records of a class go to, nil where they
// are kept in the log alone.
func Ledger(c syncproto.Class) *Table {
	switch c {
	case syncproto.ClassS:
		return Lookup(Conflict)
	case syncproto.ClassP:
		return Lookup(ConflictPersonal)
	case syncproto.ClassE:
		return Lookup(ConflictEligibility)
	}
	return nil
}

func conflictTable(id syncproto.TableID, name string, class syncproto.Class) *Table {
	return &Table{
		ID: id, Name: name, Class: class,
		Scopes: []ScopeRule{{Kind: syncproto.ScopeDevice, Field: ConflictLoser}, {Kind: syncproto.ScopeDevice, Field: ConflictWinner}},
		Fields: []Field{
			{ID: ConflictLoser, Name: "loser", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: ConflictWinner, Name: "winner", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: ConflictTable, Name: "table_id", Kind: syncproto.Int, Required: true},
			{ID: ConflictRecord, Name: "record", Kind: syncproto.Bytes, Required: true, Max: 16},
			{ID: ConflictGroup, Name: "group_id", Kind: syncproto.Int, Required: true},
			{ID: ConflictRule, Name: "rule", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"stamp", "once", "state"}},
			{ID: ConflictLoserFields, Name: "loser_fields", Kind: syncproto.Bytes, Max: MaxConflictFields},
			{ID: ConflictWinnerFields, Name: "winner_fields", Kind: syncproto.Bytes, Max: MaxConflictFields},
			{ID: ConflictLoserTime, Name: "loser_time", Kind: syncproto.Int, Required: true},
			{ID: ConflictWinnerTime, Name: "winner_time", Kind: syncproto.Int, Required: true},
			{ID: ConflictLoserHash, Name: "loser_hash", Kind: syncproto.Bytes, Required: true, Max: 32},
			{ID: ConflictWinnerHash, Name: "winner_hash", Kind: syncproto.Bytes, Required: true, Max: 32},
			{ID: ConflictSettledBy, Name: "settled_by", Kind: syncproto.Bytes, Ref: Device},
			{ID: ConflictSettledTime, Name: "settled_time", Kind: syncproto.Int},
			{ID: ConflictSettledHash, Name: "settled_hash", Kind: syncproto.Bytes, Max: 32},
			{ID: ConflictChoice, Name: "choice", Kind: syncproto.Text, Form: OneOf, Words: []string{ChoiceWinner, ChoiceLoser, ChoiceOther}},
		},
		Groups: []Group{
			{ID: ConflictGroupWhat, Name: "what", Rule: Once, Fields: []syncproto.FieldID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
			{ID: ConflictGroupSettled, Name: "settled", Fields: []syncproto.FieldID{ConflictSettledBy, ConflictSettledTime, ConflictSettledHash, ConflictChoice}},
		},
	}
}
