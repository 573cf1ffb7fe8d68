package main

import (
	"strings"
	"testing"

	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func TestKeptRecordsGoIntoASpreadsheetALineAField(t *testing.T) {
	since := "2026-03-01T10:00:00Z"
	k := server.KeptRecords{Records: []server.KeptRecord{
		{Table: "product", Record: syncproto.RecordID{1}, Fields: map[string]any{"name_en": "=1+1", "sku": "A\n1"}, SiteName: "made-up stall", Since: &since},
		{Table: "price", Record: syncproto.RecordID{2}, Fields: map[string]any{"amount_minor": float64(1250000), "voided": true}, Present: map[string]any{"amount_minor": float64(-7)}},
	}}
	var b strings.Builder
	if err := keptCSV(&b, &k); err != nil {
		t.Fatal(err)
	}
	want := `table,record,field,kept,here,site,handed over
product,01000000-0000-0000-0000-000000000000,name_en,'=1+1,,made-up stall,2026-03-01T10:00:00Z
product,01000000-0000-0000-0000-000000000000,sku,A1,,made-up stall,2026-03-01T10:00:00Z
price,02000000-0000-0000-0000-000000000000,amount_minor,1250000,-7,,never
price,02000000-0000-0000-0000-000000000000,voided,true,,,never
`
	if b.String() != want {
		t.Errorf("it is\n%s", b.String())
	}
}
