//go:build linux

package torture

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/simtest"
)

// fault is something that happens while sales are recorded. It says how many times it
// really did.
type fault struct {
	name string
	does func(w *world, r *rand.Rand) int
}

// hits counts what really happened.
type hits map[string]int

func (h hits) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		all = append(all, fmt.Sprintf("%s %d", name, h[name]))
	}
	return strings.Join(all, ", ")
}

// anyMachine is the centre or a stall, if it runs.
func (w *world) anyMachine(r *rand.Rand) *machine {
	all := w.machines()
	m := all[r.IntN(len(all))]
	if !m.running() {
		w.starts(m)
	}
	return m
}

func direction(r *rand.Rand) simtest.Direction { return simtest.Direction(r.IntN(2)) }

var linkFaults = []fault{
	{"link cut", func(w *world, r *rand.Rand) int {
		before := w.proxy.Cuts()
		w.proxy.Cut()
		return w.proxy.Cuts() - before
	}},
	{"link cut by bytes", func(w *world, r *rand.Rand) int {
		before, d := w.proxy.Cuts(), direction(r)
		w.proxy.CutEvery(d, 100+int64(r.IntN(6000)))
		w.some(r)
		w.proxy.CutEvery(d, 0)
		return w.proxy.Cuts() - before
	}},
	{"link stalled", func(w *world, r *rand.Rand) int {
		d := direction(r)
		w.proxy.Hold(d, true)
		w.some(r)
		w.proxy.Hold(d, false)
		return 1
	}},
	{"link refused", func(w *world, r *rand.Rand) int {
		w.proxy.Refuse(true)
		w.some(r)
		w.proxy.Refuse(false)
		return 1
	}},
}

func (w *world) kills(m *machine, r *rand.Rand) int {
	m.kill()
	if r.IntN(2) == 0 {
		w.some(r)
	}
	w.starts(m)
	return 1
}

var killFaults = []fault{
	{"kill -9 of a stall", func(w *world, r *rand.Rand) int { return w.kills(w.stalls[r.IntN(len(w.stalls))].machine, r) }},
	{"kill -9 of the centre", func(w *world, r *rand.Rand) int { return w.kills(w.centre, r) }},
	{"process paused", func(w *world, r *rand.Rand) int {
		m := w.anyMachine(r)
		must(w.t, m.freeze())
		w.some(r)
		m.thaw()
		return 1
	}},
}

var diskFaults = []fault{
	{"power cut", func(w *world, r *rand.Rand) int {
		m := w.anyMachine(r)
		must(w.t, m.powerCut())
		w.starts(m)
		return 1
	}},
	{"disk full", func(w *world, r *rand.Rand) int {
		m := w.anyMachine(r)
		must(w.t, m.fill())
		w.some(r)
		w.some(r)
		os.Remove(m.filler())
		return 1
	}},
	{"power cut on a full disk", func(w *world, r *rand.Rand) int {
		m := w.anyMachine(r)
		must(w.t, m.fill())
		w.some(r)
		cut := m.running() // a process may end where it cannot write
		if cut {
			must(w.t, m.powerCut())
		}
		os.Remove(m.filler())
		w.starts(m)
		if !cut {
			return 0
		}
		return 1
	}},
}

// injected makes a system call of a machine fail every few times, each time or
// more rarely.
func injected(call, with string, rare int) fault {
	return fault{call + " gives " + with, func(w *world, r *rand.Rand) int {
		m := w.anyMachine(r)
		s, err := m.inject(call, "error="+with, 1+r.IntN(rare))
		must(w.t, err)
		w.some(r)
		w.some(r)
		return s.end()
	}}
}

var callFaults = []fault{
	injected("fsync,fdatasync", "EIO", 5), injected("ftruncate", "EIO", 2),
	injected("pwrite64", "ENOSPC", 15), injected("pwrite64", "EIO", 15), injected("pread64", "EIO", 15),
}

// possible are the faults that this system lets happen, and what it does not, and why.
func possible(t testing.TB) (all []fault, ownDisk bool, skipped []string) {
	all = slices.Concat(linkFaults, killFaults)
	if err := tryDisk(t); err == nil {
		all, ownDisk = append(all, diskFaults...), true
	} else {
		skipped = append(skipped, "a disk to take the power from (root, mkfs.ext4, loop devices): "+err.Error())
	}
	if err := run("strace", "-qq", "-o", "/dev/null", "true"); err == nil {
		all = append(all, callFaults...)
	} else {
		skipped = append(skipped, "strace, for errors of system calls: "+err.Error())
	}
	return all, ownDisk, skipped
}

// tryDisk makes a disk and takes its power away.
func tryDisk(t testing.TB) error {
	if os.Getuid() != 0 {
		return fmt.Errorf("not root")
	}
	work, err := os.MkdirTemp(memory(), "rawaj-torture-*")
	must(t, err)
	defer os.RemoveAll(work)
	image, mount := work+"/disk", work+"/mount"
	must(t, os.Mkdir(mount, 0o700))
	must(t, os.WriteFile(image, nil, 0o600))
	must(t, os.Truncate(image, 4<<20))
	if err := run("mkfs.ext4", "-q", image); err != nil {
		return err
	}
	if err := run("mount", "-o", "loop", image, mount); err != nil {
		return err
	}
	return run("umount", mount)
}
