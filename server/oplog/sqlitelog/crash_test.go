package sqlitelog_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/oplogtest"
	"github.com/rawaj/rawaj/server/oplog/sqlitelog"
)

const childPath = "SQLITELOG_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		child(path)
	}
	os.Exit(m.Run())
}

// child appends from several callers for ever and prints each index and data
// that it was acknowledged.
func child(path string) {
	l, err := sqlitelog.Open(path, sqlitelog.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	lines := make(chan string)
	for a := range 8 {
		go func() {
			for i := 0; ; i++ {
				data := fmt.Sprintf("%d/%d/%s", a, i, blob(i, i*997%9000))
				index, err := l.Append(ctx, []byte(data))
				if err != nil {
					lines <- err.Error()
					return
				}
				lines <- fmt.Sprintf("%d %s", index, data)
			}
		}()
	}
	for line := range lines {
		fmt.Println(line)
	}
}

// runAndKill lets a child append until it has acknowledged n records, kills it,
// and adds to acknowledged all that it told.
func runAndKill(t *testing.T, path string, n int, acknowledged map[oplog.Index]string) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childPath+"="+path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for i := 0; ; i++ {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line cut off by the kill is no acknowledgement
		}
		number, data, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		index, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			t.Fatalf("the child says %q", line)
		}
		acknowledged[oplog.Index(index)] = data
		if i == n {
			c.Process.Kill()
		}
	}
	c.Wait()
}

func TestAKilledProcessKeepsWhatItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	acknowledged := map[oplog.Index]string{}
	for round := range 6 {
		runAndKill(t, path, 50+round*130, acknowledged)
		if found := findings(t, path); len(found) > 0 {
			t.Fatalf("after kill %d: %v", round+1, found)
		}
		l, err := sqlitelog.Open(path, sqlitelog.Options{})
		if err != nil {
			t.Fatalf("after kill %d: %v", round+1, err)
		}
		records := oplogtest.Records(t, l, 1, oplog.Hash{})
		for index, want := range acknowledged {
			if int(index) > len(records) || string(records[index-1].Data) != want {
				t.Fatalf("after kill %d: record %d of %d is not what was acknowledged", round+1, index, len(records))
			}
		}
		l.Close()
	}
}
