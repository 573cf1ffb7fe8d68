package store_test

import (
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestASaleIsFlushedBeforeItIsCalledSaved(t *testing.T) {
	s := newSite(t)
	if err := s.Write(ctx, func(w *store.Writer) error {
		flushes, err := w.Flushes()
		if !flushes {
			t.Errorf("a commit of staff's is not flushed (%v)", err)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestReceiptNumbersGoOnAfterARestart(t *testing.T) {
	s := newSite(t)
	print := func() (no string) {
		s.records(func(d *store.Draft) error {
			no = d.NextReceipt()
			id, err := d.NewID()
			if err != nil {
				return err
			}
			return d.Create(schema.Product, id, text(schema.NameEn, no))
		})
		return no
	}
	for _, want := range []string{"A1-000001", "A1-000002", "A1-000003"} {
		if got := print(); got != want {
			t.Errorf("printed %s, want %s", got, want)
		}
		s.reopen()
	}
}

func TestAReceiptForWhatIsNotInTheChainIsNotBelieved(t *testing.T) {
	s := newSite(t)
	s.makes("Incense")
	s.makes("Tea")
	own := s.head()
	first := own
	first.Seq = 1 // the hash is that of the second
	for _, h := range []syncproto.Head{{Incarnation: own.Incarnation, Seq: own.Seq, Hash: syncproto.Hash{1}}, first, {Incarnation: own.Incarnation, Seq: 3, Hash: own.Hash}} {
		if believed, err := s.Acknowledge(ctx, h); believed || err != nil {
			t.Errorf("a receipt for seq %d %v: believed %v, %v", h.Seq, h.Hash, believed, err)
		}
	}
	if !s.Pending() {
		t.Fatal("what has no receipt is not pending")
	}
	if believed, err := s.Acknowledge(ctx, own); !believed || err != nil || s.Pending() {
		t.Errorf("its own receipt: believed %v, %v, pending %v", believed, err, s.Pending())
	}
}

func TestADeviceDeclaresWhatHasNotArrived(t *testing.T) {
	s := newSite(t)
	declares := func(want uint64) {
		t.Helper()
		d, err := s.Declared(ctx)
		if err != nil || d.Transactions != want || (d.OldestMS > 0) != (want > 0) {
			t.Errorf("declares %+v (%v), want %d transactions", d, err, want)
		}
	}
	declares(0)
	s.makes("Incense")
	first := s.head()
	s.makes("Tea")
	declares(2)
	s.Acknowledge(ctx, first)
	declares(1)
	s.Acknowledge(ctx, s.head())
	declares(0)
}

func TestPagesThatAreKeptShowOnlyWithTheirCheckpointAndHalfAPageNever(t *testing.T) {
	s := newSite(t)
	s.checkpoint(false)
	page := func(n byte, ends bool) (id syncproto.RecordID) {
		t.Helper()
		id = syncproto.RecordID{1: n}
		s.position++
		f := &syncproto.Rows{
			Class: orgShare.Class, Scope: orgShare.Scope, Table: schema.Product, IDs: []syncproto.RecordID{id}, Positions: []syncproto.Position{s.position},
			Fields: []syncproto.FieldID{schema.NameEn}, Columns: [][]syncproto.Value{{syncproto.TextValue("Incense")}},
		}
		if ends {
			f.Point = &syncproto.ReadPoint{Position: s.position, Head: s.position}
		}
		s.stage(f)
		return id
	}
	whole, half := page(50, true), page(51, false)
	if err := s.staging.Keep(ctx); err != nil { // the link dies
		t.Fatal(err)
	}
	s.shows(whole, "")
	s.reopen()
	s.shows(whole, "")
	s.checkpoint(false)
	s.shows(whole, "Incense")
	s.shows(half, "")
}
