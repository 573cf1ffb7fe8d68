package simtest_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// secret stands in what is recorded, so that a file that still holds it can be told.
const secret = "made-up-name-7731"

// inFiles says whether a site's files hold the secret.
func inFiles(t *testing.T, s *simtest.Site) bool {
	t.Helper()
	files, err := filepath.Glob(s.Path("*"))
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		if bytes.Contains(b, []byte(secret)) {
			return true
		}
	}
	return false
}

func TestARevokedDeviceDeliversAndThenHoldsNothing(t *testing.T) {
	c := simtest.NewCentre(t)
	branch, other := c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch)
	for range 20 {
		_, err := branch.Client.AddPerson(ctx, client.NewPerson{Name: secret})
		must(t, err)
	}
	sellSome(t, branch, 10)
	branch.Sync()
	_, err := branch.Client.AddPerson(ctx, client.NewPerson{Name: secret + " not sent yet"})
	must(t, err)
	sellSome(t, branch, 5)
	if !inFiles(t, branch) {
		t.Fatal("the test looks for what is not there")
	}
	must(t, c.Server.Revoke(ctx, branch.Store.Identity().Device, "a test"))
	if _, err := branch.Client.Sync(ctx, 5*time.Second, nil); !errors.Is(err, client.ErrRefused) {
		t.Fatalf("the revoked device's sync gave %v", err)
	}
	if inFiles(t, branch) {
		t.Error("its files still hold what it may not see")
	}
	if n := countAt(t, branch, schema.Person) + countAt(t, branch, schema.Sale); n != 0 {
		t.Errorf("it shows %d records", n)
	}
	if _, err := branch.Client.AddProduct(ctx, client.NewProduct{Name: "Salt"}); !errors.Is(err, store.ErrWiped) {
		t.Errorf("recording on it gave %v", err)
	}
	branch.Reopen()
	branch.Sound()
	if branch.Store.Identity().WipedAt == 0 {
		t.Error("after a restart it does not know that it was wiped")
	}
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	if len(held) != 8 { // a person, a product, a till and five sales
		t.Errorf("%d transactions are held for review, want the 8 that were not sent", len(held))
	}
	other.Sync()
	if n := countAt(t, other, schema.Sale); n != 10 {
		t.Errorf("the branch's other device has %d sales, want the 10 from before", n)
	}
}

// saysRevoked is a server that answers every device with a word of its being revoked.
func saysRevoked(t *testing.T, org syncproto.OrgID, word []byte) string {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := wsconn.Upgrade(w, r, wsconn.UpgradeOptions{})
		if err != nil {
			return
		}
		err = conn.Send(ctx, &syncproto.Challenge{Version: syncproto.Version, MinVersion: 1, Org: org, Nonce: make([]byte, 32), TimeMS: time.Now().UnixMilli()})
		for range 2 { // Hello and Resume
			if err == nil {
				_, err = conn.Receive()
			}
		}
		conn.Close(&syncproto.Bye{Code: syncproto.CodeRevoked, Revocation: word})
	}))
	t.Cleanup(h.Close)
	return h.URL
}

func TestADeviceIsNotWipedByAWordThatNobodySigned(t *testing.T) {
	c, stranger := simtest.NewCentre(t), simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 3)
	s.Sync()
	id := *s.Store.Identity()
	own, other := syncproto.Revocation{Device: id.Device, TimeMS: 1}, syncproto.Revocation{Device: syncproto.DeviceID{1}, TimeMS: 1}
	for _, test := range []struct {
		name  string
		word  []byte
		wiped bool
	}{
		{"no word", nil, false},
		{"signed by a stranger", syncproto.SignRevocation(stranger.Server.OrgKey, id.Org, own), false},
		{"of another device", syncproto.SignRevocation(c.Server.OrgKey, id.Org, other), false},
		{"of another organisation", syncproto.SignRevocation(c.Server.OrgKey, syncproto.OrgID{1}, own), false},
		{"signed by the organisation", syncproto.SignRevocation(c.Server.OrgKey, id.Org, own), true},
	} {
		id.Server = saysRevoked(t, id.Org, test.word)
		must(t, s.Store.Enrol(ctx, id))
		if _, err := s.Client.Sync(ctx, 5*time.Second, nil); !errors.Is(err, client.ErrRefused) {
			t.Errorf("%s: the sync gave %v", test.name, err)
		}
		if wiped, sales := s.Store.Identity().WipedAt != 0, countAt(t, s, schema.Sale); wiped != test.wiped || wiped == (sales == 3) {
			t.Errorf("%s: wiped %v, %d sales are here", test.name, wiped, sales)
		}
	}
}

func TestWhatADeviceMayNoLongerReadLeavesItAndItsOwnWorkIsSealed(t *testing.T) {
	c := simtest.NewCentre(t)
	branch := c.NewSite("Branch", schema.KindBranch)
	sellSome(t, branch, 4)
	_, err := branch.Client.AddPerson(ctx, client.NewPerson{Name: secret})
	must(t, err)
	branch.Sync()
	c.Folded()
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	branch.Moved(c)
	_, err = branch.Client.AddPerson(ctx, client.NewPerson{Name: secret + " who is lost with the log's tail"})
	must(t, err)
	branch.Sync()
	id := branch.Store.Identity()
	scope := syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: scope, Classes: "S", Write: true}))
	branch.Sync()
	if n := countAt(t, branch, schema.Person); n != 0 {
		t.Errorf("it shows %d persons of a class that was taken from it", n)
	}
	if n := countAt(t, branch, schema.Sale); n != 4 {
		t.Errorf("it has %d sales, want the 4 that it may still read", n)
	}
	branch.Sound()
	branch.Reopen() // the WAL goes with the last connection
	if inFiles(t, branch) {
		t.Error("its files still hold the names")
	}
	c.Stop() // the server loses the second person, and only the sealed one can give her back
	putAllBack(t, c, kept)
	c.Start()
	branch.Moved(c)
	refusedAs(t, branch, client.ErrWithheld)
	_, err = c.Server.Vouch(ctx)
	must(t, err)
	branch.Sync()
	held, err := c.Server.Quarantine(ctx) // what came back of its rights was looked at first
	must(t, err)
	if len(held) != 1 {
		t.Fatalf("held are %+v, want the second person", held)
	}
	_, err = c.Server.Decide(ctx, held[0].Hash, server.Decide{Action: schema.DecisionRelease, Waive: true})
	must(t, err)
	c.Folded()
	if n := count(t, c, schema.Person); n != 2 {
		t.Errorf("head office has %d persons, want both", n)
	}
	branch.Sync()
	branch.Sound()
}

func TestAScopeTakenAndGivenBackWhileADeviceIsOffline(t *testing.T) {
	c := simtest.NewCentre(t)
	a, b := c.NewSite("Branch", schema.KindBranch), c.NewSite("Branch", schema.KindBranch)
	sellSome(t, b, 100)
	b.Sync()
	a.Sync()
	id := a.Store.Identity()
	scope := syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}
	sellSome(t, a, 28) // with product and till 30 transactions, not sent
	must(t, c.Server.EndGrant(ctx, id.Device, scope, "a test"))
	sellSome(t, b, 98)
	b.Sync() // some 500 records move meanwhile
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: scope, Classes: "SPE", Write: true}))
	a.Sync()
	a.Sound()
	b.Sync()
	for i, s := range []*simtest.Site{a, b} {
		if n := countAt(t, s, schema.Sale); n != 226 {
			t.Errorf("device %d has %d sales, want 226", i, n)
		}
	}
	if held, err := c.Server.Quarantine(ctx); err != nil || len(held) != 0 {
		t.Errorf("held are %+v, %v", held, err)
	}
}

func TestWorkInAScopeThatWasTakenArrivesForReview(t *testing.T) {
	c := simtest.NewCentre(t)
	a := c.NewSite("Stall", schema.KindStall)
	sellSome(t, a, 5)
	a.Sync()
	id := a.Store.Identity()
	_, err := a.Client.Sell(ctx, client.NewSale{Till: tillOf(t, a), Currency: "AED", Lines: []client.Line{{Product: firstProduct(t, a), Quantity: 1, PriceMinor: 900}}})
	must(t, err)
	must(t, c.Server.EndGrant(ctx, id.Device, syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}, "a test"))
	a.Sync()
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	if len(held) != 1 || held[0].Code != "grant_ended" {
		t.Fatalf("held are %+v, want the sale", held)
	}
	if n := countAt(t, a, schema.Sale); n > 1 {
		t.Errorf("it still shows %d sales of a scope that was taken from it", n)
	}
	a.Sound()
	_, err = c.Server.Decide(ctx, held[0].Hash, server.Decide{Action: schema.DecisionRelease, Waive: true})
	must(t, err)
	c.Folded()
	sales, err := c.Server.Sales(ctx, report.Site)
	must(t, err)
	if sales.Total.Receipts != 6 {
		t.Errorf("after the release head office counts %d receipts, want 6", sales.Total.Receipts)
	}
	a.Sync()
	a.Sound()
}

func TestARightThatEndsAtATimeEndsWithTheCablePulled(t *testing.T) {
	c := simtest.NewCentre(t)
	a := c.NewSite("Branch", schema.KindBranch)
	_, err := a.Client.AddPerson(ctx, client.NewPerson{Name: secret})
	must(t, err)
	a.Sync()
	id := a.Store.Identity()
	scope := syncproto.Scope{Kind: syncproto.ScopeSite, ID: id.Site}
	end := time.Now().Add(time.Hour)
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: scope, Classes: "SPE", Write: true, Until: end}))
	a.Sync()
	must(t, a.Client.Enforce(ctx))
	if n := countAt(t, a, schema.Person); n != 1 {
		t.Fatalf("before the end it shows %d persons", n)
	}
	a.Now = func() time.Time { return end.Add(time.Minute) }
	must(t, a.Client.Enforce(ctx))
	if n := countAt(t, a, schema.Person); n != 0 {
		t.Errorf("a minute after the end it shows %d persons", n)
	}
	a.Sound()
	a.Now = time.Now
	must(t, c.Server.Grant(ctx, server.NewGrant{Device: id.Device, Scope: scope, Classes: "SPE", Write: true}))
	a.Sync()
	if n := countAt(t, a, schema.Person); n != 1 {
		t.Errorf("given back, it shows %d persons", n)
	}
	a.Sound()
}

func tillOf(t *testing.T, s *simtest.Site) (id syncproto.RecordID) {
	t.Helper()
	must(t, s.Store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.TillSession, func(row *records.Row) error { id = row.ID; return nil })
	}))
	return id
}

func TestAWipedDeviceHearsNothingOfAServerThatForgotItsRevocation(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	sellSome(t, s, 3)
	s.Sync()
	c.Stop()
	kept := keepAll(t, c)
	c.Start()
	s.Moved(c)
	must(t, c.Server.Revoke(ctx, nameOf(s), "a test"))
	if _, err := s.Client.Sync(ctx, 5*time.Second, nil); !errors.Is(err, client.ErrRefused) {
		t.Fatalf("the revoked device's sync gave %v", err)
	}
	c.Stop()
	putAllBack(t, c, kept)
	c.Start()
	id := *s.Store.Identity()
	id.Server = c.HTTP.URL
	must(t, s.Store.Enrol(ctx, id))
	if _, err := s.Client.Sync(ctx, 5*time.Second, nil); !errors.Is(err, client.ErrRefused) {
		t.Errorf("its next sync gave %v", err)
	}
	if n := countAt(t, s, schema.Sale); n != 0 {
		t.Errorf("it shows %d sales again", n)
	}
}
