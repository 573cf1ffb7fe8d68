//go:build linux

package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/smalldisk"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server"
)

func TestAFullDiskIsShownByWhoeverHasItUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"centre", "stall"} {
		t.Run(who, func(t *testing.T) {
			dirs, disk := map[string]string{"centre": t.TempDir(), "stall": t.TempDir()}, smalldisk.New(t, "24m")
			dirs[who] = disk
			f := newFair(t, dirs["centre"], dirs["stall"])
			f.opens()
			f.sells()
			f.settled()
			f.shows(sqlitedb.DiskWell)
			empty := smalldisk.Fill(t, disk)
			until(t, "the full disk is shown", func() bool { f.sells(); return f.disks()[who] == sqlitedb.DiskFull })
			for other, is := range f.disks() {
				if other != who && is != sqlitedb.DiskWell {
					t.Errorf("the disk of the %s is %q", other, is)
				}
			}
			if status, code := f.health(); who == "centre" && (status != http.StatusServiceUnavailable || code != refusal.NoRoom) || who != "centre" && status != http.StatusOK {
				t.Errorf("the health of the centre is %d %s", status, code)
			}
			empty()
			until(t, "the room is shown, though nobody sells", func() bool { return f.disks()[who] == sqlitedb.DiskWell })
			f.shows(sqlitedb.DiskWell)
			f.atMostOnce()
			f.complete()
		})
	}
}

// disks are what the overview and the stall's status say of their disks.
func (f *fair) disks() map[string]sqlitedb.Disk {
	f.t.Helper()
	var st client.Status
	f.asks("GET", "/api/status", nil, &st)
	var o server.Overview
	if err := localapi.Call(f.t.Context(), f.dirs["centre"], "GET", "/api/overview", nil, &o); err != nil {
		f.t.Fatal(err)
	}
	return map[string]sqlitedb.Disk{"stall": st.Disk, "centre": o.Disk}
}

// health is what anybody hears of the centre.
func (f *fair) health() (status int, code refusal.Code) {
	f.t.Helper()
	r, err := http.Get(f.procs["centre"].announced(f.dirs["centre"]) + "/healthz")
	if err != nil {
		f.t.Fatal(err)
	}
	defer r.Body.Close()
	var said struct{ Code refusal.Code }
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
		f.t.Fatal(err)
	}
	return r.StatusCode, said.Code
}

func (f *fair) shows(want sqlitedb.Disk) {
	f.t.Helper()
	for who, is := range f.disks() {
		if is != want {
			f.t.Errorf("the disk of the %s is %q, want %q", who, is, want)
		}
	}
	if status, code := f.health(); status != http.StatusOK {
		f.t.Errorf("the health of the centre is %d %s", status, code)
	}
}
