package syncproto

import (
	"fmt"
	"strings"
	"time"
)

// What a well-formed frame is, beyond its types (SPEC §5). A known field out of its
// range ends the connection.

const (
	nonceSize     = 32
	signatureSize = 64
	maxSeq        = 1<<62 - 1
	maxPosition   = 1<<63 - 1
)

func (f *Challenge) check() error {
	return first(
		within(len(f.Nonce) == nonceSize, "nonce of %d bytes", len(f.Nonce)),
		within(f.MinVersion >= 1 && f.MinVersion <= f.Version, "versions %d to %d", f.MinVersion, f.Version),
	)
}

func (f *Hello) check() error {
	return first(
		within(f.Version >= 1, "version %d", f.Version),
		within(len(f.Signature) == signatureSize, "signature of %d bytes", len(f.Signature)),
		within(len(f.Program) <= 64, "program name of %d bytes", len(f.Program)),
		checkHeads(f.Heads, MaxHeads),
		f.Declared.check(),
	)
}

func (d *Declared) check() error {
	for currency := range d.AmountMinor { // any sum may be declared: it is a person's to judge
		if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return fmt.Errorf("currency %q", currency)
		}
	}
	return within(len(d.AmountMinor) <= 32, "%d currencies", len(d.AmountMinor))
}

func (f *Resume) check() error {
	if err := first(
		within(len(f.Cursor) <= MaxCursor, "cursor of %d bytes", len(f.Cursor)),
		within(len(f.Backfill) <= MaxCovered, "%d backfills are over %d", len(f.Backfill), MaxCovered),
		within(len(f.Older) <= MaxOlder, "%d older cursors", len(f.Older)),
		within(f.Credit <= MaxCredit, "credit of %d bytes", f.Credit),
		checkShares(f.Covered, MaxCovered),
		f.Reading.check(),
	); err != nil {
		return err
	}
	for i := range f.Backfill {
		if err := first(f.Backfill[i].Share.check(), f.Backfill[i].Point.check()); err != nil {
			return err
		}
	}
	for _, c := range f.Older {
		if len(c) > MaxCursor {
			return fmt.Errorf("cursor of %d bytes", len(c))
		}
	}
	return nil
}

func (p *ReadPoint) check() error {
	return within(p == nil || p.Position <= maxPosition && p.Head <= maxPosition, "positions over %d", uint64(maxPosition))
}

func (f *Welcome) check() error {
	return first(
		within(f.Version >= 1, "version %d", f.Version),
		within(f.Credit <= MaxCredit, "credit of %d bytes", f.Credit),
		within(f.Position <= maxPosition, "position %d", f.Position),
		checkHeads(f.Heads, MaxSettled),
	)
}

func (f *Push) check() error {
	return first(
		within(f.Total >= 1 && f.Total <= MaxBatch, "batch of %d bytes", f.Total),
		within(f.Length >= 1 && f.Length <= MaxBatchLength, "bodies of %d bytes", f.Length),
		within(len(f.Data) > 0 && f.Offset <= f.Total && uint64(len(f.Data)) <= f.Total-f.Offset, "piece of %d bytes at %d of %d", len(f.Data), f.Offset, f.Total),
	)
}

// Cost is what the piece takes from the credit: the bodies' length in proportion,
// so that the pieces of a batch cost Length together.
func (f *Push) Cost() uint64 {
	end := f.Offset + uint64(len(f.Data))
	return end*f.Length/f.Total - f.Offset*f.Length/f.Total
}

func (f *Rows) check() error {
	if err := first(
		Share{Class: f.Class, Scope: f.Scope}.check(),
		within(len(f.IDs) >= 1 && len(f.IDs) <= MaxRows, "%d records", len(f.IDs)),
		within(len(f.Positions) == len(f.IDs), "%d positions of %d records", len(f.Positions), len(f.IDs)),
		within(len(f.Columns) == len(f.Fields), "%d columns of %d fields", len(f.Columns), len(f.Fields)),
		within(f.Lane <= LaneBackfill, "lane %d", f.Lane),
		f.Point.check(),
	); err != nil {
		return err
	}
	var last Position
	for _, p := range f.Positions {
		if p < last || p > maxPosition {
			return fmt.Errorf("position %d follows %d", p, last)
		}
		last = p
	}
	for i, column := range f.Columns {
		if len(column) != len(f.IDs) || i > 0 && f.Fields[i] <= f.Fields[i-1] {
			return fmt.Errorf("column of field %d has %d values", f.Fields[i], len(column))
		}
	}
	return nil
}

func (f *Salvage) check() error {
	for _, b := range f.Batches {
		if len(b) == 0 || len(b) > MaxBytes {
			return fmt.Errorf("a batch of control of %d bytes", len(b))
		}
	}
	return within(len(f.Batches) <= MaxSalvage, "%d batches", len(f.Batches))
}

func (f *Give) check() error {
	for _, b := range f.Rows {
		if len(b) == 0 || len(b) > MaxKeptRow {
			return fmt.Errorf("a kept record of %d bytes", len(b))
		}
	}
	return within(len(f.Rows) >= 1 && len(f.Rows) <= MaxGive, "%d kept records", len(f.Rows))
}

func checkRecords(lists []TableIDs) error {
	for _, t := range lists {
		if len(t.IDs) == 0 || len(t.IDs)%16 != 0 {
			return fmt.Errorf("ids of %d bytes", len(t.IDs))
		}
	}
	return nil
}

func (f *Leave) check() error {
	return first(
		checkRecords(f.Records),
		Share{Class: f.Class, Scope: f.Scope}.check(),
		within(f.Lane <= LaneBackfill, "lane %d", f.Lane),
		f.Point.check(),
	)
}

func (f *Checkpoint) check() error {
	if err := first(
		within(len(f.Cursor) > 0 && len(f.Cursor) <= MaxCursor, "cursor of %d bytes", len(f.Cursor)),
		within(len(f.Digests) <= 2*MaxCovered, "%d digests", len(f.Digests)),
		within(f.Position <= maxPosition, "position %d", f.Position),
		checkHeads(f.Settled, MaxSettled),
		checkShares(f.Covered, 2*MaxCovered),
	); err != nil {
		return err
	}
	for i := range f.Digests {
		if err := f.Digests[i].Share.check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Credit) check() error {
	return within(f.Bytes <= MaxCredit, "credit of %d bytes", f.Bytes)
}

func (f *Ping) check() error {
	if f.Declared == nil {
		return nil
	}
	return f.Declared.check()
}

func (f *Bye) check() error {
	return first(
		within(len(f.Detail) <= MaxDetail, "detail of %d bytes", len(f.Detail)),
		within(f.RetryAfterMS >= 0 && f.RetryAfterMS <= (24*time.Hour).Milliseconds(), "retry after %d ms", f.RetryAfterMS),
		within(len(f.Revocation) <= MaxDetail, "revocation of %d bytes", len(f.Revocation)),
	)
}

func (s Share) check() error {
	return within(s.Class >= ClassS && s.Class <= ClassX && s.Scope.Kind >= ScopeOrg && s.Scope.Kind <= ScopeCentre, "share %v", s)
}

func checkShares(shares []Share, max int) error {
	for _, s := range shares {
		if err := s.check(); err != nil {
			return err
		}
	}
	return within(len(shares) <= max, "%d shares are over %d", len(shares), max)
}

func checkHeads(heads []Head, max int) error {
	for i := range heads {
		if heads[i].Seq > maxSeq {
			return fmt.Errorf("seq %d", heads[i].Seq)
		}
	}
	return within(len(heads) <= max, "%d heads are over %d", len(heads), max)
}

func within(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
