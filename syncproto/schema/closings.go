package schema

import "github.com/rawaj/rawaj/syncproto"

// Fields of closing: what a device states of the sales of a till or a day (SPEC §13).
const (
	ClosingSite   syncproto.FieldID = 1
	ClosingDevice syncproto.FieldID = 2 // that signed
	ClosingTill   syncproto.FieldID = 3 // null: of a business day
	ClosingDay    syncproto.FieldID = 4
	ClosingNumber syncproto.FieldID = 5
	ClosingSigned syncproto.FieldID = 6 // a syncproto.Closing; the fields before are taken from it

	ClosingGroupWhat syncproto.GroupID = 1
)

// Fields of closing_answer: what the centre says to one (ClosingAnswerID).
const (
	AnswerSite        syncproto.FieldID = 1
	AnswerClosing     syncproto.FieldID = 2
	AnswerOutcome     syncproto.FieldID = 3
	AnswerSigned      syncproto.FieldID = 4 // a syncproto.ClosingAnswer
	AnswerCertificate syncproto.FieldID = 5 // of the server's device that signed

	AnswerGroupWhat syncproto.GroupID = 1
	AnswerGroupSaid syncproto.GroupID = 2
)

// maxCertificate bounds a certificate: some 250 bytes, with room for names.
const maxCertificate = 512

// wholeClosing holds the fields that people search by against what is signed.
func wholeClosing(t *Table, v Values) *Flaw {
	c, err := syncproto.ReadClosing(t.Of(v, ClosingSigned).Bytes())
	if err != nil {
		return &Flaw{Kind: FlawForm, Field: "signed", Detail: "is no statement"}
	}
	if t.Of(v, ClosingSite).ID() != c.Site || syncproto.DeviceID(t.Of(v, ClosingDevice).ID()) != c.Device || t.Of(v, ClosingTill).ID() != c.Till ||
		t.Of(v, ClosingDay).Text() != c.Day || t.Of(v, ClosingNumber).Int() != int64(c.Number) {
		return &Flaw{Kind: FlawForm, Field: "signed", Detail: "is not what the other fields say"}
	}
	return nil
}

func wholeAnswer(t *Table, v Values) *Flaw {
	a, err := syncproto.ReadClosingAnswer(t.Of(v, AnswerSigned).Bytes())
	if err != nil || a.Outcome.String() != t.Of(v, AnswerOutcome).Text() {
		return &Flaw{Kind: FlawForm, Field: "signed", Detail: "is no answer of that outcome"}
	}
	return nil
}

var closings = []*Table{
	{
		ID: Closing, Name: "closing", Class: syncproto.ClassS, Whole: wholeClosing, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: ClosingSite}},
		Fields: []Field{
			{ID: ClosingSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: ClosingDevice, Name: "device", Kind: syncproto.Bytes, Ref: Device, Required: true},
			{ID: ClosingTill, Name: "till_session", Kind: syncproto.Bytes, Ref: TillSession},
			{ID: ClosingDay, Name: "day", Kind: syncproto.Text, Required: true, Form: Date, Max: 10},
			{ID: ClosingNumber, Name: "number", Kind: syncproto.Int, Required: true},
			{ID: ClosingSigned, Name: "signed", Kind: syncproto.Bytes, Required: true, Max: syncproto.MaxBytes},
		},
		Groups: []Group{{ID: ClosingGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{ClosingSite, ClosingDevice, ClosingTill, ClosingDay, ClosingNumber, ClosingSigned}}},
	},
	{
		ID: ClosingAnswer, Name: "closing_answer", Class: syncproto.ClassS, Whole: wholeAnswer, Scopes: []ScopeRule{{Kind: syncproto.ScopeSite, Field: AnswerSite}},
		Fields: []Field{
			{ID: AnswerSite, Name: "site", Kind: syncproto.Bytes, Ref: Site, Required: true},
			{ID: AnswerClosing, Name: "closing", Kind: syncproto.Bytes, Ref: Closing, Required: true},
			{ID: AnswerOutcome, Name: "outcome", Kind: syncproto.Text, Required: true, Form: OneOf, Words: []string{"equal", "differs", "unsound"}},
			{ID: AnswerSigned, Name: "signed", Kind: syncproto.Bytes, Required: true, Max: syncproto.MaxBytes},
			{ID: AnswerCertificate, Name: "certificate", Kind: syncproto.Bytes, Required: true, Max: maxCertificate},
		},
		Groups: []Group{
			{ID: AnswerGroupWhat, Name: "what", Rule: OnceStrict, Fields: []syncproto.FieldID{AnswerSite, AnswerClosing}},
			{ID: AnswerGroupSaid, Name: "said", Fields: []syncproto.FieldID{AnswerOutcome, AnswerSigned, AnswerCertificate}},
		},
	},
}
