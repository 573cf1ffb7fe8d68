package store

import (
	"fmt"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// searched are the tables that people search by name.
var searched = []syncproto.TableID{schema.Person, schema.Family, schema.Product}

// folds are read by a search instead of the records: a part of a word is looked for, so all
// of it is read, but not more than it.
var folds = func() (all []object) {
	for _, id := range searched {
		table := schema.Lookup(id).Name
		all = append(all, object{table + "_fold", fmt.Sprintf("CREATE INDEX %q ON %q (fold, voided)", table+"_fold", table)})
	}
	return all
}()

// Search calls f for the records of a table that are not voided and hold all words of a
// text, folded, by id, at most limit of them.
func (r *Reader) Search(table syncproto.TableID, text string, limit int, f func(*records.Row) error) error {
	t := schema.Lookup(table)
	sought := records.SoughtIn(text)
	where, args := sought.Where()
	if len(sought) > 0 {
		where = fmt.Sprintf(`id IN (SELECT id FROM %q INDEXED BY %q WHERE %s)`, t.Name, t.Name+"_fold", where)
	}
	return set.Each(r.tx, t, fmt.Sprintf(`WHERE %s ORDER BY id LIMIT ?`, where), f, append(args, limit)...)
}
