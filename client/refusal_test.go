package client_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// refused asks what has to be refused, and gives how it was.
func (a *api) refused(method, path, kind, body string) (status int, e refusal.Error) {
	a.t.Helper()
	q, err := http.NewRequest(method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer token of a test")
	q.Header.Set("Content-Type", kind)
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		a.t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || e.Message == "" {
		a.t.Errorf("%s %s gave %s and no refusal: %v", method, path, r.Status, err)
	}
	return r.StatusCode, e
}

const noID = "0198a000-0000-7000-8000-000000000000"

func TestEveryRouteRefusesWhatItCannotRead(t *testing.T) {
	c := newStall(t)
	a := newAPI(t, c)
	for _, r := range c.Routes() {
		path := strings.ReplaceAll(r.Path, "{id}", noID)
		want := func(name, method, path, kind, body string, code refusal.Code, status int) {
			t.Helper()
			if got, e := a.refused(method, path, kind, body); got != status || e.Code != code {
				t.Errorf("%s %s, %s: got %d %s, want %d %s", method, path, name, got, e.Code, status, code)
			}
		}
		want("another method", "DELETE", path, "", "", refusal.WrongMethod, 405)
		if r.Path != path {
			want("a bad id", r.Method, strings.ReplaceAll(r.Path, "{id}", "7"), "application/json", "{}", refusal.BadID, 400)
		}
		for _, q := range r.Query {
			if q == "q" || r.Path == "/api/import/sales" {
				continue // any text may be searched for; the import has a test of its own
			}
			want("a bad "+q, r.Method, path+"?"+q+"=%20", "", "", refusal.BadParameter, 400)
		}
		if r.Request == nil {
			continue
		}
		want("no JSON", r.Method, path, "text/plain", "{}", refusal.NotJSON, 415)
		want("a form", r.Method, path, "application/x-www-form-urlencoded", "a=b", refusal.NotJSON, 415)
		want("nothing", r.Method, path, "application/json", "", refusal.Malformed, 400)
		want("half of it", r.Method, path, "application/json", `{"id":`, refusal.Malformed, 400)
		want("two of it", r.Method, path, "application/json", `{}{}`, refusal.Malformed, 400)
		want("a list", r.Method, path, "application/json", `[]`, refusal.Malformed, 400)
		want("an unknown field", r.Method, path, "application/json; charset=utf-8", `{"surprise":1}`, refusal.UnknownField, 400)
		want("too much", r.Method, path, "application/json", `{"surprise":"`+strings.Repeat("x", localapi.MaxRequest)+`"}`, refusal.TooLarge, 413)
	}
	if status, e := a.refused("GET", "/api/nothing", "", ""); status != 404 || e.Code != refusal.NoRoute {
		t.Errorf("an address that is none gave %d %s", status, e.Code)
	}
}

func TestARefusalNamesItsRuleAndField(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	product, till, closed, sale, workshop := id(), id(), id(), id(), id()
	_, err := c.AddProduct(ctx, client.NewProduct{ID: product, Name: "x"})
	ok(t, err)
	for _, one := range []client.NewTill{{ID: closed, Currency: "AED"}, {ID: till, Currency: "AED"}} {
		_, err = c.OpenTill(ctx, one)
		ok(t, err)
	}
	ok(t, c.CloseTill(ctx, closed, 0))
	_, err = c.Sell(ctx, client.NewSale{ID: sale, Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 5}}})
	ok(t, err)
	_, err = c.AddWorkshop(ctx, client.NewWorkshop{ID: workshop, Name: "w", Kind: "practical", Minutes: 60})
	ok(t, err)

	line := func(more string) string {
		return fmt.Sprintf(`{"product":%q,"quantity":1,"unit_price_minor":5%s}`, product, more)
	}
	sell := func(till any, currency, lines, more string) string {
		return fmt.Sprintf(`{"id":%q,"till":"%v","currency":%q,"lines":[%s]%s}`, id(), till, currency, lines, more)
	}
	for _, b := range []struct {
		name, path, body string
		code             refusal.Code
		field            string
	}{
		{"no till", "/api/sales", sell(noID, "AED", line(""), ""), refusal.NoTill, "till"},
		{"a closed till", "/api/sales", sell(closed, "AED", line(""), ""), refusal.NoTill, "till"},
		{"no lines", "/api/sales", sell(till, "AED", "", ""), refusal.Required, "lines"},
		{"a currency in words", "/api/sales", sell(till, "dirham", line(""), ""), refusal.BadForm, "currency"},
		{"a method of payment that is none", "/api/sales", sell(till, "AED", line(""), `,"method":"barter"`), refusal.UnknownWord, "method"},
		{"too many pieces", "/api/sales", sell(till, "AED", line("")+","+line(`,"quantity":100001`), ""), refusal.OutOfRange, "lines[1].quantity"},
		{"a quantity in words", "/api/sales", sell(till, "AED", line(`,"quantity":"many"`), ""), refusal.WrongType, "lines[0].quantity"},
		{"half a piece", "/api/sales", sell(till, "AED", line(`,"quantity":0.5`), ""), refusal.WrongType, "lines[0].quantity"},
		{"a line with a field too many", "/api/sales", sell(till, "AED", line(`,"colour":"red"`), ""), refusal.UnknownField, "lines[0].colour"},
		{"a bad id in a line", "/api/sales", sell(till, "AED", `{"product":"7"}`, ""), refusal.BadID, "lines[0].product"},
		{"an unknown product", "/api/sales", sell(till, "AED", `{"product":"`+noID+`","quantity":1}`, ""), refusal.Reference, "lines[0].product"},
		{"a line worth too much", "/api/sales", sell(till, "AED", line(`,"quantity":100000,"unit_price_minor":1000000000`), ""), refusal.TooMuch, "lines[0].quantity"},
		{"a discount below nothing", "/api/sales", sell(till, "AED", line(`,"discount_minor":-1`), ""), refusal.OutOfRange, "lines[0].discount_minor"},
		{"an id of another sale", "/api/sales", fmt.Sprintf(`{"id":%q,"till":%q,"currency":"AED","lines":[%s]}`, sale, till, line(`,"quantity":2`)), refusal.IDUsed, "id"},
		{"an id of a product", "/api/persons", fmt.Sprintf(`{"id":%q,"name":"n"}`, product), refusal.IDUsed, "id"},
		{"an id that is none of ours", "/api/persons", `{"id":"00000000-0000-4000-8000-000000000001","name":"n"}`, refusal.BadID, "id"},
		{"a till with another float", "/api/tills", fmt.Sprintf(`{"id":%q,"currency":"AED","float_minor":7}`, till), refusal.IDUsed, "id"},
		{"a void without a reason", "/api/sales/" + sale.String() + "/void", `{"reason":""}`, refusal.Required, "reason"},
		{"a void of nothing", "/api/sales/" + noID + "/void", `{"reason":"r"}`, refusal.NoRecord, ""},
		{"a till that is not there", "/api/tills/" + noID + "/close", `{}`, refusal.NoRecord, ""},
		{"a till without a currency", "/api/tills", fmt.Sprintf(`{"id":%q}`, id()), refusal.BadForm, "currency"},
		{"a product without a name", "/api/products", fmt.Sprintf(`{"id":%q}`, id()), refusal.Required, "name"},
		{"a name that is too long", "/api/products", fmt.Sprintf(`{"id":%q,"name":%q}`, id(), strings.Repeat("خ", 2*schema.MaxName+1)), refusal.TooLong, "name"},
		{"a price below nothing", "/api/prices", fmt.Sprintf(`{"product":%q,"amount_minor":-1,"currency":"AED"}`, product), refusal.OutOfRange, "amount_minor"},
		{"a price of nothing known", "/api/prices", `{"product":"` + noID + `","amount_minor":1,"currency":"AED"}`, refusal.Reference, "product"},
		{"a person without a name", "/api/persons", fmt.Sprintf(`{"id":%q}`, id()), refusal.Required, "name"},
		{"a card in letters of ours", "/api/persons", fmt.Sprintf(`{"id":%q,"name":"n","card":"بطاقة"}`, id()), refusal.BadForm, "card"},
		{"a kind of workshop that is none", "/api/workshops", fmt.Sprintf(`{"id":%q,"name":"w","kind":"k","minutes":60}`, id()), refusal.UnknownWord, "kind"},
		{"a workshop of no minutes", "/api/workshops", fmt.Sprintf(`{"id":%q,"name":"w","kind":"practical"}`, id()), refusal.OutOfRange, "minutes"},
		{"a session of nothing", "/api/sessions", fmt.Sprintf(`{"id":%q,"workshop":%q,"starts_at":1,"ends_at":2}`, id(), noID), refusal.Reference, "workshop"},
		{"a session that ends first", "/api/sessions", fmt.Sprintf(`{"id":%q,"workshop":%q,"starts_at":2,"ends_at":1}`, id(), workshop), refusal.EndsBeforeStart, "ends_at"},
		{"a scan in no session", "/api/scans", fmt.Sprintf(`{"id":%q,"session":%q,"person":%q,"kind":"in"}`, id(), noID, noID), refusal.Reference, "session"},
		{"a referral to nowhere", "/api/referrals", fmt.Sprintf(`{"id":%q,"to":%q,"purpose":"job"}`, id(), noID), refusal.Reference, "to"},
		{"a name without consent", "/api/referrals", fmt.Sprintf(`{"id":%q,"to":%q,"purpose":"job","share_name":true}`, id(), noID), refusal.NoConsent, "consent_by"},
		{"a verdict about no session", "/api/sessions/" + noID + "/review", `{"person":"` + noID + `","verdict":"void"}`, refusal.NoRecord, ""},
		{"another desk that is not named", "/api/referrals/" + noID + "/answer", `{"state":"redirected"}`, refusal.Required, "redirect_to"},
		{"a decline without a reason", "/api/referrals/" + noID + "/answer", `{"state":"declined"}`, refusal.Required, "reason"},
		{"an end without an outcome", "/api/referrals/" + noID + "/answer", `{"state":"completed"}`, refusal.Required, "outcome"},
		{"an answer to no referral", "/api/referrals/" + noID + "/answer", `{"state":"accepted"}`, refusal.NoRecord, ""},
	} {
		t.Run(b.name, func(t *testing.T) {
			a.t = t
			status, e := a.refused("POST", b.path, "application/json", b.body)
			if e.Code != b.code || e.Field != b.field || status != e.Status() {
				t.Errorf("got %d %s on %q (%s), want %s on %q", status, e.Code, e.Field, e.Message, b.code, b.field)
			}
		})
	}
	for _, q := range []struct {
		query string
		code  refusal.Code
		field string
	}{
		{"map=receipt", refusal.BadParameter, "map"},
		{"map=receipt=r,date=d,item=i,unit_price=p", refusal.NoCurrency, "currency"},
		{"map=receipt=r,date=d,item=i&currency=dirham", refusal.BadParameter, "currency"},
		{"map=receipt=r,date=d,item=i&fair=f", refusal.Reference, "fair"},
		{"map=receipt=r,date=d,item=i", refusal.BadForm, ""},
	} {
		if status, e := a.refused("POST", "/api/import/sales?"+q.query, "text/csv", ""); e.Code != q.code || e.Field != q.field || status != e.Status() {
			t.Errorf("import %s: got %d %s on %q (%s), want %s on %q", q.query, status, e.Code, e.Field, e.Message, q.code, q.field)
		}
	}
}

func TestASiteThatCannotReachHeadOfficeSaysSo(t *testing.T) {
	a := newAPI(t, newStall(t))
	if status, e := a.refused("POST", "/api/sync?patience=1ms", "", ""); status != 503 || e.Code != refusal.Unreachable {
		t.Errorf("got %d %s (%s)", status, e.Code, e.Message)
	}
}

func TestADeviceThatIsNotEnrolledSaysSo(t *testing.T) {
	s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "site.db"), Now: time.Now, Rand: rand.Reader})
	ok(t, err)
	t.Cleanup(func() { s.Close() })
	c := client.New(client.Config{Store: s, Now: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
	a := newAPI(t, c)
	for _, r := range c.Routes() {
		if status, e := a.refused(r.Method, strings.ReplaceAll(r.Path, "{id}", noID), "application/json", "{}"); status != 503 || e.Code != refusal.NotEnrolled {
			t.Errorf("%s %s gave %d %s", r.Method, r.Path, status, e.Code)
		}
	}
}

func TestEveryFlawOfTheSchemaIsARefusal(t *testing.T) {
	for _, kind := range schema.FlawKinds {
		if !slices.Contains(refusal.Codes(), refusal.Code(kind)) {
			t.Errorf("no refusal is called %s", kind)
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
