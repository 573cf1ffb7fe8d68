package state

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Reader reads one snapshot of the state.
type Reader struct{ tx *sqlitedb.Tx }

// Read runs f on a snapshot.
func (s *State) Read(ctx context.Context, f func(*Reader) error) error {
	return s.db.Read(ctx, func(tx *sqlitedb.Tx) error { return f(&Reader{tx}) })
}

// Get reads a record, nil where there is none.
func (r *Reader) Get(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	return set.Get(r.tx, schema.Lookup(table), id)
}

// Each calls f for every record of a table, in the order of ids.
func (r *Reader) Each(table syncproto.TableID, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(table), `ORDER BY id`, f)
}

// EachOf calls f for every record of a table that names another in a field, in the order of
// ids.
func (r *Reader) EachOf(table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, f func(*records.Row) error) error {
	t := schema.Lookup(table)
	return set.Each(r.tx, t, fmt.Sprintf(`WHERE %q = ? ORDER BY id`, t.Fields[t.Index(field)].Name), f, id[:])
}

// CountOf counts the records that EachOf gives, up to most.
func (r *Reader) CountOf(table syncproto.TableID, field syncproto.FieldID, id syncproto.RecordID, most int) (int, error) {
	t := schema.Lookup(table)
	n, err := r.tx.Int(fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM %q WHERE %q = ? LIMIT ?)`, t.Name, t.Fields[t.Index(field)].Name), id[:], most)
	return int(n), err
}

// LinesOf calls f for the lines of the sales of a span of days, found by sale_of_day. Lines
// are found by their ids, which follow that of their sale.
func (r *Reader) LinesOf(from, to rules.Day, f func(sale, line *records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.Sale), `WHERE day BETWEEN ? AND ?`, func(sale *records.Row) error {
		last := sale.ID.LastChild()
		return set.Each(r.tx, schema.Lookup(schema.SaleLine), `WHERE id > ? AND id <= ? ORDER BY id`, func(line *records.Row) error {
			return f(sale, line)
		}, sale.ID[:], last[:])
	}, from, to)
}

// ddlMembers finds what standings and credits of some people and families follow from,
// among the scans of years. An entry is a key of 16 bytes and the id: some 37 bytes on disk.
const ddlMembers = `
CREATE INDEX membership_of_person ON membership (person);
CREATE INDEX membership_of_family ON membership (family);
CREATE INDEX ground_of_person ON ground (person);
CREATE INDEX document_of_person ON identity_document (person);
CREATE INDEX signature_of_person ON policy_signature (person);
CREATE INDEX scan_of_person ON scan (person);
CREATE INDEX scan_of_session ON scan (session);
CREATE INDEX attendance_of_person ON attendance (person);
CREATE INDEX correction_of_person ON attendance_correction (person);
CREATE INDEX credit_of_person ON credit (person);
CREATE INDEX credit_of_session ON credit (session);
CREATE INDEX alias_of_person ON person_alias (person);
CREATE INDEX alias_of_other ON person_alias (alias_of);
CREATE INDEX session_of_workshop ON workshop_session (workshop);
CREATE INDEX participation_of_fair ON participation (fair);
CREATE INDEX participation_of_family ON participation (family);`

// Head is how far the fold had come in this snapshot.
func (r *Reader) Head() (Head, error) { return readHead(r.tx) }

// Access is what a device may do.
func (r *Reader) Access(device syncproto.DeviceID) (*schema.Access, error) {
	return readAccess(r.tx, device)
}

// GrantsOf calls f for every right of a device, in the order of ids.
func (r *Reader) GrantsOf(device syncproto.DeviceID, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.Grant), `WHERE device = ? ORDER BY id`, f, device[:])
}

// HeldAmounts is the money in quarantine, minor units by currency.
func (r *Reader) HeldAmounts() (map[string]int64, error) {
	sums := map[string]int64{}
	return sums, r.tx.Query(func(row sqlitedb.Row) error {
		schema.AddAmounts(sums, row.Text(0))
		return nil
	}, `SELECT amounts FROM verdict WHERE "state" = 'held' AND amounts IS NOT NULL`)
}

// Key is the public key of a device or server node, nil where it is not known.
func (r *Reader) Key(device syncproto.DeviceID) (key ed25519.PublicKey, err error) {
	row, ok, err := r.tx.One(`SELECT key FROM node WHERE device = ?1 UNION ALL SELECT key FROM device WHERE id = ?1`, device[:])
	if ok {
		key = row.Blob(0)
	}
	return key, err
}

// Nodes calls f for every server device.
func (r *Reader) Nodes(f func(device syncproto.DeviceID, certificate []byte)) error {
	return r.tx.Query(func(row sqlitedb.Row) error {
		f(syncproto.DeviceID(row.Blob(0)), row.Blob(1))
		return nil
	}, `SELECT device, certificate FROM node ORDER BY device`)
}

// Shares calls f for every share with the last position that touched it.
func (r *Reader) Shares(f func(syncproto.ShareDigest, syncproto.Position)) error {
	return r.tx.Query(func(row sqlitedb.Row) error {
		scope, err := syncproto.ScopeFromBinary(row.Blob(1))
		if err != nil {
			return err
		}
		d := syncproto.ShareDigest{Share: syncproto.Share{Class: syncproto.Class(row.Int(0)), Scope: scope}, Count: uint64(row.Int(2))}
		copy(d.Sum[:], row.Blob(3))
		f(d, syncproto.Position(row.Int(4)))
		return nil
	}, `SELECT class, scope, count, sum, position FROM share ORDER BY class, scope`)
}

// Heads gives how far an incarnation was judged, one entry a branch.
func (r *Reader) Heads(inc syncproto.Incarnation) (heads []syncproto.Head, err error) {
	err = r.tx.Query(func(row sqlitedb.Row) error {
		h := syncproto.Head{Incarnation: inc, Seq: syncproto.Seq(row.Int(0))}
		copy(h.Hash[:], row.Blob(1))
		heads = append(heads, h)
		return nil
	}, `SELECT head, hash FROM chain WHERE incarnation = ? ORDER BY id`, inc[:])
	return heads, err
}

// Holds says whether a transaction has been judged: whether a chain of the
// incarnation has that hash after seq.
func (r *Reader) Holds(h syncproto.Head) (bool, error) {
	n, err := r.tx.Int(`SELECT count(*) FROM chain c JOIN tx t ON t.chain = c.id WHERE c.incarnation = ? AND t.seq = ? AND t.hash = ?`,
		h.Incarnation[:], uint64(h.Seq), h.Hash[:])
	return n > 0, err
}

// DeviceHead is how far a device's chain goes.
type DeviceHead struct {
	Device syncproto.DeviceID
	syncproto.Head
}

// DeviceHeads gives of each device, the server's own left out, the end of the chain whose
// last transaction was judged last: of a device that was copied, of one of the copies.
func (r *Reader) DeviceHeads() (heads []DeviceHead, err error) {
	err = r.tx.Query(func(row sqlitedb.Row) error {
		h := DeviceHead{Device: syncproto.DeviceID(row.Blob(0)), Head: syncproto.Head{Seq: syncproto.Seq(row.Int(2))}}
		copy(h.Incarnation[:], row.Blob(1))
		copy(h.Hash[:], row.Blob(3))
		heads = append(heads, h)
		return nil
	}, `SELECT c.device, c.incarnation, c.head, c.hash, max(t.position) FROM chain c JOIN tx t ON t.chain = c.id AND t.seq = c.head
		WHERE c.device NOT IN (SELECT device FROM node) GROUP BY c.device ORDER BY c.device`)
	return heads, err
}

// HoldsOf is Holds, for a chain of a device.
func (r *Reader) HoldsOf(h DeviceHead) (bool, error) {
	n, err := r.tx.Int(`SELECT count(*) FROM chain c JOIN tx t ON t.chain = c.id WHERE c.incarnation = ? AND c.device = ? AND t.seq = ? AND t.hash = ?`,
		h.Incarnation[:], h.Device[:], uint64(h.Seq), h.Hash[:])
	return n > 0, err
}

// Health is when a device was last heard of, and what it then declared.
type Health struct {
	Device      syncproto.DeviceID
	LastContact int64 // UTC ms
	OffsetMS    int64 // its clock minus the server's, as it was last measured
	MeasuredAt  int64 // UTC ms; 0: never
	Declared    syncproto.Declared
	DeclaredAt  int64 // UTC ms
}

const selectHealth = `SELECT device, last_contact, offset_ms, declared, amounts, oldest, declared_at, differing, unbacked, kept, gap, gap_ms, measured_at, attachments FROM health `

func scanHealth(row sqlitedb.Row) (Health, error) {
	amounts, err := ReadAmounts(row.Blob(4))
	return Health{
		Device: syncproto.DeviceID(row.Blob(0)), LastContact: row.Int(1), OffsetMS: row.Int(2), MeasuredAt: row.Int(12),
		Declared: syncproto.Declared{
			Transactions: uint64(row.Int(3)), AmountMinor: amounts, OldestMS: row.Int(5), Differing: uint64(row.Int(7)), Unbacked: uint64(row.Int(8)),
			Kept: uint64(row.Int(9)), Gap: uint64(row.Int(10)), GapMS: row.Int(11), Attachments: uint64(row.Int(13)),
		},
		DeclaredAt: row.Int(6),
	}, err
}

// Health calls f for every device that was ever heard of.
func (r *Reader) Health(f func(Health)) error {
	return r.tx.Query(func(row sqlitedb.Row) error {
		h, err := scanHealth(row)
		f(h)
		return err
	}, selectHealth+`ORDER BY device`)
}

// HealthOf is the health of one device; ok is false where it was never heard of.
func (r *Reader) HealthOf(device syncproto.DeviceID) (h Health, ok bool, err error) {
	row, ok, err := r.tx.One(selectHealth+`WHERE device = ?`, device[:])
	if err == nil && ok {
		h, err = scanHealth(row)
	}
	return h, ok, err
}

// Figures are the report figures as Apply keeps them.
func (r *Reader) Figures() (map[report.Key]*report.Figures, error) { return readFigures(r.tx) }

// Figure is one of them; nil where nothing was ever counted.
func (r *Reader) Figure(key report.Key) (*report.Figures, error) { return readFigure(r.tx, key) }

// CountFigures adds the figures of a span up anew from the records.
func (r *Reader) CountFigures(by report.By, of report.Span) (map[report.Key]*report.Figures, error) {
	return report.CountBy(r.tx, set, by, of.Skip())
}

// Stock is what lies at a site, or at all of them where it is zero.
func (r *Reader) Stock(site syncproto.RecordID) ([]report.Shelf, error) {
	return report.Stock(r.tx, set, site)
}

// Outlets is what outlets sell under, and what they sold. now is UTC ms.
func (r *Reader) Outlets(in report.Span, now int64) (report.Outlets, error) {
	return report.CountOutlets(r.tx, set, in, now)
}

// Newest calls f for the newest records of a table, by id, at most limit of them and those
// before cursor; a zero cursor begins at the end.
func (r *Reader) Newest(table syncproto.TableID, cursor syncproto.RecordID, limit int, f func(*records.Row) error) error {
	if cursor.IsZero() {
		return set.Each(r.tx, schema.Lookup(table), `ORDER BY id DESC LIMIT ?`, f, limit)
	}
	return set.Each(r.tx, schema.Lookup(table), `WHERE id < ? ORDER BY id DESC LIMIT ?`, f, cursor[:], limit)
}

// Unassigned calls f for the newest lines that wait for their owner, as report.Unassigned.
func (r *Reader) Unassigned(cursor syncproto.RecordID, limit int, f func(sale, line *records.Row) error) error {
	return report.Unassigned(r.tx, set, cursor, limit, f)
}

// ddlRefunds finds the refunds of a line.
const ddlRefunds = `CREATE INDEX line_refunds ON sale_line (refunds) WHERE refunds IS NOT NULL`

// RefundsOf calls f for the lines that take a line back.
func (r *Reader) RefundsOf(line syncproto.RecordID, f func(*records.Row) error) error {
	return set.Each(r.tx, schema.Lookup(schema.SaleLine), `WHERE refunds = ? ORDER BY id`, f, line[:])
}

// Labels gives the names of a grouping's records.
func (r *Reader) Labels(by report.By) (map[string]string, error) { return report.Labels(r.tx, set, by) }

// Held counts the transactions in quarantine, and those parked for want of a
// predecessor.
func (r *Reader) Held() (held, parked int64, err error) {
	if held, err = r.tx.Int(`SELECT count(*) FROM held`); err != nil {
		return 0, 0, err
	}
	parked, err = r.tx.Int(`SELECT coalesce(sum(transactions), 0) FROM parked`)
	return held, parked, err
}

// HeldSince tells when what is in quarantine came (UTC ms), by the transaction's hash.
func (r *Reader) HeldSince() (map[syncproto.Hash]int64, error) {
	since := map[syncproto.Hash]int64{}
	err := r.tx.Query(func(row sqlitedb.Row) error {
		since[syncproto.Hash(row.Blob(0))] = row.Int(1)
		return nil
	}, `SELECT hash, received FROM held`)
	return since, err
}

// Applied says whether a transaction has been judged and not held.
func (r *Reader) Applied(h syncproto.Head) (bool, error) {
	n, err := r.tx.Int(`SELECT count(*) FROM chain c JOIN tx t ON t.chain = c.id WHERE c.incarnation = ? AND t.seq = ? AND t.hash = ? AND t.code = 0`,
		h.Incarnation[:], uint64(h.Seq), h.Hash[:])
	return n > 0, err
}
