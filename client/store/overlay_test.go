package store_test

import (
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var goods = syncproto.RecordID{0: 9}

func TestAnOwnEditIsShownOverBaseUntilItIsJudged(t *testing.T) {
	s := newSite(t)
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "as sent"))
	s.checkpoint(false)
	s.renames(goods, "mine")
	s.shows(goods, "mine")
	s.is(goods, false, false)
	// Others write meanwhile: beneath the names, and beside them.
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "theirs"), text(schema.ProductSku, "S1"))
	s.checkpoint(false)
	s.shows(goods, "mine")
	if sku := s.get(schema.Product, goods).Of(schema.ProductSku).Text(); sku != "S1" {
		t.Errorf("the code that others wrote is shown as %q", sku)
	}
	s.checkpoint(true) // judged, and no row came: it was refused or lost
	s.shows(goods, "theirs")
	s.is(goods, false, true)
}

func TestAnEditThatWasTakenBecomesBase(t *testing.T) {
	s := newSite(t)
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "as sent"))
	s.checkpoint(false)
	s.renames(goods, "mine")
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "mine"))
	s.checkpoint(true)
	s.shows(goods, "mine")
	s.is(goods, false, true)
}

func TestOfTwoEditsTheUnjudgedOneStays(t *testing.T) {
	s := newSite(t)
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "as sent"))
	s.checkpoint(false)
	s.renames(goods, "first")
	first := s.Heads()
	s.renames(goods, "second")
	s.checkpoint(false, func(c *syncproto.Checkpoint) { c.Settled = first })
	s.shows(goods, "second")
	s.checkpoint(true)
	s.shows(goods, "as sent")
}

func TestACreationThatIsHeldStaysMarkedUntilItIsReleased(t *testing.T) {
	s := newSite(t)
	made := s.makes("mine")
	s.is(made, false, false)
	s.checkpoint(true)
	s.shows(made, "mine")
	s.is(made, true, false)
	s.reopen()
	s.is(made, true, false)
	s.sends(orgShare, schema.Product, made, text(schema.NameEn, "mine"))
	s.checkpoint(true)
	s.is(made, false, true)
}

func TestAnEditOverAHeldCreationOutlivesItsRelease(t *testing.T) {
	s := newSite(t)
	made := s.makes("mine")
	s.checkpoint(true)
	s.renames(made, "renamed")
	s.sends(orgShare, schema.Product, made, text(schema.NameEn, "mine"))
	s.checkpoint(false)
	s.shows(made, "renamed")
	s.is(made, false, false)
	s.sends(orgShare, schema.Product, made, text(schema.NameEn, "renamed"))
	s.checkpoint(true)
	s.shows(made, "renamed")
	s.is(made, false, true)
}

func TestWhatWasReplacedOrWithdrawnIsTakenBack(t *testing.T) {
	for _, state := range []string{schema.VerdictReplaced, schema.VerdictWithdrawn} {
		for _, together := range []bool{false, true} {
			s := newSite(t)
			made := s.makes("mine")
			h := s.head()
			if !together { // heard of as held, and later as over
				s.ends(h, schema.VerdictHeld)
				s.checkpoint(true)
				s.is(made, true, false)
			}
			s.ends(h, state)
			s.checkpoint(true)
			s.shows(made, "")
		}
	}
}

func TestARecordThatLeavesGoesAndItsEditIsStillSent(t *testing.T) {
	s := newSite(t)
	user := syncproto.RecordID{0: 7}
	private := syncproto.Share{Class: syncproto.ClassP, Scope: siteShare.Scope}
	s.sends(private, schema.User, user, id(schema.UserSite, siteID), text(schema.UserName, "Amal"), text(schema.UserRole, "cashier"), store.Field{Field: schema.UserActive, Value: syncproto.BoolValue(true)})
	s.checkpoint(false)
	elsewhere := syncproto.RecordID{0: 8}
	s.records(func(d *store.Draft) error {
		return d.Update(schema.User, user, schema.UserGroupSite, id(schema.UserSite, elsewhere))
	})
	s.stage(&syncproto.Leave{Class: private.Class, Scope: private.Scope, Records: []syncproto.TableIDs{{Table: schema.User, IDs: user[:]}}})
	s.checkpoint(false)
	if r := s.get(schema.User, user); r != nil {
		t.Errorf("the user is still here: %v", r.Values)
	}
	if batch, _, err := s.NextBatch(ctx, keyOf, 0); err != nil || batch == nil {
		t.Errorf("the edit is not sent: %v", err)
	}
	s.checkpoint(true)
}

func TestARecordLeavesWithItsShareWhereverAnEditWouldHaveIt(t *testing.T) {
	s := newSite(t)
	user := syncproto.RecordID{0: 7}
	private := syncproto.Share{Class: syncproto.ClassP, Scope: siteShare.Scope}
	s.sends(private, schema.User, user, id(schema.UserSite, siteID), text(schema.UserName, "Amal"), text(schema.UserRole, "cashier"), store.Field{Field: schema.UserActive, Value: syncproto.BoolValue(true)})
	s.checkpoint(false, func(c *syncproto.Checkpoint) { c.Covered = append(c.Covered, private) })
	s.records(func(d *store.Draft) error {
		return d.Update(schema.User, user, schema.UserGroupSite, id(schema.UserSite, syncproto.RecordID{0: 8}))
	})
	s.stage(leaves(private))
	s.checkpoint(false)
	if r := s.get(schema.User, user); r != nil {
		t.Errorf("the user is still here: %v", r.Values)
	}
	if batch, _, err := s.NextBatch(ctx, keyOf, 0); err != nil || batch == nil {
		t.Errorf("the edit is not sent: %v", err)
	}
}

// sells lays down a sale of the site at the fair, which is in the shares of both.
func (s *site) sells(sale syncproto.RecordID) {
	s.t.Helper()
	for _, share := range []syncproto.Share{siteShare, fairShare} {
		s.position-- // one change, in two shares
		s.sends(share, schema.Sale, sale, id(schema.SaleSite, siteID), id(schema.SaleFair, fairID), text(schema.SaleDay, "2026-11-21"),
			store.Field{Field: schema.SaleSoldAt, Value: syncproto.IntValue(1)}, store.Field{Field: schema.SaleLineCount, Value: syncproto.IntValue(1)}, text(schema.SaleReceiptNo, "A1-000001"))
	}
}

func leaves(share syncproto.Share) *syncproto.Leave {
	return &syncproto.Leave{Class: share.Class, Scope: share.Scope}
}

func TestARecordLeavesWhenNoShareClaimsIt(t *testing.T) {
	sale := syncproto.RecordID{0: 5}
	rest := func(shares ...syncproto.Share) func(*syncproto.Checkpoint) {
		return func(c *syncproto.Checkpoint) { c.Covered = shares }
	}
	t.Run("one of two", func(t *testing.T) {
		s := newSite(t)
		s.position = 10
		s.sells(sale)
		s.checkpoint(false)
		s.stage(leaves(fairShare))
		s.checkpoint(false, rest(orgShare, ownShare, siteShare))
		if s.get(schema.Sale, sale) == nil {
			t.Error("the sale is gone, and the site still claims it")
		}
		s.stage(leaves(siteShare))
		s.checkpoint(false, rest(orgShare, ownShare))
		if s.get(schema.Sale, sale) != nil {
			t.Error("the sale is here, and nothing claims it")
		}
	})
	t.Run("both at once", func(t *testing.T) {
		s := newSite(t)
		s.position = 10
		s.sells(sale)
		s.checkpoint(false)
		s.stage(leaves(fairShare))
		s.stage(leaves(siteShare))
		s.checkpoint(false, rest(orgShare, ownShare))
		if s.get(schema.Sale, sale) != nil {
			t.Error("the sale is here, and nothing claims it")
		}
	})
	t.Run("one leaves as another comes", func(t *testing.T) {
		s := newSite(t)
		s.position = 10
		s.checkpoint(false, rest(orgShare, siteShare))
		s.sells(sale)
		s.stage(leaves(siteShare))
		s.checkpoint(false, rest(orgShare, fairShare))
		if s.get(schema.Sale, sale) == nil {
			t.Error("the sale is gone, and the fair claims it")
		}
	})
}

func TestAShareThatDiffersStaysNamedUntilItIsComparedAgain(t *testing.T) {
	s := newSite(t)
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "as sent"))
	tells := func(n uint64) func(*syncproto.Checkpoint) {
		return func(c *syncproto.Checkpoint) {
			digests, err := s.Digests(ctx)
			if err != nil {
				t.Fatal(err)
			}
			c.Digests = []syncproto.ShareDigest{{Share: orgShare, Count: n, Sum: digests[orgShare].Sum}}
		}
	}
	s.checkpoint(false)
	if got := s.checkpoint(false, tells(2)); got != orgShare.String() {
		t.Errorf("differs: %q, want %q", got, orgShare)
	}
	if got := s.checkpoint(false); got != orgShare.String() {
		t.Errorf("a checkpoint that does not mention it says %q", got)
	}
	s.reopen()
	if got := s.Progress().Unequal; got != orgShare.String() {
		t.Errorf("after a restart %q differs", got)
	}
	if got := s.checkpoint(false, tells(1)); got != "" {
		t.Errorf("differs: %q, want nothing", got)
	}
}

func TestWholePagesAreKeptWhenTheLinkDies(t *testing.T) {
	for _, made := range []bool{false, true} { // an empty replica takes rows straight in
		s := newSite(t)
		if made {
			s.makes("mine")
		}
		second := syncproto.RecordID{0: 10}
		page := func(record syncproto.RecordID, point *syncproto.ReadPoint) {
			s.position++
			s.stage(&syncproto.Rows{Class: orgShare.Class, Scope: orgShare.Scope, Table: schema.Product, IDs: []syncproto.RecordID{record},
				Positions: []syncproto.Position{s.position}, Fields: []syncproto.FieldID{schema.NameEn}, Columns: [][]syncproto.Value{{syncproto.TextValue("as sent")}}, Point: point})
		}
		page(goods, &syncproto.ReadPoint{Position: 1, Head: 5})
		page(second, nil) // cut off
		if err := s.staging.Keep(ctx); err != nil {
			t.Fatal(err)
		}
		s.reopen()
		if p := s.Progress().Reading; p == nil || p.Position != 1 {
			t.Errorf("reading goes on from %+v, want position 1", p)
		}
		page(second, &syncproto.ReadPoint{Position: 2, Head: 5})
		s.checkpoint(made)
		s.shows(goods, "as sent")
		s.shows(second, "as sent")
	}
}

// The server's log was put back to where it was before the first of two edits, of which the
// second was not judged yet.
func TestOfTwoEditsThatAServerForgotTheLaterOneIsShown(t *testing.T) {
	s := newSite(t)
	s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "as sent"))
	s.checkpoint(false)
	s.renames(goods, "first")
	first := s.Heads()
	s.records(func(d *store.Draft) error {
		return d.Update(schema.Product, goods, schema.ProductGroupSku, text(schema.ProductSku, "mine"))
	})
	s.renames(goods, "second")
	s.checkpoint(false, func(c *syncproto.Checkpoint) { c.Settled = first })
	for range 2 {
		if err := s.Welcome(ctx, s.KeptHeads(), nil); err != nil {
			t.Fatal(err)
		}
		s.shows(goods, "second")
		s.sends(orgShare, schema.Product, goods, text(schema.NameEn, "theirs"), text(schema.ProductSku, "theirs"))
		s.checkpoint(false)
		s.shows(goods, "second")
		if sku := s.get(schema.Product, goods).Of(schema.ProductSku).Text(); sku != "mine" {
			t.Errorf("the code is %q, want what was recorded here", sku)
		}
		s.sound()
	}
}
