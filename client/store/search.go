package store

import (
	"fmt"
	"strings"

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

// maxWords bounds the words of a search: a name has fewer, and each costs a look at every
// record.
const maxWords = 8

// Search calls f for the records of a table that are not voided and hold all words of a
// text, folded, by id, at most limit of them. Words in excess of maxWords do not count.
func (r *Reader) Search(table syncproto.TableID, text string, limit int, f func(*records.Row) error) error {
	t := schema.Lookup(table)
	var where strings.Builder
	var args []any
	for _, word := range strings.Fields(schema.Fold(text)) {
		if len(args) == maxWords {
			break
		}
		where.WriteString(` AND instr(fold, ?)`)
		args = append(args, word)
	}
	if len(args) == 0 {
		return set.Each(r.tx, t, `WHERE voided IS NOT 1 ORDER BY id LIMIT ?`, f, limit)
	}
	return set.Each(r.tx, t, fmt.Sprintf(`WHERE id IN (SELECT id FROM %q INDEXED BY %q WHERE voided IS NOT 1%s) ORDER BY id LIMIT ?`, t.Name, t.Name+"_fold", &where), f, append(args, limit)...)
}
