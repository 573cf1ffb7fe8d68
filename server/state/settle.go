package state

import (
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A conflict is settled by an ordinary change: the next write of its group by somebody
// who could see the conflict, and had, says which value is right.

// dispute notes that a conflict is open.
func (f *fold) dispute(c *records.Row, at syncproto.Position) error {
	return f.tx.Exec(`REPLACE INTO disputed (record, tbl, grp, conflict, ledger, position) VALUES (?, ?, ?, ?, ?, ?)`,
		c.Of(schema.ConflictRecord).Bytes(), c.Of(schema.ConflictTable).Int(), c.Of(schema.ConflictGroup).Int(), c.ID[:], int64(c.Table.ID), uint64(at))
}

// settle finds the open conflicts over a group that its author had before their eyes. A
// device sees those that it is a side of, head office all; what somebody else writes
// later leaves them open.
func (f *fold) settle(a *author, access *schema.Access, p *plan, m *meeting) error {
	return f.tx.Query(func(row sqlitedb.Row) error {
		c, err := set.Get(f.tx, schema.Lookup(syncproto.TableID(row.Int(1))), syncproto.RecordID(row.Blob(0)))
		if err != nil || c == nil {
			return err
		}
		device := syncproto.BytesValue(a.chain.device[:])
		if access.Kind != schema.KindServerDevice && c.Of(schema.ConflictLoser) != device && c.Of(schema.ConflictWinner) != device {
			return nil
		}
		c = c.Clone()
		c.Set(schema.ConflictSettledBy, device)
		c.Set(schema.ConflictSettledHash, syncproto.BytesValue(a.hash[:]))
		c.Set(schema.ConflictChoice, syncproto.TextValue(choice(c, m.change.Fields)))
		p.settles = append(p.settles, c)
		return nil
	}, `SELECT conflict, ledger FROM disputed WHERE record = ? AND tbl = ? AND grp = ? AND position <= ? ORDER BY conflict`,
		m.write.after.ID[:], int64(m.write.after.Table.ID), int64(m.change.Group), uint64(m.base))
}

// choice says which side's value was written.
func choice(c *records.Row, fields []syncproto.FieldValue) string {
	switch written := ledger(fields); {
	case written.IsNull():
	case written == c.Of(schema.ConflictWinnerFields):
		return schema.ChoiceWinner
	case written == c.Of(schema.ConflictLoserFields):
		return schema.ChoiceLoser
	}
	return schema.ChoiceOther
}

// settled closes a conflict at the stamp of the change that settles it.
func (f *fold) settled(c *records.Row, stamp hlc.Stamp) error {
	n, err := f.tx.ExecN(`DELETE FROM disputed WHERE record = ? AND tbl = ? AND grp = ? AND conflict = ?`,
		c.Of(schema.ConflictRecord).Bytes(), c.Of(schema.ConflictTable).Int(), c.Of(schema.ConflictGroup).Int(), c.ID[:])
	if err != nil || n == 0 { // an earlier change of the transaction settled it
		return err
	}
	c.Set(schema.ConflictSettledTime, syncproto.IntValue(stamp.MS()))
	return f.own(c)
}
