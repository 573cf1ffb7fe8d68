package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
)

// verified is what a verification found.
type verified struct {
	OK       bool            `json:"ok"`
	Findings []store.Finding `json:"findings"`
}

func (v *verified) add(where, what string) {
	v.Findings = append(v.Findings, store.Finding{Where: where, What: what})
}

func newVerifyCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "Look whether everything kept in a data directory still holds",
		Long: `Look whether everything kept in a data directory still holds. At a site: the file,
the hash chain of the outbox, base against its digests, what people see against both, and
closings against their signatures. At a server: the log's hash chain, the state against
its digests, the figures against the sales, closings against their signatures, and the
whole state against a new fold of the log. On either: every attachment
against its name. Nothing is changed. It exits with 1 when something does not hold, and says where.`,
		Example: "  rawaj verify --data ./stall",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			v, err := verify(c, data)
			if err != nil {
				return err
			}
			v.OK = len(v.Findings) == 0
			if asJSON {
				err = printJSON(c, v)
			} else {
				for _, f := range v.Findings {
					fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", f.Where, f.What)
				}
				if v.OK {
					fmt.Fprintln(c.OutOrStdout(), "all of it holds")
				}
			}
			if err == nil && !v.OK {
				return errSaid
			}
			return err
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func verify(c *cobra.Command, data string) (*verified, error) {
	role, err := roleOf(data)
	if err != nil {
		return nil, err
	}
	dir, err := datadir.Open(data, role, false)
	if heldByOther(err) {
		return nil, fmt.Errorf("%w: stop it first, verify looks at files that stand still", err)
	}
	if err != nil {
		return nil, err
	}
	v := &verified{Findings: []store.Finding{}}
	if role == datadir.Site {
		err = errors.Join(v.wal(dir, fileSite), verifySite(c.Context(), v, dir))
	} else {
		err = errors.Join(v.wal(dir, fileLog), v.wal(dir, fileState), verifyCentre(c, v, dir))
	}
	return v, errors.Join(err, v.attachments(c.Context(), dir), dir.Close())
}

// wal looks at a file's WAL, of which SQLite would pass over what is damaged.
func (v *verified) wal(dir *datadir.Dir, file string) error {
	found, err := sqlitedb.CheckWAL(dir.File(file))
	for _, f := range found {
		v.add(file+"-wal", f)
	}
	return err
}

// attachments looks at every chunk. One that was never there is no finding.
func (v *verified) attachments(ctx context.Context, dir *datadir.Dir) error {
	if _, err := os.Stat(dir.File(attach.File)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := v.wal(dir, attach.File); err != nil {
		return err
	}
	s, err := attach.OpenReadOnly(dir.File(attach.File))
	if err != nil {
		v.add(attach.File, err.Error())
		return ctx.Err()
	}
	found, err := s.Verify(ctx)
	for _, f := range found {
		v.add(attach.File, f)
	}
	return errors.Join(err, s.Close())
}

func verifySite(ctx context.Context, v *verified, dir *datadir.Dir) error {
	st, err := store.OpenReadOnly(ctx, dir.File(fileSite))
	if err != nil {
		v.add(fileSite, err.Error())
		return ctx.Err()
	}
	found, err := st.Verify(ctx)
	v.Findings = append(v.Findings, found...)
	return errors.Join(err, st.Close())
}

func verifyCentre(c *cobra.Command, v *verified, dir *datadir.Dir) error {
	ctx := c.Context()
	b := newBar(c.ErrOrStderr(), "the log", 0)
	found, err := sqlitelog.Verify(ctx, dir.File(fileLog), func(done, total oplog.Index) { b.bytes(int64(total)).set(int64(done)) })
	b.done()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		found = append(found, sqlitelog.Finding{What: err.Error()})
	}
	for _, f := range found {
		v.add("log", f.String())
	}
	st, err := state.OpenReadOnly(ctx, dir.File(fileState))
	if err != nil {
		v.add(fileState, err.Error())
		return ctx.Err()
	}
	defer st.Close()
	own, err := st.Verify(ctx)
	if err != nil {
		return err
	}
	for _, f := range own {
		v.add("state", f)
	}
	if len(found) > 0 {
		return nil
	}
	return compareFold(c, v, dir, st)
}

// compareFold folds the log anew, up to where the state stands, and compares.
func compareFold(c *cobra.Command, v *verified, dir *datadir.Dir, st *state.State) error {
	ctx := c.Context()
	temporary, err := os.MkdirTemp(dir.Path(), ".verify-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	fresh, err := state.Open(ctx, filepath.Join(temporary, fileState))
	if err != nil {
		return err
	}
	defer fresh.Close()
	head := st.Head()
	b := newBar(c.ErrOrStderr(), "folding the log anew", int64(head.Applied))
	defer b.done()
	read := func(ctx context.Context, from oplog.Index, f func(oplog.Record) error) error {
		return sqlitelog.ReadFile(ctx, dir.File(fileLog), from, f)
	}
	err = fresh.Fold(ctx, read, head.Applied, func(at oplog.Index) { b.set(int64(at)) })
	if err != nil {
		v.add("log", err.Error())
		return nil
	}
	if last := fresh.Head().Applied; last < head.Applied {
		v.add("log", fmt.Sprintf("ends at entry %d; the state has folded %d", last, head.Applied))
		return nil
	}
	differences, err := fresh.Compare(ctx, st)
	for _, d := range differences {
		v.add("state", "not what the log folds to: "+d)
	}
	return err
}
