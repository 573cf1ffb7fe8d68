package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/settle"
	"github.com/rawaj/rawaj/server"
)

// selling is a place with a till.
type selling struct {
	*place
	till string
}

// opensTill opens a till at a fair, or at none where it is empty.
func (p *place) opensTill(fair string) *selling {
	p.t.Helper()
	in := m{"currency": "AED", "float_minor": 0}
	if fair != "" {
		in["fair"] = fair
	}
	return &selling{p, p.made("/api/tills", in)}
}

// sold is a sale of pieces of a product, by its line.
type sold struct{ id, line string }

func (s *selling) sale(product string, pieces, price int64) sold {
	s.t.Helper()
	id := s.made("/api/sales", m{"till": s.till, "currency": "AED", "lines": []m{{"product": product, "quantity": pieces, "unit_price_minor": price}}})
	var whole wholeSale
	s.call("GET", "/api/sales/"+id, nil, &whole)
	return sold{id, whole.Lines[0].ID}
}

// signature is a made-up drawing that a place keeps.
func (p *place) signature() string {
	p.t.Helper()
	status, answer := asks(p.t, p.dir, "POST", "/api/attachments", "application/octet-stream", []byte("a made-up drawing"))
	var kept struct{ Attachment string }
	if err := json.Unmarshal(answer, &kept); err != nil || status != 200 {
		p.t.Fatalf("%d %s", status, answer)
	}
	return kept.Attachment
}

// tomorrow is after every sale of a test, in every zone.
func tomorrow() string { return time.Now().AddDate(0, 0, 1).Format(time.DateOnly) }

// settles approves what is due to all.
func (g *fairground) settles() (done server.Settled) {
	g.t.Helper()
	rawajJSON(g.t, &done, "admin", "settle", "approve", "--to", tomorrow(), "--by", "Mariam", "--data", g.centre)
	return done
}

// inStatements counts the lines of approved statements by what they are of.
func (g *fairground) inStatements() map[string]int {
	g.t.Helper()
	count := map[string]int{}
	var list []settle.Statement
	g.head("GET", "/api/statements", nil, &list)
	for _, s := range list {
		var whole settle.Statement
		g.head("GET", "/api/statements/"+s.ID.String(), nil, &whole)
		if whole.Count != len(whole.Lines) || s.NetMinor != whole.NetMinor || len(s.Lines) != 0 {
			g.t.Errorf("statement %s is listed as %+v and is %+v", s.Number, s, whole)
		}
		for _, l := range whole.Lines {
			count[l.Of.String()+" "+l.Kind]++
		}
	}
	return count
}

// A family sells at two fairs and an outlet, offline; every line is in exactly one
// statement, is paid once, and what happens after that comes with the next statement.
func TestSystem13StatementAndPayout(t *testing.T) {
	t.Parallel()
	g := newFairground(t)
	spring, autumn := g.plans("Spring", "exhibition", "own", "department"), g.plans("Autumn", "exhibition", "own", "department")
	branch, outlet := g.site("Kalba", "branch"), g.site("Museum shop", "outlet")
	one, two := g.site("Stall 1", "stall", "Spring"), g.site("Stall 2", "stall", "Autumn")
	share := g.agrees(outlet, 1500)
	family := branch.made("/api/families", m{"name": "Made-up family", "code": "F-1"})
	branch.call("POST", "/api/families/"+family+"/file", m{"lang": "fa", "payout": "cash"}, nil)
	incense, bowl := branch.made("/api/products", m{"name": "Incense", "family": family}), branch.made("/api/products", m{"name": "Bowl", "family": family})
	nobodys := branch.made("/api/products", m{"name": "Basket"})
	for _, p := range []*place{branch, outlet, one, two} {
		p.syncs()
		p.offline()
	}
	atOne, atTwo, atOutlet := one.opensTill(spring), two.opensTill(autumn), outlet.opensTill("")
	sales := []sold{atOne.sale(incense, 2, 1250), atOne.sale(bowl, 1, 4000), atTwo.sale(incense, 4, 1250), atOutlet.sale(bowl, 3, 4000)}
	taken := atTwo.sale(bowl, 1, 4000) // and taken back before anybody settles
	two.call("POST", "/api/sales/"+taken.id+"/void", m{"reason": "typed wrongly"}, nil)
	atOne.sale(nobodys, 1, 900) // is to be assigned, and due to nobody
	if done := g.settles(); len(done.Approved) != 0 {
		t.Errorf("before head office has heard of a sale it approves %+v", done)
	}
	for _, p := range []*place{outlet, one, two} {
		p.syncs()
	}

	gross := int64(2*1250 + 4000 + 4*1250 + 3*4000)
	net := gross - 3*4000*share/10000
	var due []settle.Statement
	rawajJSON(t, &due, "admin", "settle", "due", "--to", tomorrow(), "--data", g.centre)
	if len(due) != 1 || due[0].State != "in_statement" || due[0].GrossMinor != gross || due[0].NetMinor != net || due[0].Count != 4 || len(due[0].Rows) != 4 {
		t.Fatalf("due is %+v", due)
	}
	asked := m{"to": tomorrow(), "family": family, "currency": "AED", "net_minor": net - 1, "by": "Mariam"}
	if no := g.head("POST", "/api/settlements", asked, nil); no != refusal.DraftChanged {
		t.Errorf("approving another sum than is due: %q", no)
	}
	asked["net_minor"] = net
	var done server.Settled
	if no := g.head("POST", "/api/settlements", asked, &done); no != "" || len(done.Approved) != 1 {
		t.Fatalf("%q %+v", no, done)
	}
	if no := g.head("POST", "/api/settlements", asked, nil); no != refusal.AlreadySettled {
		t.Errorf("two who looked at one draft both approve it: %q", no)
	}
	want := map[string]int{}
	for _, s := range sales {
		want[s.line+" sale"] = 1
	}
	in := func(when string) {
		t.Helper()
		if got := g.inStatements(); !maps.Equal(got, want) {
			t.Errorf("%s: statements hold %v, want %v", when, got, want)
		}
	}
	in("approved")

	branch.syncs()
	branch.offline()
	id := done.Approved[0].ID.String()
	pay := m{"by": "Noura", "signature": branch.signature()}
	if no := branch.asks("POST", "/api/statements/"+id+"/payout", m{"by": "Noura"}, nil); no != refusal.Required {
		t.Errorf("paying without a signature: %q", no)
	}
	var paid, again struct {
		ReceiptNo string `json:"receipt_no"`
	}
	branch.call("POST", "/api/statements/"+id+"/payout", pay, &paid)
	branch.call("POST", "/api/statements/"+id+"/payout", pay, &again)
	if paid.ReceiptNo == "" || paid != again {
		t.Errorf("receipts are %v and, asked again, %v", paid, again)
	}
	if no := branch.asks("POST", "/api/statements/"+id+"/payout", m{"by": "Another", "method": "transfer"}, nil); no != refusal.AlreadyPaid {
		t.Errorf("paying once more: %q", no)
	}
	var shown settle.Statement
	branch.call("GET", "/api/statements/"+id, nil, &shown)
	if shown.State != "paid" || shown.Payout == nil || shown.Payout.AmountMinor != net || shown.Number != "S-000001" || shown.Lang != "fa" || shown.NetMinor != net {
		t.Errorf("the branch shows %+v", shown)
	}
	for _, l := range shown.Lines {
		if l.Flagged != (share == 0 && l.Place.En == "Museum shop") {
			t.Errorf("flagged is %+v", l)
		}
	}
	page := rawaj(t, "report", "statement", id, "--data", branch.dir)
	for _, word := range []string{"صورت\u200cحساب خانواده", "Incense", "Bowl", "Spring", "Autumn", "Museum shop", settle.Money(net, "AED"), settle.Percent(share), paid.ReceiptNo} {
		if !strings.Contains(page, word) {
			t.Errorf("the page offline lacks %q:\n%s", word, page)
		}
	}
	for lang, words := range map[string][]string{"ar": {`dir="rtl"`, "كشف مستحقات"}, "fa": {`dir="rtl"`, "صورت\u200cحساب"}, "en": {`dir="ltr"`, "Statement"}} {
		html := rawaj(t, "report", "statement", id, "--html", "--lang", lang, "--data", g.centre)
		for _, word := range append(words, "Incense", "Museum shop", `lang="`+lang+`"`) {
			if !strings.Contains(html, word) {
				t.Errorf("the page in %s lacks %q", lang, word)
			}
		}
	}

	branch.call("POST", "/api/statements/"+id+"/dispute", m{"dispute": "One bowl more was sold"}, nil)
	branch.syncs()
	if done := g.settles(); len(done.Approved)+len(done.Waiting) != 0 {
		t.Errorf("run again, it approves %+v", done)
	}
	in("paid, and run again")
	var list []settle.Statement
	rawajJSON(t, &list, "admin", "settle", "ls", "--data", g.centre)
	if len(list) != 1 || list[0].State != "disputed" || list[0].Payout.Dispute != "One bowl more was sold" {
		t.Errorf("head office lists %+v", list)
	}

	// What comes after: a refund, a sale taken back, the answer to the dispute, more sales.
	rawaj(t, "admin", "settle", "adjust", "--statement", id, "--amount-minor", "4000", "--reason", "a bowl was not counted", "--by", "Mariam", "--data", g.centre)
	refund := atOne.made("/api/sales/"+sales[0].id+"/refund", m{"till": atOne.till, "lines": []m{{"line": sales[0].line, "pieces": 1}}})
	two.call("POST", "/api/sales/"+sales[2].id+"/void", m{"reason": "was a mistake"}, nil)
	one.syncs()
	two.syncs()
	if done = g.settles(); len(done.Approved) != 0 || len(done.Waiting) != 1 || done.Waiting[0].Why != "not_payable" || done.Waiting[0].NetMinor != 4000-1250-4*1250 {
		t.Errorf("with more deducted than sold it says %+v", done)
	}
	late := atOne.sale(bowl, 2, 4000)
	one.syncs()
	if done = g.settles(); len(done.Approved) != 1 || done.Approved[0].NetMinor != 4000-1250-4*1250+2*4000 || done.Approved[0].Number != "S-000002" {
		t.Fatalf("the next statement is %+v", done)
	}
	var back wholeSale
	one.call("GET", "/api/sales/"+refund, nil, &back)
	want[back.Lines[0].ID+" sale"], want[sales[2].line+" void"], want[late.line+" sale"] = 1, 1, 1
	var next settle.Statement
	g.head("GET", "/api/statements/"+done.Approved[0].ID.String(), nil, &next)
	for _, l := range next.Lines {
		if l.Kind == "adjustment" {
			want[l.Of.String()+" adjustment"] = 1
		}
	}
	if len(next.Lines) != 4 || !slices.ContainsFunc(next.Rows, func(r settle.Row) bool { return r.Kind == "refund" && r.NetMinor == -1250 }) ||
		!slices.ContainsFunc(next.Rows, func(r settle.Row) bool { return r.Kind == "adjustment" && r.Reason == "a bowl was not counted" }) {
		t.Errorf("the next statement has %+v", next.Rows)
	}
	in("with the next statement")
	branch.syncs()
	branch.call("GET", "/api/statements/"+id, nil, &shown)
	if shown.State != "paid" || shown.Payout.State != "answered" || shown.NetMinor != net {
		t.Errorf("the first statement is %+v by now", shown)
	}
	branch.call("POST", "/api/statements/"+done.Approved[0].ID.String()+"/payout", pay, &again)
	if again.ReceiptNo == paid.ReceiptNo {
		t.Errorf("two payouts have the receipt %s", again.ReceiptNo)
	}
	branch.syncs()
	var all int64
	g.head("GET", "/api/statements", nil, &list)
	for _, s := range list {
		if s.State != "paid" {
			t.Errorf("%s is %s", s.Number, s.State)
		}
		all += s.Payout.AmountMinor
	}
	if left := net + 4000 - 1250 - 4*1250 + 2*4000; all != left {
		t.Errorf("%d was paid in all, want %d", all, left)
	}
	for _, p := range []*place{branch, outlet, one, two} {
		p.p.stop()
		holds(t, p.dir)
	}
}

// agrees lets an outlet keep a share of what it sells. Where head office has no call for
// agreements, it keeps nothing, and what it sells is flagged (R17).
func (g *fairground) agrees(outlet *place, share int64) int64 {
	g.t.Helper()
	var me struct{ Site string }
	outlet.call("GET", "/api/me", nil, &me)
	switch no := g.head("POST", "/api/agreements", m{"outlet": me.Site, "operator": "A made-up museum", "from_day": "2018-01-01", "to_day": tomorrow(), "share": share, "period": "month"}, nil); no {
	case "":
		return share
	case refusal.NoRoute:
		return 0
	default:
		g.t.Fatalf("agreeing with an outlet: %s", no)
		return 0
	}
}
