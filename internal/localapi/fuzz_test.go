package localapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/syncproto"
)

// Every body of both local APIs is read here: it is taken, or refused with a code.
func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"id":"0193c8f0-0000-7000-8000-000000000000","name":"x","pieces":3,"lines":[{"price":1}],"at":null}`, `{}`, `[]`, `{"name":1}`, `{"pieces":1e99}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var v struct {
			ID     syncproto.RecordID `json:"id"`
			Name   string             `json:"name"`
			Pieces int64              `json:"pieces"`
			Lines  []struct {
				Price *int64 `json:"price"`
			} `json:"lines"`
			At *string `json:"at"`
		}
		if err := localapi.Read(httptest.NewRecorder(), r, &v); err != nil && refusal.Of(err) == nil {
			t.Fatalf("%q gave an error without a code: %v", body, err)
		}
	})
}
