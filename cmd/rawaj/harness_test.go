package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rawaj/rawaj/internal/datadir"
)

// TestMain lets the test binary be the program: scripts run it as rawaj.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"rawaj": main})
}

// tidy removes after all tests what they share.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	code := m.M.Run()
	if dir, err := programDir(); err == nil {
		os.RemoveAll(dir)
	}
	return code
}

var programDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "rawaj-program-*") })

// patience bounds every wait of these tests; it is only ever used up by a failure.
const patience = 2 * time.Minute

// until waits for something that no channel tells: a file, or another process's answer.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// program is the binary that the tests of whole years run: the one that ships, built
// as make build does it, since the race detector would make minutes of it. Scripts
// run under the detector.
var program = sync.OnceValues(func() (string, error) { return built("rawaj") })

// faulty is the same with the places at which internal/failpoint causes faults.
var faulty = sync.OnceValues(func() (string, error) { return built("rawaj-faulty", "-tags", "failpoints") })

func built(name string, args ...string) (string, error) {
	dir, err := programDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	c := exec.Command("go", append([]string{"build", "-trimpath", "-o", path}, append(args, ".")...)...)
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
}

// process is a rawaj that runs beside the test.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout bytes.Buffer
	stderr words
	ended  chan struct{} // closed when it has ended; err is set then
	err    error
}

// words are what a process says, to be read while it runs.
type words struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(b)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}

// start runs the program and does not wait.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return startOf(t, path, nil, args...)
}

// startOf runs a build of the program with more in its environment, and does not wait.
func startOf(t testing.TB, path string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9: the process gets no chance to do anything more.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// stop asks it to end and waits.
func (p *process) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	p.wait()
}

// wait waits until it has ended by itself, as it should.
func (p *process) wait() {
	p.t.Helper()
	p.waitFor(patience)
}

// waitFor is wait for what lasts longer.
func (p *process) waitFor(most time.Duration) {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(most):
		p.t.Fatalf("%v does not end; it says %s", p.cmd.Args[1:], &p.stderr)
	}
	if p.err != nil {
		p.t.Fatalf("%v: %v\n%s%s", p.cmd.Args[1:], p.err, &p.stdout, &p.stderr)
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// announced waits until a process that holds dir can be called, and gives its URL.
func (p *process) announced(dir string) string {
	p.t.Helper()
	var a datadir.Address
	until(p.t, "the process that holds "+dir+" announces itself", func() (ok bool) {
		if !p.running() {
			p.t.Fatalf("%v has ended: %v\n%s", p.cmd.Args[1:], p.err, &p.stderr)
		}
		var err error
		a, err = datadir.ReadAddress(dir)
		return err == nil
	})
	return a.URL
}

// rawaj runs the program to its end, which has to be a good one, and gives its output.
func rawaj(t testing.TB, args ...string) string {
	t.Helper()
	p := start(t, args...)
	p.wait()
	return p.stdout.String()
}

// rawajJSON runs the program with --json and reads what it prints.
func rawajJSON(t testing.TB, into any, args ...string) {
	t.Helper()
	out := rawaj(t, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("rawaj %s prints %s: %v", strings.Join(args, " "), out, err)
	}
}

// serving runs a server on a directory. The token file of one that was killed goes
// first: it would be taken for the new one's.
func serving(t testing.TB, dir string) (p *process, url string) {
	t.Helper()
	os.Remove(filepath.Join(dir, "token"))
	p = start(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	return p, p.announced(dir)
}

// enrolled makes a site's directory that knows the server by a URL.
func enrolled(t testing.TB, centre, dir, name, url string) {
	t.Helper()
	var code struct{ Code string }
	rawajJSON(t, &code, "admin", "enrol-code", "--data", centre, "--site", name, "--kind", "stall")
	rawaj(t, "site", "enrol", "--data", dir, "--server", url, "--code", code.Code)
}
