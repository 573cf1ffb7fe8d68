package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestADatabaseThatIsGoneIsNotBegunAnew(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "site.db")
	config := store.Config{Path: path, Now: time.Now, Rand: rand.Reader}
	s, err := store.Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Enrol(ctx, store.Identity{OrgKey: make([]byte, 32), Certificate: []byte{0}, Device: syncproto.DeviceID{1}, Site: syncproto.RecordID{2}, Kind: "stall", Prefix: "A1", Zone: "UTC", Lang: "en"}); err != nil {
		t.Fatal(err)
	}
	receipt := func(s *store.Store) (no string) {
		err := s.Write(ctx, func(w *store.Writer) error {
			return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) error {
				no = d.NextReceipt()
				id, err := d.NewID()
				if err != nil {
					return err
				}
				return d.Create(schema.Category, id, store.Field{Field: schema.NameEn, Value: syncproto.TextValue(no)})
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return no
	}
	if no := receipt(s); no != "A1-000001" {
		t.Errorf("first receipt is %s", no)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	backup, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(ctx, config); err != nil {
		t.Fatal(err)
	}
	receipt(s)
	last := receipt(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		os.Remove(name)
	}
	if _, err := store.Open(ctx, config); !errors.Is(err, store.ErrLost) {
		t.Errorf("with its database gone it opened with %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("an empty database was begun")
	}
	// An older copy is put back: it opens, says what is lost, and no receipt number
	// that may have been printed is given again.
	if err := os.WriteFile(path, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(ctx, config); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Lost() == "" {
		t.Error("nothing is said of what is lost")
	}
	if no := receipt(s); no <= last {
		t.Errorf("after %s was printed, %s was given", last, no)
	}
}
