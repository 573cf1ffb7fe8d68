package closing_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var set = records.NewSet("_state", "_own")

// sold is a made-up sale whose id begins with the bytes of first.
func sold(first []byte, till byte, day string) *records.Row {
	r := records.New(schema.Lookup(schema.Sale), syncproto.RecordID{})
	copy(r.ID[:], first)
	r.Set(schema.SaleSite, syncproto.IDValue(syncproto.RecordID{9}))
	r.Set(schema.SaleDay, syncproto.TextValue(day))
	r.Set(schema.SaleReceiptNo, syncproto.TextValue("A1-1"))
	if till != 0 {
		r.Set(schema.SaleTill, syncproto.IDValue(syncproto.RecordID{till}))
	}
	return r
}

func TestASiteFindsTheSalesOfATillAndOfADayWhateverTheirIDs(t *testing.T) {
	ctx := context.Background()
	db, err := sqlitedb.Open(filepath.Join(t.TempDir(), "made.db"), sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	before := []*records.Row{sold([]byte{1, 2, 3, 4}, 1, "2026-11-21"), sold([]byte{1, 2, 3, 5}, 2, "2026-11-21")}
	after := []*records.Row{
		sold([]byte{1, 2, 3, 6}, 1, "2026-11-21"), sold([]byte{1, 2, 4}, 1, "2026-11-22"), sold([]byte{0}, 1, "2026-11-21"),
		sold(slices.Repeat([]byte{0xff}, 16), 1, "2026-11-21"), sold([]byte{1, 2, 3, 7}, 0, "2026-11-21"),
	}
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error {
		if err := set.Grow(tx); err != nil {
			return err
		}
		if err := tx.Script(closing.Indexes); err != nil {
			return err
		}
		for _, r := range before {
			if err := set.Insert(tx, r); err != nil {
				return err
			}
		}
		if err := tx.Script(closing.Parts); err != nil {
			return err
		}
		for _, r := range after {
			if err := set.Replace(tx, r); err != nil {
				return err
			}
		}
		return set.Replace(tx, after[0])
	}); err != nil {
		t.Fatal(err)
	}
	site := syncproto.RecordID{9}
	for _, of := range []closing.Of{
		{Site: site, Till: syncproto.RecordID{1}}, {Site: site, Till: syncproto.RecordID{2}}, {Site: site, Till: syncproto.RecordID{3}},
		{Site: site, Day: "2026-11-21", Prefix: "A1"}, {Site: site, Day: "2026-11-22", Prefix: "A1"}, {Site: site, Day: "2026-11-21", Prefix: "B1"},
		{Site: syncproto.RecordID{8}, Day: "2026-11-21", Prefix: "A1"},
	} {
		var got, want []syncproto.RecordID
		if err := db.Read(ctx, func(tx *sqlitedb.Tx) error {
			if err := closing.ByPart(tx, set, of, func(r *records.Row) error { got = append(got, r.ID); return nil }); err != nil {
				return err
			}
			return closing.ByIndex(tx, set, of, func(r *records.Row) error { want = append(want, r.ID); return nil })
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: found %v, want %v", of, got, want)
		}
	}
	if found := unfound(t, db); len(found) > 0 {
		t.Errorf("found %q where all is well", found)
	}
	if err := db.Write(ctx, func(tx *sqlitedb.Tx) error { return tx.Exec(`DELETE FROM sold WHERE part = x'010204'`) }); err != nil {
		t.Fatal(err)
	}
	if found := unfound(t, db); len(found) != 1 {
		t.Errorf("found %q, want the sale of the part that is gone", found)
	}
}

func unfound(t *testing.T, db *sqlitedb.DB) (found []string) {
	t.Helper()
	if err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		return closing.VerifyParts(tx, func(what string) { found = append(found, what) })
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
