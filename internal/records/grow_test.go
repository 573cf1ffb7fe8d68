package records_test

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestATableGetsTheFieldsThatTheSchemaHasGotSince(t *testing.T) {
	ctx := context.Background()
	db, err := sqlitedb.Open(filepath.Join(t.TempDir(), "made.db"), sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	set := records.NewSet("_state", "_own")
	product := schema.Lookup(schema.Product)
	r := records.New(product, syncproto.RecordID{1})
	r.Set(schema.ProductPhoto, syncproto.RootValue(syncproto.Root{2}))
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
		if err := set.Grow(tx); err != nil {
			return err
		}
		if err := tx.Script(`ALTER TABLE product DROP COLUMN photo; DROP TABLE closing`); err != nil { // as it was before
			return err
		}
		if err := set.Grow(tx); err != nil {
			return err
		}
		if n, err := tx.Int(`SELECT count(*) FROM closing`); err != nil || n != 0 {
			return cmp.Or(err, fmt.Errorf("a new table has %d rows", n))
		}
		return set.Insert(tx, r)
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
		got, err := set.Get(tx, product, r.ID)
		if err == nil && !got.Same(r) {
			t.Errorf("got %+v, want %+v", got, r)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
