package simtest_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// secretPhoto is a photo in which the secret stands.
func secretPhoto() []byte { return append(bytesOf(2*syncproto.ChunkSize, 21), secret...) }

// portrayed makes a person with that photo.
func portrayed(t *testing.T, s *simtest.Site) (syncproto.RecordID, syncproto.Root) {
	t.Helper()
	root, err := s.Client.Attach(ctx, secretPhoto())
	must(t, err)
	id, err := s.Client.AddPerson(ctx, client.NewPerson{Name: "Made up", Photo: root})
	must(t, err)
	return id, root
}

func TestARevokedDeviceDeliversItsPhotosAndThenHoldsNone(t *testing.T) {
	c := simtest.NewCentre(t)
	branch := c.NewSite("Branch", schema.KindBranch)
	branch.Sync()
	_, root := portrayed(t, branch)
	if !inFiles(t, branch) {
		t.Fatal("the test looks for what is not there")
	}
	must(t, c.Server.Revoke(ctx, branch.Store.Identity().Device, "a test"))
	if _, err := branch.Client.Sync(ctx, 20*time.Second, nil); !errors.Is(err, client.ErrRefused) {
		t.Fatalf("the revoked device's sync gave %v", err)
	}
	if !bytes.Equal(atCentre(t, c, root), secretPhoto()) {
		t.Error("head office does not have the photo that waits with its person for review")
	}
	if inFiles(t, branch) {
		t.Error("its files still hold the photo")
	}
	if n, size, err := branch.Store.Attachments().Counts(ctx); err != nil || n != 0 || size != 0 {
		t.Errorf("it holds %d attachments of %d bytes, %v", n, size, err)
	}
	if _, err := branch.Client.Attach(ctx, []byte("more")); err == nil {
		t.Error("it takes photos")
	}
	for _, d := range devices(t, c) {
		if d.Revoked && !d.Wiped {
			t.Error("head office does not know that it holds nothing any more")
		}
	}
}

func TestWorkAndPhotoOfARightThatEndedWithTheCablePulledArriveAndThenLeave(t *testing.T) {
	c := simtest.NewCentre(t)
	branch := c.NewSite("Branch", schema.KindBranch)
	id := branch.Store.Identity()
	scope := syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}
	end := time.Now().Add(time.Hour)
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: scope, Classes: "SPE", Write: true, Until: end}))
	branch.Sync()
	_, root := portrayed(t, branch)
	_, err := branch.Client.AddPerson(ctx, client.NewPerson{Name: secret})
	must(t, err)
	branch.Now = func() time.Time { return end.Add(time.Minute) }
	must(t, branch.Client.Enforce(ctx))
	if n := countAt(t, branch, schema.Person); n != 0 {
		t.Fatalf("after the end it shows %d persons", n)
	}
	branch.Now = time.Now
	must(t, c.Server.EndGrant(ctx, id.Device, scope, "a test"))
	branch.Sync()
	if !bytes.Equal(atCentre(t, c, root), secretPhoto()) {
		t.Error("head office does not have the photo that its author may not see any more")
	}
	held, err := c.Server.Quarantine(ctx)
	if err != nil || len(held) != 2 {
		t.Errorf("of two persons %d wait at head office (%v)", len(held), err)
	}
	branch.Sound()
	branch.Reopen() // the WAL goes with the last connection
	if inFiles(t, branch) {
		t.Error("delivered, they are still in the device's files")
	}
}

func TestAPhotoLeavesADeviceWithTheRecordThatNamesIt(t *testing.T) {
	c := simtest.NewCentre(t)
	one, two := c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch)
	_, root := portrayed(t, one)
	one.Sync()
	two.Sync()
	if !bytes.Equal(atSite(t, two, root), secretPhoto()) {
		t.Fatal("the branch's other device does not have it")
	}
	id := two.Store.Identity()
	must(t, c.Server.EndGrant(ctx, id.Device, syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}, "a test"))
	two.Sync()
	if inFiles(t, two) {
		t.Error("its files still hold the photo")
	}
	if !bytes.Equal(atSite(t, one, root), secretPhoto()) {
		t.Error("the other device lost it too")
	}
}

func TestWhatNobodyNamesIsKeptForADay(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	product, named := photographed(t, s, "Incense", bytesOf(100, 22))
	orphan, err := s.Client.Attach(ctx, bytesOf(100, 23))
	must(t, err)
	s.Sync()
	has := func(root syncproto.Root, want bool) {
		t.Helper()
		if whole, err := s.Store.Attachments().Whole(ctx, root); err != nil || whole != want {
			t.Errorf("attachment %v is here: %v, want %v (%v)", root, whole, want, err)
		}
	}
	has(orphan, true)
	off := 23 * time.Hour
	s.Now = func() time.Time { return time.Now().Add(off) }
	must(t, s.Client.Tidy(ctx))
	has(orphan, true)
	off = 25 * time.Hour
	must(t, s.Client.Tidy(ctx))
	has(orphan, false)
	has(named, true)

	if gone, err := c.Server.Tidy(ctx); err != nil || gone != 0 {
		t.Errorf("the server let go of %d, %v", gone, err)
	}
	must(t, s.Client.SetPhoto(ctx, schema.Product, product, syncproto.Root{}))
	s.Sync()
	has(named, false)
	if gone, err := c.Server.Tidy(ctx); err != nil || gone != 1 {
		t.Errorf("the server let go of %d, %v", gone, err)
	}
	if n, size := attachedAt(t, c); n != 0 || size != 0 {
		t.Errorf("the server keeps %d attachments of %d bytes", n, size)
	}
}

func TestARestoredServerGetsItsPhotosBack(t *testing.T) {
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	before, after := bytesOf(2*syncproto.ChunkSize, 24), bytesOf(3*syncproto.ChunkSize, 25)
	_, early := photographed(t, stall, "Incense", before)
	stall.Sync()
	other.Sync()
	file := t.TempDir() + "/made.backup"
	c.BackUp(file)
	_, late := photographed(t, stall, "Tea", after)
	stall.Sync()
	other.Sync()
	c.Stop()
	c.Restore(file)
	c.Start()
	if !bytes.Equal(atCentre(t, c, early), before) {
		t.Error("the backup does not hold the photo that it has a record of")
	}
	stall.Moved(c)
	stall.Sync()
	if !bytes.Equal(atCentre(t, c, late), after) {
		t.Error("the photo that came after the backup was not given back")
	}
	// And where the server has lost every photo, the one that another site fetched is enough.
	c.Stop()
	c.Restore(file)
	must(t, removeAll(c.Path(attach.File)))
	c.Start()
	other.Moved(c)
	other.Sync()
	if !bytes.Equal(atCentre(t, c, early), before) {
		t.Error("the photo that another site had was not given back")
	}
}

func removeAll(path string) error {
	return errors.Join(os.Remove(path), os.RemoveAll(path+"-wal"), os.RemoveAll(path+"-shm"))
}
