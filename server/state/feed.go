package state

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Page is one short read of the feed.
type Page struct {
	Frames   []syncproto.Frame // Rows and Leave, without resume points
	Records  int               // in the frames
	Bytes    int               // that those take, about
	Upto     syncproto.Position
	Head     syncproto.Position // log's end in this read
	HeadHash syncproto.Hash
	History  syncproto.HistoryID
	AtHead   bool // Upto is Head: the state at Head is complete with this page
	// With AtHead, of the same read:
	Digests []syncproto.ShareDigest
	Touched []syncproto.Position // last position that touched each of Digests
	Settled []syncproto.Head     // of the device's own incarnations, newest first
}

const (
	// frameRecords and frameBytes cut a page into frames that stay well within
	// MaxFrameLength; one that does not is cut in two.
	frameRecords = 1000
	frameBytes   = 160 << 10
)

// Reading is a share and the position up to which its reader holds it: 0 for one that
// is newly granted, which is so filled beside the others.
type Reading struct {
	Share syncproto.Share
	From  syncproto.Position
}

// ReadPage reads what the shares hold above where their reader is, and above a
// position reached already, in the order of positions, never splitting one: about
// size records. device is whose settled heads go with the end.
func (s *State) ReadPage(ctx context.Context, device syncproto.DeviceID, shares []Reading, above syncproto.Position, size int) (*Page, error) {
	p := &Page{}
	err := s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		head, err := readHead(tx)
		if err != nil {
			return err
		}
		p.Head, p.HeadHash, p.History = head.Position, head.PositionHash, head.History
		found, err := scan(tx, shares, above, size)
		if err != nil {
			return err
		}
		p.Upto, p.AtHead = found.upto(p.Head)
		for _, at := range found.tables(p.Upto) {
			if err := p.read(tx, at, found.before(at)); err != nil {
				return err
			}
		}
		if !p.AtHead {
			return nil
		}
		if p.Digests, p.Touched, err = digests(tx, shares); err != nil {
			return err
		}
		p.Settled, err = settled(tx, device)
		return err
	})
	return p, err
}

// place is where in the feed something stands.
type place struct {
	share    int64
	from     syncproto.Position
	key      syncproto.Share
	table    syncproto.TableID
	position syncproto.Position
}

type scanned struct {
	size   int
	places [][]place // by share, in order of position
	full   []bool    // the share has more than was read
}

func scan(tx *sqlitedb.Tx, shares []Reading, above syncproto.Position, size int) (*scanned, error) {
	out := &scanned{size: size}
	for _, reading := range shares {
		key, from := reading.Share, max(reading.From, above)
		id, err := tx.Int(`SELECT id FROM share WHERE class = ? AND scope = ? AND position > ?`, int64(key.Class), key.Scope.AppendBinary(nil), uint64(from))
		if err != nil {
			return nil, err
		}
		if id == 0 {
			continue
		}
		var places []place
		if err := tx.Query(func(row sqlitedb.Row) error {
			places = append(places, place{id, from, key, syncproto.TableID(row.Int(1)), syncproto.Position(row.Int(0))})
			return nil
		}, `SELECT position, tbl FROM feed WHERE share = ? AND position > ? ORDER BY position LIMIT ?`, id, uint64(from), size); err != nil {
			return nil, err
		}
		full := len(places) == size
		if full { // a position that goes on beyond what was read may have other tables there
			last := places[size-1]
			if err := tx.Query(func(row sqlitedb.Row) error {
				places = append(places, place{id, from, key, syncproto.TableID(row.Int(0)), last.position})
				return nil
			}, `SELECT DISTINCT tbl FROM feed WHERE share = ? AND position = ? AND tbl > ?`, id, uint64(last.position), int64(last.table)); err != nil {
				return nil, err
			}
		}
		out.places = append(out.places, places)
		out.full = append(out.full, full)
	}
	return out, nil
}

// upto is the last position that the page reads whole: the highest that leaves about
// as many records as were asked for, but at least one position.
func (s *scanned) upto(head syncproto.Position) (syncproto.Position, bool) {
	upto := head
	var all []syncproto.Position
	for i, places := range s.places {
		if s.full[i] { // the last one seen may go on beyond what was read
			last := places[len(places)-1].position
			if first := places[0].position; first < last {
				last--
			}
			upto = min(upto, last)
		}
		for _, p := range places {
			all = append(all, p.position)
		}
	}
	if len(all) > s.size {
		slices.Sort(all)
		upto = min(upto, max(all[s.size]-1, all[0]))
	}
	return upto, upto == head
}

// tables lists what there is to read up to a position, each share and table once.
func (s *scanned) tables(upto syncproto.Position) []place {
	var out []place
	for _, places := range s.places {
		seen := map[syncproto.TableID]bool{}
		for _, p := range places {
			if p.position <= upto && !seen[p.table] {
				seen[p.table] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// before lists where the page begins in the shares that it reads before a place's.
func (s *scanned) before(at place) []place {
	var out []place
	for _, places := range s.places {
		switch {
		case len(places) == 0:
			continue
		case places[0].share == at.share:
			return out
		}
		out = append(out, places[0])
	}
	return out
}

// read adds the records of one share and table; those that the page has already in
// one of the shares before are not sent again: a sale at a fair is in two.
func (p *Page) read(tx *sqlitedb.Tx, at place, before []place) error {
	t := schema.Lookup(at.table)
	if t == nil {
		return fmt.Errorf("feed names table %d: %w", at.table, ErrMisfit)
	}
	b := &rowsBuilder{page: p, place: at, table: t}
	var left []byte
	var scopes []syncproto.Scope
	err := set.Joined(tx, t, `feed f CROSS JOIN %q r ON r.id = f.record WHERE f.share = ? AND f.position > ? AND f.position <= ? AND f.tbl = ?`,
		func(r *records.Row, row sqlitedb.Row, n int) error {
			scopes = r.Scopes(scopes[:0])
			if !has(scopes, at.key.Scope) {
				left = append(left, r.ID[:]...)
				return nil
			}
			position := syncproto.Position(row.Int(n))
			for _, other := range before {
				if other.key.Class == t.Class && other.from < position && has(scopes, other.key.Scope) {
					return nil
				}
			}
			b.add(r, position)
			return nil
		}, ", f.position", at.share, uint64(at.from), uint64(p.Upto), int64(at.table))
	if err != nil {
		return err
	}
	b.cut()
	for len(left) > 0 {
		n := min(len(left), 16*frameRecords)
		p.Frames = append(p.Frames, &syncproto.Leave{Class: at.key.Class, Scope: at.key.Scope, Records: []syncproto.TableIDs{{Table: at.table, IDs: left[:n]}}})
		left = left[n:]
	}
	return nil
}

// rowsBuilder turns records into Rows frames.
type rowsBuilder struct {
	page  *Page
	place place
	table *schema.Table
	rows  []*records.Row
	at    []syncproto.Position
	bytes int
}

func (b *rowsBuilder) add(r *records.Row, at syncproto.Position) {
	b.page.Records++
	b.rows, b.at = append(b.rows, r), append(b.at, at)
	before := b.bytes
	b.bytes += 24
	for i := range r.Values {
		b.bytes += 9 + r.Values[i].Len()
	}
	for i := range r.Extra {
		b.bytes += 9 + r.Extra[i].Value.Len()
	}
	b.page.Bytes += b.bytes - before
	if len(b.rows) == frameRecords || b.bytes > frameBytes {
		b.cut()
	}
}

func (b *rowsBuilder) cut() {
	if len(b.rows) == 0 {
		return
	}
	f := &syncproto.Rows{Class: b.place.key.Class, Scope: b.place.key.Scope, Table: b.table.ID, Positions: b.at}
	columns := map[syncproto.FieldID][]syncproto.Value{}
	put := func(i int, id syncproto.FieldID, v syncproto.Value) {
		c := columns[id]
		if c == nil {
			c = make([]syncproto.Value, len(b.rows))
			columns[id] = c
			f.Fields = append(f.Fields, id)
		}
		c[i] = v
	}
	for i, r := range b.rows {
		f.IDs = append(f.IDs, r.ID)
		for j := range r.Values {
			if !r.Values[j].IsNull() {
				put(i, r.Table.Fields[j].ID, r.Values[j])
			}
		}
		for _, x := range r.Extra {
			put(i, x.Field, x.Value)
		}
	}
	slices.Sort(f.Fields)
	for _, id := range f.Fields {
		f.Columns = append(f.Columns, columns[id])
	}
	b.page.Frames = append(b.page.Frames, f)
	b.rows, b.at, b.bytes = nil, nil, 0
}

// settled lists the heads of a device, and of what it was before it was renamed.
func settled(tx *sqlitedb.Tx, device syncproto.DeviceID) ([]syncproto.Head, error) {
	var heads []syncproto.Head
	former, err := namesOf(tx, device)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]syncproto.DeviceID{device}, former...) {
		more, err := settledOf(tx, name)
		if err != nil {
			return nil, err
		}
		heads = append(heads, more...)
	}
	return heads, nil
}

func settledOf(tx *sqlitedb.Tx, device syncproto.DeviceID) ([]syncproto.Head, error) {
	var heads []syncproto.Head
	err := tx.Query(func(row sqlitedb.Row) error {
		h := syncproto.Head{Seq: syncproto.Seq(row.Int(1))}
		copy(h.Incarnation[:], row.Blob(0))
		copy(h.Hash[:], row.Blob(2))
		heads = append(heads, h)
		return nil
	}, `SELECT incarnation, head, hash FROM chain WHERE device = ? ORDER BY id DESC`, device[:])
	return heads, err
}

// cursorLen is how long a cursor is; a server may seal it with more.
const cursorLen = 32

// Cursor is how far a device has heard, in the form that it keeps without reading:
// position, log hash there and history, 32 bytes.
func Cursor(position syncproto.Position, hash syncproto.Hash, history syncproto.HistoryID) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(position))
	b = append(b, hash[:8]...)
	return append(b, history[:]...)
}

// CursorHistory is the history of the log that a cursor was taken from; zero where it is
// no cursor.
func CursorHistory(cursor []byte) (h syncproto.HistoryID) {
	if len(cursor) >= cursorLen {
		copy(h[:], cursor[16:])
	}
	return h
}

// CheckCursor gives the position of a cursor if the log holds it; ok is false where
// the log was another, or shorter.
func (s *State) CheckCursor(ctx context.Context, cursor []byte) (at syncproto.Position, ok bool, err error) {
	if len(cursor) < cursorLen {
		return 0, false, nil
	}
	at = syncproto.Position(binary.BigEndian.Uint64(cursor))
	ok, err = s.HoldsPosition(ctx, at, syncproto.ShortHash(cursor[8:16]))
	return at, ok, err
}

// HoldsPosition says whether the log's hash at a position is the one given.
func (s *State) HoldsPosition(ctx context.Context, at syncproto.Position, hash syncproto.ShortHash) (bool, error) {
	have, ok, err := s.HashAt(ctx, at)
	return ok && have == hash, err
}

// HashAt is the log's hash at a position; ok is false where the log is shorter.
func (s *State) HashAt(ctx context.Context, at syncproto.Position) (h syncproto.ShortHash, ok bool, err error) {
	err = s.db.Read(ctx, func(tx *sqlitedb.Tx) error {
		if at == 0 {
			head, err := readHead(tx)
			h, ok = syncproto.FirstPositionHash(head.Org).Short(), true
			return err
		}
		var row sqlitedb.Row
		row, ok, err = tx.One(`SELECT short FROM tx WHERE position = ?`, uint64(at))
		if ok {
			copy(h[:], row.Blob(0))
		}
		return err
	})
	return h, ok, err
}
