package state

import (
	"crypto/ed25519"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Judgement is what the centre counts of what a statement is about (SPEC §13.3).
type Judgement struct {
	closing.Counted
	Head syncproto.Head // of the device's chain before the statement
	Held uint64         // transactions with sales up to there that are in quarantine
}

// JudgeClosing counts what a statement's author could know: what the device recorded
// before it, and what others had recorded at the checkpoint that it names.
func (r *Reader) JudgeClosing(row *records.Row, c *syncproto.Closing, prefix string) (j Judgement, err error) {
	w := &way{tx: r.tx, before: map[int64]syncproto.Seq{}, seen: map[syncproto.Position]bool{}}
	chain, seq, err := w.txOf(authorOf(row))
	if err == nil {
		err = w.walk(chain, seq)
	}
	if err == nil {
		w.heard, err = baseAt(r.tx, c.Heard)
	}
	if err == nil {
		j.Counted, err = closing.Count(r.tx, set, closing.ByIndex, closing.OfStatement(row, prefix), w.knew)
	}
	if err != nil {
		return j, err
	}
	j.Head = w.head
	for chain, before := range w.before {
		n, err := r.tx.Int(`SELECT count(DISTINCT w.position) FROM held h JOIN held_write w ON w.position = h.position
			WHERE h.chain = ? AND h.seq < ? AND w.tbl IN (?, ?, ?)`, chain, uint64(before), int64(schema.Sale), int64(schema.SaleLine), int64(schema.Payment))
		if err != nil {
			return j, err
		}
		j.Held += uint64(n)
	}
	return j, nil
}

// authorOf is the own position of the transaction that made a record.
func authorOf(r *records.Row) syncproto.Position {
	if r.Meta[metaAuthor] != 0 {
		return syncproto.Position(r.Meta[metaAuthor])
	}
	return syncproto.Position(r.Meta[metaMade])
}

// way is what came before a place in a chain: in the chain itself, and through the places
// where it goes on from another.
type way struct {
	tx     *sqlitedb.Tx
	before map[int64]syncproto.Seq     // of each chain on the way, the seqs below this one
	seen   map[syncproto.Position]bool // transactions that were looked up
	heard  syncproto.Position
	head   syncproto.Head
}

func (w *way) txOf(at syncproto.Position) (chain int64, seq syncproto.Seq, err error) {
	row, ok, err := w.tx.One(`SELECT chain, seq FROM tx WHERE position = ?`, uint64(at))
	if ok {
		chain, seq = row.Int(0), syncproto.Seq(row.Int(1))
	}
	return chain, seq, err
}

// walk goes back from a place, which is not on the way itself.
func (w *way) walk(id int64, seq syncproto.Seq) error {
	for id != 0 {
		row, ok, err := w.tx.One(chainColumns+`WHERE id = ?`, id)
		if err != nil || !ok {
			return err
		}
		c := scanChain(row)
		w.before[id] = seq
		if w.head.Seq == 0 && seq > c.first {
			w.head = syncproto.Head{Incarnation: c.incarnation, Seq: seq - 1}
			tx, ok, err := w.tx.One(`SELECT hash FROM tx WHERE chain = ? AND seq = ?`, id, uint64(seq-1))
			if err != nil {
				return err
			}
			if ok {
				copy(w.head.Hash[:], tx.Blob(0))
			}
		}
		id, seq = c.parent, c.parentSeq+1
	}
	return nil
}

// knew says whether what made a record, and what voided it, was known.
func (w *way) knew(r *records.Row) (made, voided bool, err error) {
	if made, err = w.known(syncproto.Position(r.Meta[metaMade]), authorOf(r)); err != nil || r.Table.ID != schema.Sale {
		return made, made, err
	}
	row, ok, err := w.tx.One(`SELECT position, tx FROM writer WHERE tbl = ? AND record = ? AND grp = ?`, int64(schema.Sale), r.ID[:], int64(schema.SaleGroupVoid))
	if err != nil || !ok {
		return made, made, err
	}
	voided, err = w.known(syncproto.Position(row.Int(0)), syncproto.Position(row.Int(1)))
	return made, voided, err
}

// known says whether a transaction, which took effect at a position, was heard of or
// came before.
func (w *way) known(at, own syncproto.Position) (bool, error) {
	if at <= w.heard {
		return true, nil
	}
	if known, looked := w.seen[own]; looked {
		return known, nil
	}
	chain, seq, err := w.txOf(own)
	before, on := w.before[chain]
	w.seen[own] = on && seq < before
	return w.seen[own], err
}

// Closings calls f for the statements of the days of a span, each with what was said to
// it and with its device; these are nil where there is none.
func (r *Reader) Closings(in report.Span, f func(row, answer, device *records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.Closing), `WHERE day >= ?1 AND (?2 = '' OR day <= ?2)`, func(row *records.Row) error {
		answer, err := r.Get(schema.ClosingAnswer, schema.ClosingAnswerID(row.ID))
		if err != nil {
			return err
		}
		device, err := r.Get(schema.Device, row.Of(schema.ClosingDevice).ID())
		if err != nil {
			return err
		}
		return f(row, answer, device)
	}, in.From, in.To)
}

// ShowClosing shows a statement.
func (r *Reader) ShowClosing(row, answer, device *records.Row) (closing.Statement, error) {
	head, err := r.Head()
	if err != nil {
		return closing.Statement{}, err
	}
	prefix := ""
	if device != nil {
		prefix = device.Of(schema.DevicePrefix).Text()
	}
	return r.signers(&head).Show(r.tx, set, row, answer, prefix)
}

// Sheet is a till from its opening to its approval; ok is false where there is none.
func (r *Reader) Sheet(till syncproto.RecordID) (s closing.Sheet, ok bool, err error) {
	row, err := r.Get(schema.TillSession, till)
	if err != nil || row == nil {
		return s, false, err
	}
	sheet, err := r.Get(schema.TillSheet, till)
	if err == nil {
		s, err = closing.SheetOf(r.tx, set, closing.ByIndex, row, sheet)
	}
	return s, true, err
}

func (r *Reader) signers(head *Head) *closing.Signers {
	return &closing.Signers{Org: head.Org, OrgKey: head.OrgKey, Find: closing.ByIndex, KeyOf: func(device syncproto.DeviceID) (ed25519.PublicKey, error) { return r.Key(device) }}
}

// closings holds statements and answers against their signatures.
func (v *verifier) closings() error {
	r := &Reader{v.tx}
	head, err := r.Head()
	if err != nil {
		return err
	}
	return r.signers(&head).VerifyAll(v.tx, set, func(what string) { v.add("%s", what) })
}
