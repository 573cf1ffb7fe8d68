package schema

import (
	"strings"
	"time"

	"github.com/rawaj/rawaj/syncproto"
)

// Ids of things of which the world has one, so that two devices that record them
// without hearing of each other name the same record.

// PriceID is the price of a product at a site; everywhere where site is zero.
func PriceID(product, site syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(product.MS(), "price", product[:], site[:])
}

// ParticipationID is a family's part in a fair (R7).
func ParticipationID(fair, family syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(fair.MS(), "participation", fair[:], family[:])
}

// MembershipID is a person's membership.
func MembershipID(person syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(person.MS(), "membership", person[:])
}

// DocumentID is a paper of a person, by its kind and the number printed on it.
func DocumentID(person syncproto.RecordID, kind, number string) syncproto.RecordID {
	return syncproto.DerivedID(person.MS(), "document", person[:], []byte(kind), []byte(Fold(number)))
}

// StandingID is what a family's branch knows of its eligibility, or the stalls of a fair
// where fair is not zero.
func StandingID(family, fair syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(family.MS(), "standing", family[:], fair[:])
}

// RosterID is a person's place on the list of a session.
func RosterID(session, person syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(session.MS(), "roster", session[:], person[:])
}

// CreditID is what a session gave a person.
func CreditID(session, person syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(session.MS(), "credit", session[:], person[:])
}

// LineOwnerID is whose a sale line was that was sold without an owner (R12).
func LineOwnerID(line syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(line.MS(), "line-owner", line[:])
}

// StatementLineID is the place of a sale line, or of an adjustment, in statements: there
// is one for each kind (R16).
func StatementLineID(of syncproto.RecordID, kind string) syncproto.RecordID {
	return syncproto.DerivedID(of.MS(), "statement-line", of[:], []byte(kind))
}

// PayoutID is what was handed over for a statement.
func PayoutID(statement syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(statement.MS(), "payout", statement[:])
}

// IncomeNoteID is what a family had in a month from a source.
func IncomeNoteID(family syncproto.RecordID, month, source string) syncproto.RecordID {
	return syncproto.DerivedID(family.MS(), "income", family[:], []byte(month), []byte(source))
}

// AliasID is a person's being read as another.
func AliasID(person syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(person.MS(), "alias", person[:])
}

// AttendanceID is what was decided about one person's attendance of one session.
func AttendanceID(session, person syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(session.MS(), "attendance", session[:], person[:])
}

// GrantID is a device's grant of one scope.
func GrantID(device syncproto.DeviceID, scope syncproto.Scope) syncproto.RecordID {
	return syncproto.DerivedID(syncproto.RecordID(device).MS(), "grant", device[:], scope.AppendBinary(nil))
}

// BackedID is what a backup holds of a device's work.
func BackedID(device syncproto.DeviceID) syncproto.RecordID {
	return syncproto.DerivedID(syncproto.RecordID(device).MS(), "backed", device[:])
}

// ClosingAnswerID is what the centre says to a statement.
func ClosingAnswerID(closing syncproto.RecordID) syncproto.RecordID {
	return syncproto.DerivedID(closing.MS(), "closing-answer", closing[:])
}

// VerdictID is the verdict on the transaction with a chain hash, held at ms.
func VerdictID(ms int64, tx syncproto.Hash) syncproto.RecordID {
	return syncproto.DerivedID(ms, "verdict", tx[:])
}

// ConflictID is the conflict that a transaction lost over a group of a record.
func ConflictID(ms int64, loser syncproto.Hash, record syncproto.RecordID, group syncproto.GroupID) syncproto.RecordID {
	return syncproto.DerivedID(ms, "conflict", loser[:], record[:], []byte{byte(group >> 8), byte(group)})
}

// NamedID is a catalogue record known by its name: a category, a family or a fair
// of an organisation. Names that fold alike are the same.
func NamedID(kind string, org syncproto.OrgID, name string) syncproto.RecordID {
	return syncproto.DerivedID(0, kind, org[:], []byte(Fold(name)))
}

// ImportedProductID is a product known from an imported file by its sku, or by its
// name where it has none; owner is the family whose goods these are, else the site.
func ImportedProductID(owner syncproto.RecordID, sku, name string) syncproto.RecordID {
	if sku != "" {
		return syncproto.DerivedID(owner.MS(), "product-sku", owner[:], []byte(sku))
	}
	return syncproto.DerivedID(owner.MS(), "product-name", owner[:], []byte(Fold(name)))
}

// ImportedSaleID is a receipt of another till: the same site, civil date, time
// ("15:04:05", empty where unknown) and number are the same sale.
func ImportedSaleID(site syncproto.RecordID, soldAt time.Time, day, clock, ref string) syncproto.RecordID {
	return syncproto.DerivedID(soldAt.UnixMilli(), "imported-sale", site[:], []byte(day), []byte(clock), []byte(strings.TrimSpace(ref)))
}
