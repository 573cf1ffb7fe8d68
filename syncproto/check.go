package syncproto

import (
	"fmt"
	"time"
)

// What a well-formed frame is, beyond its types (SPEC §5). A known field out of its
// range ends the connection.

const nonceSize = 32

func (f *Challenge) check() error {
	return first(
		within(len(f.Nonce) == nonceSize, "nonce of %d bytes", len(f.Nonce)),
		within(f.MinVersion >= 1 && f.MinVersion <= f.Version, "versions %d to %d", f.MinVersion, f.Version),
	)
}

func (f *Hello) check() error {
	return first(
		within(len(f.Heads) <= MaxHeads, "%d heads are over %d", len(f.Heads), MaxHeads),
		within(len(f.Program) <= 64, "program name of %d bytes", len(f.Program)),
		f.Declared.check(),
	)
}

func (d *Declared) check() error {
	for currency, amount := range d.AmountMinor {
		if len(currency) != 3 {
			return fmt.Errorf("currency of %d letters", len(currency))
		}
		_ = amount // any sum may be declared: it is a person's to judge
	}
	return within(len(d.AmountMinor) <= 32, "%d currencies", len(d.AmountMinor))
}

func (f *Resume) check() error {
	if err := first(
		within(len(f.Cursor) <= MaxCursor, "cursor of %d bytes", len(f.Cursor)),
		within(len(f.Covered) <= MaxCovered, "%d shares are over %d", len(f.Covered), MaxCovered),
		within(len(f.Backfill) <= MaxCovered, "%d backfills are over %d", len(f.Backfill), MaxCovered),
		within(len(f.Older) <= 64, "%d older cursors", len(f.Older)),
		within(f.Credit <= 1<<30, "credit of %d bytes", f.Credit),
	); err != nil {
		return err
	}
	for _, c := range f.Older {
		if len(c) > MaxCursor {
			return fmt.Errorf("cursor of %d bytes", len(c))
		}
	}
	return nil
}

func (f *Push) check() error {
	return first(
		within(f.Total >= 1 && f.Total <= MaxBatch, "batch of %d bytes", f.Total),
		within(f.Length >= 1 && f.Length <= MaxBatchLength, "bodies of %d bytes", f.Length),
		within(len(f.Data) > 0 && f.Offset <= f.Total && uint64(len(f.Data)) <= f.Total-f.Offset, "piece of %d bytes at %d of %d", len(f.Data), f.Offset, f.Total),
	)
}

func (f *Leave) check() error {
	for _, t := range f.Records {
		if len(t.IDs) == 0 || len(t.IDs)%16 != 0 {
			return fmt.Errorf("ids of %d bytes", len(t.IDs))
		}
	}
	return within(f.Class >= ClassS && f.Class <= ClassX, "class %d", f.Class)
}

func (f *Checkpoint) check() error {
	return first(
		within(len(f.Cursor) > 0 && len(f.Cursor) <= MaxCursor, "cursor of %d bytes", len(f.Cursor)),
		within(len(f.Settled) <= MaxHeads, "%d settled heads", len(f.Settled)),
		within(len(f.Digests) <= 2*MaxCovered, "%d digests", len(f.Digests)),
	)
}

func (f *Bye) check() error {
	return first(
		within(len(f.Detail) <= 512, "detail of %d bytes", len(f.Detail)),
		within(f.RetryAfterMS >= 0 && f.RetryAfterMS <= (24*time.Hour).Milliseconds(), "retry after %d ms", f.RetryAfterMS),
	)
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
