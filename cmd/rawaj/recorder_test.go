package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/recorder"
)

func TestTheFlightRecorderSurvivesKillMinusNine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	centre, stall := filepath.Join(dir, "centre"), filepath.Join(dir, "stall")
	server, url := serving(t, centre)
	enrolled(t, centre, stall, "Stall", url)
	site := start(t, "site", "run", "--data", stall, "--listen", "127.0.0.1:0")
	site.announced(stall)
	heard := func(what recorder.What) func() bool {
		return func() bool {
			var events []recorder.Shown
			rawajJSON(t, &events, "site", "recorder", "--data", stall) // beside the process that holds it
			for _, e := range events {
				if e.What == what.String() {
					return true
				}
			}
			return false
		}
	}
	until(t, "the site is connected", heard(recorder.Connected))
	server.kill()
	until(t, "the site knows that the line broke", heard(recorder.Broken))
	site.kill()
	text := rawaj(t, "site", "recorder", "--data", stall)
	for _, want := range []string{"started\n", "connected", "heard welcome", "broken "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if last := text[strings.LastIndex(strings.TrimSpace(text), "\n")+1:]; strings.Contains(last, "stopped") {
		t.Error("a process that was killed says that it stopped")
	}
	out := filepath.Join(dir, "out.json")
	rawaj(t, "site", "recorder", "--data", stall, "--json", out)
	if b, err := os.ReadFile(out); err != nil || !strings.Contains(string(b), `"what": "connected"`) {
		t.Errorf("exported are %s, %v", b, err)
	}
}
