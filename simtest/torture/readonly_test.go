//go:build linux

package torture

import (
	"math/rand/v2"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/sqlitedb"
)

// A disk turns read-only below a stall that sells, as ext4 does after an error.
func TestADiskThatTurnsReadOnlyRefusesSalesShowsItAndIsStillRead(t *testing.T) {
	_, ownDisk, skipped := possible(t)
	if !ownDisk {
		t.Skipf("what this needs is missing: %v", skipped[0])
	}
	w, r := newWorld(t, true), rand.New(rand.NewPCG(*seedFlag, 3))
	s := w.stalls[0]
	w.selling(r, func() {
		w.some(r)
		must(t, run("mount", "-o", "remount,abort", s.mount))
		var st client.Status
		if !within(patience, func() bool {
			must(t, localapi.Call(t.Context(), s.dir, "GET", "/api/status", nil, &st))
			return st.Disk == sqlitedb.DiskFailing
		}) {
			t.Errorf("of a disk that is read-only the status says %q", st.Disk)
		}
	})
	was := len(s.acknowledged)
	w.selling(r, func() { w.some(r) })
	if len(s.acknowledged) != was {
		t.Errorf("%d sales were answered on a disk that is read-only", len(s.acknowledged)-was)
	}
	var page struct{ Items []struct{ ID string } }
	must(t, localapi.Call(t.Context(), s.dir, "GET", "/api/sales?limit=5", nil, &page))
	if len(page.Items) == 0 {
		t.Error("nothing is listed any more")
	}
	s.kill()
	must(t, run("umount", s.mount))
	must(t, s.mounts())
	w.starts(s.machine)
	w.heals()
	if acknowledged, missing, found := w.looks(hits{}); acknowledged == 0 || missing > 0 || len(found) > 0 {
		t.Errorf("of %d sales %d are missing; found %v", acknowledged, missing, found)
	}
}
