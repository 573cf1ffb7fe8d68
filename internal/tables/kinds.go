package tables

import "strings"

// kinds are what can be imported, with the columns that a file of it may have: those of
// its list, so that what was exported is imported as it is, and a few that people write.
var kinds = map[string][]string{
	"families":   strings.Fields("id name name_ar name_fa name_en code"),
	"people":     strings.Fields("id name phone neighbourhood card"),
	"products":   strings.Fields("id name name_ar name_fa name_en sku family family_name category_name price.amount_minor price.currency unit food ingredients about"),
	"prices":     strings.Fields("id name name_ar name_fa name_en sku price.amount_minor price.currency here by reason"),
	"attendance": strings.Fields("person name card in_at out_at"),
}

// Kinds are what can be imported, in the order in which a branch that begins imports it.
var Kinds = []string{"families", "people", "products", "prices", "attendance"}

// KeysOf are the columns that a file of a kind may have; nil where it is no kind.
func KeysOf(kind string) []string { return kinds[kind] }
