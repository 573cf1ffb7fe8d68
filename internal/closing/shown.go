package closing

import (
	"cmp"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// States of a statement.
const (
	Waiting = "waiting" // the centre has said nothing yet
	Equal   = "equal"   // the centre counts the same, and has signed that
	Differs = "differs"
	Unsound = "unsound" // a signature does not hold
)

// Statements is closings as either side shows them. With their proofs it is a file that
// anybody can verify who knows the organisation's key.
type Statements struct {
	Organisation syncproto.OrgID `json:"organisation"`
	OrgKey       []byte          `json:"org_key"`
	Closings     []Statement     `json:"closings"` // newest first
}

// Statement is a statement, and what the centre said to it.
type Statement struct {
	ID       syncproto.RecordID  `json:"id"`
	Site     syncproto.RecordID  `json:"site"`
	SiteName string              `json:"site_name"`
	Device   syncproto.DeviceID  `json:"device"`
	Label    string              `json:"label"` // of the device
	Till     *syncproto.RecordID `json:"till"`  // null: of a business day
	Day      string              `json:"day"`
	Number   uint64              `json:"number"`    // of the statements of this till or day; from 2 on it stands beside those before
	Latest   bool                `json:"latest"`    // there is none after it
	StatedAt string              `json:"stated_at"` // RFC 3339, UTC, by the device's clock
	State    string              `json:"state"`     // waiting, equal, differs or unsound
	Counts
	Answer *Said `json:"answer"` // null while it waits

	Late        uint64 `json:"late"`         // sales of the till or day that are here now and that it does not count
	VoidedSince uint64 `json:"voided_since"` // that were voided since

	Proof *Signatures `json:"proof,omitempty"` // where it was asked for
}

// Counts are what one side counts.
type Counts struct {
	Sales       uint64           `json:"sales"`
	Voided      uint64           `json:"voided"`
	AmountMinor map[string]int64 `json:"amount_minor"` // by currency, minor units
	Payments    []Paid           `json:"payments"`
	Records     syncproto.Hash   `json:"records"` // hash of the records that are counted
}

// Paid is what was paid in one way.
type Paid struct {
	Method      string `json:"method"`
	Currency    string `json:"currency"`
	AmountMinor int64  `json:"amount_minor"`
}

// Said is what the centre said.
type Said struct {
	Counts
	At       string             `json:"at"`       // RFC 3339, UTC, by the server's clock
	Position syncproto.Position `json:"position"` // of the log
	Held     uint64             `json:"held"`     // transactions with sales in quarantine
	Late     uint64             `json:"late"`     // sales that the statement could not count
	Voided   uint64             `json:"voided_since"`
}

// Signatures are what was signed. Bytes are in base64.
type Signatures struct {
	Key         []byte `json:"key"`                   // of the device, as this side knows it
	Statement   []byte `json:"statement"`             // COSE_Sign1 by that key
	Answer      []byte `json:"answer,omitempty"`      // COSE_Sign1 by the server's device
	Certificate []byte `json:"certificate,omitempty"` // of the server's device, by the organisation
}

// Signers are the keys that a side knows, and how it finds its sales.
type Signers struct {
	Org    syncproto.OrgID
	OrgKey ed25519.PublicKey
	KeyOf  func(syncproto.DeviceID) (ed25519.PublicKey, error) // nil where it is not known
	Find   Find                                                // of the side's sales
}

// Read reads a statement and what was said to it, holding both against their signatures.
func (s *Signers) Read(closing, answer *records.Row) (c syncproto.Closing, a *syncproto.ClosingAnswer, proof Signatures, err error) {
	proof.Statement = closing.Of(schema.ClosingSigned).Bytes()
	if proof.Key, err = s.KeyOf(syncproto.DeviceID(closing.Of(schema.ClosingDevice).ID())); err != nil {
		return c, nil, proof, err
	}
	if answer != nil {
		proof.Answer, proof.Certificate = answer.Of(schema.AnswerSigned).Bytes(), answer.Of(schema.AnswerCertificate).Bytes()
	}
	c, a, err = proof.Verify(s.Org, s.OrgKey)
	return c, a, proof, err
}

// Verify holds a statement, and what was said to it, against the signatures. Once there is
// an answer, the organisation's key is enough: the answer names the device's.
func (p *Signatures) Verify(org syncproto.OrgID, orgKey ed25519.PublicKey) (c syncproto.Closing, a *syncproto.ClosingAnswer, err error) {
	key := ed25519.PublicKey(p.Key)
	if len(p.Answer) > 0 {
		said, err := syncproto.VerifyClosingAnswer(orgKey, org, p.Certificate, p.Answer)
		if err != nil {
			return c, nil, err
		}
		if said.Statement != syncproto.ClosingHash(p.Statement) {
			return c, nil, errOther
		}
		if a = &said; said.Outcome == syncproto.ClosingUnsound {
			c, err = syncproto.ReadClosing(p.Statement)
			return c, a, err
		}
		key = said.Key
	}
	if c, err = syncproto.VerifyClosing(key, org, p.Statement); err != nil {
		return c, a, err
	}
	if a != nil && (a.Outcome == syncproto.ClosingEqual) != a.Counts.Equal(&c.Counts) {
		return c, a, errOutcome
	}
	return c, a, nil
}

// Show shows a statement. tx and set count what is there now; prefix is of the device's
// receipt numbers.
func (s *Signers) Show(tx *sqlitedb.Tx, set *records.Set, row, answer *records.Row, prefix string) (v Statement, err error) {
	c, a, proof, unsound := s.Read(row, answer)
	v = Statement{
		ID: row.ID, Site: row.Of(schema.ClosingSite).ID(), Device: syncproto.DeviceID(row.Of(schema.ClosingDevice).ID()), Day: row.Of(schema.ClosingDay).Text(),
		Number: uint64(row.Of(schema.ClosingNumber).Int()), Proof: &proof,
	}
	if till := row.Of(schema.ClosingTill); !till.IsNull() {
		id := till.ID()
		v.Till = &id
	}
	if v.of(&c, a); unsound != nil {
		v.State = Unsound
	}
	all, voided, err := Present(tx, set, s.Find, OfStatement(row, prefix))
	v.Late, v.VoidedSince = above(all, v.Sales+v.Voided), above(voided, v.Voided)
	return v, err
}

// of takes over what was signed.
func (v *Statement) of(c *syncproto.Closing, a *syncproto.ClosingAnswer) {
	v.StatedAt, v.State, v.Counts = timeText(c.TimeMS), Waiting, counts(&c.Counts)
	if a != nil {
		v.State = a.Outcome.String()
		v.Answer = &Said{Counts: counts(&a.Counts), At: timeText(a.TimeMS), Position: a.Position, Held: a.Held, Late: a.Late, Voided: a.Voided}
	}
}

// OfStatement says whose sales a statement is about.
func OfStatement(row *records.Row, prefix string) Of {
	return Of{Site: row.Of(schema.ClosingSite).ID(), Till: row.Of(schema.ClosingTill).ID(), Day: row.Of(schema.ClosingDay).Text(), Prefix: prefix}
}

// above is how much more there is.
func above(now, then uint64) uint64 { return max(now, then) - then }

func counts(c *syncproto.ClosingCounts) Counts {
	f := Counts{Sales: c.Sales, Voided: c.Voided, AmountMinor: map[string]int64{}, Payments: []Paid{}, Records: c.Records}
	for _, s := range c.Lines {
		f.AmountMinor[s.Currency] = s.Minor
	}
	for _, p := range c.Payments {
		f.Payments = append(f.Payments, Paid{p.Method, p.Currency, p.Minor})
	}
	return f
}

func timeText(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// About names what statements are of the same till or day.
type About struct {
	Till   syncproto.RecordID
	Day    string
	Device syncproto.DeviceID
}

// AboutOf is what a statement is about.
func AboutOf(row *records.Row) About {
	if till := row.Of(schema.ClosingTill); !till.IsNull() {
		return About{Till: till.ID()}
	}
	return About{Day: row.Of(schema.ClosingDay).Text(), Device: syncproto.DeviceID(row.Of(schema.ClosingDevice).ID())}
}

// Sort puts the newest days first, marks the latest statement of each till and day, and
// leaves proofs out unless they were asked for.
func Sort(list []Statement, proofs bool) {
	slices.SortStableFunc(list, func(a, b Statement) int {
		return cmp.Or(-cmp.Compare(a.Day, b.Day), cmp.Compare(a.SiteName, b.SiteName), -cmp.Compare(a.StatedAt, b.StatedAt), -cmp.Compare(a.Number, b.Number))
	})
	latest := map[About]*Statement{}
	for i := range list {
		v := &list[i]
		about := About{Day: v.Day, Device: v.Device}
		if v.Till != nil {
			about = About{Till: *v.Till}
		}
		if before := latest[about]; before == nil || before.Number < v.Number {
			latest[about] = v
		}
		if !proofs {
			v.Proof = nil
		}
	}
	for _, v := range latest {
		v.Latest = true
	}
}
