package state

import (
	"bytes"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// decide says what becomes of one group that meets an earlier value, by the
// group's rule.
func (f *fold) decide(a *author, p *plan, m *meeting) (*syncproto.Error, error) {
	t := m.write.after.Table
	if !m.equal && t.DecidesScope(m.group) && (m.create || !t.Movable) && m.group.Rule == schema.Register {
		return syncproto.Errorf(syncproto.CodeScopeFixed, "%s: %s", t.Name, m.group.Name), nil
	}
	switch m.group.Rule {
	case schema.Once, schema.OnceStrict:
		return f.decideOnce(a, p, m)
	case schema.State:
		return f.decideState(a, p, m)
	}
	return f.decideRegister(a, p, m)
}

// decideRegister: who had seen the present value wins over it; of two that did not
// see each other the higher stamp wins and the other goes to the ledger.
func (f *fold) decideRegister(a *author, p *plan, m *meeting) (*syncproto.Error, error) {
	wins := m.causal
	if !wins {
		var err error
		if wins, err = f.later(a, p.stamp, &m.writer); err != nil {
			return nil, err
		}
		if !m.equal {
			if err := f.conflict(a, p, m, "stamp", wins); err != nil {
				return nil, err
			}
		}
	}
	if wins {
		m.take()
	}
	return nil, nil
}

// later orders two concurrent writes by stamp; equal ones by device, incarnation, seq.
func (f *fold) later(a *author, stamp hlc.Stamp, w *writer) (bool, error) {
	if stamp != w.stamp {
		return stamp > w.stamp, nil
	}
	c, err := f.chain(w.chain)
	if err != nil || c == nil {
		return true, err
	}
	if n := bytes.Compare(a.chain.device[:], c.device[:]); n != 0 {
		return n > 0, nil
	}
	if n := bytes.Compare(a.chain.incarnation[:], c.incarnation[:]); n != 0 {
		return n > 0, nil
	}
	return a.seq > w.seq, nil
}

// decideOnce: the first in log order holds.
func (f *fold) decideOnce(a *author, p *plan, m *meeting) (*syncproto.Error, error) {
	switch {
	case isEmpty(m.write.after, m.group):
		m.take()
	case m.equal:
	case m.group.Rule == schema.OnceStrict:
		return syncproto.Errorf(syncproto.CodeOnceDiffers, "%s: %s", m.write.after.Table.Name, m.group.Name), nil
	default:
		return nil, f.conflict(a, p, m, "once", false)
	}
	return nil, nil
}

func isEmpty(r *records.Row, g *schema.Group) bool {
	for _, id := range g.Fields {
		if !r.Of(id).IsNull() {
			return false
		}
	}
	return true
}

// decideState: the machine's arrows and its table of clashes.
func (f *fold) decideState(a *author, p *plan, m *meeting) (*syncproto.Error, error) {
	field := m.group.Fields[0]
	wanted, present := m.change.Fields[0].Value.Text(), m.write.after.Of(field).Text()
	if m.create {
		if !m.equal {
			return nil, f.conflict(a, p, m, "state", false)
		}
		return nil, nil
	}
	if m.change.Left == wanted { // it confirms the state that its author saw, and moves nothing
		return nil, nil
	}
	outcome, ok := m.group.Machine.Decide(m.change.Left, wanted, present)
	if !ok {
		return syncproto.Errorf(syncproto.CodeBadState, "%s: from %q to %q while %q", m.write.after.Table.Name, m.change.Left, wanted, present), nil
	}
	if m.change.Left != present && !m.equal && !m.group.Machine.OnlyWaited(m.change.Left, present) {
		if err := f.conflict(a, p, m, "state", outcome == wanted); err != nil {
			return nil, err
		}
	}
	if outcome != present {
		m.take()
		m.write.after.Set(field, syncproto.TextValue(outcome))
	}
	return nil, nil
}

// take makes the author the group's writer.
func (m *meeting) take() {
	m.write.groups = append(m.write.groups, m.change.Group)
	if !m.equal {
		m.write.after.Write(m.change)
		m.write.changed = true
	}
}

// conflict notes both values of a group in the ledger of the record's class.
func (f *fold) conflict(a *author, p *plan, m *meeting, rule string, authorWins bool) error {
	other, err := f.chain(m.writer.chain)
	if err != nil || other == nil {
		return err
	}
	t := schema.Ledger(m.write.after.Table.Class)
	if t == nil {
		return nil // both values stand in the log
	}
	loser, winner := side{other.device, m.writer.stamp, m.writer.hash, m.present()}, side{a.chain.device, p.stamp, a.hash, m.change.Fields}
	if !authorWins {
		loser, winner = winner, loser
	}
	r := records.New(t, schema.ConflictID(a.received, loser.hash, m.write.after.ID, m.change.Group))
	r.Set(schema.ConflictLoser, syncproto.BytesValue(loser.device[:]))
	r.Set(schema.ConflictWinner, syncproto.BytesValue(winner.device[:]))
	r.Set(schema.ConflictTable, syncproto.IntValue(int64(m.write.after.Table.ID)))
	r.Set(schema.ConflictRecord, syncproto.IDValue(m.write.after.ID))
	r.Set(schema.ConflictGroup, syncproto.IntValue(int64(m.change.Group)))
	r.Set(schema.ConflictRule, syncproto.TextValue(rule))
	r.Set(schema.ConflictLoserTime, syncproto.IntValue(loser.stamp.MS()))
	r.Set(schema.ConflictWinnerTime, syncproto.IntValue(winner.stamp.MS()))
	r.Set(schema.ConflictLoserHash, syncproto.BytesValue(loser.hash[:]))
	r.Set(schema.ConflictWinnerHash, syncproto.BytesValue(winner.hash[:]))
	r.Set(schema.ConflictLoserFields, ledger(loser.fields))
	r.Set(schema.ConflictWinnerFields, ledger(winner.fields))
	p.conflicts = append(p.conflicts, r)
	return nil
}

type side struct {
	device syncproto.DeviceID
	stamp  hlc.Stamp
	hash   syncproto.Hash
	fields []syncproto.FieldValue
}

func (m *meeting) present() []syncproto.FieldValue {
	var fields []syncproto.FieldValue
	for _, id := range m.group.Fields {
		fields = append(fields, syncproto.FieldValue{Field: id, Value: m.write.after.Of(id)})
	}
	return fields
}

func ledger(fields []syncproto.FieldValue) syncproto.Value {
	if b := records.AppendFields(nil, fields); len(b) <= schema.MaxConflictFields {
		return syncproto.BytesValue(b)
	}
	return syncproto.Value{}
}
