package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
)

// rebuilding is a server's directory with its log alone open.
type rebuilding struct {
	dir *datadir.Dir
	log *sqlitelog.Log
}

func openForRebuild(ctx context.Context, data string) (*rebuilding, error) {
	dir, err := datadir.Open(data, datadir.Server, false)
	if heldByOther(err) {
		return nil, fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return nil, noCentre(data, err)
	}
	log, err := sqlitelog.Open(dir.File(fileLog), sqlitelog.Options{Rand: rand.Reader})
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	r := &rebuilding{dir, log}
	if end, _ := log.End(); end == 0 { // the state that stands is all there is
		return nil, errors.Join(fmt.Errorf("%s has no entries: restore it from a backup", dir.File(fileLog)), r.close())
	}
	return r, ctx.Err()
}

func (r *rebuilding) close() error { return errors.Join(r.log.Close(), r.dir.Close()) }

// standing is the fingerprint of the state that stands, folded to the log's end if it
// can be; ok is false where there is none or it cannot be read.
func (r *rebuilding) standing(ctx context.Context) (fingerprint string, ok bool) {
	if _, err := os.Stat(r.dir.File(fileState)); err != nil {
		return "", false
	}
	st, err := state.Open(ctx, r.dir.File(fileState))
	if err != nil {
		return "", false
	}
	defer st.Close()
	if r.fold(ctx, st, nil) != nil {
		return "", false
	}
	fingerprint, err = st.Fingerprint(ctx)
	return fingerprint, err == nil
}

func (r *rebuilding) fold(ctx context.Context, st *state.State, c *cobra.Command) error {
	end, _ := r.log.End()
	b := &bar{}
	if c != nil {
		b = newBar(c.ErrOrStderr(), "folding the log", int64(end))
	}
	defer b.done()
	return st.Fold(ctx, r.log.Read, end, func(at oplog.Index) { b.set(int64(at)) })
}

// refold folds the log into a new state, puts it in place of the one that stands, and
// gives its fingerprint.
func (r *rebuilding) refold(ctx context.Context, c *cobra.Command) (fingerprint string, err error) {
	fresh := r.dir.File(fileState + ".new")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(fresh + suffix)
	}
	st, err := state.Open(ctx, fresh)
	if err != nil {
		return "", err
	}
	if err := r.fold(ctx, st, c); err != nil {
		return "", errors.Join(err, st.Close())
	}
	if fingerprint, err = st.Fingerprint(ctx); err != nil {
		return "", errors.Join(err, st.Close())
	}
	if err := st.Close(); err != nil {
		return "", err
	}
	return fingerprint, r.replace(fresh)
}

// replace puts a state in place of the one that stands. The old one's WAL goes first,
// and for good: laid over the new file it would ruin it.
func (r *rebuilding) replace(fresh string) error {
	old := r.dir.File(fileState)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(old + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := r.dir.Sync(); err != nil {
		return err
	}
	return errors.Join(os.Rename(fresh, old), r.dir.Sync())
}
