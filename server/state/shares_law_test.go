package state_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// crowd is people and sales that are made, changed, voided and moved between three sites,
// and what devices hear of them.
type crowd struct {
	*org
	rt       *rapid.T
	sites    []syncproto.RecordID
	users    []syncproto.RecordID // that may be there or not
	goods    syncproto.RecordID
	replicas map[syncproto.Share]*replica
}

func newCrowd(rt *rapid.T, dir string) *crowd {
	c := &crowd{org: newOrgIn(rt, dir), rt: rt, replicas: map[syncproto.Share]*replica{}}
	c.tick = 0
	c.goods = c.newID()
	c.sites = []syncproto.RecordID{c.site, c.newSite("Second", schema.KindBranch), c.newSite("Third", schema.KindBranch)}
	for range 4 {
		c.users = append(c.users, c.newID())
	}
	return c
}

func (c *crowd) changes() {
	user, site := pick(c.rt, "user", c.users), pick(c.rt, "site", c.sites)
	var change []syncproto.Change
	kind := rapid.IntRange(1, 5).Draw(c.rt, "kind")
	if kind < 5 && c.get(schema.User, user) == nil {
		kind = 0
	}
	switch kind {
	case 0:
		change = []syncproto.Change{create(schema.User, user, ref(schema.UserSite, site), text(schema.UserName, "Made up"), text(schema.UserRole, "cashier"), boolean(schema.UserActive, true))}
	case 1, 2:
		change = []syncproto.Change{update(schema.User, user, ref(schema.UserSite, site))}
	case 3:
		change = []syncproto.Change{update(schema.User, user, text(schema.UserName, fmt.Sprintf("Made up %d", rapid.IntRange(1, 3).Draw(c.rt, "name"))))}
	case 4:
		change = []syncproto.Change{update(schema.User, user, boolean(schema.Voided, rapid.Bool().Draw(c.rt, "voided")))}
	case 5:
		change = c.sale(c.newID(), c.goods, 1, -1)
	}
	options := []option{}
	if rapid.Bool().Draw(c.rt, "seen") {
		options = append(options, seeing(c.here()))
	}
	c.node.doesSo(change, options...)
}

// moves takes somebody who is there to another site, and back; nothing stays of it.
func (c *crowd) moves() {
	all := c.all(schema.User)
	if len(all) == 0 {
		return
	}
	user := pick(c.rt, "moved", all)
	home := user.Of(schema.UserSite).ID()
	away := pick(c.rt, "away", c.sites)
	before := c.digests()
	for _, to := range []syncproto.RecordID{away, home} {
		c.applied(c.node.doesSo([]syncproto.Change{update(schema.User, user.ID, ref(schema.UserSite, to))}, seeing(c.here())))
	}
	if after := c.digests(); !maps.Equal(before, after) {
		c.rt.Errorf("after a record went and came back the digests are\n%v\nwant\n%v", after, before)
	}
}

// digests are those of the shares that hold anything.
func (c *crowd) digests() map[syncproto.Share]syncproto.Digest {
	all := map[syncproto.Share]syncproto.Digest{}
	c.read(func(r *state.Reader) error {
		return r.Shares(func(d syncproto.ShareDigest, _ syncproto.Position) {
			if of := (syncproto.Digest{Count: d.Count, Sum: d.Sum}); !of.IsZero() {
				all[d.Share] = of
			}
		})
	})
	return all
}

// scopesAlone are a record's scopes as whoever has nothing but its fields finds them, in
// whatever order these came.
func (c *crowd) scopesAlone(row *records.Row) []syncproto.Scope {
	fields, err := records.ReadFields(records.AppendFields(nil, row.Fields(nil)))
	if err != nil {
		c.rt.Fatal(err)
	}
	alone := records.New(row.Table, row.ID)
	for _, f := range rapid.Permutation(fields).Draw(c.rt, "fields") {
		alone.Set(f.Field, f.Value)
	}
	return alone.Scopes(nil)
}

// looks holds each share's digest, and what whoever follows it has, against all records.
func (c *crowd) looks() {
	sums, members := map[syncproto.Share]syncproto.Digest{}, map[syncproto.Share][]syncproto.RecordID{}
	for _, t := range schema.All {
		for _, row := range c.all(t.ID) {
			scopes := c.scopesAlone(row)
			if got := row.Scopes(nil); !slices.Equal(got, scopes) {
				c.rt.Errorf("%s %v is in %v, by its fields alone in %v", t.Name, row.ID, got, scopes)
			}
			hash, _ := syncproto.RecordHash(nil, t.ID, row.ID, row.Fields(nil))
			for _, scope := range scopes {
				share := syncproto.Share{Class: t.Class, Scope: scope}
				d := sums[share]
				d.Add(hash)
				sums[share], members[share] = d, append(members[share], row.ID)
			}
		}
	}
	if kept := c.digests(); !maps.Equal(kept, sums) {
		c.rt.Errorf("digests are\n%v\nand records add up to\n%v", kept, sums)
	}
	for share := range sums {
		if c.replicas[share] == nil {
			c.replicas[share] = c.replica(share.Class, share.Scope)
		}
	}
	size := rapid.IntRange(1, 20).Draw(c.rt, "page")
	for share, r := range c.replicas {
		r.hears(size)
		has := slices.SortedFunc(maps.Keys(r.has), byID)
		want := members[share]
		slices.SortFunc(want, byID)
		if !slices.Equal(has, want) {
			c.rt.Errorf("who follows %v has %v, it holds %v", share, has, want)
		}
	}
}

func byID(a, b syncproto.RecordID) int { return slices.Compare(a[:], b[:]) }

func TestADigestIsTheSumOfTheRecordsWhoseOwnFieldsPutThemIntoAShare(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		c := newCrowd(rt, dir)
		rt.Repeat(map[string]func(*rapid.T){
			"change":         func(*rapid.T) { c.changes() },
			"change 2":       func(*rapid.T) { c.changes() },
			"there and back": func(*rapid.T) { c.moves() },
			"look":           func(*rapid.T) { c.looks() },
		})
		c.looks()
	})
}
