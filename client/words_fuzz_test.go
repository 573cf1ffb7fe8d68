package client

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
)

// What a page hands back of a screen is what it was given, in one spelling.
func FuzzLoaded(f *testing.F) {
	f.Add(loadedText(syncproto.Base{Position: 7}))
	f.Add("1-")
	f.Fuzz(func(t *testing.T, s string) {
		b, err := parseLoaded(s)
		if again := loadedText(b); err == nil && again != s {
			t.Fatalf("%q is %+v, which is written %q", s, b, again)
		}
	})
}

// What people type of a server is an address that is dialled, or refused.
func FuzzParseServer(f *testing.F) {
	for _, s := range []string{"https://rawaj.example.org/", "http://127.0.0.1:8420", "http://[::1]:8420", "ftp://x", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		server, err := ParseServer(s)
		if err != nil {
			return
		}
		for _, path := range []string{"/sync", "/enrol"} {
			u, err := url.Parse(server + path)
			if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || !strings.HasSuffix(u.Path, path) || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
				t.Fatalf("%q is taken as %q, and %s there is %+v (%v)", s, server, path, u, err)
			}
		}
	})
}

// Columns are named once each, and a mapping that is taken can be written again.
func FuzzParseMapping(f *testing.F) {
	f.Add("receipt=Bill no,date=Date,item=4")
	f.Add("receipt=1,date=2, sku = 3 ,time=۴")
	f.Fuzz(func(t *testing.T, s string) {
		columns, err := ParseMapping(s)
		if err != nil {
			return
		}
		var parts []string
		for meaning, column := range columns {
			parts = append(parts, meaning+"="+column)
		}
		again, err := ParseMapping(strings.Join(parts, ","))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(columns) {
			t.Fatalf("%q is %v, and then %v, %v", s, columns, again, err)
		}
	})
}
