package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/server/backup"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
	"github.com/rawaj/rawaj/server/state"
)

// centre is a server's data directory, opened by this process.
type centre struct {
	dir    *datadir.Dir
	log    *sqlitelog.Log
	state  *state.State
	attach *attach.Store
	server *server.Server
}

const (
	fileLog    = backup.Log
	fileState  = backup.State
	fileSite   = "site.db"
	fileFlight = "recorder"
	keyOrg     = backup.OrgKey
	keyDevice  = backup.DeviceKey
)

// openCentre opens a server's directory; with org it is made where it is empty.
func openCentre(ctx context.Context, path, org string, l *slog.Logger, talk io.Writer) (*centre, error) {
	return openCentreAt(ctx, path, org, time.Now, l, talk)
}

// openCentreAt is openCentre of a machine with another clock.
func openCentreAt(ctx context.Context, path, org string, now func() time.Time, l *slog.Logger, talk io.Writer) (*centre, error) {
	dir, err := datadir.Open(path, datadir.Server, org != "")
	if err != nil {
		return nil, noCentre(path, err)
	}
	c := &centre{dir: dir}
	if err := c.open(ctx, org, now, l, talk); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// noCentre says what makes a server's directory, where that is what is missing.
func noCentre(path string, err error) error {
	if errors.Is(err, datadir.ErrNone) {
		return fmt.Errorf("%w: rawaj serve --data %s makes it", err, path)
	}
	return err
}

// roleOf says whose a directory is, or what makes one where there is none yet.
func roleOf(path string) (datadir.Role, error) {
	role, err := datadir.ReadRole(path)
	if errors.Is(err, datadir.ErrNone) {
		err = fmt.Errorf("%w: rawaj serve --data %s makes a server's, rawaj site enrol --data %[2]s --server URL --code CODE a site's", err, path)
	}
	return role, err
}

func (c *centre) open(ctx context.Context, org string, now func() time.Time, l *slog.Logger, talk io.Writer) (err error) {
	if c.log, err = sqlitelog.Open(c.dir.File(fileLog), sqlitelog.Options{Rand: rand.Reader, Logger: l}); err != nil {
		return err
	}
	if c.state, err = state.Open(ctx, c.dir.File(fileState)); err != nil {
		return err
	}
	if c.attach, err = attach.Open(ctx, c.dir.File(attach.File)); err != nil {
		return err
	}
	config := server.Config{Log: c.log, State: c.state, Attachments: c.attach, Now: now, Rand: rand.Reader, Logger: l}
	end, _ := c.log.End()
	if folded := c.state.Head().Applied; end == 0 && folded > 0 {
		return fmt.Errorf("%s is gone, the state has folded %d entries of it: restore it from a backup", c.dir.File(fileLog), folded)
	}
	var make io.Reader // keys are made only together with their organisation
	if end == 0 {
		make = rand.Reader
	}
	if config.OrgKey, err = c.dir.Key(keyOrg, make); err != nil {
		return err
	}
	if config.DeviceKey, err = c.dir.Key(keyDevice, make); err != nil {
		return err
	}
	if end == 0 {
		if org == "" {
			return fmt.Errorf("%s has no organisation yet: rawaj serve --data %[1]s makes it", c.dir.Path())
		}
		if config.Certificate, err = server.FirstStart(ctx, config, org); err != nil {
			return err
		}
	}
	b := newBar(talk, "reading the log", 0)
	defer b.done()
	c.server, err = server.New(ctx, config, func(done, total oplog.Index) { b.bytes(int64(total)).set(int64(done)) })
	return err
}

func (c *centre) close() error {
	var errs []error
	if c.attach != nil {
		errs = append(errs, c.attach.Close())
	}
	if c.state != nil {
		errs = append(errs, c.state.Close())
	}
	if c.log != nil {
		errs = append(errs, c.log.Close())
	}
	return errors.Join(append(errs, c.dir.Close())...)
}

// working runs f while the server folds what f writes.
func (c *centre) working(ctx context.Context, f func(context.Context, *server.Server) error) error {
	ctx, cancel := context.WithCancel(ctx)
	folding := make(chan error, 1)
	go func() { folding <- c.server.Run(ctx) }()
	err := f(ctx, c.server)
	cancel()
	return errors.Join(err, <-folding)
}
