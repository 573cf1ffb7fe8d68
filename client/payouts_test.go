package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestWhatIsPaidAndNotedOfAFamilyIsRefusedByRuleAndField(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	a, id := newAPI(t, c), newIDs(t)
	family := id()
	_, err := c.AddFamily(ctx, client.NewFamily{ID: family, Name: "Made-up family"})
	ok(t, err)
	drawing, err := c.Attach(ctx, []byte("a made-up drawing"))
	ok(t, err)
	of, nobody, unknown := "/api/families/"+family.String(), "/api/families/"+noID, "/api/statements/"+noID
	for _, b := range []struct {
		name, path, body string
		code             refusal.Code
		field            string
	}{
		{"a payout by nobody", unknown + "/payout", `{}`, refusal.Required, "by"},
		{"a payout without a signature", unknown + "/payout", `{"by":"x"}`, refusal.Required, "signature"},
		{"a voucher without a signature", unknown + "/payout", `{"by":"x","method":"voucher"}`, refusal.Required, "signature"},
		{"a transfer for no statement", unknown + "/payout", `{"by":"x","method":"transfer"}`, refusal.NoRecord, ""},
		{"a payout for no statement", unknown + "/payout", `{"by":"x","signature":"` + drawing.String() + `"}`, refusal.NoRecord, ""},
		{"a dispute without a word", unknown + "/dispute", `{}`, refusal.Required, "dispute"},
		{"a dispute of no statement", unknown + "/dispute", `{"dispute":"x"}`, refusal.NoRecord, ""},
		{"the file of nobody", nobody + "/file", `{"lang":"ar"}`, refusal.NoRecord, ""},
		{"a language that nobody wrote", of + "/file", `{"lang":"de"}`, refusal.UnknownWord, "lang"},
		{"another way to be paid", of + "/file", `{"payout":"gold"}`, refusal.UnknownWord, "payout"},
		{"a head that is not known", of + "/file", `{"head":"` + noID + `"}`, refusal.Reference, "head"},
		{"the account of nobody", nobody + "/account", `{"holder":"x","number":"1"}`, refusal.NoRecord, ""},
		{"an account without a number", of + "/account", `{"holder":"x"}`, refusal.Required, "number"},
		{"an account that nobody holds", of + "/account", `{"number":"1"}`, refusal.Required, "holder"},
		{"income of nobody", nobody + "/income", `{"month":"2026-11","source":"work","amount_minor":1,"currency":"AED"}`, refusal.NoRecord, ""},
		{"a thirteenth month", of + "/income", `{"month":"2026-13","source":"work","amount_minor":1,"currency":"AED"}`, refusal.BadForm, "month"},
		{"a day for a month", of + "/income", `{"month":"2026-11-05","source":"work","amount_minor":1,"currency":"AED"}`, refusal.TooLong, "month"},
		{"another source", of + "/income", `{"month":"2026-11","source":"sales","amount_minor":1,"currency":"AED"}`, refusal.UnknownWord, "source"},
		{"less than nothing", of + "/income", `{"month":"2026-11","source":"work","amount_minor":-1,"currency":"AED"}`, refusal.OutOfRange, "amount_minor"},
		{"no currency", of + "/income", `{"month":"2026-11","source":"work","amount_minor":1}`, refusal.Required, "currency"},
	} {
		if _, e := a.refused("POST", b.path, "application/json", b.body); e.Code != b.code || e.Field != b.field {
			t.Errorf("%s: got %s on %q (%s), want %s on %q", b.name, e.Code, e.Field, e.Message, b.code, b.field)
		}
	}
}

func TestWhatIsNotedOfAFamilyIsThereOnceAndTakesTheLastWord(t *testing.T) {
	ctx := context.Background()
	c := newStall(t)
	id := newIDs(t)
	family := id()
	_, err := c.AddFamily(ctx, client.NewFamily{ID: family, Name: "Made-up family"})
	ok(t, err)
	note := client.NewIncomeNote{Family: family, Month: "2026-11", Source: "work", AmountMinor: 500, Currency: "AED"}
	mistake := note
	mistake.Voided = true
	if _, err := c.NoteIncome(ctx, mistake); !errors.Is(err, store.ErrNoRecord) {
		t.Errorf("taking back what nobody noted gives %v", err)
	}
	first, err := c.NoteIncome(ctx, note)
	ok(t, err)
	note.AmountMinor = 700
	second, err := c.NoteIncome(ctx, note)
	ok(t, err)
	if row := get(t, c, schema.IncomeNote, first); first != second || row.Of(schema.IncomeAmount).Int() != 700 {
		t.Errorf("noted under %v and %v, it is %v", first, second, row.Values)
	}
	note.Voided = true
	_, err = c.NoteIncome(ctx, note)
	ok(t, err)
	if !get(t, c, schema.IncomeNote, first).Of(schema.Voided).Bool() {
		t.Error("what was noted by mistake stands")
	}
	for _, number := range []string{"AE01", "AE02"} {
		ok(t, c.KeepAccount(ctx, family, client.FamilyAccount{Holder: "Made-up holder", Bank: "A bank", Number: number}))
	}
	if account := get(t, c, schema.FamilyAccount, family); account.Of(schema.AccountNumber).Text() != "AE02" {
		t.Errorf("the account is %v", account.Values)
	}
	ok(t, c.KeepFamily(ctx, family, client.FamilyFile{Lang: "fa", Payout: "cash", Phone: "٠٥٠"}))
	ok(t, c.KeepFamily(ctx, family, client.FamilyFile{Lang: "ar", Payout: "cash"}))
	if f := get(t, c, schema.FamilyPrivate, family); f.Of(schema.FamilyPrivateLang).Text() != "ar" || !f.Of(schema.FamilyPrivatePhone).IsNull() || f.Of(schema.FamilyPrivatePayout).Text() != "cash" {
		t.Errorf("the file of the family is %v", f.Values)
	}
}

// get is a record of a site.
func get(t *testing.T, c *client.Client, table syncproto.TableID, id syncproto.RecordID) (row *records.Row) {
	t.Helper()
	ok(t, c.Store.Read(t.Context(), func(r *store.Reader) (err error) {
		row, err = r.Get(table, id)
		return err
	}))
	if row == nil {
		t.Fatalf("there is no record %v", id)
	}
	return row
}
