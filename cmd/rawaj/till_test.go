package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// till is a file of another till, and what is known of it from elsewhere.
type till struct {
	file    string
	mapping string
	want    figures            // of the whole file
	rows    map[string]figures // by category; without their receipts where these are not known
	refused []int              // lines that say nothing was sold
}

// figures has the shape of a report's row, with the names that scripts rely on.
type figures struct {
	Pieces      int64            `json:"pieces"`
	Lines       int64            `json:"lines"`
	Receipts    int64            `json:"receipts"`
	Unpriced    int64            `json:"unpriced_lines"`
	AmountMinor map[string]int64 `json:"amount_minor"`
}

const (
	foodMapping   = "receipt=receipt,date=date,time=time,sku=sku,item=item,category=category,quantity=quantity,unit_price=unit_price"
	bakeryMapping = "receipt=Transaction,date=Date,time=Time,item=Item"
)

func usd(n int64) map[string]int64 { return map[string]int64{"USD": n} }

// tillData is the folder of real till data; empty where there is none, and then data
// of the same kind and size is made.
func tillData() string { return os.Getenv("RAWAJ_TILL_DATA") }

// foodTill is a year of a counter: 21,350 receipts with 48,620 lines.
func foodTill(t *testing.T) *till {
	if dir := tillData(); dir != "" {
		return &till{
			file: filepath.Join(dir, "food-till.csv"), mapping: foodMapping,
			want: figures{Pieces: 49_574, Lines: 48_620, Receipts: 21_350, AmountMinor: usd(81_786_005)},
			rows: map[string]figures{
				"Chicken": {Pieces: 11_050, AmountMinor: usd(19_591_950)},
				"Classic": {Pieces: 14_888, AmountMinor: usd(22_005_310)},
				"Supreme": {Pieces: 11_987, AmountMinor: usd(20_819_700)},
				"Veggie":  {Pieces: 11_649, AmountMinor: usd(19_369_045)},
			},
		}
	}
	return madeFoodTill(t)
}

func madeFoodTill(t *testing.T) *till {
	random := rand.New(rand.NewPCG(2015, 1))
	made := &till{file: filepath.Join(t.TempDir(), "food-till.csv"), mapping: foodMapping, rows: map[string]figures{}}
	made.want = figures{Lines: 48_620, Receipts: 21_350, AmountMinor: usd(0)}
	lines := make([]int, made.want.Receipts)
	for i := range made.want.Lines {
		if i < made.want.Receipts {
			lines[i]++
		} else {
			lines[random.IntN(len(lines))]++
		}
	}
	file := writeCSV(t, made.file, "receipt", "date", "time", "sku", "item", "category", "quantity", "unit_price")
	at := time.Date(2015, 1, 1, 9, 0, 0, 0, time.UTC)
	for i, n := range lines {
		at = at.Add(time.Duration(60+random.IntN(2800)) * time.Second)
		for range n {
			item := random.IntN(96)
			category := []string{"Bread", "Cakes", "Drinks", "Sweets, salted"}[item%4]
			quantity, cents := int64(1+random.IntN(50)/49), int64(300+item*25)
			file(strconv.Itoa(i+1), at.Format(time.DateOnly), at.Format(time.TimeOnly), fmt.Sprintf("item_%d", item),
				fmt.Sprintf("The \"Item\" No. %d (%c)", item, "SML"[item%3]), category, strconv.FormatInt(quantity, 10), fmt.Sprintf("%d.%02d", cents/100, cents%100))
			row := made.rows[category]
			if row.AmountMinor == nil {
				row.AmountMinor = usd(0)
			}
			row.Pieces += quantity
			row.AmountMinor["USD"] += quantity * cents
			made.rows[category] = row
			made.want.Pieces += quantity
			made.want.AmountMinor["USD"] += quantity * cents
		}
	}
	file()
	return made
}

// bakeryTill is half a year of a bakery without prices, with lines that say NONE.
func bakeryTill(t *testing.T) *till {
	made := &till{file: filepath.Join(tillData(), "bakery-till.csv"), mapping: bakeryMapping, want: figures{
		Pieces: 20_507, Lines: 20_507, Receipts: 9_465, Unpriced: 20_507, AmountMinor: map[string]int64{},
	}}
	if tillData() == "" {
		made.file = filepath.Join(t.TempDir(), "bakery-till.csv")
		makeBakeryTill(t, made.file)
	}
	made.refused = linesOfNone(t, made.file)
	if len(made.refused) != 786 {
		t.Fatalf("%s has %d lines NONE, want 786", made.file, len(made.refused))
	}
	return made
}

// makeBakeryTill writes 9,531 transactions, 66 of which have no line but NONE.
func makeBakeryTill(t *testing.T, path string) {
	random := rand.New(rand.NewPCG(2016, 10))
	const transactions, empty, nones, lines = 9531, 66, 786, 21_293
	items := make([][]string, transactions)
	for i := range items {
		if i%144 == 0 && i/144 < empty {
			items[i] = []string{"NONE"}
		} else {
			items[i] = []string{fmt.Sprint("Loaf ", random.IntN(90))}
		}
	}
	for i := 0; i < lines-transactions; {
		n := random.IntN(transactions)
		switch {
		case items[n][0] == "NONE":
			continue
		case i < nones-empty:
			items[n] = append(items[n], "NONE")
		default:
			items[n] = append(items[n], fmt.Sprint("Loaf ", random.IntN(90)))
		}
		i++
	}
	file := writeCSV(t, path, "Date", "Time", "Transaction", "Item")
	at := time.Date(2016, 10, 30, 9, 0, 0, 0, time.UTC)
	for i := range items {
		at = at.Add(time.Duration(60+random.IntN(2800)) * time.Second)
		for _, item := range items[i] {
			file(at.Format(time.DateOnly), at.Format(time.TimeOnly), strconv.Itoa(i+1), item)
		}
	}
	file()
}

// linesOfNone finds the lines of a bakery's file that say NONE; none of its fields
// holds a line end.
func linesOfNone(t *testing.T, path string) (lines []int) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	for n := 1; ; n++ {
		record, err := r.Read()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(record, "NONE") {
			lines = append(lines, n)
		}
	}
}

// writeCSV begins a file; called without fields, what it returns ends it.
func writeCSV(t *testing.T, path string, heading ...string) func(fields ...string) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	w.Write(heading)
	return func(fields ...string) {
		if len(fields) > 0 {
			w.Write(fields)
			return
		}
		w.Flush()
		if err := w.Error(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// sameMoney says whether two sums are equal, where nothing is as good as zero.
func sameMoney(a, b map[string]int64) bool {
	zero := func(_ string, n int64) bool { return n == 0 }
	a, b = maps.Clone(a), maps.Clone(b)
	maps.DeleteFunc(a, zero)
	maps.DeleteFunc(b, zero)
	return maps.Equal(a, b)
}
