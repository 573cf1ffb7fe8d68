package simtest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestMetricsTellCountsAndNoNames(t *testing.T) {
	c := simtest.NewCentre(t)
	site := c.NewSite("A name that nobody may read", schema.KindStall)
	site.Sync()
	c.Folded()
	get := func(token string) (int, string) {
		q, err := http.NewRequestWithContext(context.Background(), "GET", c.HTTP.URL+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+token)
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	if code, _ := get("another"); code != http.StatusUnauthorized {
		t.Errorf("without the token it is %d", code)
	}
	code, text := get("token of a test")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, text)
	}
	for _, want := range []string{"rawaj_log_entries ", "rawaj_fold_position ", `rawaj_sessions_ended_total{code="bye"} 1`, "rawaj_fold_stopped 0"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "nobody may read") {
		t.Error("a site's name stands in the metrics")
	}
}
