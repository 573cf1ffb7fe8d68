package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheProgramThatShipsHasNoPlacesForFaults(t *testing.T) {
	t.Parallel()
	traces := []string{"internal/failpoint", "local.commit.before", "receipt.keep.after", "RAWAJ_FAILPOINTS"}
	for _, c := range []struct {
		what  string
		build func() (string, error)
		want  bool
	}{{"the program that ships", program, false}, {"the one that is built for faults", faulty, true}} {
		path, err := c.build()
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range traces { // symbols and texts alike
			if got := bytes.Contains(b, []byte(trace)); got != c.want {
				t.Errorf("%s has %q in it: %v, want %v", c.what, trace, got, c.want)
			}
		}
	}
}
