package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/internal/failpoint"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/rules"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Writer records transactions in one commit: nothing of it is there before the
// function given to Write returns, and all of it is on disk when Write does.
type Writer struct {
	s        *Store
	tx       *sqlitedb.Tx
	lives    []life
	current  int
	progress Progress
	wrote    bool
}

// Write runs f and commits what it recorded. When it returns nil, a person may be
// told "saved" (P1).
func (s *Store) Write(ctx context.Context, f func(*Writer) error) error {
	if s.Identity() == nil {
		return ErrNotEnrolled
	}
	w := &Writer{s: s}
	var marked error
	err := s.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		s.mu.Lock()
		w.lives, w.current, w.progress = slices.Clone(s.lives), s.current, s.progress
		wiped := s.identity.WipedAt != 0 // as of this turn: a wipe may have had the one before
		s.mu.Unlock()
		if wiped {
			return ErrWiped
		}
		w.tx = tx
		if err := f(w); err != nil {
			return err
		}
		if !w.wrote {
			return errNothing
		}
		tx.AfterCommit(func() {
			err := failpoint.Hit("local.commit.after")
			if marked = w.publish(); err != nil {
				marked = err
			}
		})
		return failpoint.Hit("local.commit.before")
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if sqlitedb.NoRoom(err) {
		return refusal.New(refusal.NoRoom, "the disk of this device is full, nothing was recorded: make room: %v", err)
	}
	if sqlitedb.DiskError(err) {
		return refusal.New(refusal.DiskFailed, "the disk of this device did not keep it: %v", err)
	}
	return errors.Join(err, marked)
}

// errNothing rolls back a Write that recorded nothing: an incarnation begins only
// with a transaction.
var errNothing = errors.New("nothing was recorded")

// publish tells the rest of the program, and the mark, what has been committed.
func (w *Writer) publish() error {
	s, l := w.s, w.lives[w.current]
	s.mu.Lock()
	s.current = w.current
	s.mu.Unlock()
	s.publish(w.lives, &w.progress)
	select {
	case s.recorded <- struct{}{}:
	default:
	}
	return s.mark.SetGiven(l.inc, uint64(l.last), l.hash, uint64(w.progress.receiptNo))
}

// Draft is one transaction as it is being made.
type Draft struct {
	w      *Writer
	ord    int64
	loaded *syncproto.Base // where the author's screen was loaded; nil: here
	t      syncproto.Transaction
	rows   map[rowKey]*records.Row // as they will stand
	order  []rowKey
	sums   map[string]int64 // minor units of sale lines by currency

	mended    map[rowKey]*records.Row // by the held transaction that this one stands in for
	withdraws bool                    // it takes that one back, and changes nothing
}

type rowKey struct {
	table syncproto.TableID
	id    syncproto.RecordID
}

// Transaction records one transaction: the changes that f drafts stand or fall
// together. If f drafts none, nothing is recorded. After an error the whole Write
// has to be given up.
func (w *Writer) Transaction(person syncproto.RecordID, zoneMinutes int, f func(*Draft) error) error {
	if err := w.begin(); err != nil {
		return err
	}
	l := &w.lives[w.current]
	d := &Draft{w: w, ord: l.ord(l.last + 1), rows: map[rowKey]*records.Row{}}
	d.t = syncproto.Transaction{Zone: zoneMinutes, Person: person, Schema: schema.Version, Rules: schema.RulesVersion}
	if err := f(d); err != nil || len(d.t.Changes) == 0 && !d.withdraws {
		return err
	}
	var err error
	if d.t.Time, err = w.s.clock.Tick(); err != nil {
		return err
	}
	return d.commit(l)
}

// begin starts this process's incarnation at its first write: a fresh random id
// that continues the one before, so that a database that was copied or put back
// never numbers two different transactions alike.
func (w *Writer) begin() error {
	if w.current >= 0 {
		return nil
	}
	inc, err := syncproto.Random[syncproto.Incarnation](w.s.rand)
	if err != nil {
		return err
	}
	id := w.s.Identity()
	l := life{inc: inc, device: id.Device, firstOrd: 1, id: 1}
	if n := len(w.lives); n > 0 {
		before := &w.lives[n-1]
		l.id = before.id + 1
		for i := range w.lives { // what was chained anew stands behind what it was cut from
			l.firstOrd = max(l.firstOrd, w.lives[i].ord(w.lives[i].last+1))
		}
		if before.last > 0 {
			l.genesis = syncproto.Genesis{Parent: before.inc, Seq: before.last, Hash: before.hash}
		} else {
			l.genesis = before.genesis
		}
	}
	l.start = syncproto.GenesisHash(id.Org, id.Device, inc, l.genesis)
	l.hash = l.start
	w.lives = append(w.lives, l)
	w.current = len(w.lives) - 1
	return l.insert(w.tx)
}

// Loaded says from which checkpoint the author's screen was loaded, where that is not the
// present one: what came since then it has not shown. nil changes nothing.
func (d *Draft) Loaded(at *syncproto.Base) { d.loaded = at }

// NewID makes the id of a new record.
func (d *Draft) NewID() (syncproto.RecordID, error) { return d.w.s.ids.Record() }

// Identity is who records.
func (d *Draft) Identity() *Identity { return d.w.s.Identity() }

// NextReceipt gives the next receipt number: the device's prefix and a counter
// without gaps (R14). It counts only if the transaction is recorded.
func (d *Draft) NextReceipt() string {
	d.w.progress.receiptNo++
	return fmt.Sprintf("%s-%06d", d.Identity().Prefix, d.w.progress.receiptNo)
}

// Get is a record as people see it here; nil where there is none.
func (d *Draft) Get(table syncproto.TableID, id syncproto.RecordID) (*records.Row, error) {
	if r := d.rows[rowKey{table, id}]; r != nil {
		return r, nil
	}
	return set.Get(d.w.tx, schema.Lookup(table), id)
}

// Field is a field and the value to write.
type Field = syncproto.FieldValue

// Create drafts a new record. Groups of which a field is given are written whole,
// other fields of them null.
func (d *Draft) Create(table syncproto.TableID, id syncproto.RecordID, fields ...Field) error {
	t := schema.Lookup(table)
	r := records.New(t, id)
	for _, f := range fields {
		r.Set(f.Field, f.Value)
	}
	c := syncproto.Change{Op: syncproto.Create, Table: table, Record: id}
	for i := range t.Groups {
		if g := &t.Groups[i]; touches(g, fields) {
			c.Groups = append(c.Groups, whole(r, g, syncproto.NoBase))
		}
	}
	if err := schema.Check(&c); err != nil {
		return refusal.Flawed(err)
	}
	r.Meta = [3]int64{metaState: made, metaOwn: d.ord}
	if err := set.Insert(d.w.tx, r); err != nil {
		return fmt.Errorf("record a %s: %w", t.Name, err)
	}
	d.w.progress.ownRows++
	d.add(r, c)
	return nil
}

func touches(g *schema.Group, fields []Field) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return slices.Contains(g.Fields, f.Field) && !f.Value.IsNull() })
}

func whole(r *records.Row, g *schema.Group, base int) syncproto.GroupWrite {
	w := syncproto.GroupWrite{Group: g.ID, Base: base}
	for _, id := range g.Fields {
		w.Fields = append(w.Fields, Field{Field: id, Value: r.Of(id)})
	}
	return w
}

func (d *Draft) add(r *records.Row, c syncproto.Change) {
	key := rowKey{r.Table.ID, r.ID}
	if d.rows[key] == nil {
		d.order = append(d.order, key)
	}
	d.rows[key] = r
	d.t.Changes = append(d.t.Changes, c)
	if r.Table.ID == schema.SaleLine {
		if d.sums == nil {
			d.sums = map[string]int64{}
		}
		addAmounts(d.sums, &c)
	}
}

// addAmounts adds what a sale line is worth that a change makes.
func addAmounts(sums map[string]int64, c *syncproto.Change) {
	if c.Table != schema.SaleLine || c.Op != syncproto.Create {
		return
	}
	r := records.New(schema.Lookup(schema.SaleLine), c.Record)
	for i := range c.Groups {
		r.Write(&c.Groups[i])
	}
	if amount, currency, priced := rules.LineAmount(r.Values); priced {
		sums[currency] += amount
	}
}

// ErrNoRecord says that what was to be looked at or changed is not here.
var ErrNoRecord = refusal.New(refusal.NoRecord, "there is no such record here")

// Update drafts a write of one group of a record that is here: fields not given
// keep their value.
func (d *Draft) Update(table syncproto.TableID, id syncproto.RecordID, group syncproto.GroupID, fields ...Field) error {
	t := schema.Lookup(table)
	have, err := d.Get(table, id)
	if err != nil {
		return err
	}
	if have == nil {
		return ErrNoRecord.With("table", t.Name)
	}
	base, err := d.baseOf(have, group)
	if err != nil {
		return err
	}
	r := have.Clone()
	g := t.Group(group)
	for _, f := range fields {
		r.Set(f.Field, f.Value)
	}
	w := whole(r, g, base)
	if g.Rule == schema.State {
		w.Left = have.Of(g.Fields[0]).Text()
	}
	c := syncproto.Change{Op: syncproto.Update, Table: table, Record: id, Groups: []syncproto.GroupWrite{w}}
	if err := schema.Check(&c); err != nil {
		return refusal.Flawed(err)
	}
	if err := t.CheckWhole(r.Values); err != nil {
		return refusal.Flawed(err)
	}
	if err := d.overlay(have, r); err != nil {
		return err
	}
	d.add(r, c)
	return nil
}

// overlay lays an edited record over what was there.
func (d *Draft) overlay(have, r *records.Row) error {
	if have.Meta[metaOwn] != d.ord {
		var prev any
		if have.Meta[metaOwn] != 0 {
			prev = have.Meta[metaOwn]
		}
		if err := d.w.tx.Exec(`INSERT INTO overlay (tbl, record, ord, prev) VALUES (?, ?, ?, ?)`, int64(r.Table.ID), r.ID[:], d.ord, prev); err != nil {
			return err
		}
	}
	if have.Meta[metaState] == inBase {
		if err := putPreimage(d.w.tx, have); err != nil {
			return err
		}
		d.w.progress.ownRows++
		r.Meta[metaState] = edited
	}
	r.Meta[metaOwn] = d.ord
	return set.Replace(d.w.tx, r)
}

// baseOf is the index of the base of a group: where its base value was last
// visible. An own unsettled edit of the group passes its base on; an own unsettled
// creation has none.
func (d *Draft) baseOf(r *records.Row, group syncproto.GroupID) (int, error) {
	p := &d.w.progress
	at := syncproto.Base{Position: p.Position, Hash: p.Hash.Short()}
	if d.loaded != nil {
		at = *d.loaded
	}
	switch r.Meta[metaState] {
	case made, heldMade:
		return syncproto.NoBase, nil
	case edited:
		over, err := d.w.ownChanges(r)
		if err != nil {
			return 0, err
		}
		for _, o := range over {
			i := slices.IndexFunc(o.change.Groups, func(g syncproto.GroupWrite) bool { return g.Group == group })
			if i < 0 {
				continue
			}
			if b := o.change.Groups[i].Base; b != syncproto.NoBase {
				if inherited := o.tx.Bases[b]; d.loaded == nil || inherited.Position < at.Position {
					at = inherited
				}
				return d.base(at), nil
			}
			return syncproto.NoBase, nil
		}
	}
	if p.Cursor == nil {
		return syncproto.NoBase, nil
	}
	return d.base(at), nil
}

func (d *Draft) base(b syncproto.Base) int {
	if i := slices.Index(d.t.Bases, b); i >= 0 {
		return i
	}
	d.t.Bases = append(d.t.Bases, b)
	return len(d.t.Bases) - 1
}

// ownChange is what one own transaction did to a record.
type ownChange struct {
	ord    int64
	tx     *syncproto.Transaction
	change *syncproto.Change
}

// ownChanges lists what own transactions did to a record since it was last purely
// base, newest first. The draft being made is not among them.
func (w *Writer) ownChanges(r *records.Row) ([]ownChange, error) {
	return ownChanges(w.tx, r, 0)
}

// ownChanges walks from the newest own transaction of a record to the oldest whose
// ord is above after.
func ownChanges(tx *sqlitedb.Tx, r *records.Row, after int64) ([]ownChange, error) {
	var over []ownChange
	for ord := r.Meta[metaOwn]; ord > after; {
		row, ok, err := tx.One(`SELECT body FROM outbox WHERE ord = ? AND body_hash IS NULL AND length(body) > 0`, ord)
		if err != nil {
			return nil, err
		}
		if ok {
			t, err := syncproto.ReadBody(row.Blob(0))
			if err != nil {
				return nil, fmt.Errorf("own transaction %d: %w", ord, err)
			}
			for i := len(t.Changes) - 1; i >= 0; i-- {
				if t.Changes[i].Table == r.Table.ID && t.Changes[i].Record == r.ID {
					over = append(over, ownChange{ord, t, &t.Changes[i]})
				}
			}
		}
		prev, _, err := tx.One(`SELECT prev FROM overlay WHERE tbl = ? AND record = ? AND ord = ?`, int64(r.Table.ID), r.ID[:], ord)
		if err != nil {
			return nil, err
		}
		before := int64(0)
		if prev.Len() > 0 {
			before = prev.Int(0)
		}
		if before >= ord {
			return nil, fmt.Errorf("overlay of %s %v: transaction %d is not before %d", r.Table.Name, r.ID, before, ord)
		}
		ord = before
	}
	return over, nil
}

// commit appends the transaction to the outbox.
func (d *Draft) commit(l *life) error {
	body := syncproto.AppendBody(nil, &d.t)
	if _, err := syncproto.ReadBody(body); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	l.last++
	l.hash = syncproto.Link(l.hash, syncproto.BodyHash(body))
	var amounts any
	if len(d.sums) > 0 {
		amounts = appendAmounts(nil, d.sums)
	}
	d.w.wrote = true
	if err := d.named(); err != nil {
		return err
	}
	return d.w.tx.Exec(`INSERT INTO outbox (ord, inc, seq, hash, at, kept, amounts, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ord, l.id, uint64(l.last), l.hash[:], d.t.Time.MS(), d.w.progress.kept(), amounts, body)
}

func appendAmounts(b []byte, sums map[string]int64) []byte {
	b = canon.Array(b, len(sums))
	for _, currency := range sortedKeys(sums) {
		b = canon.Int(canon.Text(canon.Array(b, 2), currency), sums[currency])
	}
	return b
}

func putPreimage(tx *sqlitedb.Tx, r *records.Row) error {
	return tx.Exec(`REPLACE INTO preimage (tbl, record, fields) VALUES (?, ?, ?)`, int64(r.Table.ID), r.ID[:], records.AppendFields(nil, r.Fields(nil)))
}

func getPreimage(tx *sqlitedb.Tx, t *schema.Table, id syncproto.RecordID) (*records.Row, error) {
	row, ok, err := tx.One(`SELECT fields FROM preimage WHERE tbl = ? AND record = ?`, int64(t.ID), id[:])
	if err != nil || !ok {
		return nil, err
	}
	fields, err := records.ReadFields(row.Blob(0))
	if err != nil {
		return nil, err
	}
	r := records.New(t, id)
	for _, f := range fields {
		r.Set(f.Field, f.Value)
	}
	return r, nil
}

// Drafted says whether anything was drafted yet.
func (d *Draft) Drafted() bool { return len(d.t.Changes) > 0 }
