package archtest_test

import (
	"maps"
	"os"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/rawaj/rawaj/internal/archtest"
)

func TestTheTreeKeepsItsShape(t *testing.T) {
	findings, err := archtest.Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// A rule that finds nothing proves nothing: each is shown trees that break it,
// one file each, and the line at which it must say so.
var broken = []struct {
	name, rule, path, source string
	line                     int
}{
	{"the agreement looks outside", "arrows", "syncproto/frame.go", `package syncproto
import _ "github.com/rawaj/rawaj/internal/records"`, 2},
	{"the agreement looks up at the business", "arrows", "syncproto/change.go", `package syncproto
import _ "github.com/rawaj/rawaj/syncproto/schema"`, 2},
	{"the clock knows the protocol", "arrows", "syncproto/hlc/clock.go", `package hlc
import _ "github.com/rawaj/rawaj/syncproto"`, 2},
	{"the schema knows the rules built on it", "arrows", "syncproto/schema/selling.go", `package schema
import _ "github.com/rawaj/rawaj/syncproto/rules"`, 2},
	{"the socket knows the business", "arrows", "syncproto/wsconn/conn.go", `package wsconn
import _ "github.com/rawaj/rawaj/syncproto/schema"`, 2},
	{"the client imports the server", "arrows", "client/link.go", `package client
import _ "github.com/rawaj/rawaj/server"`, 2},
	{"the store imports the log", "arrows", "client/store/store.go", `package store
import _ "github.com/rawaj/rawaj/server/oplog"`, 2},
	{"the server imports the client", "arrows", "server/session.go", `package server
import _ "github.com/rawaj/rawaj/client"`, 2},
	{"a server test imports the client", "arrows", "server/session_test.go", `package server_test
import _ "github.com/rawaj/rawaj/client/store"`, 2},
	{"the server sees both sides through the bench", "arrows", "server/api.go", `package server
import _ "github.com/rawaj/rawaj/internal/bench"`, 2},
	{"what is shared imports one side", "arrows", "internal/report/sales.go", `package report
import _ "github.com/rawaj/rawaj/server/state"`, 2},
	{"records import a report", "arrows", "internal/records/put.go", `package records
import _ "github.com/rawaj/rawaj/internal/report"`, 2},
	{"the fold knows what is folded from it", "arrows", "server/state/apply.go", `package state
import _ "github.com/rawaj/rawaj/server/live"`, 2},
	{"the log knows the fold", "arrows", "server/oplog/sqlitelog/log.go", `package sqlitelog
import _ "github.com/rawaj/rawaj/server/state"`, 2},
	{"the suite reaches a program", "arrows", "cmd/rawaj/serve.go", `package main
import _ "github.com/rawaj/rawaj/server/oplog/oplogtest"`, 2},
	{"a program is imported", "arrows", "simtest/world.go", `package simtest
import _ "github.com/rawaj/rawaj/cmd/rawaj"`, 2},
	{"a kit of the tests in the product", "arrows", "cmd/rawaj/serve.go", `package main
import _ "github.com/rawaj/rawaj/internal/smalldisk"`, 2},
	{"a folder nobody thought of", "arrows", "util/strings.go", `package util`, 1},

	{"gorilla beyond the socket", "edges", "server/http.go", `package server
import "github.com/gorilla/websocket"`, 2},
	{"memdb beyond live", "edges", "server/feed.go", `package server
import memdb "github.com/hashicorp/go-memdb"`, 2},
	{"the driver beyond sqlitedb", "edges", "client/store/store.go", `package store
import _ "github.com/mattn/go-sqlite3"`, 2},
	{"cbor beyond the agreement", "edges", "server/ingest.go", `package server
import "github.com/fxamacker/cbor/v2"`, 2},
	{"compression beyond the agreement", "edges", "syncproto/wsconn/conn.go", `package wsconn
import "github.com/klauspost/compress/zstd"`, 2},
	{"flags beyond the program", "edges", "client/client.go", `package client
import "github.com/spf13/cobra"`, 2},
	{"a test library in the product", "edges", "client/sell.go", `package client
import "pgregory.net/rapid"`, 2},
	{"a library nobody gave a reason for", "edges", "server/server.go", `package server
import "example.com/left/pad"`, 2},

	{"Apply reads the clock", "clock", "server/state/apply.go", `package state
import "time"
var at = time.Now()`, 3},
	{"the schema keeps the clock as a value", "clock", "syncproto/schema/schema.go", `package schema
import clock "time"
var now = clock.Now`, 3},
	{"records measure how long ago", "clock", "internal/records/put.go", `package records
import "time"
func age(t time.Time) time.Duration { return time.Since(t) }`, 3},
	{"the clock without its name", "clock", "server/state/query.go", `package state
import . "time"
var at = Now()`, 3},

	{"Apply draws lots", "randomness", "server/state/apply.go", `package state
import "math/rand/v2"`, 2},

	{"a test sleeps", "sleep", "client/link_test.go", `package client_test
import "time"
func wait() { time.Sleep(1) }`, 3},
	{"a test sleeps beside its bubble", "sleep", "server/session_test.go", `package server_test
import ("testing"; "testing/synctest"; "time")
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { time.Sleep(time.Hour) })
	time.Sleep(1)
}`, 5},

	{"a default of now in a schema", "sqltime", "client/store/schema.sql", `CREATE TABLE t (
	at TEXT DEFAULT CURRENT_TIMESTAMP
) STRICT;`, 2},
	{"now in a query", "sqltime", "server/oplog/sqlitelog/log.go", "package sqlitelog\nconst q = `\nSELECT datetime('now')`", 3},
	{"now without an argument", "sqltime", "internal/records/ddl.go", `package records
const q = "SELECT unixepoch()"`, 2},
	{"the zone of the machine", "sqltime", "internal/report/sales.go", `package report
const q = "SELECT date(sold_at, 'unixepoch', 'localtime') FROM sale"`, 2},

	{"a source that reads otherwise than it compiles", "bidi", "server/grant.go", "package server\n// \u202e nothing to see\n", 2},

	{"a promise held by nothing", "named tests", "docs/PROMISES.md", "# P1\n\n- client: `TestNothingIsLost`\n", 3},
}

func TestEachRuleFindsWhatBreaksIt(t *testing.T) {
	untested := map[string]bool{}
	for _, r := range archtest.Rules() {
		untested[r.Name] = true
	}
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			findings, err := archtest.Check(fstest.MapFS{c.path: {Data: []byte(c.source)}})
			if err != nil {
				t.Fatal(err)
			}
			if len(findings) != 1 || findings[0].Rule != c.rule || findings[0].Path != c.path || findings[0].Line != c.line {
				t.Errorf("got %v, want one finding of %s at %s:%d\n%s", findings, c.rule, c.path, c.line, c.source)
			}
		})
		delete(untested, c.rule)
	}
	if len(untested) > 0 {
		t.Errorf("rules without a tree that breaks them: %v", slices.Sorted(maps.Keys(untested)))
	}
}

func TestWhatIsAllowedIsNotReported(t *testing.T) {
	findings, err := archtest.Check(fstest.MapFS{
		"syncproto/codec.go":           {Data: []byte("package syncproto\nimport (_ \"github.com/fxamacker/cbor/v2\"; _ \"github.com/rawaj/rawaj/syncproto/hlc\")")},
		"syncproto/vectors_test.go":    {Data: []byte("package syncproto_test\nimport (_ \"github.com/rawaj/rawaj/syncproto\"; _ \"github.com/rawaj/rawaj/syncproto/schema\")")},
		"server/oplog/log_test.go":     {Data: []byte("package oplog_test\nimport _ \"github.com/rawaj/rawaj/server/oplog/oplogtest\"")},
		"internal/bench/bare.go":       {Data: []byte("package bench\nimport (_ \"github.com/gorilla/websocket\"; _ \"github.com/rawaj/rawaj/client\"; _ \"github.com/rawaj/rawaj/server\")")},
		"client/sell.go":               {Data: []byte("package client\nimport \"time\"\nvar now = time.Now")},
		"server/state/apply_test.go":   {Data: []byte("package state\nimport \"time\"\nvar now = time.Now()")},
		"client/store/queries.sql":     {Data: []byte("-- never CURRENT_TIMESTAMP\nSELECT date(?, 'unixepoch');")},
		"client/names_test.go":         {Data: []byte("package client_test\nconst name = \"می\u200cفروشد\"")},
		"client/testdata/broken.go":    {Data: []byte("this is no Go")},
		"tools/go.mod":                 {Data: []byte("module elsewhere")},
		"tools/tools.go":               {Data: []byte("package tools\nimport _ \"example.com/tool\"")},
		"cmd/rawaj/main.go":            {Data: []byte("package main\nimport (_ \"github.com/rawaj/rawaj/client\"; _ \"github.com/rawaj/rawaj/server\"; _ \"github.com/spf13/cobra\")")},
		"server/live/table_device.go":  {Data: []byte("package live\nimport (_ \"github.com/hashicorp/go-memdb\"; _ \"github.com/rawaj/rawaj/server/state\")")},
		"docs/FAULTS.md":               {Data: []byte("A13: `TestTwoProcesses/second`, tests in general")},
		"client/lock_test.go":          {Data: []byte("package client_test\nimport \"testing\"\nfunc TestTwoProcesses(t *testing.T) {}")},
		"internal/bench/drain_test.go": {Data: []byte("package bench\nimport \"time\"\nfunc pause() { time.Sleep(1) }")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

func TestAFileThatDoesNotParseIsAnError(t *testing.T) {
	_, err := archtest.Check(fstest.MapFS{"server/server.go": {Data: []byte("package server\nfunc {")}})
	if err == nil {
		t.Error("got no error for a file that does not parse")
	}
}
