package simtest_test

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/seal"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// carry brings parcels to the centre in the order given, and their receipts back.
func carry(t *testing.T, c *simtest.Centre, s *simtest.Site, parcels []client.Parcel) (fresh uint64) {
	t.Helper()
	for _, p := range parcels {
		taken, err := c.Server.TakeParcel(ctx, p.File)
		must(t, err)
		fresh += taken.New
		_, err = s.Client.TakeReceipts(ctx, taken.Receipts)
		must(t, err)
	}
	return fresh
}

func TestParcelsInAnyOrderAndBesideASocketCountOnce(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	for range 3 { // three lives of the process, each in another batch
		sellSome(t, s, 1200)
		s.Reopen()
	}
	parcels, err := s.Client.MakeParcels(ctx, client.LeastParcel)
	must(t, err)
	if len(parcels) < 4 {
		t.Fatalf("%d parcels: the test wants several", len(parcels))
	}
	again, err := s.Client.MakeParcels(ctx, 1<<20)
	must(t, err)
	slices.Reverse(parcels)
	half := len(parcels) / 2
	if n := carry(t, c, s, parcels[:half]); n == 0 {
		t.Error("the last parcels brought nothing")
	}
	s.Sync()
	soldIs(t, c, 3600)
	if n := carry(t, c, s, slices.Concat(parcels, again)); n != 0 {
		t.Errorf("what had come by socket came again: %d", n)
	}
	soldIs(t, c, 3600)
	s.Sound()
	s.Sync()
}

func TestWhatOnlyParcelsBroughtIsArrivedAndLaterJudged(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 30)
	parcels, err := s.Client.MakeParcels(ctx, 1<<20)
	must(t, err)
	if n := carry(t, c, s, parcels); n != 32 {
		t.Errorf("%d transactions came, want 32", n)
	}
	if s.Store.Pending() {
		t.Error("with the receipts here something is still pending")
	}
	if more, err := s.Client.MakeParcels(ctx, 1<<20); err != nil || len(more) != 0 {
		t.Errorf("there is more to send: %d parcels, %v", len(more), err)
	}
	soldIs(t, c, 30)
	if r := s.Sync(); r.Sent != 0 || r.Settled != 32 {
		t.Errorf("the first contact gave %+v", r)
	}
}

func TestAParcelForAnotherOrganisationOrBrokenIsRefused(t *testing.T) {
	c, other := simtest.NewCentre(t), simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 3)
	parcels, err := s.Client.MakeParcels(ctx, 1<<20)
	must(t, err)
	refused := func(where *simtest.Centre, file []byte) {
		t.Helper()
		if _, err := where.Server.TakeParcel(ctx, file); refusal.Of(err) == nil {
			t.Errorf("it gave %v", err)
		}
	}
	file := parcels[0].File
	refused(other, file)
	refused(c, nil)
	refused(c, file[:len(file)-1])
	for _, at := range []int{3, len(file) / 3, len(file) - 5} {
		broken := slices.Clone(file)
		broken[at] ^= 4
		refused(c, broken)
	}
	soldIs(t, c, 0)
	if _, err := s.Client.TakeReceipts(ctx, file); refusal.Of(err) == nil {
		t.Errorf("a parcel taken for receipts gave %v", err)
	}
}

// What a parcel declares, totals rest on: nobody else may say that a site owes nothing.
func TestAParcelInTheNameOfAnotherDeviceIsRefused(t *testing.T) {
	c := simtest.NewCentre(t)
	s, other := c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 2", schema.KindStall)
	sellSome(t, s, 3)
	taken := func(key ed25519.PrivateKey) error {
		id := s.Store.Identity()
		plain, err := syncproto.SignParcel(key, id.Org, &syncproto.Parcel{Device: id.Device, Certificate: id.Certificate, TimeMS: s.Now().UnixMilli()})
		must(t, err)
		file, err := seal.Seal(id.OrgKey, plain)
		must(t, err)
		_, err = c.Server.TakeParcel(ctx, file)
		return err
	}
	if err := taken(other.Key); refusal.Of(err) == nil {
		t.Errorf("a parcel that another device signed gave %v", err)
	}
	must(t, taken(s.Key))
}
