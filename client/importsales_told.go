package client

import (
	"crypto/sha256"
	"fmt"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/tables"
	"github.com/rawaj/rawaj/syncproto"
)

const (
	// MaxSalesTold bounds the lines that a dry run tells one by one: as many as a sheet
	// has. The counts are of all.
	MaxSalesTold = tables.MaxRows
	// maxDryReceipts bounds what a dry run remembers of receipts, which it does not find
	// here when they come again: some 20 MB, ten years of a busy till.
	maxDryReceipts = 200_000
)

// receiptDiffers is why a receipt is refused that is here with other lines.
const receiptDiffers = "receipt_differs"

// SalesLine is what would become of a line: new, same or refused.
type SalesLine struct {
	Line    int    `json:"line"`    // as in RefusedLine
	Receipt string `json:"receipt"` // as the file numbers it; empty where that cannot be read
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"` // as in RefusedLine; empty where it is not refused
}

// tell tells a line that is refused, where that is asked for.
func (m *salesImport) tell(line int, ref, reason string) {
	m.told(SalesLine{Line: line, Receipt: ref, Outcome: LineRefused, Reason: reason})
}

// tellReceipt tells all lines of a receipt.
func (m *salesImport) tellReceipt(r *importedReceipt, outcome, reason string) {
	for i := range r.lines {
		m.told(SalesLine{Line: r.lines[i].line, Receipt: r.key.ref, Outcome: outcome, Reason: reason})
	}
}

func (m *salesImport) told(l SalesLine) {
	if m.options.DryRun && len(m.result.Told) < MaxSalesTold {
		m.result.Told = append(m.result.Told, l)
	}
}

// linesHash is of what importedLine.equal compares.
type linesHash [sha256.Size]byte

func hashOf(lines []importedLine) (sum linesHash) {
	h := sha256.New()
	for i := range lines {
		l := &lines[i]
		fmt.Fprintf(h, "%v %d %v %v\n", l.product, l.quantity, l.price, l.currency)
	}
	h.Sum(sum[:0])
	return sum
}

// remember keeps that a receipt would be recorded.
func (m *salesImport) remember(r *importedReceipt) error {
	if len(m.would) == maxDryReceipts {
		return refusal.New(refusal.TooMany, "a dry run looks at %d receipts at most: look at the file in parts", maxDryReceipts).With("max", maxDryReceipts)
	}
	if m.would == nil {
		m.would = map[syncproto.RecordID]linesHash{}
	}
	m.would[r.id] = hashOf(r.lines)
	return nil
}
