//go:build linux

package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/rawaj/rawaj/internal/datadir"
)

// patience bounds every wait; it is only ever used up by a failure.
const patience = time.Minute

// within waits for something that no channel tells; it says whether it came.
func within(d time.Duration, holds func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// machine runs one process of the program on a disk of its own.
type machine struct {
	t     testing.TB
	name  string
	args  []string // before --data
	image string   // of its disk; empty where it has none of its own
	mount string
	dir   string // its data directory

	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}
}

// diskSize is that of a machine's disk: room for what twelve rounds sell where one lasts half a minute,
// 20,000 sales, three times over: the state is folded anew beside the old one.
const diskSize = 256 << 20

func newMachine(t testing.TB, work, name string, ownDisk bool, args ...string) *machine {
	t.Helper()
	m := &machine{t: t, name: name, args: args, mount: filepath.Join(work, name)}
	must(t, os.Mkdir(m.mount, 0o700))
	m.dir = filepath.Join(m.mount, "data")
	if !ownDisk {
		return m
	}
	m.image = m.mount + ".img"
	must(t, os.WriteFile(m.image, nil, 0o600))
	must(t, os.Truncate(m.image, diskSize))
	must(t, run("mkfs.ext4", "-q", "-m", "0", m.image))
	must(t, m.mounts())
	t.Cleanup(func() { m.kill(); run("umount", m.mount) })
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

func (m *machine) mounts() error { return run("mount", "-o", "loop", m.image, m.mount) }

// start runs the program until it announces itself.
func (m *machine) start() error {
	os.Remove(filepath.Join(m.dir, "token")) // of a process that was killed
	program, err := program()
	if err != nil {
		return err
	}
	m.stderr.Reset()
	m.cmd = exec.Command(program, append(m.args, "--data", m.dir, "--listen", "127.0.0.1:0")...)
	m.cmd.Stderr = &m.stderr
	ended := make(chan struct{})
	m.ended = ended
	if err := m.cmd.Start(); err != nil {
		return err
	}
	go func() { m.cmd.Wait(); close(ended) }()
	if !within(patience, func() bool { return !m.running() || m.address() != "" }) || !m.running() {
		m.kill()
		return fmt.Errorf("%s does not start: %s", m.name, &m.stderr)
	}
	return nil
}

func (m *machine) address() string {
	a, err := datadir.ReadAddress(m.dir)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(a.URL, "http://")
}

func (m *machine) running() bool {
	if m.cmd == nil {
		return false
	}
	select {
	case <-m.ended:
		return false
	default:
		return true
	}
}

func (m *machine) kill() {
	if m.cmd != nil && m.cmd.Process != nil {
		m.cmd.Process.Kill()
		<-m.ended
	}
}

// stop asks it to end, as an operator does.
func (m *machine) stop() error {
	m.cmd.Process.Signal(os.Interrupt)
	select {
	case <-m.ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s does not end: %s", m.name, &m.stderr)
	}
}

// freeze stops it where it is, in the middle of anything.
func (m *machine) freeze() error {
	if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	stat := fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid)
	if !within(patience, func() bool {
		b, err := os.ReadFile(stat)
		_, after, _ := bytes.Cut(b, []byte(") "))
		return err != nil || bytes.HasPrefix(bytes.ToUpper(after), []byte("T")) // t where it is traced
	}) {
		return errors.New("it does not freeze")
	}
	return nil
}

func (m *machine) thaw() { m.cmd.Process.Signal(syscall.SIGCONT) }

// Of linux/ext4.h: everything that is not on the disk yet is gone, the journal included.
const (
	ext4Shutdown = 0x8004587D // EXT4_IOC_SHUTDOWN
	noLogFlush   = 2          // EXT4_GOING_FLAGS_NOLOGFLUSH
)

// powerCut takes the power away and gives it back: the process is gone, and of the disk
// what was not flushed. The process is frozen first, since a flush that is under way
// would be answered as if it had been done.
func (m *machine) powerCut() error {
	if err := m.freeze(); err != nil {
		return err
	}
	root, err := os.Open(m.mount)
	if err != nil {
		return err
	}
	flags := uint32(noLogFlush)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, root.Fd(), ext4Shutdown, uintptr(unsafe.Pointer(&flags)))
	root.Close()
	m.kill()
	if errno != 0 {
		return errno
	}
	if !within(patience, func() bool { err = run("umount", m.mount); return err == nil }) {
		return err
	}
	return m.mounts()
}

func (m *machine) filler() string { return filepath.Join(m.mount, "filler") }

// fill leaves no room on the disk.
func (m *machine) fill() error {
	f, err := os.Create(m.filler())
	if err != nil {
		return err
	}
	defer f.Close()
	for at, step := int64(0), int64(diskSize); step >= 4096; {
		if err := syscall.Fallocate(int(f.Fd()), 0, at, step); err != nil {
			step /= 2
			continue
		}
		at += step
	}
	return nil
}

// strace makes system calls of a running machine fail.
type strace struct {
	cmd *exec.Cmd
	out string
}

// inject makes some of the calls fail with an error, every so many.
func (m *machine) inject(call, with string, every int) (*strace, error) {
	s := &strace{out: m.mount + ".strace"}
	s.cmd = exec.Command("strace", "-f", "-qq", "-o", s.out, "-p", fmt.Sprint(m.cmd.Process.Pid), "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:%s:when=%d+%d", call, with, every, every))
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	status := fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid)
	within(patience, func() bool {
		b, err := os.ReadFile(status)
		return err != nil || !bytes.Contains(b, []byte("TracerPid:\t0\n"))
	})
	return s, nil
}

// end lets go of the process and says how many calls failed.
func (s *strace) end() int {
	s.cmd.Process.Signal(os.Interrupt)
	hangs := time.AfterFunc(10*time.Second, func() { s.cmd.Process.Kill() }) // on a process that ended meanwhile
	s.cmd.Wait()
	hangs.Stop()
	b, _ := os.ReadFile(s.out)
	return bytes.Count(b, []byte("(INJECTED)"))
}
