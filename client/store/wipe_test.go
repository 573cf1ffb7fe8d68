package store_test

import (
	"errors"
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestWhatIsRecordedWhileADeviceIsWipedIsDeliveredOrRefused(t *testing.T) {
	for range 20 {
		s := newSite(t)
		asked, ended := make(chan struct{}), make(chan error, 1)
		if err := s.Write(ctx, func(w *store.Writer) error {
			go func() { close(asked); ended <- s.Wipe(ctx, 1) }()
			<-asked
			return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
				id, err := d.NewID()
				if err != nil {
					return err
				}
				return d.Create(schema.Category, id, text(schema.NameEn, "Bread"))
			})
		}); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, store.ErrPending) {
			t.Fatalf("a wipe that waited for a sale gave %v", err)
		}
		if s.Identity().WipedAt != 0 || !s.Pending() {
			t.Fatal("what was recorded is not there to be delivered")
		}
	}
	s := newSite(t)
	if err := s.Wipe(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.try(func(*store.Draft) error { t.Error("it got its turn"); return nil }); !errors.Is(err, store.ErrWiped) {
		t.Errorf("recording on a device that was wiped gave %v", err)
	}
}
