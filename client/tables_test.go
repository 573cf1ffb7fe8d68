package client_test

import (
	"slices"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/tables"
)

// notTables are lists of a site that do not leave: what programs look at, and what is printed as a page.
var notTables = []string{"/api/recorder", "/api/statements/{id}", "/api/families/{id}/income"}

func TestEveryListOfASiteLeavesAsATable(t *testing.T) {
	for _, r := range (&client.Client{}).Routes() {
		l := tables.Of(r.Path)
		switch {
		case l != nil && r.Method == "GET":
			if own := l.For(r.Response); len(own.Columns) == 0 {
				t.Errorf("%s answers nothing of its table", r.Path)
			}
		case localapi.IsList(&r) && !slices.Contains(notTables, r.Path):
			t.Errorf("%s is a list and no table: describe it in internal/tables/lists.go", r.Path)
		}
	}
}
