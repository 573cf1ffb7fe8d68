package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/backup"
)

// backedUp is what a backup prints.
type backedUp struct {
	File string `json:"file"`
	backup.Manifest
	Bytes    int64 `json:"bytes"`
	Devices  int   `json:"devices"`  // whose work it holds
	Recorded int   `json:"recorded"` // of which it holds more than the backup before
}

func newBackupCommand() *cobra.Command {
	var data, to string
	var withoutKeys, asJSON bool
	c := &cobra.Command{
		Use:   "backup",
		Short: "Copy a server's directory into one file, and verify it by restoring it",
		Long: `Copy a server's log, attachments and keys into one file, also while the server runs. The file gets
its name only after it was read back, restored beside it and found to fold to what the
server has. Then devices are told up to where their work is in a backup: from then on, and
30 days after it was judged, they may let it go. A backup holds the organisation's key
unless --without-keys leaves the keys out: keep it as you keep the key.`,
		Example: "  rawaj backup --data ./centre --to /media/stick/rawaj-2026-03-01.backup",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := makeBackup(c, data, to, withoutKeys)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, b)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s holds %d entries up to position %d and %d attachments, verified by restoring it; %d devices, %d of them with more than before\n",
				b.File, b.Entries, b.Position, b.Attachments, b.Devices, b.Recorded)
			if !b.Keys {
				fmt.Fprintf(c.ErrOrStderr(), "rawaj: it holds no keys: without %s and %s, kept elsewhere, it cannot be restored\n", keyOrg, keyDevice)
			}
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&to, "to", "", "file to write; there must be none of that name")
	c.Flags().BoolVar(&withoutKeys, "without-keys", false, "leave org.key and device.key out")
	c.MarkFlagRequired("to")
	c.MarkFlagFilename("to")
	return c
}

func makeBackup(c *cobra.Command, data, to string, withoutKeys bool) (*backedUp, error) {
	role, err := datadir.ReadRole(data)
	if err != nil {
		return nil, noCentre(data, err)
	}
	if role != datadir.Server {
		return nil, fmt.Errorf("%s belongs to a %s: what a site has is backed up at its server", data, role)
	}
	bars := &bars{c: c}
	defer bars.done()
	m, err := backup.Make(c.Context(), data, to, backup.Options{WithoutKeys: withoutKeys, Program: version(), Now: time.Now, Progress: bars.set})
	if err != nil {
		return nil, err
	}
	out := &backedUp{File: to, Manifest: m.Manifest, Bytes: m.Bytes, Devices: len(m.Heads)}
	var heads []server.BackedHead
	for _, h := range m.Heads {
		heads = append(heads, server.BackedHead{Device: h.Device, Incarnation: h.Incarnation, Seq: uint64(h.Seq), Hash: h.Hash.String()})
	}
	if out.Recorded, err = recordBacked(c, data, heads); err != nil {
		return nil, fmt.Errorf("%s is made and holds, but devices were not told: %w", to, err)
	}
	return out, nil
}

// recordBacked tells devices up to where a backup holds their work.
func recordBacked(c *cobra.Command, data string, heads []server.BackedHead) (written int, err error) {
	tell := func(f func(server.Backing) (server.BackedCount, error)) error {
		for rest := heads; len(rest) > 0; {
			some := rest[:min(len(rest), server.MaxBacked)]
			n, err := f(server.Backing{Devices: some})
			if err != nil {
				return err
			}
			written += n.Written
			rest = rest[len(some):]
		}
		return nil
	}
	centre, err := openCentre(c.Context(), data, "", logger(c), c.ErrOrStderr())
	if heldByOther(err) {
		return written, tell(func(some server.Backing) (n server.BackedCount, err error) {
			return n, localapi.Call(c.Context(), data, "POST", "/api/backed", some, &n)
		})
	}
	if err != nil {
		return 0, err
	}
	err = centre.working(c.Context(), func(ctx context.Context, s *server.Server) error {
		return tell(func(some server.Backing) (server.BackedCount, error) { return s.Backed(ctx, some) })
	})
	return written, errors.Join(err, centre.close())
}

func newRestoreCommand() *cobra.Command {
	var data, keys string
	var asJSON bool
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup into a new directory, for a server to go on from",
		Long: `Put a backup into a new or empty directory. All of it is verified first, and the
directory is one that a server opens only when everything is in place. The log goes on
under a new history: devices notice, and give back what came after the backup.`,
		Example: "  rawaj restore /media/stick/rawaj-2026-03-01.backup --data ./centre",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			bars := &bars{c: c}
			defer bars.done()
			m, err := backup.Restore(c.Context(), args[0], data, keys, time.Now, bars.set)
			if err != nil {
				return err
			}
			bars.done()
			if asJSON {
				return printJSON(c, m)
			}
			fmt.Fprintf(c.OutOrStdout(), "restored %d entries up to position %d, as backed up at %s; a new history begins\n", m.Entries, m.Position, m.MadeAt.Format(time.RFC3339))
			fmt.Fprintf(c.ErrOrStderr(), "rawaj: next: rawaj serve --data %s, at the address that sites know (else, at each: rawaj site move)\nrawaj: sites then give back what came after the backup; rawaj admin device ls shows who has not been heard of yet\nrawaj: revoke again whom you revoked since, then: rawaj admin wentback vouch --data %s\n", data, data)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&keys, "keys", "", "directory of org.key and device.key, for a backup without them")
	c.MarkFlagDirname("keys")
	return c
}

// bars shows one bar after the other, each until the next thing is being done.
type bars struct {
	c    *cobra.Command
	what string
	now  *bar
}

func (b *bars) set(what string, done, total int64) {
	if b.what != what {
		b.done()
		b.what, b.now = what, newBar(b.c.ErrOrStderr(), what, total)
	}
	if total > 0 {
		b.now.bytes(total).set(done)
	}
}

func (b *bars) done() {
	if b.now != nil {
		b.now.done()
	}
	b.what, b.now = "", nil
}
