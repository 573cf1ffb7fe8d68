package state

import (
	"fmt"

	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Judged is what the state keeps of a transaction.
type Judged struct {
	Position syncproto.Position
	Stamp    hlc.Stamp
	Code     syncproto.Code // where it was first judged
	Times    int64          // rows there are: 1
}

// Judged finds a transaction by its chain hash; zero where it has not been judged.
func (r *Reader) Judged(hash syncproto.Hash) (j Judged, err error) {
	row, ok, err := r.tx.One(`SELECT min(position), min(stamp), min(code), count(*) FROM tx WHERE hash = ?`, hash[:])
	if ok && row.Int(3) > 0 {
		j = Judged{syncproto.Position(row.Int(0)), hlc.Stamp(row.Int(1)), syncproto.Code(row.Int(2)), row.Int(3)}
	}
	return j, err
}

// Branches counts the chains of an incarnation.
func (r *Reader) Branches(inc syncproto.Incarnation) (int64, error) {
	return r.tx.Int(`SELECT count(*) FROM chain WHERE incarnation = ?`, inc[:])
}

// Positions checks that positions are counted without a gap, and gives the last.
func (r *Reader) Positions() (int64, error) {
	n, err := r.tx.Int(`SELECT count(*) FROM tx`)
	if err != nil {
		return 0, err
	}
	last, err := r.tx.Int(`SELECT coalesce(max(position), 0) FROM tx`)
	if err == nil && n != last {
		err = fmt.Errorf("%d transactions at positions up to %d", n, last)
	}
	return last, err
}

// DecodeContact and DecodeHistory read payloads of the log.
var (
	DecodeContact = decodeContact
	DecodeHistory = decodeHistory
)

// PlanOf is how SQLite finds what EachOf gives.
func (r *Reader) PlanOf(table syncproto.TableID, field syncproto.FieldID) (plan string, err error) {
	t := schema.Lookup(table)
	err = r.tx.Query(func(row sqlitedb.Row) error { plan += row.Text(3) + "\n"; return nil },
		fmt.Sprintf(`EXPLAIN QUERY PLAN SELECT * FROM %q WHERE %q = x'00' ORDER BY id`, t.Name, t.Fields[t.Index(field)].Name))
	return plan, err
}
