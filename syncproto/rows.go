package syncproto

import (
	"fmt"

	"github.com/rawaj/rawaj/syncproto/canon"
)

// Rows carries whole records of one table and share as columns: what the server
// holds now, which replaces what the device held (SPEC §5.6).
type Rows struct {
	Class     Class
	Scope     Scope
	Table     TableID
	IDs       []RecordID
	Positions []Position // last position that touched each; ascending
	Fields    []FieldID  // ascending; fields that are null in every record are left out
	Columns   [][]Value  // Columns[f][r] is field Fields[f] of record r
	Point     *ReadPoint // last frame of a page: where it ends
	Lane      FrameLane
}

const (
	rowsClass = iota + 1
	rowsScope
	rowsTable
	rowsIDs
	rowsPositions
	rowsFields
	rowsColumns
	rowsPoint
	rowsLane
)

func appendRows(b []byte, f *Rows) []byte {
	n := rowsColumns
	if f.Point != nil {
		n++
	}
	if f.Lane != 0 {
		n++
	}
	b = canon.Map(b, n)
	b = canon.Uint(canon.Uint(b, rowsClass), uint64(f.Class))
	b = canon.Bytes(canon.Uint(b, rowsScope), f.Scope.AppendBinary(nil))
	b = canon.Uint(canon.Uint(b, rowsTable), uint64(f.Table))
	ids := make([]byte, 0, 16*len(f.IDs))
	for i := range f.IDs {
		ids = append(ids, f.IDs[i][:]...)
	}
	b = canon.Bytes(canon.Uint(b, rowsIDs), ids)
	b = canon.Array(canon.Uint(b, rowsPositions), len(f.Positions))
	var last Position
	for _, p := range f.Positions {
		b = canon.Uint(b, uint64(p-last))
		last = p
	}
	b = canon.Array(canon.Uint(b, rowsFields), len(f.Fields))
	for _, id := range f.Fields {
		b = canon.Uint(b, uint64(id))
	}
	b = canon.Array(canon.Uint(b, rowsColumns), len(f.Columns))
	for _, column := range f.Columns {
		b = canon.Array(b, len(column))
		for i := range column {
			b = AppendValue(b, column[i])
		}
	}
	if f.Point != nil {
		b = canon.Array(canon.Uint(b, rowsPoint), 3)
		b = canon.Uint(b, uint64(f.Point.Position))
		b = canon.Uint(b, uint64(f.Point.Head))
		b = canon.Bytes(b, f.Point.Hash[:])
	}
	if f.Lane != 0 {
		b = canon.Uint(canon.Uint(b, rowsLane), uint64(f.Lane))
	}
	return b
}

func readRows(raw []byte) (*Rows, error) {
	f := &Rows{}
	r := canon.NewReader(raw)
	var last uint64
	var seen uint
	for i, n := 0, r.Map(64); i < n && r.Err() == nil; i++ {
		key := r.Uint(1<<32 - 1)
		r.Ascending(i == 0, last, key)
		last = key
		if key <= rowsLane {
			seen |= 1 << key
		}
		f.readField(r, key)
	}
	if need := uint(1)<<(rowsColumns+1) - 2; r.Err() == nil && seen&need != need {
		r.Fail("rows lack a part")
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *Rows) readField(r *canon.Reader, key uint64) {
	switch key {
	case rowsClass:
		if f.Class = Class(r.Uint(uint64(ClassX))); f.Class == 0 {
			r.Fail("class 0")
		}
	case rowsScope:
		scope, err := ScopeFromBinary(r.Bytes(17))
		if err != nil {
			r.Fail("%v", err)
		}
		f.Scope = scope
	case rowsTable:
		f.Table = TableID(r.Uint(1<<16 - 1))
	case rowsIDs:
		b := r.Bytes(16 * MaxRows)
		if len(b)%16 != 0 || len(b) == 0 {
			r.Fail("ids of %d bytes", len(b))
			return
		}
		f.IDs = make([]RecordID, len(b)/16)
		for i := range f.IDs {
			copy(f.IDs[i][:], b[16*i:])
		}
	case rowsPositions:
		if n := r.Array(MaxRows); n != len(f.IDs) {
			r.Fail("%d positions of %d records", n, len(f.IDs))
			return
		}
		f.Positions = make([]Position, len(f.IDs))
		var p Position
		for i := range f.Positions {
			p += Position(r.Uint(maxPosition))
			if f.Positions[i] = p; p > maxPosition { // each is at most that, so no sum runs over
				r.Fail("position %d", p)
				return
			}
		}
	case rowsFields:
		f.Fields = make([]FieldID, r.Array(MaxGroups*MaxFields))
		for i := range f.Fields {
			f.Fields[i] = FieldID(r.Uint(1<<16 - 1))
			if i > 0 {
				r.Ascending(false, uint64(f.Fields[i-1]), uint64(f.Fields[i]))
			}
		}
	case rowsColumns:
		if n := r.Array(len(f.Fields)); n != len(f.Fields) {
			r.Fail("%d columns of %d fields", n, len(f.Fields))
			return
		}
		f.Columns = make([][]Value, len(f.Fields))
		for i := range f.Columns {
			f.Columns[i] = f.readColumn(r)
		}
	case rowsPoint:
		f.Point = &ReadPoint{}
		r.Exactly(3)
		f.Point.Position = Position(r.Uint(1<<63 - 1))
		f.Point.Head = Position(r.Uint(1<<63 - 1))
		r.Fixed(f.Point.Hash[:])
	case rowsLane:
		f.Lane = FrameLane(r.Uint(uint64(LaneBackfill)))
	default:
		r.Skip(8)
	}
}

func (f *Rows) readColumn(r *canon.Reader) []Value {
	if n := r.Array(MaxRows); n != len(f.IDs) {
		r.Fail("a column of %d values for %d records", n, len(f.IDs))
		return nil
	}
	column := make([]Value, len(f.IDs))
	for i := range column {
		column[i] = ReadValue(r)
	}
	return column
}

// Row gives the fields of record i, ascending, null ones left out, appended to into.
func (f *Rows) Row(i int, into []FieldValue) []FieldValue {
	for c, id := range f.Fields {
		if v := f.Columns[c][i]; !v.IsNull() {
			into = append(into, FieldValue{id, v})
		}
	}
	return into
}

// Split cuts rows in two halves that share the columns; neither ends a page.
func (f *Rows) Split() (a, b *Rows) {
	half := len(f.IDs) / 2
	first, second := *f, *f
	first.IDs, second.IDs = f.IDs[:half], f.IDs[half:]
	first.Positions, second.Positions = f.Positions[:half], f.Positions[half:]
	first.Columns, second.Columns = make([][]Value, len(f.Columns)), make([][]Value, len(f.Columns))
	for i, c := range f.Columns {
		first.Columns[i], second.Columns[i] = c[:half], c[half:]
	}
	first.Point, second.Point = nil, nil
	return &first, &second
}

func (f *Rows) String() string {
	return fmt.Sprintf("rows of table %d in %v %v: %d", f.Table, f.Class, f.Scope, len(f.IDs))
}
