//go:build linux

package torture

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// A flush that failed is told while it fails, and afterwards that one did, until somebody
// has looked and started the program again.
func TestAFlushThatFailsIsToldByStatusAndHealth(t *testing.T) {
	if err := run("strace", "-qq", "-o", "/dev/null", "true"); err != nil {
		t.Skipf("strace is missing, or may not trace here: %v", err)
	}
	_, ownDisk, _ := possible(t)
	w, r := newWorld(t, ownDisk), rand.New(rand.NewPCG(*seedFlag, 2))
	stall := w.stalls[0]
	status := func() sqlitedb.Disk {
		var st client.Status
		must(t, localapi.Call(t.Context(), stall.dir, "GET", "/api/status", nil, &st))
		return st.Disk
	}
	health := func() sqlitedb.Disk {
		resp, err := http.Get("http://" + w.centre.address() + "/healthz")
		must(t, err)
		defer resp.Body.Close()
		var said struct {
			Code refusal.Code
			Disk sqlitedb.Disk
		}
		must(t, json.NewDecoder(resp.Body).Decode(&said))
		if resp.StatusCode == http.StatusServiceUnavailable && said.Code == refusal.DiskFailed {
			return sqlitedb.DiskFailing
		}
		return said.Disk
	}
	for _, c := range []struct {
		m    *machine
		told func() sqlitedb.Disk
	}{{stall.machine, status}, {w.centre, health}} {
		told := c.told
		if is := told(); is != sqlitedb.DiskWell {
			t.Fatalf("the disk of %s is %q before anything happened to it", c.m.name, is)
		}
		fails, err := c.m.inject("fsync,fdatasync", "error=EIO", 1)
		must(t, err)
		w.selling(r, func() {
			if !within(patience, func() bool { return told() == sqlitedb.DiskFailing }) {
				t.Errorf("%s does not tell that its flushes fail", c.m.name)
			}
			if fails.end() == 0 {
				t.Error("no flush failed")
			}
			if !within(patience, func() bool { return told() == sqlitedb.DiskFailed }) {
				t.Errorf("%s does not tell that a flush failed, once it works again", c.m.name)
			}
		})
		must(t, c.m.stop())
		w.starts(c.m)
		if is := told(); is != sqlitedb.DiskWell {
			t.Errorf("the disk of %s is %q after a start", c.m.name, is)
		}
	}
	w.heals()
	if _, missing, found := w.looks(hits{}); missing > 0 || len(found) > 0 {
		t.Errorf("%d sales are missing; found %v", missing, found)
	}
}
