package store_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// lacked is a site whose server went back and lacks n products that it was sent.
func lacked(t *testing.T, n int) (s *site, org ed25519.PrivateKey, items []syncproto.Item) {
	t.Helper()
	s = newSite(t)
	public, org, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := *s.Identity()
	id.OrgKey = public
	if err := s.Enrol(ctx, id); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		record := syncproto.RecordID{0: 1, 14: byte(i)}
		s.sends(orgShare, schema.Product, record, text(schema.NameEn, fmt.Sprint("made-up product ", i)))
		items = append(items, syncproto.Item{Table: schema.Product, Record: record})
	}
	s.checkpoint(false, func(c *syncproto.Checkpoint) { c.History = syncproto.HistoryID{1} })
	if may, err := s.Spare(ctx, orgShare, items); err != nil || len(may) != n {
		t.Fatalf("of %d records that an ordinary repair takes away %d may go, %v", n, len(may), err)
	}
	if kept, _ := s.Spared(); kept != 0 {
		t.Fatalf("an ordinary repair keeps %d records", kept)
	}
	if s.checkpoint(false, lackingAll(syncproto.HistoryID{2})) == "" {
		t.Fatal("the share does not differ")
	}
	return s, org, items
}

// lackingAll is a checkpoint of a server that has nothing of the organisation's share.
func lackingAll(history syncproto.HistoryID) func(*syncproto.Checkpoint) {
	return func(c *syncproto.Checkpoint) {
		c.History, c.Digests = history, []syncproto.ShareDigest{{Share: orgShare}}
	}
}

func TestWhatFindsNoRoomStaysWhereItIsUntilHeadOfficeHasSeenTheRest(t *testing.T) {
	s, org, items := lacked(t, 9)
	s.LimitSpare(4 * 500)
	may, err := s.Spare(ctx, orgShare, items)
	if err != nil || len(may) == 0 || len(may) == len(items) {
		t.Fatalf("of %d records %d may go, %v", len(items), len(may), err)
	}
	kept, _ := s.Spared()
	if int(kept) != len(may) {
		t.Errorf("%d are kept and %d may go", kept, len(may))
	}
	if again, err := s.Spare(ctx, orgShare, items); err != nil || len(again) != len(may) {
		t.Errorf("asked again %d may go, %v", len(again), err)
	}
	give, err := s.Spares(ctx, 0)
	if err != nil || len(give.Rows) != int(kept) {
		t.Fatalf("%d are handed over, %v", len(give.Rows), err)
	}
	plain, err := seal.Open(org, give.Rows[0], syncproto.MaxKeptRow)
	want := records.AppendRow(nil, s.get(schema.Product, items[0].Record))
	if err != nil || string(plain) != string(want) {
		t.Errorf("what was sealed is %x, %v; want %x", plain, err, want)
	}
	if err := s.Seen(ctx, &syncproto.KeptAsk{Done: give.Upto, Given: give.Upto}); err != nil {
		t.Fatal(err)
	}
	if more, err := s.Spare(ctx, orgShare, items[len(may):]); err != nil || len(more) == 0 {
		t.Errorf("with room again %d may go, %v", len(more), err)
	}
	if next, err := s.Spares(ctx, give.Upto); err != nil || len(next.Rows) == 0 || next.Upto <= give.Upto {
		t.Errorf("a number was given again: %+v, %v", next, err)
	}
}

func TestWhatMayNotBeReadAnyMoreCannotBeGuessedFromWhatIsKept(t *testing.T) {
	s, _, items := lacked(t, 3)
	if _, err := s.Spare(ctx, orgShare, items); err != nil {
		t.Fatal(err)
	}
	if kept, hashes := s.Spared(); kept != 3 || hashes != 3 {
		t.Fatalf("%d are kept, %d with their hashes", kept, hashes)
	}
	s.sends(orgShare, schema.Product, items[0].Record, text(schema.NameEn, "made-up product 0"))
	s.checkpoint(false, lackingAll(syncproto.HistoryID{2}))
	if kept, _ := s.Spared(); kept != 2 {
		t.Errorf("%d are kept after one is back", kept)
	}
	s.stage(&syncproto.Leave{Class: orgShare.Class, Scope: orgShare.Scope})
	s.checkpoint(false, lackingAll(syncproto.HistoryID{2}))
	if kept, hashes := s.Spared(); kept != 2 || hashes != 0 {
		t.Errorf("%d are kept, %d with their hashes, though the share may not be read", kept, hashes)
	}
}

func TestBoundOfWhatIsKeptIsThatOfItsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/BOUNDS.md")
	if err != nil {
		t.Fatal(err)
	}
	if row := fmt.Sprintf("\n| `maxSpare` | %d |", store.MaxSpare); !strings.Contains(strings.ReplaceAll(string(page), ",", ""), row) {
		t.Errorf("docs/BOUNDS.md has no row%s", row)
	}
}
