package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
	"github.com/rawaj/rawaj/web"
)

// site is a site's data directory, opened by this process.
type site struct {
	dir    *datadir.Dir
	store  *store.Store
	client *client.Client
	flight *recorder.Recorder
}

func openSite(ctx context.Context, path string, make bool, l *slog.Logger) (*site, error) {
	return openSiteAt(ctx, path, make, time.Now, l)
}

// openSiteAt is openSite of a device with another clock.
func openSiteAt(ctx context.Context, path string, make bool, now func() time.Time, l *slog.Logger) (*site, error) {
	dir, err := datadir.Open(path, datadir.Site, make)
	if errors.Is(err, datadir.ErrNone) {
		return nil, fmt.Errorf("%w: rawaj site enrol --data %s --server URL --code CODE makes it", err, path)
	}
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, store.Config{Path: dir.File(fileSite), Now: now, Rand: rand.Reader})
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	s := &site{dir: dir, store: st}
	if lost := st.Lost(); lost != "" {
		l.Warn("recorded here and no longer there; run rawaj verify", "what", lost)
	}
	key, err := deviceKey(dir, st, make)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	if s.flight, err = recorder.Open(dir.File(fileFlight), now); err != nil { // selling needs none
		l.Warn("no flight recorder", "err", err)
	}
	s.client = client.New(client.Config{Store: st, Key: key, Keys: dir.Keys(rand.Reader), Now: now, Rand: rand.Reader, Logger: l, Program: version(), Recorder: s.flight, Dial: wsconn.DialOptions{UserAgent: version()}})
	return s, nil
}

// deviceKey is the key of a site's device, and makes it for one that enrols. A device
// that is enrolled needs the key of that: without it, enrolling makes a new one.
func deviceKey(dir *datadir.Dir, st *store.Store, enrolling bool) (ed25519.PrivateKey, error) {
	if st.Identity() == nil || enrolling {
		return dir.Key(keyDevice, rand.Reader)
	}
	key, err := dir.Key(keyDevice, nil)
	if !errors.Is(err, datadir.ErrNoKey) {
		return key, err
	}
	own, err := syncproto.OwnCertificate(st.Identity().Certificate)
	if err != nil {
		return nil, err
	}
	if key, err := dir.Keys(nil).Of(own.Key); err != nil || key != nil { // of its present name
		return key, err
	}
	return nil, fmt.Errorf("%s is missing: put it back from where the database came from. Where it is lost, enrol this directory anew: rawaj site enrol --data %s --server URL --code CODE; what was not sent is then sent under the new name", dir.File(keyDevice), dir.Path())
}

func (s *site) close() error { return errors.Join(s.store.Close(), s.flight.Close(), s.dir.Close()) }

func newSiteCommand() *cobra.Command {
	c := &cobra.Command{Use: "site", Short: "The local client of a stall, branch, centre or desk", Example: "  rawaj site enrol --data ./stall --server http://127.0.0.1:8420 --code 7K2M-9QXT-03FA-ZC5E\n  rawaj site run --data ./stall"}
	imports := newImportCommand()
	imports.AddCommand(newImportSalesCommand())
	c.AddCommand(newSiteEnrolCommand(), newSiteRunCommand(), newSiteSyncCommand(), newSiteStatusCommand(), newSiteClosingCommand(), newHoursCommand(), newOpenCommand(), newMoveCommand(), newSiteParcelCommand(), newRecorderCommand(), imports)
	return c
}

func newSiteEnrolCommand() *cobra.Command {
	var data, server, code, label string
	c := &cobra.Command{
		Use:     "enrol",
		Short:   "Take this device in with a one-time code",
		Long:    "Take this device in with a one-time code. If the answer is lost on the way, the same command may be given again.",
		Example: "  rawaj site enrol --data ./stall --server http://127.0.0.1:8420 --code 7K2M-9QXT-03FA-ZC5E",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := client.ParseServer(server); err != nil {
				return misuse("--server: %v", err)
			}
			if _, err := syncproto.ParseCode(code); err != nil {
				return misuse("--code: %v", err)
			}
			s, err := openSite(c.Context(), data, true, logger(c))
			if err != nil {
				return err
			}
			defer s.close()
			key, err := s.dir.Key(keyDevice, nil)
			if err != nil {
				return err
			}
			if label == "" {
				label, _ = os.Hostname()
			}
			id, err := client.Enrol(c.Context(), s.store, key, server, code, label)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s (%s), device %v, receipts %s-…\n", printable(id.SiteName), id.Kind, id.Device, id.Prefix)
			return nil
		},
	}
	dataFlag(c, &data)
	c.Flags().StringVar(&server, "server", "", "address of the central server")
	c.Flags().StringVar(&code, "code", "", "one-time code from rawaj admin enrol-code")
	c.Flags().StringVar(&label, "label", "", "what people call this device; its host name where empty")
	c.MarkFlagRequired("server")
	c.MarkFlagRequired("code")
	return c
}

func newSiteRunCommand() *cobra.Command {
	var data, listen string
	c := &cobra.Command{
		Use:     "run",
		Short:   "Run the site: answer its local API, and sync while it can",
		Example: "  rawaj site run --data ./stall --listen 127.0.0.1:8421",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := openSite(c.Context(), data, false, logger(c))
			if err != nil {
				return err
			}
			defer s.close()
			if s.store.Identity() == nil {
				return notEnrolled(data)
			}
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return err
			}
			url := "http://" + reachable(listener.Addr())
			token, err := s.dir.Announce(url, rand.Reader)
			if err != nil {
				return err
			}
			defer s.dir.Withdraw()
			fmt.Fprintf(c.ErrOrStderr(), "rawaj: %s on %s\n", printable(s.store.Identity().SiteName), url)
			gate := localapi.NewGate(token, listen)
			if err := invite(c.ErrOrStderr(), gate, url); err != nil {
				return err
			}
			return serve(c.Context(), listener, s.client.Handler(gate, web.Handler(web.Site)), s.stayConnected)
		},
	}
	dataFlag(c, &data)
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8421", "address to listen on; loopback unless you know better")
	return c
}

// stayConnected syncs while it can. A server that refuses the device does not end the
// site: selling goes on.
func (s *site) stayConnected(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := s.client.Run(ctx); err != nil {
			s.client.Logger.Error("sync has ended; recording goes on", "err", err)
		}
		<-ctx.Done()
		return nil
	})
	return g.Wait()
}

func notEnrolled(data string) error {
	return fmt.Errorf("%w: rawaj site enrol --data %s --server URL --code CODE", store.ErrNotEnrolled, data)
}

func newSiteSyncCommand() *cobra.Command {
	var data string
	var asJSON, repair bool
	var patience time.Duration
	c := &cobra.Command{
		Use:     "sync",
		Short:   "Sync until nothing is left to send or hear",
		Example: "  rawaj site sync --data ./stall --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := syncSite(c, data, patience, repair)
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c, r)
			} else {
				fmt.Fprintf(c.OutOrStdout(), "sent %d, received %d, settled %d, quarantined %d\n", r.Sent, r.Received, r.Settled, r.Quarantined)
			}
			if err == nil && !r.Equal {
				again := ""
				if !repair {
					again = "run it with --repair, and if that does not help "
				}
				return fmt.Errorf("differs from the server: %s; %srun rawaj verify here and there", strings.Join(r.Differing, ", "), again)
			}
			return err
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&repair, "repair", false, "compare again, record by record, what differs and was given up")
	c.Flags().DurationVar(&patience, "patience", client.DefaultPatience, "how long to try again without getting on")
	return c
}

func syncSite(c *cobra.Command, data string, patience time.Duration, repair bool) (r client.SyncResult, err error) {
	s, err := openSite(c.Context(), data, false, quiet())
	if heldByOther(err) {
		return r, localapi.Call(c.Context(), data, "POST", fmt.Sprintf("/api/sync?patience=%v&repair=%v", patience, repair), nil, &r)
	}
	if err != nil {
		return r, err
	}
	defer s.close()
	if s.store.Identity() == nil {
		return r, notEnrolled(data)
	}
	if repair {
		if err := s.store.RetryRepairs(c.Context()); err != nil {
			return r, err
		}
	}
	st, err := s.store.Status(c.Context())
	if err != nil {
		return r, err
	}
	b := newBar(c.ErrOrStderr(), "sending and hearing", int64(st.Pending))
	defer b.done()
	return s.client.Sync(c.Context(), patience, func(r client.SyncResult) { b.set(int64(r.Sent)) })
}

func newMoveCommand() *cobra.Command {
	var data, server string
	c := &cobra.Command{
		Use:     "move",
		Short:   "Tell the site that its server has another address now",
		Example: "  rawaj site move --data ./stall --server https://rawaj.example.org",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := openSite(c.Context(), data, false, logger(c))
			if heldByOther(err) {
				return fmt.Errorf("%w: stop the site first", err)
			}
			if err != nil {
				return err
			}
			defer s.close()
			id := s.store.Identity()
			if id == nil {
				return notEnrolled(data)
			}
			moved := *id
			if moved.Server, err = client.ParseServer(server); err != nil {
				return misuse("%v", err)
			}
			return s.store.Enrol(c.Context(), moved)
		},
	}
	dataFlag(c, &data)
	c.Flags().StringVar(&server, "server", "", "address of the central server")
	c.MarkFlagRequired("server")
	return c
}

func newOpenCommand() *cobra.Command {
	return loginCommand("open", "Make a one-time link that signs a browser in to the running site", "  rawaj site open --data ./stall")
}

// loginCommand asks the process that holds a directory for a one-time link.
func loginCommand(use, short, example string) *cobra.Command {
	var data string
	c := &cobra.Command{
		Use: use, Short: short, Example: example, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var link struct{ URL string }
			if err := localapi.Call(c.Context(), data, "POST", "/api/login-link", nil, &link); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), link.URL)
			return nil
		},
	}
	dataFlag(c, &data)
	return c
}

func newSiteStatusCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:     "status",
		Short:   "Tell what is saved here and what has arrived",
		Example: "  rawaj site status --data ./stall",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := siteStatus(c, data)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, st)
			}
			fmt.Fprintf(c.OutOrStdout(), "saved here %d, arrived %d, still to send %d, needing attention %d; last contact %s\n",
				st.Transactions, st.Acknowledged, st.Pending, st.Quarantined, orNever(st.LastContact))
			if st.Attachments > 0 {
				fmt.Fprintf(c.OutOrStdout(), "photos and other files still to send: %d\n", st.Attachments)
			}
			if st.Unbacked > 0 {
				fmt.Fprintf(c.OutOrStdout(), "let go for want of room, though head office has said of no backup that holds them: %d\n", st.Unbacked)
			}
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func siteStatus(c *cobra.Command, data string) (st client.Status, err error) {
	s, err := openSite(c.Context(), data, false, quiet())
	if heldByOther(err) {
		return st, localapi.Call(c.Context(), data, "GET", "/api/status", nil, &st)
	}
	if err != nil {
		return st, err
	}
	defer s.close()
	return s.client.Status(c.Context())
}
