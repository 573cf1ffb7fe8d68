// Package records keeps the schema's records in SQLite. Client and server use the
// same DDL, the same reading and writing and the same hashing, so that the two
// cannot drift.
package records

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Row is one record. What this version's schema does not know of it is in Extra:
// it is kept, hashed and handed on.
type Row struct {
	Table  *schema.Table
	ID     syncproto.RecordID
	Values schema.Values          // in the order of Table.Fields
	Extra  []syncproto.FieldValue // ascending; fields of a newer schema, never null
	Meta   [3]int64               // a side's own columns, in the order it named them
}

// New is an empty record.
func New(t *schema.Table, id syncproto.RecordID) *Row {
	return &Row{Table: t, ID: id, Values: make(schema.Values, len(t.Fields))}
}

// Of is the value of a field.
func (r *Row) Of(id syncproto.FieldID) syncproto.Value { return r.Table.Of(r.Values, id) }

// Clone is a copy that may be changed.
func (r *Row) Clone() *Row {
	c := *r
	c.Values = append(schema.Values(nil), r.Values...)
	c.Extra = append([]syncproto.FieldValue(nil), r.Extra...)
	return &c
}

// Reset makes it another, empty record of its table.
func (r *Row) Reset(id syncproto.RecordID) {
	clear(r.Values)
	r.ID, r.Extra, r.Meta = id, nil, [3]int64{}
}

// Same says whether two records hold the same in every field.
func (r *Row) Same(o *Row) bool {
	return slices.Equal(r.Values, o.Values) && slices.Equal(r.Extra, o.Extra)
}

// Set writes one field; an unknown one goes to Extra.
func (r *Row) Set(id syncproto.FieldID, v syncproto.Value) {
	if i := r.Table.Index(id); i >= 0 {
		r.Values[i] = v
		return
	}
	at := 0
	for at < len(r.Extra) && r.Extra[at].Field < id {
		at++
	}
	if at < len(r.Extra) && r.Extra[at].Field == id {
		r.Extra = append(r.Extra[:at:at], r.Extra[at+1:]...)
	}
	if !v.IsNull() {
		r.Extra = append(r.Extra[:at:at], append([]syncproto.FieldValue{{Field: id, Value: v}}, r.Extra[at:]...)...)
	}
}

// Write lays a group over the record.
func (r *Row) Write(g *syncproto.GroupWrite) {
	for _, f := range g.Fields {
		r.Set(f.Field, f.Value)
	}
}

// Fields appends all fields that are not null, ascending.
func (r *Row) Fields(into []syncproto.FieldValue) []syncproto.FieldValue {
	extra := r.Extra
	for i := range r.Values {
		id := r.Table.Fields[i].ID
		for len(extra) > 0 && extra[0].Field < id {
			into, extra = append(into, extra[0]), extra[1:]
		}
		if !r.Values[i].IsNull() {
			into = append(into, syncproto.FieldValue{Field: id, Value: r.Values[i]})
		}
	}
	return append(into, extra...)
}

// Scopes appends the scopes the record is in.
func (r *Row) Scopes(into []syncproto.Scope) []syncproto.Scope {
	return r.Table.ScopesOf(into, r.ID, r.Values)
}

// Hasher computes record hashes and reuses its buffers. It is for one goroutine.
type Hasher struct {
	fields  []syncproto.FieldValue
	scratch []byte
}

// Hash is the record's hash (SPEC §6.1).
func (h *Hasher) Hash(r *Row) (hash syncproto.Hash) {
	h.fields = r.Fields(h.fields[:0])
	hash, h.scratch = syncproto.RecordHash(h.scratch, r.Table.ID, r.ID, h.fields)
	return hash
}

// Set is the tables of one side with their SQL.
type Set struct {
	meta   []string
	tables map[syncproto.TableID]*statements
	made   map[string]string // what makes each table, by name
}

type statements struct{ columns, get, between, insert, replace, mark, delete string }

// NewSet makes the SQL of a side that keeps up to three integer columns of its own
// beside each record.
func NewSet(meta ...string) *Set {
	s := &Set{meta: meta, tables: map[syncproto.TableID]*statements{}, made: map[string]string{}}
	for _, t := range schema.All {
		s.tables[t.ID], s.made[t.Name] = s.statements(t), s.ddl(t)
	}
	return s
}

func (s *Set) columnNames(t *schema.Table) []string {
	names := []string{"id"}
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	names = append(names, "extra")
	names = append(names, s.meta...)
	if len(t.Fold) > 0 {
		names = append(names, "fold")
	}
	for i, n := range names {
		names[i] = `"` + n + `"`
	}
	return names
}

func (s *Set) statements(t *schema.Table) *statements {
	names := s.columnNames(t)
	columns := strings.Join(names, ", ")
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	var marked []string
	for _, m := range s.meta {
		marked = append(marked, fmt.Sprintf("%q = ?", m))
	}
	readable := strings.TrimSuffix(columns, `, "fold"`)
	return &statements{
		columns: readable,
		get:     fmt.Sprintf(`SELECT %s FROM %q WHERE id = ?`, readable, t.Name),
		between: fmt.Sprintf(`SELECT id FROM %q WHERE id BETWEEN ? AND ? LIMIT ?`, t.Name),
		insert:  fmt.Sprintf(`INSERT INTO %q (%s) VALUES (%s)`, t.Name, columns, marks),
		replace: fmt.Sprintf(`REPLACE INTO %q (%s) VALUES (%s)`, t.Name, columns, marks),
		mark:    fmt.Sprintf(`UPDATE %q SET %s WHERE id = ?`, t.Name, strings.Join(marked, ", ")),
		delete:  fmt.Sprintf(`DELETE FROM %q WHERE id = ?`, t.Name),
	}
}

var sqlTypes = map[syncproto.Kind]string{
	syncproto.Bool: "INTEGER", syncproto.Int: "INTEGER", syncproto.Text: "TEXT", syncproto.Bytes: "BLOB",
}

// ddl makes a table, as SQLite writes it down. Names come from the schema compiled in, never from a peer.
func (s *Set) ddl(t *schema.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %q (\n\tid BLOB PRIMARY KEY", t.Name)
	for _, f := range t.Fields {
		fmt.Fprintf(&b, ",\n\t%q %s", f.Name, sqlTypes[f.Kind])
	}
	b.WriteString(",\n\textra BLOB")
	for _, m := range s.meta {
		fmt.Fprintf(&b, ",\n\t%q INTEGER", m)
	}
	if len(t.Fold) > 0 {
		b.WriteString(",\n\tfold TEXT")
	}
	b.WriteString("\n) STRICT, WITHOUT ROWID")
	return b.String()
}

// Grow makes the tables and the fields that the schema has and the database has not.
func (s *Set) Grow(tx *sqlitedb.Tx) error {
	if whole, err := s.whole(tx); err != nil || whole {
		return err
	}
	type column struct{ table, name string }
	have := map[column]bool{}
	err := tx.Query(func(row sqlitedb.Row) error {
		have[column{row.Text(0), row.Text(1)}] = true
		return nil
	}, `SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'`)
	if err != nil {
		return err
	}
	for _, t := range schema.All {
		if !have[column{t.Name, "id"}] { // it is made with all its fields
			if err := tx.Script(s.made[t.Name]); err != nil {
				return err
			}
			continue
		}
		for _, f := range t.Fields {
			if have[column{t.Name, f.Name}] {
				continue
			}
			if err := tx.Script(fmt.Sprintf("ALTER TABLE %q ADD COLUMN %q %s", t.Name, f.Name, sqlTypes[f.Kind])); err != nil {
				return err
			}
		}
	}
	return nil
}

// whole says whether each table is there as it would be made now: one that has grown a field
// may be, and reads otherwise.
func (s *Set) whole(tx *sqlitedb.Tx) (bool, error) {
	lacks := len(schema.All)
	err := tx.Query(func(row sqlitedb.Row) error {
		if made := s.made[row.Text(0)]; made != "" && made == row.Text(1) {
			lacks--
		}
		return nil
	}, `SELECT name, sql FROM sqlite_schema WHERE type = 'table'`)
	return lacks == 0, err
}

// Insert writes a record that is not there yet: where it is, the error wraps
// sqlitedb.ErrExists.
func (s *Set) Insert(tx *sqlitedb.Tx, r *Row) error {
	return s.write(tx, s.tables[r.Table.ID].insert, r)
}

// Replace writes a record whether or not it is there.
func (s *Set) Replace(tx *sqlitedb.Tx, r *Row) error {
	return s.write(tx, s.tables[r.Table.ID].replace, r)
}

// Mark writes a side's own columns of a record that is there, and nothing else.
func (s *Set) Mark(tx *sqlitedb.Tx, r *Row) error {
	return tx.Exec(s.tables[r.Table.ID].mark, append(s.metaArgs(nil, r), r.ID[:])...)
}

// Delete removes a record.
func (s *Set) Delete(tx *sqlitedb.Tx, t *schema.Table, id syncproto.RecordID) error {
	return tx.Exec(s.tables[t.ID].delete, id[:])
}

// Clear removes the records of every table that a condition holds for.
func (s *Set) Clear(tx *sqlitedb.Tx, condition string) error {
	for _, t := range schema.All {
		if err := tx.Exec(fmt.Sprintf(`DELETE FROM %q WHERE %s`, t.Name, condition)); err != nil {
			return err
		}
	}
	return nil
}

// arguments are lent for one statement: nothing of them is kept.
var arguments = sync.Pool{New: func() any { return new([]any) }}

func (s *Set) write(tx *sqlitedb.Tx, sql string, r *Row) error {
	args := arguments.Get().(*[]any)
	defer arguments.Put(args)
	*args = s.args((*args)[:0], r)
	return tx.Exec(sql, *args...)
}

func (s *Set) args(args []any, r *Row) []any {
	args = append(args, r.ID[:])
	for _, v := range r.Values {
		args = append(args, argument(v))
	}
	if len(r.Extra) > 0 {
		args = append(args, AppendFields(nil, r.Extra))
	} else {
		args = append(args, nil)
	}
	args = s.metaArgs(args, r)
	if len(r.Table.Fold) > 0 {
		args = append(args, foldOf(r))
	}
	return args
}

func (s *Set) metaArgs(args []any, r *Row) []any {
	for i := range s.meta {
		if r.Meta[i] == 0 {
			args = append(args, nil)
		} else {
			args = append(args, r.Meta[i])
		}
	}
	return args
}

func argument(v syncproto.Value) any {
	switch v.Kind() {
	case syncproto.Bool:
		if v.Bool() {
			return int64(1)
		}
		return int64(0)
	case syncproto.Int:
		return v.Int()
	case syncproto.Text:
		return v.Text()
	case syncproto.Bytes:
		return v.Bytes()
	}
	return nil
}

func foldOf(r *Row) string {
	var words []string
	for _, id := range r.Table.Fold {
		if s := r.Of(id).Text(); s != "" {
			words = append(words, schema.Fold(s))
		}
	}
	return strings.Join(words, "\n")
}

// FoldHolds says whether the folded column of a record is what its text folds to.
func (s *Set) FoldHolds(tx *sqlitedb.Tx, r *Row) (bool, error) {
	if len(r.Table.Fold) == 0 {
		return true, nil
	}
	row, ok, err := tx.One(fmt.Sprintf(`SELECT fold FROM %q WHERE id = ?`, r.Table.Name), r.ID[:])
	return ok && row.Text(0) == foldOf(r), err
}

// Get reads a record; nil where there is none.
func (s *Set) Get(tx *sqlitedb.Tx, t *schema.Table, id syncproto.RecordID) (*Row, error) {
	var found *Row
	err := tx.Query(func(row sqlitedb.Row) (err error) {
		found, err = s.scan(t, row)
		return err
	}, s.tables[t.ID].get, id[:])
	return found, err
}

// Between calls f for the ids of records from first to last, at most most; whole is false
// where there may be more.
func (s *Set) Between(tx *sqlitedb.Tx, t *schema.Table, first, last syncproto.RecordID, most int, f func(syncproto.RecordID)) (whole bool, err error) {
	n := 0
	err = tx.Query(func(row sqlitedb.Row) error {
		var id syncproto.RecordID
		copy(id[:], row.Blob(0))
		f(id)
		n++
		return nil
	}, s.tables[t.ID].between, first[:], last[:], most)
	return n < most, err
}

// Each calls f for every record of a table that a condition holds for, such as
// "WHERE id > ? ORDER BY id"; the condition is the caller's own text, never a peer's.
func (s *Set) Each(tx *sqlitedb.Tx, t *schema.Table, condition string, f func(*Row) error, args ...any) error {
	return tx.Query(func(row sqlitedb.Row) error {
		r, err := s.scan(t, row)
		if err != nil {
			return err
		}
		return f(r)
	}, fmt.Sprintf(`SELECT %s FROM %q %s`, s.tables[t.ID].columns, t.Name, condition), args...)
}

// ErrDamaged says that what stands in a record's place cannot be one.
var ErrDamaged = errors.New("damaged record")

// Readable is Each for every record of a table that can be read; it passes over others.
func (s *Set) Readable(tx *sqlitedb.Tx, t *schema.Table, f func(*Row) error) error {
	return tx.Query(func(row sqlitedb.Row) error {
		r, err := s.scan(t, row)
		if errors.Is(err, ErrDamaged) {
			return nil
		}
		if err != nil {
			return err
		}
		return f(r)
	}, fmt.Sprintf(`SELECT %s FROM %q`, s.tables[t.ID].columns, t.Name))
}

// Joined is Each over a join: from is the rest of a query whose records are r.
func (s *Set) Joined(tx *sqlitedb.Tx, t *schema.Table, from string, f func(*Row, sqlitedb.Row, int) error, extra string, args ...any) error {
	columns := "r." + strings.ReplaceAll(s.tables[t.ID].columns, ", ", ", r.")
	n := len(t.Fields) + 2 + len(s.meta)
	return tx.Query(func(row sqlitedb.Row) error {
		r, err := s.scan(t, row)
		if err != nil {
			return err
		}
		return f(r, row, n)
	}, fmt.Sprintf(`SELECT %s%s FROM %s`, columns, extra, fmt.Sprintf(from, t.Name)), args...)
}

func (s *Set) scan(t *schema.Table, row sqlitedb.Row) (*Row, error) {
	r := New(t, syncproto.RecordID{})
	if id := row.Blob(0); copy(r.ID[:], id) != 16 || len(id) != 16 {
		return nil, fmt.Errorf("%w: %s: an id of %d bytes", ErrDamaged, t.Name, len(id))
	}
	for i := range t.Fields {
		v, err := value(t.Fields[i].Kind, row, i+1)
		if err != nil {
			return nil, fmt.Errorf("%w: %s %v: %s: %w", ErrDamaged, t.Name, r.ID, t.Fields[i].Name, err)
		}
		r.Values[i] = v
	}
	at := len(t.Fields) + 1
	if !row.Null(at) {
		var err error
		if r.Extra, err = ReadFields(row.Blob(at)); err != nil {
			return nil, fmt.Errorf("%w: %s %v: %w", ErrDamaged, t.Name, r.ID, err)
		}
	}
	for i := range s.meta {
		r.Meta[i] = row.Int(at + 1 + i)
	}
	return r, nil
}

func value(k syncproto.Kind, row sqlitedb.Row, i int) (syncproto.Value, error) {
	switch v := row.Any(i).(type) {
	case nil:
		return syncproto.Value{}, nil
	case int64:
		if k == syncproto.Int {
			return syncproto.IntValue(v), nil
		}
		if k == syncproto.Bool && (v == 0 || v == 1) {
			return syncproto.BoolValue(v == 1), nil
		}
	case string:
		if k == syncproto.Text {
			return syncproto.TextValue(v), nil
		}
	case []byte:
		if k == syncproto.Bytes {
			return syncproto.BytesValue(v), nil
		}
	}
	return syncproto.Value{}, fmt.Errorf("holds a value of another kind")
}

// AppendFields appends a canonical {field: value}.
func AppendFields(b []byte, fields []syncproto.FieldValue) []byte {
	b = canon.Map(b, len(fields))
	for _, f := range fields {
		b = syncproto.AppendValue(canon.Uint(b, uint64(f.Field)), f.Value)
	}
	return b
}

// ReadFields reads the form of AppendFields.
func ReadFields(b []byte) ([]syncproto.FieldValue, error) {
	r := canon.NewReader(b)
	fields := make([]syncproto.FieldValue, r.Map(1<<12))
	for i := range fields {
		fields[i].Field = syncproto.FieldID(r.Uint(1<<16 - 1))
		if i > 0 {
			r.Ascending(false, uint64(fields[i-1].Field), uint64(fields[i].Field))
		}
		fields[i].Value = syncproto.ReadValue(r)
	}
	return fields, r.Done()
}

// AppendRow appends a record by itself: canonical [table, record, {field: value}].
func AppendRow(b []byte, r *Row) []byte {
	b = canon.Uint(canon.Array(b, 3), uint64(r.Table.ID))
	return AppendFields(canon.Bytes(b, r.ID[:]), r.Fields(nil))
}
