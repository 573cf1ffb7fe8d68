package state

import (
	"errors"
	"fmt"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Search is what is looked for in a table.
type Search struct {
	Words  records.Sought
	Field  syncproto.FieldID  // that names Of
	Of     syncproto.RecordID // zero: whatever it names
	Before syncproto.RecordID // in the order of ids; zero: from the newest on
}

// errEnough ends a search.
var errEnough = errors.New("enough was found")

// Search calls f for the records of a table that are looked for, newest first, until it says
// that they are enough. It reads the table itself: head office is asked this way by people,
// now and then, and an index would cost each of what sites record.
func (r *Reader) Search(table syncproto.TableID, s *Search, f func(*records.Row) (enough bool, err error)) error {
	t := schema.Lookup(table)
	where, args := s.Words.Where()
	if !s.Of.IsZero() {
		where += fmt.Sprintf(` AND %q = ?`, t.Fields[t.Index(s.Field)].Name)
		args = append(args, s.Of[:])
	}
	if !s.Before.IsZero() {
		where += ` AND id < ?`
		args = append(args, s.Before[:])
	}
	err := set.Each(r.tx, t, `WHERE `+where+` ORDER BY id DESC`, func(row *records.Row) error {
		enough, err := f(row)
		if err == nil && enough {
			err = errEnough
		}
		return err
	}, args...)
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
