package store_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

var ctx = context.Background()

var (
	key    = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	siteID = syncproto.RecordID{1: 1}
	fairID = syncproto.RecordID{1: 2}

	orgShare  = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.OrgScope}
	siteShare = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeSite, ID: siteID}}
	fairShare = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeFair, ID: fairID}}
	ownShare  = syncproto.Share{Class: syncproto.ClassS, Scope: syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID{1: 3}}}
)

// site is a store whose server is played by the test.
type site struct {
	t    *testing.T
	path string
	*store.Store
	staging  *store.Staging
	position syncproto.Position
}

func keyOf(syncproto.DeviceID) (ed25519.PrivateKey, error) { return key, nil }

func open(path string) (*store.Store, error) {
	s, err := store.Open(ctx, store.Config{Path: path, Now: time.Now, Rand: rand.Reader})
	if err != nil || s.Identity() != nil {
		return s, err
	}
	return s, s.Enrol(ctx, store.Identity{Org: syncproto.OrgID{1}, OrgKey: key.Public().(ed25519.PublicKey), Device: syncproto.DeviceID(ownShare.Scope.ID), Site: siteID, Kind: schema.KindStall, Prefix: "A1", Certificate: []byte{1}, Zone: "Asia/Dubai"})
}

func newSite(t *testing.T) *site {
	s := &site{t: t, path: filepath.Join(t.TempDir(), "site.db")}
	s.reopen()
	t.Cleanup(func() { s.Close() })
	return s
}

// reopen ends the process, if there was one, and starts another.
func (s *site) reopen() {
	s.t.Helper()
	if s.Store != nil {
		if err := s.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
	var err error
	if s.Store, err = open(s.path); err != nil {
		s.t.Fatal(err)
	}
	s.staging = s.NewStaging()
}

// records writes one transaction.
func (s *site) records(f func(*store.Draft) error) {
	s.t.Helper()
	if err := s.try(f); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) try(f func(*store.Draft) error) error {
	return s.Write(ctx, func(w *store.Writer) error { return w.Transaction(syncproto.RecordID{}, 0, f) })
}

func (s *site) makes(name string) (id syncproto.RecordID) {
	s.t.Helper()
	s.records(func(d *store.Draft) (err error) {
		if id, err = d.NewID(); err != nil {
			return err
		}
		return d.Create(schema.Product, id, text(schema.NameEn, name))
	})
	return id
}

func (s *site) renames(id syncproto.RecordID, name string) {
	s.t.Helper()
	s.records(func(d *store.Draft) error {
		return d.Update(schema.Product, id, schema.GroupNames, text(schema.NameEn, name))
	})
}

func text(f syncproto.FieldID, v string) store.Field {
	return store.Field{Field: f, Value: syncproto.TextValue(v)}
}

func id(f syncproto.FieldID, v syncproto.RecordID) store.Field {
	return store.Field{Field: f, Value: syncproto.IDValue(v)}
}

// sends lays down a row of the server's at the next checkpoint.
func (s *site) sends(share syncproto.Share, table syncproto.TableID, record syncproto.RecordID, fields ...store.Field) {
	s.t.Helper()
	s.position++
	f := &syncproto.Rows{Class: share.Class, Scope: share.Scope, Table: table, IDs: []syncproto.RecordID{record}, Positions: []syncproto.Position{s.position}}
	for _, v := range fields {
		f.Fields, f.Columns = append(f.Fields, v.Field), append(f.Columns, []syncproto.Value{v.Value})
	}
	s.stage(f)
}

func (s *site) stage(f syncproto.Frame) {
	s.t.Helper()
	if err := s.staging.Add(ctx, f, 100); err != nil {
		s.t.Fatal(err)
	}
}

// checkpoint completes what was sent; settled says that the server has judged all
// that was recorded so far.
func (s *site) checkpoint(settled bool, change ...func(*syncproto.Checkpoint)) (unequal string) {
	s.t.Helper()
	s.position++
	c := &syncproto.Checkpoint{Cursor: []byte{1}, Position: s.position, TimeMS: 1, Covered: []syncproto.Share{orgShare, ownShare, siteShare, fairShare}}
	if settled {
		c.Settled = s.Heads()
	}
	for _, f := range change {
		f(c)
	}
	unequal, err := s.staging.Checkpoint(ctx, c, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	s.sound()
	return unequal
}

func (s *site) sound() {
	s.t.Helper()
	found, err := s.Verify(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range found {
		s.t.Errorf("%s: %s", f.Where, f.What)
	}
}

func (s *site) get(table syncproto.TableID, record syncproto.RecordID) (row *records.Row) {
	s.t.Helper()
	err := s.Read(ctx, func(r *store.Reader) (err error) { row, err = r.Get(table, record); return err })
	if err != nil {
		s.t.Fatal(err)
	}
	return row
}

// shows fails unless people see the product by that name; none where it is empty.
func (s *site) shows(record syncproto.RecordID, want string) {
	s.t.Helper()
	got := ""
	if r := s.get(schema.Product, record); r != nil {
		got = r.Of(schema.NameEn).Text()
	}
	if got != want {
		s.t.Errorf("the product is shown as %q, want %q", got, want)
	}
}

// is fails unless the product is as told: held by the server, or arrived there.
func (s *site) is(record syncproto.RecordID, held, arrived bool) {
	s.t.Helper()
	r := s.get(schema.Product, record)
	if r == nil {
		s.t.Error("there is no such product")
		return
	}
	if store.Held(r) != held || store.Arrived(r) != arrived {
		s.t.Errorf("held %v, arrived %v, want %v, %v", store.Held(r), store.Arrived(r), held, arrived)
	}
}

// ends tells of a transaction that left quarantine: its verdict.
func (s *site) ends(h syncproto.Head, state string) {
	s.t.Helper()
	s.sends(ownShare, schema.Verdict, schema.VerdictID(1, h.Hash), id(schema.VerdictDevice, ownShare.Scope.ID),
		store.Field{Field: schema.VerdictIncarnation, Value: syncproto.BytesValue(h.Incarnation[:])}, store.Field{Field: schema.VerdictSeq, Value: syncproto.IntValue(int64(h.Seq))},
		store.Field{Field: schema.VerdictHash, Value: syncproto.BytesValue(h.Hash[:])}, store.Field{Field: schema.VerdictCode, Value: syncproto.IntValue(102)}, text(schema.VerdictState, state))
}

// head is the place of the last transaction recorded.
func (s *site) head() syncproto.Head {
	heads := s.Heads()
	return heads[len(heads)-1]
}
