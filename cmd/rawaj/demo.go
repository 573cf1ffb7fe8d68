package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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
equal. Families, women and goods are made up, in Arabic, Persian and English.`,
		Example: "  rawaj demo\n  rawaj demo --once",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON && !o.once {
				return misuse("--json goes with --once")
			}
			o.anyPort = !c.Flags().Changed("listen")
			return runDemo(c, o, func(r *demoResult) error {
				if asJSON {
					return printJSON(c, r)
				}
				r.print(c.OutOrStdout())
				return nil
			})
		},
	}
	c.Flags().StringVar(&o.data, "data", "", "where to keep its directories; a temporary place where empty")
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8400", "address of the index page; unless given, the next free port where this one is taken")
	c.Flags().BoolVar(&o.once, "once", false, "play the day, compare and end")
	c.Flags().BoolVar(&o.calm, "calm", false, "let staff rest after the day: only visitors record")
	c.Flags().BoolVar(&o.noBrowser, "no-browser", false, "do not open a browser")
	jsonFlag(c, &asJSON)
	return c
}

// runDemo plays the day and, unless it is for once, goes on until the command's context
// ends.
func runDemo(c *cobra.Command, o demoOptions, say func(*demoResult) error) (err error) {
	if o.data == "" {
		if o.data, err = os.MkdirTemp("", "rawaj-demo-*"); err != nil {
			return err
		}
		defer os.RemoveAll(o.data)
	}
	talk := c.ErrOrStderr()
	centre, err := openCentre(c.Context(), filepath.Join(o.data, "server"), "Rawaj demo", quiet(), talk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, centre.close()) }()
	d, err := newDemo(o, centre, talk)
	if err != nil {
		return err
	}
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

func (d *demo) run(ctx context.Context, g *errgroup.Group, s *server.Server, say func(*demoResult) error) error {
	if err := d.open(ctx, g, s); err != nil {
		return err
	}
	r, err := d.play(ctx)
	if err != nil {
		return err
	}
	if err := say(r); err != nil {
		return err
	}
	if !r.Equal {
		return errSaid
	}
	if d.once {
		return nil
	}
	return d.live(ctx, g)
}

// newDemo draws what staff do from the machine's randomness.
func newDemo(o demoOptions, c *centre, talk io.Writer) (*demo, error) {
	var seed [32]byte
	if _, err := io.ReadFull(rand.Reader, seed[:]); err != nil {
		return nil, err
	}
	return &demo{demoOptions: o, centre: c, talk: talk, luck: newLuck(seed)}, nil
}

// step says on stderr what happens now.
func (d *demo) step(what string) { fmt.Fprintf(d.talk, "rawaj: %s\n", what) }
