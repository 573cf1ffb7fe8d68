package syncproto

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Closing (SPEC §13) is what a device states of the sales of a till, or of a business day.
// It is signed once and never changed: what comes later is stated anew, beside it.
type Closing struct {
	Device DeviceID
	Site   RecordID
	Till   RecordID // zero: of a business day, and of no till
	Day    string   // business day in the site's zone
	Number uint64   // counts the statements of the till or day, from 1
	Before Hash     // of the statement before (ClosingHash); zero for the first
	Head   Head     // last transaction of the device's chain that it counts; zero where there is none
	Heard  Base     // checkpoint up to which it counts what others recorded; zero where there was none
	TimeMS int64    // UTC ms by the device's clock, as claimed
	Counts ClosingCounts
}

// ClosingCounts are the figures of a statement.
type ClosingCounts struct {
	Sales    uint64           // that count
	Voided   uint64           // that were taken back
	Lines    []ClosingSum     // what the lines of the sales that count are worth, by currency; unpriced lines are worth nothing
	Payments []ClosingPayment // their payments, by method and currency
	Records  Hash             // of the sales that count, their lines and payments (SPEC §13.2)
}

// ClosingSum is a sum in minor units.
type ClosingSum struct {
	Currency string
	Minor    int64
}

// ClosingPayment is a sum that was paid in one way.
type ClosingPayment struct {
	Method string
	ClosingSum
}

// Equal says that two sides count the same.
func (c *ClosingCounts) Equal(o *ClosingCounts) bool {
	return c.Sales == o.Sales && c.Voided == o.Voided && c.Records == o.Records && slices.Equal(c.Lines, o.Lines) && slices.Equal(c.Payments, o.Payments)
}

// RecordsHash is the Records of ClosingCounts: SHA-256 over the record hashes in order.
func RecordsHash(hashes []Hash) Hash {
	slices.SortFunc(hashes, func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write([]byte("rawaj/closing-records/1"))
	for i := range hashes {
		h.Write(hashes[i][:])
	}
	return Hash(h.Sum(nil))
}

// ClosingHash names a statement: SHA-256 of the signed message.
func ClosingHash(signed []byte) Hash { return sha256.Sum256(signed) }

const (
	// MaxClosingSums and MaxClosingPayments bound a statement, which is one value of a
	// record: more currencies than any fair takes.
	MaxClosingSums     = 64
	MaxClosingPayments = 256
)

// SignClosing signs a statement with the device's key.
func SignClosing(key ed25519.PrivateKey, org OrgID, c *Closing) []byte {
	return sign1(key, contextClosing, org, c.append(nil))
}

func (c *Closing) append(b []byte) []byte {
	b = canon.Array(b, 10)
	b = canon.Bytes(b, c.Device[:])
	b = canon.Bytes(b, c.Site[:])
	if c.Till.IsZero() {
		b = canon.Null(b)
	} else {
		b = canon.Bytes(b, c.Till[:])
	}
	b = canon.Text(b, c.Day)
	b = canon.Uint(b, c.Number)
	if c.Before == (Hash{}) {
		b = canon.Null(b)
	} else {
		b = canon.Bytes(b, c.Before[:])
	}
	b = appendHead(b, c.Head)
	b = canon.Array(b, 2)
	b = canon.Uint(b, uint64(c.Heard.Position))
	b = canon.Bytes(b, c.Heard.Hash[:])
	b = canon.Int(b, c.TimeMS)
	return c.Counts.append(b)
}

func appendHead(b []byte, h Head) []byte {
	if h.Seq == 0 {
		return canon.Null(b)
	}
	b = canon.Array(b, 3)
	b = canon.Bytes(b, h.Incarnation[:])
	b = canon.Uint(b, uint64(h.Seq))
	return canon.Bytes(b, h.Hash[:])
}

func readHead(r *canon.Reader) (h Head) {
	if r.Null() {
		return h
	}
	r.Exactly(3)
	r.Fixed(h.Incarnation[:])
	if h.Seq = Seq(r.Uint(maxSeq)); h.Seq == 0 {
		r.Fail("no transaction is written as null")
	}
	r.Fixed(h.Hash[:])
	return h
}

func (c *ClosingCounts) append(b []byte) []byte {
	b = canon.Array(b, 5)
	b = canon.Uint(b, c.Sales)
	b = canon.Uint(b, c.Voided)
	b = canon.Array(b, len(c.Lines))
	for _, s := range c.Lines {
		b = canon.Int(canon.Text(canon.Array(b, 2), s.Currency), s.Minor)
	}
	b = canon.Array(b, len(c.Payments))
	for _, p := range c.Payments {
		b = canon.Int(canon.Text(canon.Text(canon.Array(b, 3), p.Method), p.Currency), p.Minor)
	}
	return canon.Bytes(b, c.Records[:])
}

const maxClosingCount = 1 << 53 // as far as JSON counts

func readCounts(r *canon.Reader) (c ClosingCounts) {
	r.Exactly(5)
	c.Sales, c.Voided = r.Uint(maxClosingCount), r.Uint(maxClosingCount)
	if n := r.Array(MaxClosingSums); n > 0 {
		c.Lines = make([]ClosingSum, n)
	}
	for i := range c.Lines {
		r.Exactly(2)
		c.Lines[i] = ClosingSum{r.Text(3), r.Int()}
		if i > 0 && c.Lines[i-1].Currency >= c.Lines[i].Currency {
			r.Fail("currencies do not ascend")
		}
	}
	if n := r.Array(MaxClosingPayments); n > 0 {
		c.Payments = make([]ClosingPayment, n)
	}
	for i := range c.Payments {
		r.Exactly(3)
		c.Payments[i] = ClosingPayment{r.Text(16), ClosingSum{r.Text(3), r.Int()}}
		if i > 0 && !c.Payments[i-1].before(&c.Payments[i]) {
			r.Fail("payments do not ascend")
		}
	}
	r.Fixed(c.Records[:])
	return c
}

func (p *ClosingPayment) before(o *ClosingPayment) bool {
	return p.Method < o.Method || p.Method == o.Method && p.Currency < o.Currency
}

// ReadClosing reads a statement without looking at its signature.
func ReadClosing(message []byte) (c Closing, err error) {
	payload, _, err := open1(message)
	if err != nil {
		return c, fmt.Errorf("closing: %w", err)
	}
	r := canon.NewReader(payload)
	r.Exactly(10)
	r.Fixed(c.Device[:])
	r.Fixed(c.Site[:])
	if !r.Null() {
		if r.Fixed(c.Till[:]); c.Till.IsZero() {
			r.Fail("no till is written as null")
		}
	}
	c.Day = r.Text(10)
	if c.Number = r.Uint(maxClosingCount); c.Number == 0 {
		r.Fail("statements count from 1")
	}
	if !r.Null() {
		if r.Fixed(c.Before[:]); c.Before == (Hash{}) {
			r.Fail("no statement is written as null")
		}
	}
	c.Head = readHead(r)
	r.Exactly(2)
	c.Heard.Position = Position(r.Uint(1<<63 - 1))
	r.Fixed(c.Heard.Hash[:])
	c.TimeMS = r.Int()
	c.Counts = readCounts(r)
	return c, r.Done()
}

// VerifyClosing checks a statement against the key of the device.
func VerifyClosing(key ed25519.PublicKey, org OrgID, message []byte) (c Closing, err error) {
	if _, err := verify1(key, contextClosing, org, message); err != nil {
		return c, fmt.Errorf("closing: %w", err)
	}
	return ReadClosing(message)
}

// ClosingAnswer (SPEC §13.3) is what the centre says to a statement, from its own records.
type ClosingAnswer struct {
	Statement Hash              // ClosingHash of the statement
	Key       ed25519.PublicKey // of the statement's device, as the centre knows it; empty where it knows none
	Outcome   ClosingOutcome
	History   HistoryID
	Position  Position // of the log, as of which it counts
	TimeMS    int64    // UTC ms by the server's clock
	Head      Head     // the transaction before the statement's own, as the log has it
	Counts    ClosingCounts

	Held   uint64 // transactions with sales, of the device's chain up to the statement, that are in quarantine
	Late   uint64 // sales of the till or day that the statement could not count
	Voided uint64 // sales that it counts and that were taken back since
}

// ClosingOutcome says whether the two sides count the same.
type ClosingOutcome uint64

const (
	ClosingEqual   ClosingOutcome = 1
	ClosingDiffers ClosingOutcome = 2
	ClosingUnsound ClosingOutcome = 3 // it is not signed by the device that it names, or not of this site
)

func (o ClosingOutcome) String() string {
	return [...]string{"", "equal", "differs", "unsound"}[min(o, ClosingUnsound)]
}

// SignClosingAnswer signs with the key of a server's device, which the organisation
// certifies.
func SignClosingAnswer(key ed25519.PrivateKey, org OrgID, a *ClosingAnswer) []byte {
	b := canon.Array(nil, 11)
	b = canon.Bytes(b, a.Statement[:])
	b = canon.Bytes(b, a.Key)
	b = canon.Uint(b, uint64(a.Outcome))
	b = canon.Bytes(b, a.History[:])
	b = canon.Uint(b, uint64(a.Position))
	b = canon.Int(b, a.TimeMS)
	b = appendHead(b, a.Head)
	b = a.Counts.append(b)
	b = canon.Uint(b, a.Held)
	b = canon.Uint(b, a.Late)
	b = canon.Uint(b, a.Voided)
	return sign1(key, contextClosingAnswer, org, b)
}

// ReadClosingAnswer reads an answer without looking at its signature.
func ReadClosingAnswer(message []byte) (a ClosingAnswer, err error) {
	payload, _, err := open1(message)
	if err != nil {
		return a, fmt.Errorf("answer to a closing: %w", err)
	}
	r := canon.NewReader(payload)
	r.Exactly(11)
	r.Fixed(a.Statement[:])
	if a.Key = bytes.Clone(r.Bytes(ed25519.PublicKeySize)); len(a.Key) != 0 && len(a.Key) != ed25519.PublicKeySize {
		r.Fail("a key of %d bytes", len(a.Key))
	}
	if a.Outcome = ClosingOutcome(r.Uint(uint64(ClosingUnsound))); a.Outcome == 0 {
		r.Fail("no outcome")
	}
	r.Fixed(a.History[:])
	a.Position = Position(r.Uint(1<<63 - 1))
	a.TimeMS = r.Int()
	a.Head = readHead(r)
	a.Counts = readCounts(r)
	a.Held, a.Late, a.Voided = r.Uint(maxClosingCount), r.Uint(maxClosingCount), r.Uint(maxClosingCount)
	return a, r.Done()
}

// VerifyClosingAnswer checks an answer against the organisation's key, by the certificate
// of the server's device that signed it.
func VerifyClosingAnswer(orgKey ed25519.PublicKey, org OrgID, certificate, message []byte) (a ClosingAnswer, err error) {
	server, err := VerifyCertificate(orgKey, org, certificate)
	if err != nil {
		return a, err
	}
	if server.Kind != KindServer {
		return a, fmt.Errorf("answer to a closing, by a %s: %w", server.Kind, ErrSignature)
	}
	if _, err := verify1(server.Key, contextClosingAnswer, org, message); err != nil {
		return a, fmt.Errorf("answer to a closing: %w", err)
	}
	return ReadClosingAnswer(message)
}
