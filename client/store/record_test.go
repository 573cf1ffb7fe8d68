package store_test

import (
	"bufio"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const childPath = "STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := child(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// child records products for ever and says which are saved.
func child(path string) error {
	s, err := open(path)
	if err != nil {
		return err
	}
	for {
		var made syncproto.RecordID
		err := s.Write(ctx, func(w *store.Writer) error {
			return w.Transaction(syncproto.RecordID{}, 0, func(d *store.Draft) (err error) {
				if made, err = d.NewID(); err != nil {
					return err
				}
				return d.Create(schema.Product, made, text(schema.NameEn, "Incense"))
			})
		})
		if err != nil {
			return err
		}
		fmt.Println(made)
	}
}

// saved lets a child record until it has said "saved" n times, kills it, and gives
// all that it said.
func saved(t *testing.T, path string, n int) (all []syncproto.RecordID) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childPath+"="+path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line cut off by the kill is no promise
		}
		id, err := syncproto.ParseRecordID(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("the child says %q", line)
		}
		if all = append(all, id); len(all) == n {
			c.Process.Kill()
		}
	}
	c.Wait()
	return all
}

func TestAKilledProcessKeepsWhatItSaidIsSaved(t *testing.T) {
	s := newSite(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var all []syncproto.RecordID
	for round := range 5 {
		all = append(all, saved(t, s.path, 20+round*37)...)
		s.Store = nil
		s.reopen()
		if lost := s.Lost(); lost != "" {
			t.Fatalf("after kill %d: %s", round+1, lost)
		}
		for _, id := range all {
			if s.get(schema.Product, id) == nil {
				t.Fatalf("after kill %d: %v was saved and is not there", round+1, id)
			}
		}
		st, err := s.Status(ctx)
		if err != nil || st.Transactions < uint64(len(all)) || st.Transactions > uint64(len(all)+round+1) || st.Pending != st.Transactions {
			t.Errorf("after kill %d: %+v for %d saved, %v", round+1, st, len(all), err)
		}
		s.sound()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANewProcessContinuesTheChainOfTheOneBefore(t *testing.T) {
	s := newSite(t)
	s.makes("first")
	s.makes("second")
	before := s.head()
	s.reopen()
	if now := s.Heads(); len(now) != 1 || now[0] != before {
		t.Errorf("an incarnation began before its first write: %v", now)
	}
	s.makes("third")
	after := s.head()
	if after.Incarnation == before.Incarnation || after.Seq != 1 {
		t.Errorf("the new process writes seq %d of %v", after.Seq, after.Incarnation)
	}
	first, last, err := s.NextBatch(ctx, keyOf, 0)
	if err != nil || first.Header.Last != 2 || !first.Header.Genesis.First() {
		t.Fatalf("first batch is %+v, %v", first.Header, err)
	}
	second, _, err := s.NextBatch(ctx, keyOf, last)
	if err != nil {
		t.Fatal(err)
	}
	want := syncproto.Genesis{Parent: before.Incarnation, Seq: before.Seq, Hash: before.Hash}
	if h := second.Header; h.Genesis == nil || *h.Genesis != want || h.First != 1 || h.Last != 1 {
		t.Errorf("second batch is %+v, want genesis %+v", h, want)
	}
	if err := second.Verify(key.Public().(ed25519.PublicKey), syncproto.OrgID{1}); err != nil {
		t.Error(err)
	}
	s.sound()
}

func TestAWriteThatRecordsNothingLeavesNothing(t *testing.T) {
	s := newSite(t)
	s.records(func(*store.Draft) error { return nil })
	refused := errors.New("changed my mind")
	if err := s.try(func(d *store.Draft) error {
		d.NextReceipt()
		if err := d.Create(schema.Product, goods, text(schema.NameEn, "no")); err != nil {
			return err
		}
		return refused
	}); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	s.shows(goods, "")
	s.makes("first")
	if h := s.head(); h.Seq != 1 {
		t.Errorf("the first transaction has seq %d", h.Seq)
	}
	s.sound()
}

func TestAFullDiskRefusesTheSaleAndLaterItGoesOn(t *testing.T) {
	s := newSite(t)
	s.makes("before")
	before := s.head()
	if err := s.LimitPages(30); err != nil {
		t.Fatal(err)
	}
	note := strings.Repeat("x", 150)
	n := 0
	for ; n < 10_000; n++ {
		if err := s.try(func(d *store.Draft) error {
			id, err := d.NewID()
			if err != nil {
				return err
			}
			return d.Create(schema.Product, id, text(schema.NameEn, note))
		}); err != nil {
			if !errors.Is(err, refusal.New(refusal.NoRoom, "")) {
				t.Errorf("a full disk gave %v", err)
			}
			break
		}
	}
	if n == 10_000 {
		t.Fatal("the disk never became full")
	}
	full := s.head()
	if full.Seq != before.Seq+syncproto.Seq(n) {
		t.Errorf("%d were saved, the chain went from %d to %d", n, before.Seq, full.Seq)
	}
	s.sound()
	if err := s.LimitPages(0); err != nil {
		t.Fatal(err)
	}
	s.makes("after")
	if h := s.head(); h.Seq != full.Seq+1 {
		t.Errorf("seq %d follows %d", h.Seq, full.Seq)
	}
	s.sound()
	s.reopen()
	if lost := s.Lost(); lost != "" {
		t.Error(lost)
	}
}

// basesOf lists what each transaction of the present chain says of the groups it
// writes: the position of its base, -1 for none.
func (s *site) basesOf() (all []int64) {
	s.t.Helper()
	batch, _, err := s.NextBatch(ctx, keyOf, 0)
	if err != nil || batch == nil {
		s.t.Fatal("no batch", err)
	}
	bodies, err := batch.Open()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range bodies {
		t, err := syncproto.ReadBody(b.Bytes)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, g := range t.Changes[0].Groups {
			if g.Base == syncproto.NoBase {
				all = append(all, -1)
			} else {
				all = append(all, int64(t.Bases[g.Base].Position))
			}
		}
	}
	return all
}

func TestTheBaseOfAnEditIsWhereItsBaseValueWasLastVisible(t *testing.T) {
	s := newSite(t)
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "as sent"))
	s.checkpoint(false)
	first := int64(s.position)
	s.renames(goods, "mine")
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "theirs"))
	s.checkpoint(false)
	second := int64(s.position)
	s.renames(goods, "mine again") // over the own edit: theirs was never seen
	s.records(func(d *store.Draft) error {
		return d.Update(schema.Product, goods, schema.ProductGroupSku, text(schema.ProductSku, "S1"))
	})
	made := s.makes("made here")
	s.renames(made, "renamed here")
	want := []int64{first, first, second, -1, -1}
	if got := s.basesOf(); !slices.Equal(got, want) {
		t.Errorf("bases are %v, want %v", got, want)
	}
}
