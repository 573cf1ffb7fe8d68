package records

import (
	"strings"

	"github.com/rawaj/rawaj/syncproto/schema"
)

// maxWords bounds the words of a search: a name has fewer, and each costs a look at every
// record.
const maxWords = 8

// Sought are the words of a search, folded: a record is found that holds all of them.
type Sought []string

// SoughtIn are the words of a text; those in excess of maxWords do not count.
func SoughtIn(text string) Sought {
	words := strings.Fields(schema.Fold(text))
	return words[:min(len(words), maxWords)]
}

// Where is the condition on a table that has folded text, with what it asks for: records that
// are not voided and hold the words.
func (s Sought) Where() (condition string, args []any) {
	condition = `voided IS NOT 1`
	for _, word := range s {
		condition += ` AND instr(fold, ?)`
		args = append(args, word)
	}
	return condition, args
}

// Finds says the same of a record that is at hand.
func (s Sought) Finds(r *Row) bool {
	if r.Of(schema.Voided).Bool() {
		return false
	}
	fold := foldOf(r)
	for _, word := range s {
		if !strings.Contains(fold, word) {
			return false
		}
	}
	return true
}
