package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/bench"
)

func newBenchCommand() *cobra.Command {
	var o bench.Options
	var full, asJSON, peers bool
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine, each figure beside what the bare libraries reach",
		Long: "Measure a server and sites in this process, on databases in a temporary directory,\n" +
			"each figure beside the same work done with the bare libraries in the same run.\n" +
			"Run it on the disk that is to be used: --dir.",
		Example: "  rawaj bench\n  rawaj bench --full --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if peers {
				return bench.Peers(c.Context(), c.InOrStdin(), c.OutOrStdout())
			}
			if full && !c.Flags().Changed("sales") {
				o.Sales = bench.FullSales
			}
			if full {
				o.Records = bench.FullRecords
			}
			if full && !c.Flags().Changed("idle") {
				o.Idle = bench.FullIdle
			}
			if o.Sales < 1 {
				return misuse("--sales %d: want 1 or more", o.Sales)
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			o.Peers = []string{self, "bench", "--peers"}
			shown := &stepBar{c: c}
			o.Progress = shown.step
			rows, err := bench.Run(c.Context(), o)
			shown.done()
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, rows)
			}
			return bench.Print(c.OutOrStdout(), rows)
		},
	}
	c.Flags().IntVar(&o.Sales, "sales", bench.DefaultSales, "offline sales to deliver and to read back, of 5 records each")
	c.Flags().IntVar(&o.Idle, "idle", bench.DefaultIdle, "sessions that have nothing to do, whose memory is counted")
	c.Flags().BoolVar(&full, "full", false, "as much of everything as the aims are given for: 100,000 sales, then 1,000,000 records, and 19,000 sessions")
	c.Flags().StringVar(&o.Dir, "dir", "", "where to make the databases; the system's temporary directory where empty")
	c.MarkFlagDirname("dir")
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&peers, "peers", false, "be the idle peers of a bench, which says on stdin what to play")
	c.Flags().MarkHidden("peers")
	return c
}

// stepBar shows one measurement after the other.
type stepBar struct {
	c    *cobra.Command
	what string
	bar  *bar
}

func (s *stepBar) step(what string, done, total int) {
	if what != s.what {
		s.done()
		s.what, s.bar = what, newBar(s.c.ErrOrStderr(), what, int64(total))
	}
	s.bar.set(int64(done))
}

func (s *stepBar) done() {
	if s.bar != nil {
		s.bar.done()
	}
}
