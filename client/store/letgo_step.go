package store

import (
	"errors"
	"slices"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// releasing is one step, in its commit.
type releasing struct {
	tx    *sqlitedb.Tx
	lives []life
	may   mayGo
}

// candidate is a line of the outbox and what becomes of it.
type candidate struct {
	ord  int64
	l    *life
	hash syncproto.Hash
	body []byte // empty: only its hash is left
	seal bool   // only the organisation's key opens it
	stay bool
}

// step looks at some lines from an ord on. last is the last one looked at; full says that
// there may be more.
func (g *releasing) step(from int64) (last int64, full bool, err error) {
	lines, err := g.read(from)
	if err != nil {
		return 0, false, err
	}
	full = len(lines) == letGoRows
	changed := map[*life]bool{}
	for i := range lines {
		c := &lines[i]
		seq := syncproto.Seq(c.ord-c.l.firstOrd) + 1
		beyond := c.ord > g.may.backed
		if seq > min(c.l.acked, c.l.settled) || beyond && g.may.over <= 0 {
			lines, full = lines[:i], false
			break
		}
		if c.stay, err = g.needed(c); err != nil {
			return 0, false, err
		}
		if !c.stay && beyond && len(c.body) > 0 {
			g.may.over -= int64(len(c.body))
			c.l.unbacked++
			changed[c.l] = true
		}
	}
	for i := range lines {
		c := &lines[i]
		if seq := syncproto.Seq(c.ord-c.l.firstOrd) + 1; seq > c.l.released {
			c.l.released, c.l.releasedHash = seq, c.hash
			changed[c.l] = true
		}
		last = c.ord
		if c.stay {
			continue
		}
		follows := full // of the last line of a step it is not known yet whether the next stays
		if i+1 < len(lines) {
			follows = lines[i+1].stay && lines[i+1].ord == c.ord+1
		} else if !full {
			if follows, err = g.stayed(c.ord + 1); err != nil {
				return 0, false, err
			}
		}
		sql := `DELETE FROM outbox WHERE ord = ?`
		if follows { // what stays is checked by the hash before it
			sql = `UPDATE outbox SET at = 0, kept = zeroblob(0), amounts = NULL, body = zeroblob(0), body_hash = NULL WHERE ord = ?`
		}
		if err := g.tx.Exec(sql, c.ord); err != nil {
			return 0, false, err
		}
	}
	for l := range changed {
		if err := g.tx.Exec(`UPDATE incarnation SET released = ?, released_hash = ?, unbacked = ? WHERE id = ?`,
			uint64(l.released), l.releasedHash[:], l.unbacked, l.id); err != nil {
			return 0, false, err
		}
	}
	if len(changed) == 0 {
		return last, full, nil
	}
	return last, full, g.tx.Exec(`UPDATE progress SET let_go_ms = backed_ms`)
}

// stayed says whether a line stayed when those around it went, at an earlier time.
func (g *releasing) stayed(ord int64) (bool, error) {
	row, ok, err := g.tx.One(`SELECT inc, seq FROM outbox WHERE ord = ? AND length(body) > 0`, ord)
	if err != nil || !ok {
		return false, err
	}
	return slices.ContainsFunc(g.lives, func(l life) bool { return l.id == row.Int(0) && syncproto.Seq(row.Int(1)) <= l.released }), nil
}

func (g *releasing) read(from int64) (lines []candidate, err error) {
	err = g.tx.Query(func(row sqlitedb.Row) error {
		i := slices.IndexFunc(g.lives, func(l life) bool { return l.id == row.Int(1) })
		if i < 0 {
			return sqlitedb.ErrStop // verify says so
		}
		c := candidate{ord: row.Int(0), l: &g.lives[i], body: row.Blob(2), seal: !row.Null(3)}
		copy(c.hash[:], row.Blob(4))
		lines = append(lines, c)
		return nil
	}, `SELECT ord, inc, body, body_hash, hash FROM outbox WHERE ord BETWEEN ? AND ? ORDER BY ord LIMIT ?`, from, g.may.upto(), letGoRows)
	return lines, err
}

// needed says whether something here still rests on the body: a record that it wrote is
// not yet what the server has, such as one that is held.
func (g *releasing) needed(c *candidate) (bool, error) {
	if len(c.body) == 0 || c.seal {
		return false, nil
	}
	t, err := syncproto.ReadBody(c.body)
	if err != nil {
		return true, nil // verify says so; whoever repairs it wants to see it
	}
	for i := range t.Changes {
		table := schema.Lookup(t.Changes[i].Table)
		if table == nil {
			continue
		}
		r, err := set.Get(g.tx, table, t.Changes[i].Record)
		if errors.Is(err, records.ErrDamaged) {
			return true, nil
		}
		if err != nil || r != nil && r.Meta[metaState] != inBase {
			return true, err
		}
	}
	return false, nil
}

func ignoreDamage(err error) error {
	if errors.Is(err, records.ErrDamaged) {
		return nil
	}
	return err
}

// kept looks at the lines that stayed where those around them were let go, each against
// the hash before it.
func (v *verifier) kept(where string, l *life) error {
	before, at := l.start, syncproto.Seq(0)
	return v.tx.Query(func(row sqlitedb.Row) error {
		seq, body := syncproto.Seq(row.Int(1)), row.Blob(3)
		hash := syncproto.Hash{}
		switch {
		case row.Int(0) != l.ord(seq) || copy(hash[:], row.Blob(2)) < len(hash):
			v.add(where, "transaction %d is not where it was recorded", seq)
		case seq == l.released && hash != l.releasedHash:
			v.add(where, "transaction %d has not the hash with which it was let go", seq)
		case len(body) == 0:
			if row.Int(4) != 0 || !row.Null(5) || !row.Null(6) || len(row.Blob(7)) > 0 {
				v.add(where, "transaction %d was let go and has a time or amounts", seq)
			}
		case seq != at+1:
			v.add(where, "the hash before transaction %d is missing", seq)
		case hash != syncproto.Link(before, bodyHash(row)):
			v.add(where, "transaction %d is not what was recorded", seq)
		default:
			if err := v.line(where, seq, row); err != nil {
				return err
			}
		}
		before, at = hash, seq
		return nil
	}, `SELECT ord, seq, hash, body, at, amounts, body_hash, kept FROM outbox WHERE inc = ? AND seq <= ? ORDER BY ord`, l.id, uint64(l.released))
}
