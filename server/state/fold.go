package state

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// fold is Apply at work: the open transaction and what is kept in memory between
// entries. All of it can be read again from the tables; after an error it is.
type fold struct {
	tx     *sqlitedb.Tx
	head   Head
	hasher records.Hasher
	was    []syncproto.Scope // of touch; kept for their room
	is     []syncproto.Scope

	chains  map[syncproto.Incarnation][]*chain
	byID    map[int64]*chain
	shares  map[syncproto.Share]*share
	access  map[syncproto.DeviceID]*schema.Access
	keys    map[syncproto.DeviceID]ed25519.PublicKey
	figures *report.Counter // what the open transaction adds to the figures
	waiting int64           // rows of waits
	parked  int64           // rows of parked
	counted bool            // whether waiting and parked were read
	day     int64           // latest of age; 0: not read
	owners  owners          // whether owned has anything to look for

	ahead   ahead       // of the transactions that are being judged
	release []releasing // held transactions to judge again at the present position
	result  Result
}

func newFold() *fold {
	return &fold{
		chains: map[syncproto.Incarnation][]*chain{}, byID: map[int64]*chain{},
		shares: map[syncproto.Share]*share{}, access: map[syncproto.DeviceID]*schema.Access{},
		keys: map[syncproto.DeviceID]ed25519.PublicKey{}, figures: report.NewCounter(),
	}
}

func (f *fold) begin(head Head) {
	f.head = head
	f.result = Result{Shares: map[syncproto.Share]syncproto.Position{}}
}

// flush writes what was gathered in memory; the commit follows.
func (f *fold) flush() error {
	for _, c := range f.byID {
		if err := f.saveChain(c); err != nil {
			return err
		}
	}
	for _, s := range f.shares {
		if err := f.saveShare(s); err != nil {
			return err
		}
	}
	if err := f.saveFigures(); err != nil {
		return err
	}
	return writeHead(f.tx, &f.head)
}

func (f *fold) count() error {
	if f.counted {
		return nil
	}
	var err error
	if f.waiting, err = f.tx.Int(`SELECT count(*) FROM waits`); err != nil {
		return err
	}
	f.parked, err = f.tx.Int(`SELECT count(*) FROM parked`)
	f.counted = err == nil
	return err
}

func (f *fold) history(e *Entry) error {
	h, err := decodeHistory(e.Payload)
	if err != nil {
		return err
	}
	if f.head.Applied == 0 {
		f.head.Org, f.head.OrgKey = h.Org, h.OrgKey
		f.head.PositionHash = syncproto.FirstPositionHash(h.Org)
	} else if h.Org != f.head.Org {
		return fmt.Errorf("history of another organisation %v: %w", h.Org, ErrMisfit)
	}
	f.head.History = h.ID
	if h.Doubt && f.head.Doubt == 0 {
		f.head.Doubt = max(e.ReceivedAt, 1)
	}
	if h.Parent == (syncproto.HistoryID{}) {
		return nil
	}
	return f.tx.Exec(`INSERT OR IGNORE INTO fork (position) VALUES (?)`, uint64(h.Position))
}

func (f *fold) node(e *Entry) error {
	c, err := syncproto.VerifyCertificate(f.head.OrgKey, f.head.Org, e.Payload)
	if err != nil || c.Kind != schema.KindServerDevice {
		f.head.Unsound++
		return nil
	}
	delete(f.keys, c.Device)
	delete(f.access, c.Device)
	return f.tx.Exec(`REPLACE INTO node (device, key, certificate) VALUES (?, ?, ?)`, c.Device[:], []byte(c.Key), e.Payload)
}

func (f *fold) contact(e *Entry) error {
	c, err := decodeContact(e.Payload)
	if err != nil {
		return err
	}
	at := e.ReceivedAt
	if c.At != 0 {
		at = min(at, c.At)
	}
	if err := errors.Join(f.heard(c.Device, e, at), f.showed(&c)); err != nil || c.Declared == nil {
		return err
	}
	return f.tx.Exec(`UPDATE health SET declared = ?, amounts = ?, oldest = ?, differing = ?, unbacked = ?, kept = ?, gap = ?, gap_ms = ?, attachments = ?, declared_at = ? WHERE device = ?`,
		c.Declared.Transactions, AppendAmounts(nil, c.Declared.AmountMinor), c.Declared.OldestMS, c.Declared.Differing, c.Declared.Unbacked, c.Declared.Kept, c.Declared.Gap, c.Declared.GapMS, c.Declared.Attachments, e.ReceivedAt, c.Device[:])
}

// heard notes when a device was there.
func (f *fold) heard(device syncproto.DeviceID, e *Entry, at int64) error {
	var offset, measured int64
	if e.OffsetMS != nil {
		offset, measured = *e.OffsetMS, e.ReceivedAt
	}
	if !slices.Contains(f.result.Health, device) {
		f.result.Health = append(f.result.Health, device)
	}
	return f.tx.Exec(`INSERT INTO health (device, last_contact, offset_ms, measured_at, declared, amounts, oldest, differing, unbacked, declared_at)
		VALUES (?, ?, ?, ?, 0, ?, 0, 0, 0, 0)
		ON CONFLICT (device) DO UPDATE SET last_contact = max(last_contact, excluded.last_contact),
			offset_ms = iif(excluded.measured_at > 0, excluded.offset_ms, offset_ms), measured_at = max(measured_at, excluded.measured_at)`,
		device[:], at, offset, measured, canon.Array(nil, 0))
}

// key is the public key of a device, or of a server's device.
func (f *fold) key(device syncproto.DeviceID) (ed25519.PublicKey, error) {
	if k, ok := f.keys[device]; ok {
		return k, nil
	}
	row, ok, err := f.tx.One(`SELECT key FROM node WHERE device = ?1 UNION ALL SELECT key FROM device WHERE id = ?1`, device[:])
	if err != nil || !ok {
		return nil, err
	}
	f.keys[device] = row.Blob(0)
	return f.keys[device], nil
}

// accessOf is what a device may do as of the present position.
func (f *fold) accessOf(device syncproto.DeviceID) (*schema.Access, error) {
	if a, ok := f.access[device]; ok {
		return a, nil
	}
	a, err := readAccess(f.tx, device)
	if err == nil {
		f.access[device] = a
	}
	return a, err
}

func readAccess(tx *sqlitedb.Tx, device syncproto.DeviceID) (*schema.Access, error) {
	node, err := tx.Int(`SELECT count(*) FROM node WHERE device = ?`, device[:])
	if err != nil {
		return nil, err
	}
	if node > 0 {
		return &schema.Access{Kind: schema.KindServerDevice}, nil
	}
	a := &schema.Access{}
	row, err := set.Get(tx, schema.Lookup(schema.Device), syncproto.RecordID(device))
	if err != nil || row == nil {
		return a, err
	}
	a.Kind = row.Of(schema.DeviceKind).Text()
	a.Revoked = !row.Of(schema.DeviceRevoked).IsNull()
	err = set.Each(tx, schema.Lookup(schema.Grant), `WHERE device = ?`, func(r *records.Row) error {
		a.Permits = append(a.Permits, schema.PermitsOf(r.Values)...)
		return nil
	}, device[:])
	return a, err
}

// forget drops what is cached of a device whose record or grant changed.
func (f *fold) forget(r *records.Row) {
	var device syncproto.DeviceID
	switch r.Table.ID {
	case schema.Device:
		device = syncproto.DeviceID(r.ID)
	case schema.Grant:
		device = syncproto.DeviceID(r.Of(schema.GrantDevice).ID())
	default:
		return
	}
	delete(f.access, device)
	delete(f.keys, device)
	if !slices.Contains(f.result.Devices, device) {
		f.result.Devices = append(f.result.Devices, device)
	}
}
