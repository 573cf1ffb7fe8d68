// Package live keeps in memory what must be answered at once and watched: who may
// read what, how far each share has come, the health of sites and the report's
// figures. It is loaded from state and follows each commit of the fold: whoever
// hears of a position can read it.
package live

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-memdb"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	tableShare  = "share"
	tableDevice = "device"
	tableHealth = "health"
	tableHead   = "head"
	tableFigure = "figure"
	indexID     = "id"
)

// Share is how far a share has come.
type Share struct {
	Key      string
	Share    syncproto.Share
	Position syncproto.Position
}

// Device is a device as its sessions need it.
type Device struct {
	Key     string
	ID      syncproto.DeviceID
	Site    syncproto.RecordID
	Public  []byte // Ed25519 key
	Label   string
	Prefix  string
	Access  *schema.Access
	Judged  uint64 // moves when a chain of the device was judged further
	Revoked bool
}

// Head is how far the fold has come.
type Head struct {
	Key string
	state.Head
}

type health struct {
	Key string
	state.Health
}

type figure struct {
	Key     string
	Of      report.Key
	Figures *report.Figures
}

func figureKey(k report.Key) string { return string(rune('0'+k.By)) + k.Value }

// Live is the database. It is safe for concurrent use; what it hands out is never
// changed in place.
type Live struct{ db *memdb.MemDB }

func table(name string) *memdb.TableSchema {
	return &memdb.TableSchema{Name: name, Indexes: map[string]*memdb.IndexSchema{
		indexID: {Name: indexID, Unique: true, Indexer: &memdb.StringFieldIndex{Field: "Key"}},
	}}
}

// New is empty.
func New() *Live {
	s := &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{}}
	for _, name := range []string{tableShare, tableDevice, tableHealth, tableHead, tableFigure, tableSession, tableState, tableTally, tableAlias} {
		s.Tables[name] = table(name)
	}
	db, err := memdb.NewMemDB(s)
	if err != nil {
		panic("bug: " + err.Error())
	}
	return &Live{db}
}

// Load fills Live from a state.
func (l *Live) Load(ctx context.Context, s *state.State) error {
	r := state.Result{Shares: map[syncproto.Share]syncproto.Position{}}
	err := s.Read(ctx, func(rd *state.Reader) error {
		head, err := rd.Head()
		if err != nil {
			return err
		}
		r.Head = head
		if err := rd.Shares(func(d syncproto.ShareDigest, at syncproto.Position) { r.Shares[d.Share] = at }); err != nil {
			return err
		}
		if err := rd.Health(func(h state.Health) { r.Health = append(r.Health, h.Device) }); err != nil {
			return err
		}
		return rd.Each(schema.Device, func(row *records.Row) error {
			r.Devices = append(r.Devices, syncproto.DeviceID(row.ID))
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("load live: %w", err)
	}
	txn := l.db.Txn(true)
	defer txn.Abort()
	err = s.Read(ctx, func(rd *state.Reader) error { return loadFigures(txn, rd) })
	if err == nil {
		err = s.Read(ctx, func(rd *state.Reader) error { return loadRecords(txn, rd) })
	}
	if err != nil {
		return fmt.Errorf("load live: %w", err)
	}
	txn.Commit()
	return l.Follow(ctx, s, r)
}

func loadFigures(txn *memdb.Txn, rd *state.Reader) error {
	all, err := rd.Figures()
	if err != nil {
		return err
	}
	days := map[report.By]int64{}
	for key, f := range all {
		days[key.By] += f.Receipts
		if err := txn.Insert(tableFigure, &figure{figureKey(key), key, f}); err != nil {
			return err
		}
	}
	if days[report.Day] != days[report.SiteDay] {
		return fmt.Errorf("state was folded by an earlier program, which kept fewer figures: remove state.db and run `rawaj admin rebuild`: %w", state.ErrMisfit)
	}
	return nil
}

// Follow takes over what an Apply changed, after its commit.
func (l *Live) Follow(ctx context.Context, s *state.State, r state.Result) error {
	txn := l.db.Txn(true)
	defer txn.Abort()
	for share, at := range r.Shares {
		if err := txn.Insert(tableShare, &Share{share.String(), share, at}); err != nil {
			return err
		}
	}
	if err := s.Read(ctx, func(rd *state.Reader) error { return l.follow(txn, rd, &r) }); err != nil {
		return err
	}
	if err := txn.Insert(tableHead, &Head{"head", r.Head}); err != nil {
		return err
	}
	txn.Commit()
	return nil
}

func (l *Live) follow(txn *memdb.Txn, rd *state.Reader, r *state.Result) error {
	for _, id := range r.Devices {
		if err := insertDevice(txn, rd, id); err != nil {
			return err
		}
	}
	for _, id := range r.Chains {
		d := deviceTxn(txn, id)
		if d == nil {
			continue
		}
		moved := *d
		moved.Judged++
		if err := txn.Insert(tableDevice, &moved); err != nil {
			return err
		}
	}
	for _, id := range r.Health {
		h, ok, err := rd.HealthOf(id)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := txn.Insert(tableHealth, &health{id.String(), h}); err != nil {
			return err
		}
	}
	for _, key := range r.Figures {
		f, err := rd.Figure(key)
		if err != nil {
			return err
		}
		if err := txn.Insert(tableFigure, &figure{figureKey(key), key, f}); err != nil {
			return err
		}
	}
	return followRecords(txn, rd, r.Records)
}

func insertDevice(txn *memdb.Txn, rd *state.Reader, id syncproto.DeviceID) error {
	row, err := rd.Get(schema.Device, syncproto.RecordID(id))
	if err != nil || row == nil {
		return err
	}
	access, err := rd.Access(id)
	if err != nil {
		return err
	}
	d := &Device{
		Key: id.String(), ID: id, Site: row.Of(schema.DeviceSite).ID(), Public: row.Of(schema.DeviceKey).Bytes(),
		Label: row.Of(schema.DeviceLabel).Text(), Prefix: row.Of(schema.DevicePrefix).Text(), Access: access, Revoked: access.Revoked,
	}
	if before := deviceTxn(txn, id); before != nil {
		d.Judged = before.Judged
	}
	return txn.Insert(tableDevice, d)
}

func deviceTxn(txn *memdb.Txn, id syncproto.DeviceID) *Device {
	v, err := txn.First(tableDevice, indexID, id.String())
	if err != nil || v == nil {
		return nil
	}
	return v.(*Device)
}

// View is one snapshot. What it looked at can be waited for.
type View struct {
	txn   *memdb.Txn
	watch memdb.WatchSet
}

// View takes a snapshot.
func (l *Live) View() *View { return &View{l.db.Txn(false), memdb.NewWatchSet()} }

func (v *View) first(table, key string) any {
	ch, found, err := v.txn.FirstWatch(table, indexID, key)
	if err != nil {
		panic("bug: " + err.Error())
	}
	v.watch.Add(ch)
	return found
}

// Device looks a device up; nil where it is not known.
func (v *View) Device(id syncproto.DeviceID) *Device {
	d, _ := v.first(tableDevice, id.String()).(*Device)
	return d
}

// Position is the last position that touched a share; 0 where nothing did.
func (v *View) Position(share syncproto.Share) syncproto.Position {
	if s, ok := v.first(tableShare, share.String()).(*Share); ok {
		return s.Position
	}
	return 0
}

// Head is how far the fold has come. Whoever looks at it is woken by every entry.
func (v *View) Head() state.Head {
	if h, ok := v.first(tableHead, "head").(*Head); ok {
		return h.Head
	}
	return state.Head{}
}

// Figures are the report's figures; they are not to be changed.
func (v *View) Figures() map[report.Key]*report.Figures {
	all := map[report.Key]*report.Figures{}
	it, err := v.txn.Get(tableFigure, indexID)
	if err != nil {
		panic("bug: " + err.Error())
	}
	v.watch.Add(it.WatchCh())
	for f := it.Next(); f != nil; f = it.Next() {
		all[f.(*figure).Of] = f.(*figure).Figures
	}
	return all
}

// Days calls f for the figures of a grouping by days that fall in a span.
func (v *View) Days(by report.By, in report.Span, f func(day, id string, of *report.Figures)) {
	it, err := v.txn.LowerBound(tableFigure, indexID, figureKey(report.Key{By: by, Value: in.From}))
	if err != nil {
		panic("bug: " + err.Error())
	}
	for e := it.Next(); e != nil; e = it.Next() {
		own := e.(*figure)
		day, id := own.Of.Parts()
		if own.Of.By != by || !in.Holds(day) {
			return
		}
		f(day, id, own.Figures)
	}
}

// Devices lists the devices in the order of ids.
func (v *View) Devices() []*Device {
	var all []*Device
	it, err := v.txn.Get(tableDevice, indexID)
	if err != nil {
		panic("bug: " + err.Error())
	}
	v.watch.Add(it.WatchCh())
	for d := it.Next(); d != nil; d = it.Next() {
		all = append(all, d.(*Device))
	}
	return all
}

// Health gives the health of every device that was heard of.
func (v *View) Health() map[syncproto.DeviceID]state.Health {
	all := map[syncproto.DeviceID]state.Health{}
	it, err := v.txn.Get(tableHealth, indexID)
	if err != nil {
		panic("bug: " + err.Error())
	}
	v.watch.Add(it.WatchCh())
	for h := it.Next(); h != nil; h = it.Next() {
		all[h.(*health).Device] = h.(*health).Health
	}
	return all
}

// HealthOf is the health of one device; false where it was never heard of.
func (v *View) HealthOf(id syncproto.DeviceID) (state.Health, bool) {
	h, ok := v.first(tableHealth, id.String()).(*health)
	if !ok {
		return state.Health{}, false
	}
	return h.Health, true
}

// Wait returns when something that this view looked at has changed, or ctx's error.
func (v *View) Wait(ctx context.Context) error { return v.watch.WatchCtx(ctx) }
