package bench

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// onDisk says what a record takes on disk, beside plain tables of the same records, all
// after a VACUUM.
func (r *run) onDisk(context.Context) error {
	plain, err := vacuumed(r.path("bare.db"))
	if err != nil {
		return err
	}
	limit := plain / float64(r.Sales*recordsOfSale)
	for _, f := range []struct {
		name, path string
		records    int
	}{
		{"on disk, a record at a device that reads it", r.path("second/site.db"), r.present + applied},
		{"on disk, a record at the device that recorded it, with its signed copy", r.path("stall/site.db"), r.present},
		{"on disk, a record in the server's state", filepath.Join(r.centre.dir, "state.db"), r.present},
		{"on disk, a record in the server's log", filepath.Join(r.centre.dir, "log.db"), r.present},
	} {
		bytes, err := vacuumed(f.path)
		if err != nil {
			return err
		}
		r.beside(f.name, bytes/float64(f.records), limit, "B").atMost(1.2)
	}
	return nil
}

// vacuumed is the size of a database without what it keeps free.
func vacuumed(path string) (float64, error) {
	raw, err := (&sqlite3.SQLiteDriver{}).Open("file:" + path + "?mode=ro")
	if err != nil {
		return 0, err
	}
	defer raw.Close()
	to := path + "-vacuumed"
	_, err = raw.(*sqlite3.SQLiteConn).Exec("VACUUM INTO ?", []driver.Value{to})
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(to)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), errors.Join(os.Remove(to))
}
