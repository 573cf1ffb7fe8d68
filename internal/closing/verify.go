package closing

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var (
	errNoProof = errors.New("the signatures are not in the file: ask for them with proofs=true")
	errShown   = errors.New("what is shown is not what was signed")
	errOther   = errors.New("the answer is to another statement")
	errOutcome = errors.New("the answer calls equal what differs, or the other way round")
)

// VerifyAll holds every statement and answer in a database against its signatures, and the
// fields beside it against what is signed; found is told what does not hold. A statement
// whose device is not known here, and one that the centre itself has called unsound, are
// passed over.
func (s *Signers) VerifyAll(tx *sqlitedb.Tx, set *records.Set, found func(what string)) error {
	err := set.Each(tx, schema.Lookup(schema.Closing), `ORDER BY id`, func(row *records.Row) error {
		bad := func(err error) { found(fmt.Sprintf("closing %v: %v", row.ID, err)) }
		if err := row.Table.CheckWhole(row.Values); err != nil {
			bad(err)
			return nil
		}
		answer, err := set.Get(tx, schema.Lookup(schema.ClosingAnswer), schema.ClosingAnswerID(row.ID))
		if err != nil {
			return err
		}
		if answer == nil {
			if key, err := s.KeyOf(syncproto.DeviceID(row.Of(schema.ClosingDevice).ID())); err != nil || key == nil {
				return err
			}
		} else if err := answer.Table.CheckWhole(answer.Values); err != nil {
			bad(err)
			return nil
		}
		if _, _, _, err := s.Read(row, answer); err != nil {
			bad(err)
		}
		return nil
	})
	return err
}

// Holds says whether what is shown is what was signed, and both signatures hold.
func (v *Statement) Holds(org syncproto.OrgID, orgKey ed25519.PublicKey) error {
	if v.Proof == nil {
		return errNoProof
	}
	c, a, err := v.Proof.Verify(org, orgKey)
	if err != nil {
		return err
	}
	shown := Statement{Proof: v.Proof}
	shown.of(&c, a)
	for _, same := range []bool{
		v.Device == c.Device, v.Site == c.Site, v.Day == c.Day, v.Number == c.Number, v.StatedAt == shown.StatedAt, v.State == shown.State,
		(v.Till == nil) == c.Till.IsZero() && (v.Till == nil || *v.Till == c.Till), reflect.DeepEqual(v.Counts, shown.Counts), reflect.DeepEqual(v.Answer, shown.Answer),
	} {
		if !same {
			return errShown
		}
	}
	return nil
}
