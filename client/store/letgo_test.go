package store_test

import (
	"fmt"
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

const aDay = 24 * 60 * 60 * 1000 // ms

// on is a checkpoint at noon of a day of the server's clock.
func on(day int64) func(*syncproto.Checkpoint) {
	return func(c *syncproto.Checkpoint) { c.TimeMS = day*aDay + aDay/2 }
}

// makesSome makes products, and gives them; the server has all of them but those held.
func (s *site) makesSome(n int, held ...int) (ids []syncproto.RecordID) {
	s.t.Helper()
	for i := range n {
		ids = append(ids, s.makes(fmt.Sprintf("Product %d", i)))
	}
	for i, id := range ids {
		kept := false
		for _, h := range held {
			kept = kept || h == i+1
		}
		if !kept {
			s.sends(orgShare, schema.Product, id, text(schema.NameEn, fmt.Sprintf("Product %d", i)))
		}
	}
	return ids
}

// backedUp tells that a backup holds this device's work up to a head.
func (s *site) backedUp(h syncproto.Head) {
	s.t.Helper()
	s.sends(ownShare, schema.Backed, schema.BackedID(syncproto.DeviceID(ownShare.Scope.ID)), id(schema.BackedDevice, ownShare.Scope.ID),
		store.Field{Field: schema.BackedIncarnation, Value: syncproto.BytesValue(h.Incarnation[:])},
		store.Field{Field: schema.BackedSeq, Value: syncproto.IntValue(int64(h.Seq))},
		store.Field{Field: schema.BackedHash, Value: syncproto.BytesValue(h.Hash[:])})
}

// letsGo lets go of all that may go, and fails unless so many bodies and single hashes
// are left and all holds.
func (s *site) letsGo(bodies, hashes int64) {
	s.t.Helper()
	for more := true; more; {
		var err error
		if more, err = s.LetGo(ctx); err != nil {
			s.t.Fatal(err)
		}
	}
	s.left(bodies, hashes)
}

func (s *site) left(bodies, hashes int64) {
	s.t.Helper()
	if b, h := s.Lines(); b != bodies || h != hashes {
		s.t.Errorf("%d bodies and %d hashes are left, want %d and %d", b, h, bodies, hashes)
	}
	s.sound()
}

func TestNothingIsLetGoBeforeABackupHoldsItAndThirtyDaysHavePassed(t *testing.T) {
	s := newSite(t)
	s.makesSome(10)
	s.backedUp(s.head())
	s.letsGo(10, 0)
	s.checkpoint(false, on(1000))
	s.checkpoint(false, on(1100))
	s.letsGo(10, 0) // old enough, and not judged
	s.checkpoint(true, on(1100))
	s.letsGo(10, 0)
	s.checkpoint(false, on(1130))
	s.letsGo(10, 0)
	s.checkpoint(false, on(900)) // a clock that was put back makes nothing older
	s.makesSome(5)
	s.checkpoint(true, on(900))
	s.checkpoint(false, on(1130))
	s.letsGo(15, 0)
	s.checkpoint(false, on(1131))
	s.letsGo(5, 0) // the last of what the backup holds
	s.reopen()
	if s.Lost() != "" {
		t.Errorf("it misses %s", s.Lost())
	}
	s.letsGo(5, 0)
	s.checkpoint(false, on(2000))
	s.letsGo(5, 0) // in no backup
	s.backedUp(s.head())
	s.checkpoint(false, on(2000))
	s.letsGo(1, 0) // the last one stays: the clock goes on from it
	s.makesSome(1)
	s.checkpoint(true, on(2001))
	s.letsGo(1, 0)
}

func TestABackupHoldsAncestorsOfItsHeadAndNoOtherBranch(t *testing.T) {
	s := newSite(t)
	s.makesSome(3)
	first := s.head()
	s.checkpoint(true, on(999))
	s.reopen()
	s.makesSome(4)
	second := s.head()
	s.checkpoint(true, on(999))
	s.reopen()
	s.makesSome(5)
	s.checkpoint(true, on(1000))
	strange := second
	strange.Hash[0] ^= 1
	for _, h := range []syncproto.Head{strange, {Incarnation: syncproto.Incarnation{9}, Seq: 3, Hash: first.Hash}, {Incarnation: second.Incarnation, Seq: 5, Hash: second.Hash}} {
		s.backedUp(h)
		s.checkpoint(false, on(1040))
		s.letsGo(12, 0)
	}
	s.backedUp(first)
	s.checkpoint(false, on(1040))
	s.letsGo(9, 0)
	s.backedUp(second)
	s.checkpoint(false, on(1040))
	parent := func(by string) {
		if err := s.Edit(`UPDATE incarnation SET parent_seq = parent_seq ` + by + ` WHERE id = 2`); err != nil {
			t.Fatal(err)
		}
		s.reopen()
	}
	parent("- 1") // a life that goes on from elsewhere
	if _, err := s.LetGo(ctx); err != nil {
		t.Fatal(err)
	}
	parent("+ 1")
	s.left(9, 0)
	s.letsGo(5, 0)
	s.backedUp(first) // of a server that was put back: nothing comes back, nothing more goes
	s.checkpoint(false, on(1050))
	s.letsGo(5, 0)
}

// The last held ones are the first after a step: of a process that goes on, and of one
// that is killed after each step and begins anew with what is left.
func TestWhatIsHeldStaysAndTheHashBeforeItUntilItIsSettled(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed %v", killed), func(t *testing.T) { whatIsHeldStays(t, killed) })
	}
}

func whatIsHeldStays(t *testing.T, killed bool) {
	s := newSite(t)
	const rows = store.LetGoRows
	ids := s.makesSome(2*rows+10, 3, rows-1, rows, rows+1, 2*rows-4, 2*rows)
	s.backedUp(s.head())
	s.checkpoint(true, on(1000))
	s.checkpoint(false, on(1040))
	for more, steps := true, 0; more; steps++ {
		var err error
		if more, err = s.LetGo(ctx); err != nil {
			t.Fatal(err)
		}
		if killed {
			s.reopen()
		}
		s.sound()
		if steps > 10 {
			t.Fatal("it does not end")
		}
	}
	s.letsGo(7, 4)
	s.is(ids[2], true, false)
	for _, sql := range []string{
		`UPDATE outbox SET body = CAST(replace(body, 'Product 2', 'Product 7') AS BLOB) WHERE ord = 3`,
		`UPDATE outbox SET hash = zeroblob(32) WHERE ord = 2`, `DELETE FROM outbox WHERE ord = 2`,
		`UPDATE incarnation SET released_hash = zeroblob(32)`, `UPDATE incarnation SET released = released - 1`,
	} {
		if err := s.Edit(`CREATE TABLE kept AS SELECT * FROM outbox; CREATE TABLE lives AS SELECT * FROM incarnation;` + sql); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Verify(ctx); err != nil || len(found) == 0 {
			t.Errorf("%s: verify finds %v, %v", sql, found, err)
		}
		if err := s.Edit(`DELETE FROM outbox; INSERT INTO outbox SELECT * FROM kept; DROP TABLE kept; DELETE FROM incarnation; INSERT INTO incarnation SELECT * FROM lives; DROP TABLE lives`); err != nil {
			t.Fatal(err)
		}
	}
	s.sound()
	s.sends(orgShare, schema.Product, ids[2], text(schema.NameEn, "Product 2")) // released
	s.checkpoint(false, on(1041))
	s.reopen()
	s.letsGo(6, 3)
}

func TestAtItsLimitTheOutboxLetsTheOldestGoWithoutABackupAndSaysSo(t *testing.T) {
	s := newSite(t)
	s.makesSome(20)
	s.checkpoint(true, on(1000))
	s.LimitOutbox(1)
	s.checkpoint(false, on(1030))
	s.letsGo(20, 0) // not old enough
	s.LimitOutbox(1 << 30)
	s.checkpoint(false, on(1031))
	s.letsGo(20, 0)
	s.checkpoint(false, on(1032))
	s.makesSome(20)
	s.checkpoint(true, on(1032))
	s.LimitOutbox(1)
	s.checkpoint(false, on(1033))
	s.reopen()
	s.LimitOutbox(1)
	s.letsGo(20, 0)
	st, err := s.Status(ctx)
	if err != nil || st.Unbacked != 20 || st.Declared.Unbacked != 20 {
		t.Errorf("status says %d, it declares %d, %v; want 20", st.Unbacked, st.Declared.Unbacked, err)
	}
}

func TestALineThatStayedAtTheLimitKeepsTheHashBeforeItWhenABackupComes(t *testing.T) {
	s := newSite(t)
	ids := s.makesSome(5, 5)
	backed := s.head()
	s.makesSome(5, 1)
	s.checkpoint(true, on(1000))
	s.LimitOutbox(1)
	s.checkpoint(false, on(1031))
	s.letsGo(3, 1) // the two that are held, and the last
	s.sends(orgShare, schema.Product, ids[4], text(schema.NameEn, "Product 4"))
	s.backedUp(backed)
	s.checkpoint(true, on(1031))
	s.reopen()
	s.letsGo(2, 1)
}

func TestWhatIsLeftGoesToAServerThatWentBackWhateverItHas(t *testing.T) {
	for _, lost := range []bool{false, true} {
		s := newSite(t)
		s.makesSome(6)
		held := s.head()
		s.backedUp(held)
		s.checkpoint(true, on(1000))
		s.makesSome(4)
		s.checkpoint(true, on(1020))
		s.checkpoint(false, on(1035))
		s.letsGo(4, 0)
		s.reopen()
		heads := []syncproto.Head{held}
		if lost { // put back to before its backup: what was let go is in the backup alone
			heads = nil
		}
		if err := s.Welcome(ctx, s.KeptHeads(), heads); err != nil {
			t.Fatal(err)
		}
		b, _, err := s.NextBatch(ctx, keyOf, 0)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil || b.Header.First != 7 || b.Header.Last != 10 || b.Header.Before != held.Hash {
			t.Errorf("the next batch is %+v, want 7 to 10 after %v", b, held.Hash)
		}
		s.sound()
		s.checkpoint(true, on(1070))
		s.letsGo(4, 0)
	}
}
