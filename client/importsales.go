package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	_ "time/tzdata" // a site's zone is known on a machine without zone files

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/csvin"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const (
	// MaxRefusedListed bounds the lines that an ImportResult lists: what a person can
	// look through. RefusedTotal counts all.
	MaxRefusedListed = 10_000

	// One commit holds this many receipts, or what was read within importCommitTime: a
	// cashier who sells meanwhile waits for no more, and an import that is killed
	// loses no more. A commit costs one flush of the disk, so a receipt each would
	// take minutes.
	importCommitReceipts = 200
	importCommitTime     = 250 * time.Millisecond

	// importCommitLines bounds what is read ahead of a commit, and importReceiptLines
	// one receipt: with the longest names it stays well below syncproto.MaxBody.
	importCommitLines  = 4_000
	importReceiptLines = 4_000

	// importKnown bounds the catalogue ids that are known to be here without asking
	// again; when it is full, all are asked for again.
	importKnown = 1 << 16
)

// ImportOptions says what the columns of a file mean and where its sales belong.
type ImportOptions struct {
	Columns  map[string]string               // what ParseMapping returns: meaning to column
	Currency string                          // ISO 4217, of the unit prices; may be empty where there are none
	Fair     string                          // name of a fair that is known here; empty for none
	Family   string                          // name of the family whose goods these are; empty for none
	DryRun   bool                            // nothing is recorded; the result tells each line
	Now      func() time.Time                // time.Now where nil
	Progress func(bytes int64, receipts int) // called after each commit with what has been read and settled; may be nil
}

// RefusedLine is a line that was not taken. Reason begins with a word for programs:
// malformed, no_receipt, bad_receipt, bad_date, bad_time, no_item, bad_item, bad_sku,
// bad_category, bad_quantity, bad_price, too_many_lines, or receipt_differs, which
// stands for all lines of the receipt that begins there.
type RefusedLine struct {
	Line   int    `json:"line"` // physical, 1 is the heading's
	Reason string `json:"reason"`
}

// ImportResult is what became of a file, or of a dry run what would.
type ImportResult struct {
	DryRun       bool          `json:"dry_run"`
	Receipts     int           `json:"receipts"`      // recorded now
	Lines        int           `json:"lines"`         // of these receipts
	AlreadyThere int           `json:"already_there"` // receipts that are here with the same content
	Refused      []RefusedLine `json:"refused"`       // by line, at most MaxRefusedListed
	RefusedTotal int           `json:"refused_total"`
	Told         []SalesLine   `json:"told,omitempty"` // of a dry run: by line, at most MaxSalesTold
}

// ImportSales records the sales of a file of another till, CSV or XLSX.
//
// Lines that follow each other with the same receipt, date and time are one sale and
// one transaction; refused lines are as if the file did not have them. A sale is known
// by site, date, time and receipt (schema.ImportedSaleID), so the same file again
// adds nothing, and an import that was cut short is completed by running it again. A
// receipt that is here with other lines is reported and never overwritten: its
// product, quantity, price and currency are compared, line by line.
//
// Times are of the site's zone; a file without times has its sales at the start of
// the day. In a sheet both may be numbers, of one cell or of two. A line without a
// quantity is one piece, one without a price unpriced. No
// payments are recorded, for the file does not say how people paid. Categories,
// products and the family that are not here yet ride in the first receipt that needs
// them.
//
// After an error the result says what was recorded until then, all of it whole
// receipts.
func ImportSales(ctx context.Context, s *store.Store, r io.Reader, o ImportOptions) (ImportResult, error) {
	m := &salesImport{store: s, options: o, known: map[syncproto.RecordID]struct{}{}, result: ImportResult{DryRun: o.DryRun, Refused: []RefusedLine{}}}
	if err := m.prepare(ctx, r); err != nil {
		return m.result, fmt.Errorf("import sales: %w", err)
	}
	if err := m.run(ctx); err != nil {
		return m.result, fmt.Errorf("import sales: stopped at line %d with %d receipts recorded and %d there before; they are safe, run it again to go on: %w",
			m.line, m.result.Receipts, m.result.AlreadyThere, err)
	}
	return m.result, nil
}

// salesImport is one import under way.
type salesImport struct {
	store    *store.Store
	options  ImportOptions
	identity *store.Identity
	zone     *time.Location
	file     *tables.Stream
	columns  map[string]int // meaning to index of a record's fields
	digits   int            // decimal digits of the currency
	fair     syncproto.RecordID
	family   syncproto.RecordID
	owner    syncproto.RecordID // whose goods these are: the family, else the site

	line   int              // the last one read
	open   *importedReceipt // whose next line may follow
	queue  []*importedReceipt
	known  map[syncproto.RecordID]struct{}
	result ImportResult
	apart  int                              // lines of receipts that were there before or differ
	would  map[syncproto.RecordID]linesHash // receipts that a dry run has met
}

type importedReceipt struct {
	key   importedKey
	id    syncproto.RecordID
	at    time.Time
	line  int // of the file, the receipt's first
	lines []importedLine
}

// importedKey tells receipts of one site apart.
type importedKey struct{ ref, day, clock string }

type importedLine struct {
	line         int // of the file
	product      syncproto.RecordID
	name, sku    string
	category     syncproto.RecordID
	categoryName string
	quantity     int64
	price        syncproto.Value // minor units; null where unpriced
	currency     syncproto.Value
}

func (m *salesImport) prepare(ctx context.Context, r io.Reader) (err error) {
	if m.identity = m.store.Identity(); m.identity == nil {
		return store.ErrNotEnrolled
	}
	if m.identity.Kind == schema.KindDesk {
		return refusal.New(refusal.NoSales, "a partner's desk records no sales")
	}
	if m.options.Now == nil {
		m.options.Now = time.Now
	}
	if m.zone, err = time.LoadLocation(m.identity.Zone); err != nil {
		return fmt.Errorf("zone of the site: %w", err)
	}
	if err := m.prepareMoney(); err != nil {
		return err
	}
	if err := m.prepareOwner(ctx); err != nil {
		return err
	}
	if m.file, err = tables.Open(r); err != nil {
		return err
	}
	return m.prepareColumns()
}

func (m *salesImport) prepareMoney() (err error) {
	switch {
	case m.options.Currency != "":
		if m.digits, err = csvin.MinorDigits(m.options.Currency); err != nil {
			err = refusal.Wrap(refusal.BadParameter, err).On("currency")
		}
	case m.options.Columns[importPrice] != "":
		err = refusal.New(refusal.NoCurrency, "the file has prices: say in which currency").On("currency")
	}
	return err
}

func (m *salesImport) prepareOwner(ctx context.Context) error {
	m.owner = m.identity.Site
	if family := m.options.Family; family != "" {
		if !importedName(family) {
			return refusal.Parameter("family", "%q cannot be the name of a family", family)
		}
		m.family = schema.NamedID("family", m.identity.Org, family)
		m.owner = m.family
	}
	if m.options.Fair == "" {
		return nil
	}
	return m.store.Read(ctx, func(r *store.Reader) error {
		fair, err := r.Named(schema.Fair, m.options.Fair)
		if err != nil {
			return err
		}
		if fair == nil {
			return refusal.New(refusal.Reference, "no fair is known here as %q: the centre makes fairs, enrol this site with --fair %q", m.options.Fair, m.options.Fair).On("fair")
		}
		m.fair = fair.ID
		return nil
	})
}

func (m *salesImport) prepareColumns() error {
	if err := checkMapping(m.options.Columns); err != nil {
		return err
	}
	m.columns = map[string]int{}
	for _, meaning := range importMeanings {
		name := m.options.Columns[meaning]
		if name == "" {
			continue
		}
		i, err := m.file.Column(name)
		if err != nil {
			return refusal.Wrap(refusal.BadParameter, fmt.Errorf("%s: %w", meaning, err)).On("map")
		}
		m.columns[meaning] = i
	}
	return nil
}

// run reads ahead what one commit takes, commits it, and so on. Reading is outside
// of the commit, for a file may come slowly.
func (m *salesImport) run(ctx context.Context) error {
	defer m.sortRefused()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		end, err := m.readAhead()
		if rerr := m.record(ctx); rerr != nil {
			return rerr
		}
		if m.options.Progress != nil {
			m.options.Progress(m.file.Offset(), m.result.Receipts+m.result.AlreadyThere)
		}
		if end || err != nil {
			return err
		}
	}
}

// readAhead fills the queue with whole receipts. Of a file that breaks off with an
// error the last receipt may lack lines, so it is left out.
func (m *salesImport) readAhead() (end bool, err error) {
	for lines := 0; len(m.queue) < importCommitReceipts && lines < importCommitLines; lines++ {
		record, err := m.file.Read()
		if err == io.EOF {
			m.close()
			return true, nil
		}
		var bad *csvin.LineError
		if errors.As(err, &bad) {
			m.line = bad.Line
			m.refuse(bad.Line, "malformed: "+bad.Reason)
			m.tell(bad.Line, "", "malformed: "+bad.Reason)
			continue
		}
		if err != nil {
			return false, err
		}
		m.line = record.Line
		m.take(record)
	}
	return false, nil
}

// take adds a line to its receipt, or refuses it.
func (m *salesImport) take(record csvin.Record) {
	key, line, reason := m.parse(record.Fields)
	if reason == "" && m.open != nil && m.open.key == key && len(m.open.lines) == importReceiptLines {
		reason = fmt.Sprintf("too_many_lines: a receipt has at most %d", importReceiptLines)
	}
	if reason != "" {
		m.refuse(record.Line, reason)
		m.tell(record.Line, key.ref, reason)
		return
	}
	line.line = record.Line
	if m.open == nil || m.open.key != key {
		m.close()
		m.open = m.newReceipt(key, record.Line)
	}
	m.open.lines = append(m.open.lines, line)
}

func (m *salesImport) newReceipt(key importedKey, line int) *importedReceipt {
	layout, text := time.DateOnly, key.day
	if key.clock != "" {
		layout, text = time.DateTime, key.day+" "+key.clock
	}
	at, err := time.ParseInLocation(layout, text, m.zone)
	if err != nil {
		panic(fmt.Sprintf("bug: %q was taken for a time: %v", text, err))
	}
	return &importedReceipt{key: key, line: line, at: at, id: schema.ImportedSaleID(m.identity.Site, at, key.day, key.clock, key.ref)}
}

func (m *salesImport) close() {
	if m.open != nil {
		m.queue = append(m.queue, m.open)
		m.open = nil
	}
}

func (m *salesImport) refuse(line int, reason string) {
	m.result.RefusedTotal++
	if len(m.result.Refused) < MaxRefusedListed {
		m.result.Refused = append(m.result.Refused, RefusedLine{line, reason})
	}
}

// sortRefused brings receipts that differ, found when they were to be recorded, to
// their place among the lines refused when they were read; and so with all that is told.
func (m *salesImport) sortRefused() {
	slices.SortStableFunc(m.result.Refused, func(a, b RefusedLine) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(m.result.Told, func(a, b SalesLine) int { return cmp.Compare(a.Line, b.Line) })
}
