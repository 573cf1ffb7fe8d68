package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/web"
)

func newServeCommand() *cobra.Command {
	var data, listen, org string
	c := &cobra.Command{
		Use:     "serve",
		Short:   "Run the central server",
		Long:    "Run the central server. At the first start on an empty directory it makes the organisation and its key (org.key): keep a copy of that file where the server's disk cannot take it along.",
		Example: "  rawaj serve --data ./centre --listen 127.0.0.1:8420 --org 'Intaj Centre'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for {
				err := serveCentre(c, data, &listen, org)
				if !errors.Is(err, server.ErrDamaged) {
					return err
				}
				fmt.Fprintf(c.ErrOrStderr(), "rawaj: %v: folding the log anew; nothing is lost, sites wait\n", err)
				if err := refold(c, data); err != nil {
					return err
				}
			}
		},
	}
	dataFlag(c, &data)
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8420", "address to listen on")
	c.Flags().StringVar(&org, "org", "Rawaj", "name of the organisation, at the first start")
	return c
}

// serveCentre serves until the command's context ends. listen becomes the address
// itself, so that who comes back finds it.
func serveCentre(c *cobra.Command, data string, listen *string, org string) (err error) {
	l := logger(c)
	centre, err := openCentre(c.Context(), data, org, l, c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, centre.close()) }()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	if _, port, err := net.SplitHostPort(*listen); err == nil && port == "0" {
		*listen = listener.Addr().String()
	}
	url := "http://" + reachable(listener.Addr())
	token, err := centre.dir.Announce(url, rand.Reader)
	if err != nil {
		return err
	}
	defer centre.dir.Withdraw()
	fmt.Fprintf(c.ErrOrStderr(), "rawaj: serving on %s\nrawaj: next: rawaj admin enrol-code --data %s --site NAME --kind stall\n", url, data)
	gate := localapi.NewGate(token, *listen)
	if err := invite(c.ErrOrStderr(), gate, url); err != nil {
		return err
	}
	return serve(c.Context(), listener, centre.server.Handler(gate, web.Handler(web.Dashboard)), centre.server.Run)
}

// refold makes a server's state anew from its log.
func refold(c *cobra.Command, data string) error {
	r, err := openForRebuild(c.Context(), data)
	if err != nil {
		return err
	}
	_, err = r.refold(c.Context(), c)
	return errors.Join(err, r.close())
}

// invite prints a link that signs one browser in.
func invite(w io.Writer, gate *localapi.Gate, url string) error {
	link, err := gate.Link(url)
	if err == nil {
		fmt.Fprintf(w, "rawaj: open in a browser, once: %s\n", link)
	}
	return err
}

// reachable is an address that a program of this machine can call.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// serve answers on a listener while work goes on, until ctx ends or work fails.
func serve(ctx context.Context, l net.Listener, h http.Handler, work func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	s := &http.Server{Handler: h, BaseContext: localapi.Until(ctx), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	g.Go(func() error {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		err := work(ctx)
		if err == nil && ctx.Err() == nil {
			err = errors.New("stopped without a reason")
		}
		return err
	})
	g.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			return s.Close()
		}
		return nil
	})
	return g.Wait()
}

// heldByOther says whether a command should ask the process that holds the directory.
func heldByOther(err error) bool { return errors.Is(err, datadir.ErrHeld) }
