package server

import (
	"context"
	"net/http"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// diskEvery is how often somebody who watches hears of the disk, which moves nothing else.
const diskEvery = time.Second

// Disk tells how the disk is, by what became of the last writes.
func (s *Server) Disk(ctx context.Context) sqlitedb.Disk {
	worst := sqlitedb.Worst(s.State.Disk(ctx), s.Attachments.Disk(ctx))
	if l, onDisk := s.Log.(interface {
		Disk(context.Context) sqlitedb.Disk
	}); onDisk {
		worst = sqlitedb.Worst(worst, l.Disk(ctx))
	}
	return worst
}

// Health is what a server that works says of itself.
type Health struct {
	Status string        `json:"status"`
	Disk   sqlitedb.Disk `json:"disk,omitempty"` // failed: a write failed since the program began, and later ones did not
}

// healthPatience is how long the disk may take to answer whoever asks for the health.
const healthPatience = 2 * time.Second

func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	ctx, done := context.WithTimeout(r.Context(), healthPatience)
	defer done()
	disk := s.Disk(ctx)
	switch {
	case disk == sqlitedb.DiskFull:
		localapi.Refuse(w, refusal.New(refusal.NoRoom, "the disk of this server is full: nothing is taken in until there is room; make room, and what waits at sites comes by itself"))
	case disk == sqlitedb.DiskFailing:
		localapi.Refuse(w, refusal.New(refusal.DiskFailed, "the disk of this server does not take what is written: nothing is taken in; see the log, and have the disk looked at"))
	case stopped != nil:
		localapi.Refuse(w, refusal.New(refusal.Stopped, "the fold has stopped; see the log"))
	default:
		localapi.Answer(w, Health{Status: "ok", Disk: disk}, nil)
	}
}
