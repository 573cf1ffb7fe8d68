package schema

import "github.com/rawaj/rawaj/syncproto"

// Flaw is what is wrong with a record's values, as data: pages have words for each kind,
// logs take the detail.
type Flaw struct {
	Kind     FlawKind
	Field    string   // of the table; empty where the record is wrong as a whole
	Min, Max int64    // of FlawRange; Max alone of FlawLong
	Words    []string // of FlawWord
	Detail   string
}

// FlawKind is a kind of flaw.
type FlawKind string

// Kinds of flaws.
const (
	FlawRequired FlawKind = "required"
	FlawRange    FlawKind = "out_of_range"
	FlawLong     FlawKind = "too_long"
	FlawForm     FlawKind = "bad_form"
	FlawWord     FlawKind = "unknown_word"
	FlawCurrency FlawKind = "no_currency"
	FlawWorth    FlawKind = "too_much"
	FlawTimes    FlawKind = "ends_before_start"
	FlawConsent  FlawKind = "no_consent"
)

// FlawKinds lists them.
var FlawKinds = []FlawKind{FlawRequired, FlawRange, FlawLong, FlawForm, FlawWord, FlawCurrency, FlawWorth, FlawTimes, FlawConsent}

func (f *Flaw) Error() string {
	if f.Field == "" {
		return f.Detail
	}
	return f.Field + " " + f.Detail
}

// refuse is the flaw as the refusal of a transaction.
func (f *Flaw) refuse(t *Table) *syncproto.Error {
	return &syncproto.Error{Code: syncproto.CodeBadValue, Detail: t.Name + ": " + f.Error(), Cause: f}
}
