package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What a column of a file of sales may mean.
const (
	importReceipt  = "receipt"
	importDate     = "date"
	importTime     = "time"
	importItem     = "item"
	importSku      = "sku"
	importCategory = "category"
	importQuantity = "quantity"
	importPrice    = "unit_price"
)

var importMeanings = []string{importReceipt, importDate, importTime, importItem, importSku, importCategory, importQuantity, importPrice}

// ParseMapping reads "receipt=Bill no,date=Date,item=4": the columns of a file by
// name, or by number from 1, with what each means: receipt, date, time, item, sku,
// category, quantity, unit_price. Receipt, date and one of item and sku are needed.
func ParseMapping(s string) (map[string]string, error) {
	columns := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		meaning, column, ok := strings.Cut(part, "=")
		meaning, column = strings.TrimSpace(meaning), strings.TrimSpace(column)
		switch {
		case !ok || column == "":
			return nil, refusal.Parameter("map", "map %q: want meaning=column, as in date=Date (a column with a comma in its name is given by its number)", part)
		case columns[meaning] != "":
			return nil, refusal.Parameter("map", "map %q: %s is given twice", part, meaning)
		}
		columns[meaning] = column
	}
	return columns, checkMapping(columns)
}

func checkMapping(columns map[string]string) error {
	for meaning := range columns {
		if !slices.Contains(importMeanings, meaning) {
			return refusal.Parameter("map", "map %q: a column means one of %s", meaning, strings.Join(importMeanings, ", "))
		}
	}
	switch {
	case columns[importReceipt] == "":
		return refusal.Parameter("map", "map: say which column numbers the receipts, receipt=COLUMN")
	case columns[importDate] == "":
		return refusal.Parameter("map", "map: say which column has the date, date=COLUMN")
	case columns[importItem] == "" && columns[importSku] == "":
		return refusal.Parameter("map", "map: say which column names what was sold, item=COLUMN or sku=COLUMN")
	}
	return nil
}

// importText bounds names as the schema does, in letters; importRef and importCode
// the receipt's number and the sku.
const (
	importText = 200
	importRef  = 64
	importCode = 64
)

// parse reads one line; reason says why it cannot be taken. What it returns holds
// on to nothing of the record.
func (m *salesImport) parse(fields []string) (key importedKey, line importedLine, reason string) {
	cell := func(meaning string) string {
		i, ok := m.columns[meaning]
		if !ok {
			return ""
		}
		return strings.TrimSpace(fields[i])
	}
	day, clock, reason := m.moment(cell(importDate), cell(importTime))
	if reason == "" {
		key, reason = parseKey(cell(importReceipt), day, clock)
	}
	if reason != "" {
		return key, line, reason
	}
	if reason = m.parseItem(&line, cell(importItem), cell(importSku)); reason != "" {
		return key, line, reason
	}
	if reason = m.parseCategory(&line, cell(importCategory)); reason != "" {
		return key, line, reason
	}
	quantity, price := cell(importQuantity), cell(importPrice)
	if sheet := m.file.Sheet(); sheet != nil {
		quantity, price = sheet.Number(quantity), sheet.Number(price)
	}
	return key, line, m.parseAmount(&line, quantity, price)
}

// moment writes the numbers of a sheet as the day and time that they are; other cells stay
// as they are. A day that has a time is not cut where no column is mapped as the time.
func (m *salesImport) moment(day, clock string) (string, string, string) {
	sheet := m.file.Sheet()
	if sheet == nil {
		return day, clock, ""
	}
	if on, at, ok := sheet.Moment(day); ok && on != "" {
		if _, timed := m.columns[importTime]; !timed && at != "00:00:00" {
			return day, clock, "bad_date: " + on + " has a time, " + at + ": map its column as the time too"
		}
		day = on
	}
	if _, at, ok := sheet.Moment(clock); ok {
		clock = at
	}
	return day, clock, ""
}

// parseKey reads what tells a receipt from others. An empty time is no time.
func parseKey(ref, day, clock string) (key importedKey, reason string) {
	if ref == "" {
		return key, "no_receipt"
	}
	if utf8.RuneCountInString(ref) > importRef {
		return key, fmt.Sprintf("bad_receipt: is over %d letters", importRef)
	}
	key.ref = strings.Clone(ref)
	var err error
	if key.day, err = csvin.ParseDate(day); err != nil {
		return key, "bad_date: " + err.Error()
	}
	key.day = strings.Clone(key.day)
	if clock == "" {
		return key, ""
	}
	if key.clock, err = csvin.ParseClock(clock); err != nil {
		return key, "bad_time: " + err.Error()
	}
	return key, ""
}

// parseItem reads what was sold. A line whose item is NONE sold nothing: tills write
// it where a key was hit by mistake. With a sku an item may go without a name.
func (m *salesImport) parseItem(line *importedLine, item, sku string) (reason string) {
	if sku = csvin.ASCIIDigits(sku); sku != "" && !importedCode(sku) {
		return fmt.Sprintf("bad_sku: want at most %d ASCII letters, digits and signs without spaces", importCode)
	}
	if item == "" {
		item = sku
	}
	switch {
	case item == "" || strings.EqualFold(item, "NONE"):
		return "no_item"
	case !importedName(item):
		return fmt.Sprintf("bad_item: want a name of at most %d letters", importText)
	}
	line.name, line.sku = strings.Clone(item), strings.Clone(sku)
	line.product = schema.ImportedProductID(m.owner, line.sku, line.name)
	return ""
}

func (m *salesImport) parseCategory(line *importedLine, name string) (reason string) {
	switch {
	case name == "":
		return ""
	case !importedName(name):
		return fmt.Sprintf("bad_category: want a name of at most %d letters", importText)
	}
	line.categoryName = strings.Clone(name)
	line.category = schema.NamedID("category", m.identity.Org, line.categoryName)
	return ""
}

func (m *salesImport) parseAmount(line *importedLine, quantity, price string) (reason string) {
	line.quantity = 1
	var err error
	if quantity != "" {
		if line.quantity, err = csvin.ParseQuantity(quantity); err != nil {
			return "bad_quantity: " + err.Error()
		}
	}
	size := max(line.quantity, -line.quantity)
	switch {
	case size == 0:
		return "bad_quantity: nothing was sold"
	case size < 0 || size > schema.MaxQuantity:
		return fmt.Sprintf("bad_quantity: is over %d pieces", int64(schema.MaxQuantity))
	case price == "":
		return ""
	}
	minor, err := csvin.ParseMinor(price, m.digits)
	switch worth := max(minor, -minor); {
	case errors.Is(err, csvin.ErrDecimals):
		return fmt.Sprintf("bad_price: %s has more decimals than %s has", csvin.Quote(price), m.options.Currency)
	case err != nil:
		return "bad_price: " + err.Error()
	case worth < 0 || worth > schema.MaxAmount/size:
		return "bad_price: the line is worth more than a line may be"
	}
	line.price, line.currency = syncproto.IntValue(minor), syncproto.TextValue(m.options.Currency)
	return ""
}

// importedName says whether something can be the name of a catalogue record, which
// is known by the letters that remain of it when it is folded.
func importedName(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= importText && schema.Fold(s) != ""
}

func importedCode(s string) bool {
	return len(s) <= importCode && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
