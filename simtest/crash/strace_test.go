//go:build linux

package crash

import (
	"bufio"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/internal/crashfs"
)

// calls are the system calls by which a program changes files.
const calls = "openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2"

// traced is what a command does to the files of a directory, by strace. It skips the
// test where there is no strace, or it may not.
func traced(t testing.TB, dir string, command ...string) *crashfs.Trace {
	t.Helper()
	if out, err := exec.Command("strace", "-qq", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("strace is missing, or may not trace here: %v %s", err, out)
	}
	k := &tracing{dir: dir, trace: &crashfs.Trace{Start: map[string][]byte{}}, names: map[string]int{}, at: map[string]int{}, begun: map[string]string{}}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries { // in the order of names, as Disk counts them
		if k.ours(filepath.Join(dir, e.Name())) && !e.IsDir() {
			k.trace.Start[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
			must(t, err)
			k.names[e.Name()] = len(k.names)
		}
	}
	k.files = len(k.names)
	record := filepath.Join(shm(t), "strace")
	out, err := exec.Command("strace", append([]string{"-f", "-y", "-xx", "-s", "1000000", "-o", record, "-e", "trace=" + calls, "-e", "signal=none"}, command...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", command, err, out)
	}
	f, err := os.Open(record)
	must(t, err)
	defer f.Close()
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return k.trace
		}
		k.line(strings.TrimSuffix(line, "\n"))
	}
}

// tracing turns the lines of strace into a trace.
type tracing struct {
	dir   string
	trace *crashfs.Trace
	names map[string]int
	files int
	at    map[string]int    // where the next write of a descriptor goes
	begun map[string]string // calls that are under way, by process
}

var (
	call    = regexp.MustCompile(`^(\w+)\((.*)\)\s+= (\d+)(?:<([^>]*)>)?$`)
	resumed = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)
	quoted  = regexp.MustCompile(`"([^"]*)"`)
	opened  = regexp.MustCompile(`^(\d+)<([^>]*)>`)
)

func plainText(s string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	if err != nil {
		return s
	}
	return string(b)
}

func (k *tracing) line(line string) {
	process, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if head, cut := strings.CutSuffix(rest, " <unfinished ...>"); cut {
		k.begun[process] = head
		return
	}
	if m := resumed.FindStringSubmatch(rest); m != nil {
		rest = k.begun[process] + m[1]
	}
	if m := call.FindStringSubmatch(rest); m != nil { // what failed did nothing
		k.call(m[1], m[2], m[3], plainText(m[4]))
	}
}

// ours says whether a path is a file of the directory itself that a crash may leave.
func (k *tracing) ours(path string) bool {
	return filepath.Dir(path) == k.dir && !strings.HasSuffix(path, "-shm") && filepath.Base(path) != "lock"
}

func (k *tracing) add(op crashfs.Op) { k.trace.Ops = append(k.trace.Ops, op) }

func (k *tracing) call(name, args, result, opens string) {
	var paths []string
	for _, m := range quoted.FindAllStringSubmatch(args, -1) {
		paths = append(paths, m[1])
	}
	var descriptor, path string
	if m := opened.FindStringSubmatch(args); m != nil {
		descriptor, path = m[1], plainText(m[2])
	}
	if path == k.dir && name == "fsync" {
		k.add(crashfs.Op{Kind: crashfs.SyncDirectory})
		return
	}
	if name == "write" && (strings.HasPrefix(path, "TCP:") || strings.HasPrefix(path, "socket:")) {
		k.add(crashfs.Op{Kind: crashfs.Said}) // what is on disk may have been told to somebody
		return
	}
	switch name {
	case "openat":
		k.at[result] = 0
		if k.ours(opens) {
			k.open(filepath.Base(opens), args)
		}
		return
	case "unlink", "unlinkat":
		gone := plainText(paths[0])
		if file, known := k.names[filepath.Base(gone)]; known && k.ours(gone) {
			delete(k.names, filepath.Base(gone))
			k.add(crashfs.Op{Kind: crashfs.Delete, File: file, Name: filepath.Base(gone)})
		}
		return
	case "rename", "renameat", "renameat2":
		k.rename(plainText(paths[0]), plainText(paths[1]))
		return
	}
	file, known := k.names[filepath.Base(path)]
	if !known || !k.ours(path) {
		return
	}
	last := args[strings.LastIndex(args, " ")+1:]
	number, _ := strconv.Atoi(last)
	switch name {
	case "write":
		data := []byte(plainText(paths[0]))
		k.add(crashfs.Op{Kind: crashfs.Write, File: file, At: k.at[descriptor], Data: data})
		k.at[descriptor] += len(data)
	case "pwrite64":
		k.add(crashfs.Op{Kind: crashfs.Write, File: file, At: number, Data: []byte(plainText(paths[0]))})
	case "ftruncate":
		k.add(crashfs.Op{Kind: crashfs.Truncate, File: file, At: number})
	case "fsync", "fdatasync":
		k.add(crashfs.Op{Kind: crashfs.Sync, File: file})
	}
}

func (k *tracing) open(name, args string) {
	file, known := k.names[name]
	switch {
	case !known && strings.Contains(args, "O_CREAT"):
		file = k.files
		k.files++
		k.names[name] = file
		k.add(crashfs.Op{Kind: crashfs.Create, File: file, Name: name})
	case known && strings.Contains(args, "O_TRUNC"):
		k.add(crashfs.Op{Kind: crashfs.Truncate, File: file})
	}
}

func (k *tracing) rename(from, to string) {
	file, known := k.names[filepath.Base(from)]
	if !known || !k.ours(from) || !k.ours(to) {
		return
	}
	delete(k.names, filepath.Base(from))
	k.names[filepath.Base(to)] = file
	k.add(crashfs.Op{Kind: crashfs.Rename, File: file, Name: filepath.Base(from), To: filepath.Base(to)})
}
