package simtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// flown is what a site's recorder holds, as text.
func flown(t *testing.T, s *simtest.Site) string {
	t.Helper()
	events, err := recorder.Read(s.Path("recorder"))
	must(t, err)
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.String() + "\n")
	}
	return b.String()
}

func TestTheRecorderTellsFramesAndBreaksAndNothingThatStaffRecorded(t *testing.T) {
	const word = "Zarqaa-made-up"
	c := simtest.NewCentre(t)
	branch := c.NewSite("Branch "+word, schema.KindBranch)
	desk := c.NewSite("Desk", schema.KindDesk)
	_, err := branch.Client.AddPerson(ctx, client.NewPerson{Name: word, Phone: word, Neighbourhood: word, Card: word})
	must(t, err)
	_, err = branch.Client.AddProduct(ctx, client.NewProduct{Name: word, PriceMinor: 7777, Currency: "AED"})
	must(t, err)
	branch.Sync()
	desk.Sync()
	branch.Sync()

	line := simtest.NewProxy(t, c.Address())
	branch.Through(line.URL())
	sellSome(t, branch, 3)
	line.CutEvery(simtest.Up, 600)
	_, err = branch.Client.Sync(ctx, time.Millisecond, nil)
	if err == nil {
		t.Fatal("it went through a line that was cut")
	}
	c.Stop()
	branch.Moved(c)
	_, err = branch.Client.Sync(ctx, time.Millisecond, nil)
	if err == nil {
		t.Fatal("it went to a server that was stopped")
	}
	text := flown(t, branch)
	for _, want := range []string{
		"started", "dialling, to send 2", "connected, position", "sent hello", "sent push", "heard receipt", "heard rows", "heard checkpoint", "sent bye bye", "broken no_route",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	raw, err := os.ReadFile(branch.Path("recorder"))
	must(t, err)
	answer := askRecorder(t, branch)
	for _, where := range [][]byte{raw, []byte(text), answer} {
		if bytes.Contains(bytes.ToLower(where), []byte(strings.ToLower(word))) || bytes.Contains(where, []byte("Incense")) {
			t.Errorf("what staff recorded stands in\n%s", where)
		}
	}
	var shown []recorder.Shown
	must(t, json.Unmarshal(answer, &shown))
	if len(shown) != strings.Count(text, "\n") || shown[0].What != "started" {
		t.Errorf("the API tells %d events, the file %d", len(shown), strings.Count(text, "\n"))
	}
}

func ask(t *testing.T, s *simtest.Site, path string) (int, []byte) {
	t.Helper()
	api := httptest.NewServer(s.Client.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler()))
	defer api.Close()
	q, err := http.NewRequestWithContext(context.Background(), "GET", api.URL+path, nil)
	must(t, err)
	q.Header.Set("Authorization", "Bearer token of a test")
	r, err := http.DefaultClient.Do(q)
	must(t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, b
}

func askRecorder(t *testing.T, s *simtest.Site) []byte {
	code, b := ask(t, s, "/api/recorder")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, b)
	}
	return b
}

func TestTheRecorderKeepsTheLastWordOfTheServer(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	s.Sync()
	must(t, c.Server.Revoke(ctx, s.Store.Identity().Device, "a reason that is nobody's business"))
	if _, err := s.Client.Sync(ctx, time.Second, nil); err == nil {
		t.Fatal("a revoked device synced")
	}
	if text := flown(t, s); !strings.Contains(text, "heard bye "+syncproto.CodeRevoked.String()) || strings.Contains(text, "business") {
		t.Errorf("the recorder holds\n%s", text)
	}
}

func TestASiteTellsItsCountsAndNoNames(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("A name that nobody may read", schema.KindStall)
	sellSome(t, s, 2)
	s.Sync()
	code, b := ask(t, s, "/metrics")
	text := string(b)
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, text)
	}
	for _, want := range []string{"rawaj_site_connections_total 1", "rawaj_site_transactions 4", "rawaj_site_acknowledged 4", "rawaj_site_settled 4", "rawaj_site_differs 0"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "nobody may read") {
		t.Error("a site's name stands in the metrics")
	}
}
