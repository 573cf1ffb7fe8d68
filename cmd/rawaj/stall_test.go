package main

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/syncproto"
)

// counter is a stall that runs as a process of its own, with a till and made-up goods.
type counter struct {
	*running
	ids *syncproto.IDs
}

// atFair takes a stall in that sells at a fair, and runs it.
func atFair(t *testing.T, centre, dir, name, fair, url string) *counter {
	t.Helper()
	var code struct{ Code string }
	rawajJSON(t, &code, "admin", "enrol-code", "--data", centre, "--site", name, "--kind", "stall", "--fair", fair)
	rawaj(t, "site", "enrol", "--data", dir, "--server", url, "--code", code.Code)
	return &counter{runSite(t, dir), syncproto.NewIDs(rand.Reader, time.Now)}
}

func (k *counter) id() string {
	id, err := k.ids.Record()
	if err != nil {
		k.t.Fatal(err)
	}
	return id.String()
}

type madeOne struct{ ID string }

// makes posts and gives the id of what was made.
func (k *counter) makes(route string, body m) string {
	k.t.Helper()
	var made madeOne
	k.call("POST", route, body, &made)
	return made.ID
}

// restarted runs it again after it was killed or stopped.
func (k *counter) restarted() {
	k.running = &running{t: k.t, dir: k.dir, p: runSite(k.t, k.dir).p, till: k.till, of: k.of}
}

// cutOff asks, and kills the process meanwhile: nobody knows whether it was done.
func (k *counter) cutOff(method, route string, body any) {
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		localapi.Call(context.WithoutCancel(k.t.Context()), k.dir, method, route, body, new(any))
	}()
	k.p.kill()
	<-asked
	k.restarted()
}

// moved ends it, tells it where the server is now, and runs it again.
func (k *counter) moved(url string) {
	k.t.Helper()
	k.p.stop()
	rawaj(k.t, "site", "move", "--data", k.dir, "--server", url)
	k.restarted()
}

// hears syncs it.
func (k *counter) hears() { k.call("POST", "/api/sync", m{}, new(any)) }

// counted is what SQL counts in a file of a directory that another process writes.
func counted(t *testing.T, file, sql string) (n int64) {
	t.Helper()
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
	db, err := sqlitedb.Open(file, sqlitedb.Options{ReadOnly: true, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		return tx.Query(func(r sqlitedb.Row) error { n = r.Int(0); return nil }, sql)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func fileOf(dir, name string) string { return filepath.Join(dir, name) }
