package sim

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/rawaj/rawaj/internal/memfs"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/memlog"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
)

const logFile = "log.db"

// logFiles are a log on a disk.
type logFiles struct {
	db   files
	mark []byte
}

// openLog opens the log: in most worlds the model of one (memlog, which is held to the same
// contract as sqlitelog by the same tests), in some the real one on its files.
func (c *centre) openLog() (oplog.Log, error) {
	if !c.w.whole {
		l := memlog.New()
		_, err := l.Append(ctx, c.data...)
		return l, err
	}
	path := filepath.Join(c.dir, logFile)
	mark := sqlitelog.MarkPath(path)
	if err := os.Remove(mark); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if c.kept.mark != nil {
		if err := os.WriteFile(mark, c.kept.mark, 0o600); err != nil {
			return nil, err
		}
	}
	if err := c.kept.db.put(path); err != nil {
		return nil, err
	}
	return sqlitelog.Open(path, sqlitelog.Options{Rand: c.w.random})
}

// readLog reads the files of the log as they are: each of its commits is flushed.
func (c *centre) readLog() (f logFiles) {
	if !c.w.whole {
		return f
	}
	d := disk{path: filepath.Join(c.dir, logFile)}
	f.db, _ = d.read(0)
	var err error
	f.mark, err = os.ReadFile(sqlitelog.MarkPath(d.path))
	c.w.must(err)
	return f
}

// madeLog is the template's log as sqlitelog keeps it.
func (w *World) madeLog(data [][]byte) (f logFiles) {
	path := filepath.Join(w.slots.dir, logFile)
	l, err := sqlitelog.Open(path, sqlitelog.Options{Rand: w.random})
	w.must(err)
	_, err = l.Append(ctx, data...)
	w.must(err)
	w.must(l.Close())
	f.db.main = memfs.Read(path)
	f.mark, err = os.ReadFile(sqlitelog.MarkPath(path))
	w.must(err)
	return f
}
