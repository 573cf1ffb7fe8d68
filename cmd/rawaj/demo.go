package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/server"
)

// demoOptions are the flags of a demo.
type demoOptions struct {
	data, listen string
	anyPort      bool // listen was not asked for: take the next port where it is taken
	once         bool
	calm         bool
	noBrowser    bool
	scenario     string // empty: a day
	seed         uint64 // of a scenario
	part         int    // of the scenario that tests play: 10 is a tenth of all there is; 0 all of it
}

func newDemoCommand() *cobra.Command {
	var o demoOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "A server and five sites on this machine: a fair day in fast motion, and then live",
		Long: `A server and five sites on this machine: two stalls, a branch, a centre that teaches
a trade (with two tablets) and a lender's desk. First a day is played with all cables
pulled: sales, attendance taken on two tablets at once, referrals sent, answered and
withdrawn by people who do not hear of each other. When the cables are back, the digests
of all scopes and the sums are compared with an independent list of what staff did.
Then, in the same directories, staff go on in fast motion and every place has its pages:
the link that is printed leads to head office and to every site, with a switch for each
cable. Ctrl-C ends it. With --once it ends after the comparison, with 1 unless all are
equal. Families, women and goods are made up, in Arabic, Persian and English.

With --scenario intaj-2018 a whole made-up year is played instead: head office, three
branches and three stalls that have a line once a week. The report of the year is counted
from what was recorded, compared with the plan and shown beside what was published of it.
The same --seed gives the same year.`,
		Example: "  rawaj demo\n  rawaj demo --once\n  rawaj demo --scenario intaj-2018 --once",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON && !o.once {
				return misuse("--json goes with --once")
			}
			switch {
			case o.scenario == "" && c.Flags().Changed("seed"):
				return misuse("--seed goes with --scenario")
			case o.scenario != "" && o.scenario != scenarioYear:
				return misuse("--scenario: %q is not known: there is %s", o.scenario, scenarioYear)
			}
			o.anyPort = !c.Flags().Changed("listen")
			return runDemo(c, o, func(r demoFound) error {
				if asJSON {
					return printJSON(c, r)
				}
				r.print(c.OutOrStdout())
				return nil
			})
		},
	}
	c.Flags().StringVar(&o.data, "data", "", "where to keep its directories; a temporary place where empty")
	c.Flags().StringVar(&o.scenario, "scenario", "", "play this instead of a day: "+scenarioYear)
	c.Flags().Uint64Var(&o.seed, "seed", theYear, "what a scenario is drawn from")
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8400", "address of the index page; unless given, the next free port where this one is taken")
	c.Flags().BoolVar(&o.once, "once", false, "play the day, compare and end")
	c.Flags().BoolVar(&o.calm, "calm", false, "let staff rest after the day: only visitors record")
	c.Flags().BoolVar(&o.noBrowser, "no-browser", false, "do not open a browser")
	jsonFlag(c, &asJSON)
	return c
}

// runDemo plays the day and, unless it is for once, goes on until the command's context
// ends.
func runDemo(c *cobra.Command, o demoOptions, say func(demoFound) error) (err error) {
	if o.data == "" {
		if o.data, err = os.MkdirTemp("", "rawaj-demo-*"); err != nil {
			return err
		}
		defer os.RemoveAll(o.data)
	}
	talk := c.ErrOrStderr()
	d, err := newDemo(o, talk)
	if err != nil {
		return err
	}
	if d.year != nil {
		if err := d.beginYear(); err != nil {
			return err
		}
	}
	centre, err := openCentreAt(c.Context(), d.serverDir(), "Rawaj demo", d.officeClock(), quiet(), talk)
	if err != nil {
		return err
	}
	d.centre = centre
	defer func() { err = errors.Join(err, centre.close()) }()
	defer func() { err = errors.Join(err, d.close()) }()
	err = centre.working(c.Context(), func(ctx context.Context, s *server.Server) error {
		ctx, end := context.WithCancel(ctx)
		defer end()
		g, ctx := errgroup.WithContext(ctx)
		err := d.run(ctx, g, s, say)
		end()
		return errors.Join(err, g.Wait())
	})
	if !o.once && c.Context().Err() != nil { // it was asked to end
		return nil
	}
	return err
}

// demoFound is what was found when something had been played.
type demoFound interface {
	equal() bool
	print(io.Writer)
}

func (d *demo) run(ctx context.Context, g *errgroup.Group, s *server.Server, say func(demoFound) error) error {
	if err := d.open(ctx, g, s); err != nil {
		return err
	}
	play := d.play
	if d.year != nil {
		play = d.playYear
	}
	r, err := play(ctx)
	if err != nil {
		return err
	}
	if err := say(r); err != nil {
		return err
	}
	if !r.equal() {
		return errSaid
	}
	if d.once {
		return nil
	}
	return d.live(ctx, g)
}

// newDemo draws what staff do: in a day from the machine's randomness, in a year from its
// seed.
func newDemo(o demoOptions, talk io.Writer) (*demo, error) {
	if o.scenario == scenarioYear {
		year := drawYear(o.seed, max(o.part, 1))
		return &demo{demoOptions: o, talk: talk, luck: year.luck, year: year, places: yearPlaces}, nil
	}
	var seed [32]byte
	if _, err := io.ReadFull(rand.Reader, seed[:]); err != nil {
		return nil, err
	}
	return &demo{demoOptions: o, talk: talk, luck: newLuck(seed), places: demoPlans}, nil
}

func (d *demo) serverDir() string { return filepath.Join(d.data, "server") }

// officeClock is the clock of head office: that of a year while it is played.
func (d *demo) officeClock() func() time.Time {
	if d.year != nil {
		return d.now
	}
	return time.Now
}

// step says on stderr what happens now.
func (d *demo) step(what string) { fmt.Fprintf(d.talk, "rawaj: %s\n", what) }
