package simtest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// office asks the server's API, and reads a refusal where it is one.
func office(t *testing.T, c *simtest.Centre, method, path, kind, body string) (status int, e refusal.Error, answer []byte) {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8420"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token of a test")
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	c.Server.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Message == "" {
			t.Errorf("%s %s gave %d and no refusal: %s", method, path, w.Code, w.Body)
		}
	}
	return w.Code, e, w.Body.Bytes()
}

func TestEveryRouteOfTheServerRefusesWhatItCannotRead(t *testing.T) {
	c := simtest.NewCentre(t)
	for _, r := range c.Server.Routes() {
		path := strings.NewReplacer("{id}", noID, "{hash}", strings.Repeat("0", 64)).Replace(r.Path)
		want := func(name, method, path, kind, body string, code refusal.Code, status int) {
			t.Helper()
			if got, e, _ := office(t, c, method, path, kind, body); got != status || e.Code != code {
				t.Errorf("%s %s, %s: got %d %s (%s), want %d %s", method, path, name, got, e.Code, e.Message, status, code)
			}
		}
		want("another method", "DELETE", path, "", "", refusal.WrongMethod, 405)
		if r.Path != path {
			want("a bad id", r.Method, strings.NewReplacer("{id}", "7", "{hash}", "7").Replace(r.Path), "application/json", "{}", refusal.BadID, 400)
		}
		for _, q := range r.Query {
			if q == "q" {
				continue // any text may be searched for
			}
			want("a bad "+q, r.Method, path+"?"+q+"=%20", "", "", refusal.BadParameter, 400)
		}
		if r.Request == nil {
			continue
		}
		want("no JSON", r.Method, path, "text/plain", "{}", refusal.NotJSON, 415)
		want("half of it", r.Method, path, "application/json", `{"reason":`, refusal.Malformed, 400)
		want("an unknown field", r.Method, path, "application/json", `{"surprise":1}`, refusal.UnknownField, 400)
		most := localapi.MaxRequest
		if r.Path == "/api/parcels" { // a file
			most = 2 * syncproto.MaxParcel
		}
		want("too much", r.Method, path, "application/json", `{"reason":"`+strings.Repeat("x", most)+`"}`, refusal.TooLarge, 413)
	}
	if status, e, _ := office(t, c, "GET", "/api/nothing", "", ""); status != 404 || e.Code != refusal.NoRoute {
		t.Errorf("an address that is none gave %d %s", status, e.Code)
	}
}

const noID = "0198a000-0000-7000-8000-000000000000"

func TestHeadOfficeIsToldWhichRuleAndFieldRefuse(t *testing.T) {
	ctx := context.Background()
	c := simtest.NewCentre(t)
	stall := c.NewSite("Stall", schema.KindStall)
	device := stall.Store.Identity().Device.String()
	_, err := stall.Client.AddPerson(ctx, client.NewPerson{Name: "a made-up person"}) // a stall may not: it is held
	must(t, err)
	stall.Sync()
	held, err := c.Server.Quarantine(ctx)
	must(t, err)
	if len(held) != 1 {
		t.Fatalf("held are %+v", held)
	}
	hash := "/api/quarantine/" + held[0].Hash
	long := strings.Repeat("ش", schema.MaxReason+1)
	c.NewSite("Corner shop", schema.KindOutlet)
	agreement := func(field string, v any) string { // a sound one but for a field
		q := map[string]any{"outlet": "Corner shop", "operator": "a made-up trader", "from_day": "2027-01-01", "to_day": "2027-12-31", "share": 1000, "period": "month"}
		q[field] = v
		b, err := json.Marshal(q)
		must(t, err)
		return string(b)
	}
	for _, b := range []struct {
		name, path, body string
		code             refusal.Code
		field            string
	}{
		{"a site without a name", "/api/enrol-codes", `{"kind":"stall"}`, refusal.Required, "site"},
		{"a name that is too long", "/api/enrol-codes", `{"site":"` + long + `","kind":"stall"}`, refusal.TooLong, "site"},
		{"a kind that is none", "/api/enrol-codes", `{"site":"s","kind":"tent"}`, refusal.UnknownWord, "kind"},
		{"a language that is none of ours", "/api/enrol-codes", `{"site":"s","kind":"stall","lang":"de"}`, refusal.UnknownWord, "lang"},
		{"a zone that is none", "/api/enrol-codes", `{"site":"s","kind":"stall","zone":"Mars"}`, refusal.BadForm, "zone"},
		{"a code for ever", "/api/enrol-codes", `{"site":"s","kind":"stall","valid":9000000000000000000}`, refusal.OutOfRange, "valid"},
		{"a fair without a name", "/api/enrol-codes", `{"site":"s","kind":"stall","fairs":["f"," "]}`, refusal.Required, "fairs[1]"},
		{"too many fairs", "/api/enrol-codes", `{"site":"s","kind":"stall","fairs":[` + strings.Repeat(`"f",`, 64) + `"f"]}`, refusal.TooMany, "fairs"},
		{"a fair that is a number", "/api/enrol-codes", `{"site":"s","kind":"stall","fairs":[7]}`, refusal.WrongType, "fairs[0]"},
		{"a site of another kind", "/api/enrol-codes", `{"site":"Stall","kind":"branch"}`, refusal.KindDiffers, "site"},
		{"an agreement with nobody", "/api/agreements", agreement("outlet", ""), refusal.Required, "outlet"},
		{"an agreement with an outlet that is none", "/api/agreements", agreement("outlet", "Nowhere"), refusal.Reference, "outlet"},
		{"an agreement with a stall", "/api/agreements", agreement("outlet", "Stall"), refusal.KindDiffers, "outlet"},
		{"an agreement without a trader", "/api/agreements", agreement("operator", ""), refusal.Required, "operator"},
		{"an agreement that ends before it begins", "/api/agreements", agreement("to_day", "2026-12-31"), refusal.EndsBeforeStart, "to_day"},
		{"a day that is none", "/api/agreements", agreement("from_day", "2027-02-30"), refusal.BadForm, "from_day"},
		{"more than all of it", "/api/agreements", agreement("share", 10_001), refusal.OutOfRange, "share"},
		{"less than nothing", "/api/agreements", agreement("share", -1), refusal.OutOfRange, "share"},
		{"a period that is none", "/api/agreements", agreement("period", "year"), refusal.UnknownWord, "period"},
		{"a document that is not here", "/api/agreements", agreement("document", strings.Repeat("0", 64)), refusal.Reference, "document"},
		{"the end of an unknown agreement", "/api/agreements/" + noID + "/end", `{"on":"2027-03-31","reason":"r"}`, refusal.NoRecord, ""},
		{"an end without a reason", "/api/agreements/" + noID + "/end", `{"on":"2027-03-31"}`, refusal.Required, "reason"},
		{"an end without a day", "/api/agreements/" + noID + "/end", `{"reason":"r"}`, refusal.Required, "on"},
		{"an unknown till that is lost", "/api/tills/" + noID + "/state", `{"state":"declared_lost","reason":"r"}`, refusal.NoRecord, ""},
		{"a till that head office closes", "/api/tills/" + noID + "/state", `{"state":"closed","reason":"r"}`, refusal.UnknownWord, "state"},
		{"a published figure that is not there", "/api/published/" + noID + "/void", "", refusal.NoRecord, ""},
		{"an unknown device", "/api/devices/" + noID + "/revoke", `{"reason":"r"}`, refusal.NoRecord, ""},
		{"a revocation without a reason", "/api/devices/" + device + "/revoke", `{"reason":" "}`, refusal.Required, "reason"},
		{"a reason that is too long", "/api/devices/" + device + "/revoke", `{"reason":"` + long + `"}`, refusal.TooLong, "reason"},
		{"a transaction that was never held", "/api/quarantine/" + strings.Repeat("0", 64), `{"action":"release"}`, refusal.NoRecord, ""},
		{"an action that is none", hash, `{"action":"eat"}`, refusal.UnknownWord, "action"},
		{"a decision with a reason that is too long", hash, `{"action":"withdraw","reason":"` + long + `"}`, refusal.TooLong, "reason"},
	} {
		t.Run(b.name, func(t *testing.T) {
			if status, e, _ := office(t, c, "POST", b.path, "application/json", b.body); e.Code != b.code || e.Field != b.field || status != e.Status() {
				t.Errorf("got %d %s on %q (%s), want %s on %q", status, e.Code, e.Field, e.Message, b.code, b.field)
			}
		})
	}
	if status, _, _ := office(t, c, "POST", hash, "application/json", `{"action":"withdraw"}`); status != 200 {
		t.Errorf("withdrawing gave %d", status)
	}
	if status, e, _ := office(t, c, "POST", hash, "application/json", `{"action":"release"}`); status != 422 || e.Code != refusal.Settled || e.Values["state"] != schema.VerdictWithdrawn {
		t.Errorf("settled twice gave %d %+v", status, e)
	}
}

func TestHeadOfficeRevokesADeviceWithAReasonOnce(t *testing.T) {
	c := simtest.NewCentre(t)
	device := c.NewSite("Stall", schema.KindStall).Store.Identity().Device
	for _, reason := range []string{"the tablet was lost", "said again"} {
		status, _, answer := office(t, c, "POST", "/api/devices/"+device.String()+"/revoke", "application/json", `{"reason":"`+reason+`"}`)
		var d server.Device
		must(t, json.Unmarshal(answer, &d))
		if status != 200 || d.Device != device || !d.Revoked || d.RevokedAt == nil || d.RevokeReason != "the tablet was lost" {
			t.Errorf("%q gave %d, %+v", reason, status, d)
		}
	}
}
