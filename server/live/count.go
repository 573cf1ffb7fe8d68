package live

import (
	"github.com/hashicorp/go-memdb"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	tableState = "state" // of each counted record
	tableTally = "tally" // how many there are of a table in a state
)

// stateOf is a counted record: its state, or "" where it has none, as a conflict that is
// not settled.
type stateOf struct{ Key, State string }

type tally struct {
	Key   string
	Table syncproto.TableID
	State string
	N     int
}

// loadRecords reads the records that are followed, once.
func loadRecords(txn *memdb.Txn, rd *state.Reader) error {
	for _, t := range append([]syncproto.TableID{schema.Site, schema.Referral}, schema.Ledgers...) {
		if err := rd.Each(t, func(row *records.Row) error { return count(txn, row) }); err != nil {
			return err
		}
	}
	return loadSessions(txn, rd)
}

// follows are the tables of which anything is kept in memory.
var follows = map[syncproto.TableID]bool{
	schema.Site: true, schema.Referral: true, schema.Conflict: true, schema.ConflictPersonal: true, schema.ConflictEligibility: true,
	schema.WorkshopSession: true, schema.Scan: true, schema.Attendance: true, schema.PersonAlias: true,
}

// followRecords takes over records that were made or changed.
func followRecords(txn *memdb.Txn, rd *state.Reader, touched []state.Touched) error {
	for _, t := range touched {
		if !follows[t.Table] { // the server looks at it, for closings and standings
			continue
		}
		row, err := rd.Get(t.Table, t.ID)
		if err != nil {
			return err
		}
		if row == nil {
			continue
		}
		switch t.Table {
		case schema.WorkshopSession:
			err = follow(txn, rd, row)
		case schema.Scan:
			err = followScan(txn, row)
		case schema.Attendance:
			err = followVerdict(txn, row)
		case schema.PersonAlias:
			err = followAlias(txn, row)
		default:
			err = count(txn, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// count counts a record in its state, and no longer in the one before.
func count(txn *memdb.Txn, row *records.Row) error {
	is := stateOf{Key: string(rune(row.Table.ID)) + string(row.ID[:])}
	switch row.Table.ID {
	case schema.Referral:
		is.State = row.Of(schema.ReferralState).Text()
	case schema.Conflict, schema.ConflictPersonal, schema.ConflictEligibility:
		is.State = row.Of(schema.ConflictChoice).Text()
	}
	was, err := txn.First(tableState, indexID, is.Key)
	if err != nil {
		return err
	}
	if was != nil {
		if was.(*stateOf).State == is.State {
			return nil
		}
		if err := add(txn, row.Table.ID, was.(*stateOf).State, -1); err != nil {
			return err
		}
	}
	if err := txn.Insert(tableState, &is); err != nil {
		return err
	}
	return add(txn, row.Table.ID, is.State, 1)
}

func add(txn *memdb.Txn, t syncproto.TableID, in string, n int) error {
	next := tally{Key: string(rune(t)) + in, Table: t, State: in, N: n}
	was, err := txn.First(tableTally, indexID, next.Key)
	if err != nil {
		return err
	}
	if was != nil {
		next.N += was.(*tally).N
	}
	return txn.Insert(tableTally, &next)
}

// Count tells how many records there are of a table that is counted, by state.
func (v *View) Count(t syncproto.TableID) map[string]int {
	n := map[string]int{}
	it, err := v.txn.Get(tableTally, indexID)
	if err != nil {
		panic("bug: " + err.Error())
	}
	for e := it.Next(); e != nil; e = it.Next() {
		if of := e.(*tally); of.Table == t && of.N > 0 {
			n[of.State] = of.N
		}
	}
	return n
}
