package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/web"
)

func newDemoCommand() *cobra.Command {
	var data, listen string
	var once, asJSON bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "A server, two stalls and a branch on this machine, and a fair day in fast motion",
		Long: `A server, two stalls and a branch on this machine, and a fair day in fast motion.
It prints the address of a page that leads to head office and to every site, and has
a switch for each site's cable. With --once staff work with the cable pulled, at times
two of them on the same thing, at full speed, and the demo ends by comparing the digests of
all scopes and the sums of the reports with an independent list of what staff did;
it exits with 1 unless all are equal. Families and goods are made up.`,
		Example: "  rawaj demo\n  rawaj demo --once",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !once {
				return runLiveDemo(c, data, listen)
			}
			r, err := runDemo(c, data)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c, r)
			} else {
				r.print(c)
			}
			if err == nil && !r.Equal {
				return errSaid
			}
			return err
		},
	}
	c.Flags().StringVar(&data, "data", "", "where to keep its directories; a temporary place where empty")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8400", "address of the index page")
	c.Flags().BoolVar(&once, "once", false, "run one day at full speed, compare and end")
	jsonFlag(c, &asJSON)
	return c
}

// demoResult is what a demo found.
type demoResult struct {
	Equal     bool           `json:"equal"`
	Staff     report.Figures `json:"staff"` // the independent list of what staff did
	Centre    report.Figures `json:"centre"`
	Sites     []demoSiteSums `json:"sites"`
	Conflicts int            `json:"conflicts"`
	Findings  []string       `json:"findings"`
}

type demoSiteSums struct {
	Name         string         `json:"name"`
	Transactions uint64         `json:"transactions"`
	Sales        report.Figures `json:"sales"` // that the site sees
}

func (r *demoResult) print(c *cobra.Command) {
	w := c.OutOrStdout()
	fmt.Fprintf(w, "staff sold      %d receipts, %d lines, %d pieces, %s\n", r.Staff.Receipts, r.Staff.Lines, r.Staff.Pieces, amounts(r.Staff.AmountMinor))
	fmt.Fprintf(w, "head office has %d receipts, %d lines, %d pieces, %s\n", r.Centre.Receipts, r.Centre.Lines, r.Centre.Pieces, amounts(r.Centre.AmountMinor))
	for _, s := range r.Sites {
		fmt.Fprintf(w, "%-8s recorded %d transactions with the cable pulled, and sees %s\n", s.Name, s.Transactions, amounts(s.Sales.AmountMinor))
	}
	fmt.Fprintf(w, "%d times two people wrote the same thing without having seen each other's: one value holds, the other is kept\n", r.Conflicts)
	for _, f := range r.Findings {
		fmt.Fprintln(w, "NOT EQUAL:", f)
	}
	if r.Equal {
		fmt.Fprintln(w, "all digests and sums are equal")
	}
}

func (r *demoResult) differ(format string, args ...any) {
	r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
}

// demoSites are the sites of a demo, by their directory's name.
var demoSites = []struct{ dir, name, kind, lang string }{
	{"stall-1", "جناح البخور", schema.KindStall, "ar"},
	{"stall-2", "Stall by the gate", schema.KindStall, "en"},
	{"branch", "شعبه نمونه", schema.KindBranch, "fa"},
}

const demoFair = "Fair of the demo"

func runDemo(c *cobra.Command, data string) (r *demoResult, err error) {
	ctx := c.Context()
	if data == "" {
		if data, err = os.MkdirTemp("", "rawaj-demo-*"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(data)
	}
	centre, err := openCentre(ctx, filepath.Join(data, "server"), "Rawaj demo", quiet(), c.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, centre.close()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	day, err := newDemoDay(rand.Reader)
	if err != nil {
		return nil, err
	}
	err = centre.working(ctx, func(ctx context.Context, s *server.Server) (err error) {
		h := &http.Server{Handler: s.Handler(localapi.NewGate("", listener.Addr().String()), web.Handler(web.Dashboard)), ReadHeaderTimeout: 5 * time.Second}
		served := make(chan error, 1)
		go func() { served <- h.Serve(listener) }()
		defer func() {
			if serr := h.Close(); serr == nil {
				<-served
			}
		}()
		r, err = day.run(ctx, c, s, data, "http://"+listener.Addr().String())
		return err
	})
	return r, err
}

// enrolDemo opens a demo's site, and enrols it where it is new.
func enrolDemo(ctx context.Context, s *server.Server, data, url string, i int) (*site, error) {
	d := demoSites[i]
	st, err := openSite(ctx, filepath.Join(data, d.dir), true, quiet())
	if err != nil {
		return nil, err
	}
	if id := st.store.Identity(); id != nil {
		moved := *id
		moved.Server = url
		return st, st.store.Enrol(ctx, moved)
	}
	code, err := s.EnrolCode(ctx, server.NewSite{Site: d.name, Kind: d.kind, Lang: d.lang, Fairs: []string{demoFair}})
	if err != nil {
		return st, err
	}
	key, err := st.dir.Key(keyDevice, nil)
	if err != nil {
		return st, err
	}
	_, err = client.Enrol(ctx, st.store, key, url, code.Code, d.dir)
	return st, err
}
