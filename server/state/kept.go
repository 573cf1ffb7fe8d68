package state

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What devices keep of records that this log has lost (SPEC §5.15), since a person asked
// for it and until a person has seen it. It is nobody's transaction and changes no record.

// ddlKept: hash is the record's; entry is where in the log it came.
const ddlKept = `
CREATE TABLE kept (
	hash BLOB PRIMARY KEY, tbl INTEGER NOT NULL, record BLOB NOT NULL, fields BLOB NOT NULL,
	device BLOB NOT NULL, received INTEGER NOT NULL, entry INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keeper (device BLOB PRIMARY KEY, given INTEGER NOT NULL, done INTEGER NOT NULL, entry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE kept_asked (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT;
ALTER TABLE health ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE health ADD COLUMN gap INTEGER NOT NULL DEFAULT 0;
ALTER TABLE health ADD COLUMN gap_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE health ADD COLUMN gap_seen INTEGER NOT NULL DEFAULT 0`

// Kept is one record that a device handed over.
type Kept struct {
	Hash     syncproto.Hash
	Table    syncproto.TableID
	Record   syncproto.RecordID
	Fields   []syncproto.FieldValue
	Device   syncproto.DeviceID // that handed it over first
	Received int64              // UTC ms
	Entry    oplog.Index
}

// Given is what a device handed over, as it stands in the log: rows in the form of
// records.AppendRow, and the number of the last.
type Given struct {
	Device syncproto.DeviceID
	Upto   uint64
	Rows   [][]byte
}

// Encode gives the payload of an entry.
func (g *Given) Encode() []byte {
	b := canon.Array(nil, 3)
	b = canon.Bytes(b, g.Device[:])
	b = canon.Array(canon.Uint(b, most(g.Upto)), len(g.Rows))
	for _, row := range g.Rows {
		b = canon.Bytes(b, row)
	}
	return b
}

// SeenUpto is the payload of an entry that says that a person has seen what came up to an
// entry.
func SeenUpto(at oplog.Index) []byte { return canon.Uint(nil, uint64(at)) }

func (f *fold) given(e *Entry, at oplog.Index) error {
	r := canon.NewReader(e.Payload)
	r.Exactly(3)
	var g Given
	r.Fixed(g.Device[:])
	g.Upto = r.Uint(1<<63 - 1)
	g.Rows = make([][]byte, r.Array(syncproto.MaxGive))
	for i := range g.Rows {
		g.Rows[i] = r.Bytes(syncproto.MaxKeptRow)
	}
	if err := r.Done(); err != nil {
		return err
	}
	for _, raw := range g.Rows {
		k, err := ReadKept(raw)
		if err != nil {
			continue // what it is meant to be, nobody can say
		}
		if err := f.keep(k, e, &g, at); err != nil {
			return err
		}
	}
	return f.tx.Exec(`INSERT INTO keeper (device, given, done, entry) VALUES (?, ?, 0, ?)
		ON CONFLICT (device) DO UPDATE SET given = max(given, excluded.given), entry = excluded.entry`, g.Device[:], int64(g.Upto), int64(at))
}

// ReadKept reads a record as a device kept it, of any table.
func ReadKept(raw []byte) (*Kept, error) {
	r := canon.NewReader(raw)
	r.Exactly(3)
	k := &Kept{Table: syncproto.TableID(r.Uint(1<<16 - 1))}
	r.Fixed(k.Record[:])
	if err := r.Err(); err != nil {
		return nil, err
	}
	var err error
	if k.Fields, err = records.ReadFields(r.Rest()); err != nil {
		return nil, err
	}
	k.Hash, _ = syncproto.RecordHash(nil, k.Table, k.Record, k.Fields)
	return k, nil
}

// keep takes a record in that this state does not have just so.
func (f *fold) keep(k *Kept, e *Entry, g *Given, at oplog.Index) error {
	if back, err := hasJustSo(f.tx, k); err != nil || back {
		return err
	}
	return f.tx.Exec(`INSERT OR IGNORE INTO kept (hash, tbl, record, fields, device, received, entry) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		k.Hash[:], int64(k.Table), k.Record[:], records.AppendFields(nil, k.Fields), g.Device[:], e.ReceivedAt, int64(at))
}

// present is what a state has of a record of its own kind; nil where there is none.
func present(tx *sqlitedb.Tx, k *Kept) (*records.Row, error) {
	t := schema.Lookup(k.Table)
	if t == nil {
		return nil, nil
	}
	return set.Get(tx, t, k.Record)
}

func hasJustSo(tx *sqlitedb.Tx, k *Kept) (bool, error) {
	have, err := present(tx, k)
	if err != nil || have == nil {
		return false, err
	}
	var h records.Hasher
	return h.Hash(have) == k.Hash, nil
}

// seen lets go of what a person has seen; devices are told to do so too.
func (f *fold) seen(e *Entry) error {
	r := canon.NewReader(e.Payload)
	upto := int64(r.Uint(1<<63 - 1))
	if err := r.Done(); err != nil {
		return err
	}
	for _, sql := range []string{`DELETE FROM kept WHERE entry <= ?`, `UPDATE keeper SET done = given WHERE entry <= ?`} {
		if err := f.tx.Exec(sql, upto); err != nil {
			return err
		}
	}
	return f.tx.Exec(`DELETE FROM kept_asked`)
}

// KeptOf says what becomes of what a device keeps; nil where nothing was ever asked of it.
func (r *Reader) KeptOf(device syncproto.DeviceID) (*syncproto.KeptAsk, error) {
	asked, err := r.KeptAsked()
	if err != nil {
		return nil, err
	}
	row, ok, err := r.tx.One(`SELECT done, given FROM keeper WHERE device = ?`, device[:])
	if err != nil || !ok && !asked {
		return nil, err
	}
	a := &syncproto.KeptAsk{Ask: asked}
	if ok {
		a.Done, a.Given = uint64(row.Int(0)), uint64(row.Int(1))
	}
	return a, nil
}

// KeptAsked says whether somebody asked for what devices keep, and nobody has seen it all.
func (r *Reader) KeptAsked() (bool, error) {
	n, err := r.tx.Int(`SELECT count(*) FROM kept_asked`)
	return n > 0, err
}

// KeptBytes is how much was handed over and not seen.
func (r *Reader) KeptBytes() (int64, error) {
	return r.tx.Int(`SELECT coalesce(sum(length(fields) + 100), 0) FROM kept`)
}

// EachKept calls f for what was handed over, nobody has seen, and is not back; now is what
// the state has of the record, nil where it has none.
func (r *Reader) EachKept(f func(k *Kept, now *records.Row) error) error {
	return r.tx.Query(func(row sqlitedb.Row) error {
		k := &Kept{
			Hash: syncproto.Hash(row.Blob(0)), Table: syncproto.TableID(row.Int(1)), Record: syncproto.RecordID(row.Blob(2)),
			Device: syncproto.DeviceID(row.Blob(4)), Received: row.Int(5), Entry: oplog.Index(row.Int(6)),
		}
		var err error
		if k.Fields, err = records.ReadFields(row.Blob(3)); err != nil {
			return err
		}
		if back, err := hasJustSo(r.tx, k); err != nil || back {
			return err
		}
		now, err := present(r.tx, k)
		if err != nil {
			return err
		}
		return f(k, now)
	}, `SELECT hash, tbl, record, fields, device, received, entry FROM kept ORDER BY tbl, record, entry`)
}
