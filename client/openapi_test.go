package client_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
)

var update = flag.Bool("update", false, "write openapi.json anew")

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	want, err := localapi.OpenAPI("Rawaj, a site", (&client.Client{}).Routes())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("openapi.json is not what the routes are: run go test ./client -run OpenAPI -update, and look at the difference")
	}
}
