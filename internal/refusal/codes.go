package refusal

import "net/http"

// Code says why something was refused: what stands in JSON and names a message in the
// pages' languages. The set is closed: a page has words for each.
type Code string

// Codes, by what the caller does next.
const (
	// The request cannot be read: mend the program that sends it.
	Malformed    Code = "malformed"     // is not one JSON object
	WrongType    Code = "wrong_type"    // a field holds another kind of value
	UnknownField Code = "unknown_field" // a field that this version does not know
	BadID        Code = "bad_id"        // is not an id as this program makes them
	BadParameter Code = "bad_parameter" // of the address, after the question mark
	TooLarge     Code = "too_large"     // max: bytes
	NotJSON      Code = "not_json"      // Content-Type is not application/json
	NoRoute      Code = "no_route"      // nothing is asked at this address
	WrongMethod  Code = "wrong_method"  // the address is asked with another method
	IDUsed       Code = "id_used"       // the id names something else: make a new one

	// Who asks is not let in.
	NotSignedIn   Code = "not_signed_in"  // open the link that the program prints
	LinkOver      Code = "link_over"      // ask for a new link
	WrongHost     Code = "wrong_host"     // this name is not served here
	OtherPage     Code = "other_page"     // another site's page may not write
	OtherSite     Code = "other_site"     // it was recorded in a page of another site, which answered here before
	DeviceRefused Code = "device_refused" // head office will not have this device: ask there; why: its code

	// It may be asked again later, unchanged.
	NotEnrolled Code = "not_enrolled" // enrol this device first
	Unreachable Code = "unreachable"  // head office cannot be reached
	NotHere     Code = "not_here_yet" // an attachment whose bytes have not arrived
	NoRoom      Code = "no_room"      // the disk is full: nothing was recorded
	DiskFailed  Code = "disk_failed"  // the disk did not take it: ask again under the same id, and have the disk looked at
	Stopped     Code = "stopped"      // the server has stopped folding its log: see there
	Internal    Code = "internal"     // a fault of the program's own

	// What the request names is not there.
	NoRecord  Code = "no_record"  // what the address names
	Reference Code = "no_such_id" // what the field names is not known here
	NotUnique Code = "not_unique" // several are called that: name it by its id

	// A value of a field is wrong: mend it.
	Required    Code = "required"
	OutOfRange  Code = "out_of_range" // min, max
	TooLong     Code = "too_long"     // max: letters
	TooMany     Code = "too_many"     // max: entries
	BadForm     Code = "bad_form"     // a code, date, currency, zone or file that is written otherwise
	UnknownWord Code = "unknown_word" // words: those it may be

	// A rule of the work forbids it.
	NoTill          Code = "no_till_open"
	NoConsent       Code = "no_consent"
	BadStep         Code = "bad_step"   // from, to: states
	OtherDesk       Code = "other_desk" // the step is for the other side
	EndsBeforeStart Code = "ends_before_start"
	TooMuch         Code = "too_much"         // worth more than a line may be
	NoCurrency      Code = "no_currency"      // a price and its currency go together
	NoSales         Code = "records_no_sales" // a partner's desk
	NothingToReview Code = "nothing_to_review"
	Settled         Code = "settled"         // state: what became of it
	NotWaivable     Code = "not_waivable"    // why: the code it is held for
	KindDiffers     Code = "kind_differs"    // kind: what the site is
	NotAllowed      Code = "not_allowed"     // this device may not write that: ask head office
	FirstStands     Code = "first_stands"    // of what is written once the first value holds
	RedCard         Code = "red_card"        // a supervisor may admit the family for the day
	Lacks           Code = "lacks"           // lacks: what a fair has to have before it is announced
	TillsOpen       Code = "tills_open"      // count: tills of the fair that are neither closed nor declared lost
	NotCounted      Code = "not_counted"     // late sales of the fair wait, or its goods were not counted
	OtherKind       Code = "other_kind"      // kind: what was held is mended by a request of its own kind
	PaymentsDiffer  Code = "payments_differ" // worth_minor, paid_minor
	MoreThanSold    Code = "more_than_sold"  // max: pieces that may still be given back
	Refunded        Code = "refunded"        // a sale of which something was given back is not taken back
	OwnerKnown      Code = "owner_known"     // the line was sold as a family's
	NeedsSecond     Code = "needs_second"    // variance_minor, limit_minor: a second person signs
	LinesToAssign   Code = "lines_to_assign" // count: lines without an owner, before the till is approved
	TillOpen        Code = "till_still_open" // it is approved once it is closed
	HostUnknown     Code = "host_unknown"    // of a food event, before the till is approved
	SamePerson      Code = "same_person"     // a record is not merged into itself
	NothingToSign   Code = "nothing_to_sign" // it is approved, and nothing came since
	NothingDue      Code = "nothing_due"     // to that family
	AlreadySettled  Code = "already_settled" // number: of the statement that took it first (R16)
	DraftChanged    Code = "draft_changed"   // net_minor: what is due by now
	AlreadyPaid     Code = "already_paid"    // receipt_no: of the payout
)

// statuses are the HTTP status of each code; the keys are all codes there are.
var statuses = map[Code]int{
	Malformed: http.StatusBadRequest, WrongType: http.StatusBadRequest, UnknownField: http.StatusBadRequest,
	BadID: http.StatusBadRequest, BadParameter: http.StatusBadRequest, TooLarge: http.StatusRequestEntityTooLarge,
	NotJSON: http.StatusUnsupportedMediaType, NoRoute: http.StatusNotFound, WrongMethod: http.StatusMethodNotAllowed, IDUsed: http.StatusConflict,

	NotSignedIn: http.StatusUnauthorized, LinkOver: http.StatusUnauthorized, WrongHost: http.StatusMisdirectedRequest,
	OtherPage: http.StatusForbidden, OtherSite: http.StatusPreconditionFailed, DeviceRefused: http.StatusForbidden,

	NotEnrolled: http.StatusServiceUnavailable, Unreachable: http.StatusServiceUnavailable, NotHere: http.StatusServiceUnavailable, NoRoom: http.StatusServiceUnavailable,
	DiskFailed: http.StatusServiceUnavailable,
	Stopped:    http.StatusServiceUnavailable, Internal: http.StatusInternalServerError,

	NoRecord: http.StatusNotFound, Reference: http.StatusUnprocessableEntity, NotUnique: http.StatusUnprocessableEntity,

	Required: http.StatusUnprocessableEntity, OutOfRange: http.StatusUnprocessableEntity, TooLong: http.StatusUnprocessableEntity,
	TooMany: http.StatusUnprocessableEntity, BadForm: http.StatusUnprocessableEntity, UnknownWord: http.StatusUnprocessableEntity,

	NoTill: http.StatusUnprocessableEntity, NoConsent: http.StatusUnprocessableEntity, BadStep: http.StatusUnprocessableEntity, OtherDesk: http.StatusUnprocessableEntity,
	EndsBeforeStart: http.StatusUnprocessableEntity, TooMuch: http.StatusUnprocessableEntity, NoCurrency: http.StatusUnprocessableEntity,
	NoSales: http.StatusUnprocessableEntity, NothingToReview: http.StatusUnprocessableEntity, Settled: http.StatusUnprocessableEntity,
	NotWaivable: http.StatusUnprocessableEntity, KindDiffers: http.StatusUnprocessableEntity,
	NotAllowed: http.StatusUnprocessableEntity, FirstStands: http.StatusUnprocessableEntity, OtherKind: http.StatusUnprocessableEntity,
	RedCard: http.StatusUnprocessableEntity, Lacks: http.StatusUnprocessableEntity, TillsOpen: http.StatusUnprocessableEntity, NotCounted: http.StatusUnprocessableEntity,
	PaymentsDiffer: http.StatusUnprocessableEntity, MoreThanSold: http.StatusUnprocessableEntity, Refunded: http.StatusUnprocessableEntity, OwnerKnown: http.StatusUnprocessableEntity,
	NeedsSecond: http.StatusUnprocessableEntity, LinesToAssign: http.StatusUnprocessableEntity, TillOpen: http.StatusUnprocessableEntity, NothingToSign: http.StatusUnprocessableEntity, HostUnknown: http.StatusUnprocessableEntity,
	NothingDue: http.StatusUnprocessableEntity, AlreadySettled: http.StatusUnprocessableEntity, DraftChanged: http.StatusUnprocessableEntity, AlreadyPaid: http.StatusUnprocessableEntity,
	SamePerson: http.StatusUnprocessableEntity,
}
