package main

import (
	"context"
	"errors"
	"io"
	"testing"

	"golang.org/x/sync/errgroup"
)

// playedYear is a year that was played in this process, and is still open.
type playedYear struct {
	*demo
	result *yearResult
}

// playYear plays a part of a year: 1 is all of it.
func playYear(t *testing.T, seed uint64, part int) *playedYear {
	t.Helper()
	o := demoOptions{data: t.TempDir(), once: true, scenario: scenarioYear, seed: seed, part: part}
	d, err := newDemo(o, io.Discard)
	if err == nil {
		err = d.beginYear()
	}
	if err != nil {
		t.Fatal(err)
	}
	if d.centre, err = openCentreAt(t.Context(), d.serverDir(), "Rawaj demo", d.officeClock(), quiet(), io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.centre.server.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(g.Wait(), d.close(), d.centre.close()); err != nil {
			t.Error(err)
		}
	})
	if err := d.open(ctx, g, d.centre.server); err != nil {
		t.Fatal(err)
	}
	r, err := d.playYear(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return &playedYear{d, r.(*yearResult)}
}

func TestTheYear2018GivesTheFiguresOfTheArticle(t *testing.T) {
	y := playYear(t, theYear, 1)
	if !y.result.Equal {
		t.Errorf("%q", y.result.Findings)
	}
}
