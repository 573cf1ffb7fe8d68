package syncproto

import "fmt"

// Code says why something was refused. Numbers are append-only; each is documented
// by what the peer does next (SPEC §9).
type Code uint16

// Codes of Bye and of the enrolment's answers: 1-99.
const (
	CodeBye          Code = 1  // orderly end: connect again when there is something to do
	CodeMalformed    Code = 2  // a frame could not be read: report it, connect again with backoff
	CodeUnsupported  Code = 3  // a frame or version this side does not know: update the older side
	CodeUnknown      Code = 4  // device is not known here: show the certificate, else enrol again
	CodeSignature    Code = 5  // a signature does not hold: do not retry, ask a person
	CodeRevoked      Code = 6  // device is revoked: deliver, then wipe
	CodeBusy         Code = 7  // too much at once: try again after RetryAfter
	CodeReplaced     Code = 8  // a newer session of the same device took over
	CodeSlow         Code = 9  // reader did not keep up: connect again with the cursor
	CodeTimeout      Code = 10 // peer did not speak in time: connect again
	CodeTooLarge     Code = 11 // over a bound of SPEC §8: do not retry unchanged
	CodeWrongOrg     Code = 12 // another organisation's server: check the address
	CodeShutdown     Code = 13 // server stops: connect again with backoff
	CodeInternal     Code = 14 // server has a fault of its own and said so in its log: backoff
	CodeNotSigned    Code = 15 // enrolment: proof of key or code does not hold: type the code again
	CodeUsed         Code = 16 // enrolment: code was used with another key: ask for a new code
	CodeExpired      Code = 17 // enrolment: code is over: ask for a new code
	CodeNoSuchCode   Code = 18 // enrolment: there is no such code: type it again
	CodeTooManyTries Code = 19 // enrolment: wait RetryAfter
	CodeHistory      Code = 20 // cursor is of no history here: the device compares by range
	CodeNotCopy      Code = 21 // renaming: the log knows of no other copy that goes on: keep the name
	CodeManyCopies   Code = 22 // renaming: too many copies of one device have a name: a person looks
)

// Codes of quarantine: 100-199 may be mended by the author, 200-249 wait for
// something, 250-299 are escrow: a person decides.
const (
	CodeBody         Code = 100 // body is not canonical or over a bound: report the program's version
	CodeNotGranted   Code = 101 // the device may not write this table in this scope
	CodeBadValue     Code = 102 // a field's type, range or required value is wrong: mend and send again
	CodeBadGroup     Code = 103 // a group is written in part, twice or is unknown to its table
	CodeScopeFixed   Code = 104 // fields that decide the scope are written once
	CodeOnceDiffers  Code = 105 // the world has one such record and it says otherwise
	CodeBadState     Code = 106 // no arrow leads from the state that was left to the one that was wanted
	CodeSettled      Code = 107 // the transaction it would replace is settled already
	CodeErased       Code = 108 // body was erased before it was ever judged
	CodeGone         Code = 200 // updates a record that is not known (yet): waits until it is made
	CodeDependant    Code = 201 // rests on a transaction that is held: waits with it
	CodeUnknownTable Code = 202 // table, group or rules of a newer version: waits for the server's update
	CodeRevokedLate  Code = 250 // recorded by a device that was revoked
	CodeGrantEnded   Code = 251 // recorded in a scope that the device may no longer write
)

// Escrow says that a person has to decide about what was held with this code.
func (c Code) Escrow() bool { return c >= 250 && c < 300 }

var codeNames = map[Code]string{
	CodeBye: "bye", CodeMalformed: "malformed", CodeUnsupported: "unsupported", CodeUnknown: "unknown_device",
	CodeSignature: "bad_signature", CodeRevoked: "revoked", CodeBusy: "busy", CodeReplaced: "replaced", CodeSlow: "slow_reader",
	CodeTimeout: "timeout", CodeTooLarge: "too_large", CodeWrongOrg: "wrong_organisation", CodeShutdown: "shutdown",
	CodeInternal: "internal", CodeNotSigned: "not_signed", CodeUsed: "code_used", CodeExpired: "code_expired",
	CodeNoSuchCode: "no_such_code", CodeTooManyTries: "too_many_tries", CodeHistory: "other_history",
	CodeNotCopy: "not_a_copy", CodeManyCopies: "too_many_copies",
	CodeBody: "body", CodeNotGranted: "not_granted", CodeBadValue: "bad_value", CodeBadGroup: "bad_group",
	CodeScopeFixed: "scope_fixed", CodeOnceDiffers: "once_differs", CodeBadState: "bad_state", CodeSettled: "already_settled",
	CodeErased: "erased", CodeGone: "gone", CodeDependant: "dependant", CodeUnknownTable: "unknown_table",
	CodeRevokedLate: "revoked_late", CodeGrantEnded: "grant_ended",
}

// String is the code's name as it stands in JSON, logs and message files.
func (c Code) String() string {
	if s, ok := codeNames[c]; ok {
		return s
	}
	return fmt.Sprintf("code_%d", uint16(c))
}

// MarshalText gives the form of String.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Error is a Code as a Go error, with detail for the log.
type Error struct {
	Code   Code
	Detail string
	Cause  error // what it comes from, as data; may be nil, and goes over no wire
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Code.String()
	}
	return e.Code.String() + ": " + e.Detail
}

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}
