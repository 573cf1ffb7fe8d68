package state

import (
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// author is the transaction that is being judged, apart from what it says.
type author struct {
	chain    *chain
	seq      syncproto.Seq
	hash     syncproto.Hash
	position syncproto.Position // own: where it was first judged
	received int64              // UTC ms by the ingesting node's clock
	least    hlc.Stamp          // the effective stamp is at least this
	waives   []syncproto.Code   // refusals that head office has waived for it
}

func (a *author) waived(c syncproto.Code) bool { return slices.Contains(a.waives, c) }

// plan is what a transaction will do, decided before anything is written.
type plan struct {
	stamp     hlc.Stamp
	writes    []*write
	byRecord  map[recordKey]*write
	conflicts []*records.Row
	settles   []*records.Row       // conflicts that the author had before their eyes, settled
	replaces  []syncproto.Position // own positions of the held transactions it mends
	place     link                 // in its chain: its own, or that of the first one it mends
}

// link is a place in a chain.
type link struct {
	chain *chain
	seq   syncproto.Seq
}

type recordKey struct {
	table syncproto.TableID
	id    syncproto.RecordID
}

// write is one record that the plan touches.
type write struct {
	before  *records.Row // nil where the plan makes the record
	after   *records.Row
	groups  []syncproto.GroupID // whose writer becomes the author
	changed bool                // values differ
}

// meeting is a group that the transaction writes and somebody wrote before.
type meeting struct {
	write  *write
	change *syncproto.GroupWrite
	group  *schema.Group
	create bool
	writer writer
	base   syncproto.Position // that the author's screen was loaded from; 0 for none
	causal bool               // the author had seen the writer's value
	equal  bool
}

// writer is who wrote a group's present value.
type writer struct {
	position syncproto.Position // where it took effect
	tx       syncproto.Position // own position of the transaction
	chain    int64
	seq      syncproto.Seq
	hash     syncproto.Hash
	stamp    hlc.Stamp
}

// judge decides what a transaction does at the present position. It writes nothing.
// A refusal comes as the second result; the third is a fault that stops the fold.
func (f *fold) judge(a *author, t *syncproto.Transaction) (*plan, *syncproto.Error, error) {
	p := &plan{stamp: a.least, place: link{a.chain, a.seq}, byRecord: map[recordKey]*write{}}
	access, err := f.accessOf(a.chain.device)
	if err != nil {
		return nil, nil, err
	}
	if late, err := f.late(a, access); err != nil {
		return nil, nil, err
	} else if late && !a.waived(syncproto.CodeRevokedLate) {
		return nil, syncproto.Errorf(syncproto.CodeRevokedLate, ""), nil
	}
	if refusal, err := f.mends(a, access, p, t); refusal != nil || err != nil {
		return nil, refusal, err
	}
	if refusal, err := f.rests(a, p, t); refusal != nil || err != nil {
		return nil, refusal, err
	}
	met, refusal, err := f.meet(a, t, p)
	if refusal != nil || err != nil {
		return nil, refusal, err
	}
	for i := range met {
		met[i].equal = same(met[i].write.after, met[i].change) // an earlier change of the transaction may have written it
		if refusal, err := f.decide(a, p, &met[i]); refusal != nil || err != nil {
			return nil, refusal, err
		}
		if err := f.settle(a, access, p, &met[i]); err != nil {
			return nil, nil, err
		}
	}
	for _, w := range p.writes {
		if refusal := allowed(access, w, a.received); refusal != nil && !a.waived(refusal.Code) {
			return nil, refusal, nil
		}
		if refusal := sound(w); refusal != nil {
			return nil, refusal, nil
		}
		if refusal, err := f.orphaned(p, w); refusal != nil || err != nil {
			return nil, refusal, err
		}
	}
	return p, nil, nil
}

// late says whether the author was revoked before its transaction was first judged: what is
// judged again came when it came.
func (f *fold) late(a *author, access *schema.Access) (bool, error) {
	if !access.Revoked {
		return false, nil
	}
	device := schema.Lookup(schema.Device)
	row, err := set.Get(f.tx, device, syncproto.RecordID(a.chain.device))
	if err != nil || row == nil {
		return true, err
	}
	w, err := f.writerOf(row, device.Group(schema.DeviceGroupRevoked))
	return a.position > w.position, err
}

// orphaned refuses a new child, such as a line, whose parent is not known: a sale is
// counted when it is made, and all its lines with it.
func (f *fold) orphaned(p *plan, w *write) (*syncproto.Error, error) {
	table, id := parentOf(w.after.Table, w.after.Values)
	if w.before != nil || table == nil || p.byRecord[recordKey{table.ID, id}] != nil {
		return nil, nil
	}
	parent, err := set.Get(f.tx, table, id)
	if err != nil || parent != nil {
		return nil, err
	}
	return syncproto.Errorf(syncproto.CodeGone, "%s of a %s", w.after.Table.Name, table.Name), nil
}

func parentOf(t *schema.Table, v schema.Values) (*schema.Table, syncproto.RecordID) {
	if t.Child == 0 {
		return nil, syncproto.RecordID{}
	}
	return schema.Lookup(t.Fields[t.Index(t.Child)].Ref), t.Of(v, t.Child).ID()
}

// sound holds an edited record against what its table asks of a record as a whole.
func sound(w *write) *syncproto.Error {
	if w.before == nil || !w.changed {
		return nil
	}
	return w.after.Table.CheckWhole(w.after.Values)
}

func allowed(access *schema.Access, w *write, ms int64) *syncproto.Error {
	r := w.after
	if w.before != nil { // a move needs the right to write where the record was, none where it goes
		r = w.before
	}
	if code := access.MayWrite(r.Table, r.Scopes(nil), ms); code != 0 {
		return syncproto.Errorf(code, "%s", r.Table.Name)
	}
	return nil
}

// meet loads every record, lays groups over new ones, and gathers the groups that
// somebody wrote before. The author's stamp passes what it overwrites knowingly.
func (f *fold) meet(a *author, t *syncproto.Transaction, p *plan) ([]meeting, *syncproto.Error, error) {
	bases, err := f.bases(t.Bases)
	if err != nil {
		return nil, nil, err
	}
	var met []meeting
	for i := range t.Changes {
		c := &t.Changes[i]
		if refusal := schema.Check(c); refusal != nil {
			return nil, refusal, nil
		}
		w, refusal, err := f.load(p, c)
		if refusal != nil || err != nil {
			return nil, refusal, err
		}
		for j := range c.Groups {
			g := &c.Groups[j]
			if w.before == nil {
				if refusal := fresh(w, g); refusal != nil {
					return nil, refusal, nil
				}
				continue
			}
			m := meeting{write: w, change: g, group: w.after.Table.Group(g.Group), create: c.Op == syncproto.Create}
			if m.writer, err = f.writerOf(w.before, m.group); err != nil {
				return nil, nil, err
			}
			if m.writer.tx == 0 {
				m.causal = true // nobody's value is overwritten
				met = append(met, m)
				continue
			}
			if g.Base != syncproto.NoBase {
				m.base = bases[g.Base]
			}
			m.causal = m.writer.position <= m.base
			if !m.causal {
				if m.causal, err = f.ancestor(m.writer.chain, m.writer.seq, a.chain, a.seq); err != nil {
					return nil, nil, err
				}
			}
			if m.causal {
				p.stamp = max(p.stamp, m.writer.stamp.Next())
			}
			met = append(met, m)
		}
	}
	return met, nil, nil
}

// bases gives the position each base stands for.
func (f *fold) bases(bases []syncproto.Base) ([]syncproto.Position, error) {
	at := make([]syncproto.Position, len(bases))
	for i, b := range bases {
		var err error
		if at[i], err = baseAt(f.tx, b); err != nil {
			return nil, err
		}
	}
	return at, nil
}

// baseAt is the position that a base stands for: that of the first fork below it where the
// log does not hold it any more, for which lost history it is of cannot be told; 0 where
// there is none.
func baseAt(tx *sqlitedb.Tx, b syncproto.Base) (syncproto.Position, error) {
	row, ok, err := tx.One(`SELECT short FROM tx WHERE position = ?`, uint64(b.Position))
	if err != nil {
		return 0, err
	}
	if ok && string(row.Blob(0)) == string(b.Hash[:]) {
		return b.Position, nil
	}
	fork, err := tx.Int(`SELECT coalesce(min(position), 0) FROM fork WHERE position < ?`, uint64(b.Position))
	return syncproto.Position(fork), err
}

// load finds the record of a change, in the plan or in the state.
func (f *fold) load(p *plan, c *syncproto.Change) (*write, *syncproto.Error, error) {
	key := recordKey{c.Table, c.Record}
	if w := p.byRecord[key]; w != nil {
		return w, nil, nil
	}
	t := schema.Lookup(c.Table)
	var row *records.Row
	if !f.ahead.absent(c.Table, c.Record) {
		var err error
		if row, err = set.Get(f.tx, t, c.Record); err != nil {
			return nil, nil, err
		}
	}
	w := &write{before: row}
	switch {
	case row == nil && c.Op == syncproto.Update:
		return nil, syncproto.Errorf(syncproto.CodeGone, "%s", t.Name), nil
	case row == nil:
		w.after, w.changed = records.New(t, c.Record), true
	case c.Op == syncproto.Create && row.Of(schema.Voided).Bool():
		return nil, syncproto.Errorf(syncproto.CodeGone, "%s is voided", t.Name), nil
	default:
		w.after = row.Clone()
	}
	p.byRecord[key] = w
	p.writes = append(p.writes, w)
	return w, nil, nil
}

// fresh lays a group over a record that the transaction makes.
func fresh(w *write, g *syncproto.GroupWrite) *syncproto.Error {
	group := w.after.Table.Group(g.Group)
	if group.Rule == schema.State {
		wanted := g.Fields[0].Value.Text()
		now := w.after.Of(group.Fields[0]).Text()
		if !startsOrMoves(group.Machine, g.Left, wanted, now) {
			return syncproto.Errorf(syncproto.CodeBadState, "%s: from %q to %q", w.after.Table.Name, g.Left, wanted)
		}
	}
	w.after.Write(g)
	return nil
}

func startsOrMoves(m *schema.Machine, left, wanted, now string) bool {
	if now == "" && left == "" {
		for _, s := range m.Initial {
			if s == wanted {
				return true
			}
		}
		return false
	}
	_, ok := m.Decide(left, wanted, now)
	return ok
}

func same(r *records.Row, g *syncproto.GroupWrite) bool {
	for _, f := range g.Fields {
		if r.Table.Index(f.Field) >= 0 {
			if r.Of(f.Field) != f.Value {
				return false
			}
			continue
		}
		var have syncproto.Value
		for _, x := range r.Extra {
			if x.Field == f.Field {
				have = x.Value
			}
		}
		if have != f.Value {
			return false
		}
	}
	return true
}

// writerOf is who wrote a group: its own row, or the record's maker; zero for one that
// the maker left empty.
func (f *fold) writerOf(r *records.Row, g *schema.Group) (w writer, err error) {
	row, ok, err := f.tx.One(`SELECT position, tx FROM writer WHERE tbl = ? AND record = ? AND grp = ?`, int64(r.Table.ID), r.ID[:], int64(g.ID))
	if err != nil {
		return w, err
	}
	switch {
	case ok:
		w.position, w.tx = syncproto.Position(row.Int(0)), syncproto.Position(row.Int(1))
	case isEmpty(r, g):
		return w, nil
	default:
		w.position, w.tx = syncproto.Position(r.Meta[metaMade]), syncproto.Position(r.Meta[metaMade])
		if r.Meta[metaAuthor] != 0 {
			w.tx = syncproto.Position(r.Meta[metaAuthor])
		}
	}
	row, ok, err = f.tx.One(`SELECT chain, seq, hash, stamp FROM tx WHERE position = ?`, uint64(w.tx))
	if ok {
		w.chain, w.seq, w.stamp = row.Int(0), syncproto.Seq(row.Int(1)), hlc.Stamp(row.Int(3))
		copy(w.hash[:], row.Blob(2))
	}
	return w, err
}
