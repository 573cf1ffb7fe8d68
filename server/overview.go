package server

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/internal/sqlitedb"
	"github.com/rawaj/rawaj/server/live"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Overview is what head office looks at first. Every figure is complete to CompleteTo,
// but for the sites that are missing (P13).
type Overview struct {
	Position     syncproto.Position   `json:"position"`
	CompleteTo   *string              `json:"complete_to"` // RFC 3339, UTC
	MissingSites []report.MissingSite `json:"missing_sites"`
	Sites        []SiteHeard          `json:"sites"` // that have a device which is not revoked

	Span   report.Span  `json:"span"`
	BySite []report.Row `json:"by_site"`
	ByDay  []report.Row `json:"by_day"`
	Sums
	Before *Sums `json:"before"` // of the span that was asked for to compare with; null: none

	Connected int            `json:"connected"` // devices with a session now
	Present   int            `json:"present"`   // people checked in and not out, in sessions that are not over
	Referrals map[string]int `json:"referrals"` // by state
	Held      int64          `json:"held"`      // transactions in quarantine

	HeldMinor map[string]int64 `json:"held_minor"` // money therein by currency, minor units
	Parked    int64            `json:"parked"`     // transactions whose predecessor has not come
	Conflicts int              `json:"conflicts"`  // that nobody has settled

	WentBack WentBack `json:"went_back"` // what to see to after the log went back in time

	Disk sqlitedb.Disk `json:"disk"` // of this server. Empty: well; full, failing: so was the last write; failed: one failed since the program began
}

// addedUp is an overview but for what moves on without the log: who is connected, who is
// present, and up to when all is in.
type addedUp struct {
	Overview
	names map[string]string // of sites
}

// Sums are the figures of a span of days.
type Sums struct {
	Total    report.Figures `json:"total"`
	Families int            `json:"families"` // with a sale
	Credited int64          `json:"credited"` // minutes of attendance, of sessions that began in the span
}

// SiteHeard is when a site was heard of: the latest of its devices.
type SiteHeard struct {
	Site        syncproto.RecordID `json:"site"`
	Name        string             `json:"name"`
	LastContact *string            `json:"last_contact"` // RFC 3339, UTC; null: never
	CompleteTo  *string            `json:"complete_to"`  // of all its devices; null where one was never heard of or declares a backlog
	Connected   bool               `json:"connected"`    // a device has a session now
	Pending     uint64             `json:"pending"`      // transactions declared and not here yet
	Attachments uint64             `json:"attachments"`  // the same of photos and other files
}

// Asked is what an overview is about: a span of days, and one to compare it with.
type Asked struct {
	Of      report.Span
	Against *report.Span
}

// key names what was asked; that it is the key of a map is why it is no pointer.
func (a Asked) key() [2]report.Span {
	if a.Against == nil {
		return [2]report.Span{a.Of}
	}
	return [2]report.Span{a.Of, *a.Against}
}

// overviews keeps what was added up, for all who ask for the same before the log grows.
type overviews struct {
	mu   sync.Mutex
	upto oplog.Index
	kept map[[2]report.Span]*addedUp
}

// maxOverviews bounds the spans that are kept: more than people look at in one moment.
const maxOverviews = 16

func (k *overviews) get(upto oplog.Index, key [2]report.Span) *addedUp {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.upto != upto {
		return nil
	}
	return k.kept[key]
}

func (k *overviews) put(upto oplog.Index, key [2]report.Span, o *addedUp) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.upto != upto || len(k.kept) >= maxOverviews {
		k.upto, k.kept = upto, map[[2]report.Span]*addedUp{}
	}
	k.kept[key] = o
}

// Overview adds it up from one snapshot of live, or takes what was added up there
// before; names and backlogs are read from a state that is at least as new.
func (s *Server) Overview(ctx context.Context, asked Asked) (Overview, error) {
	view := s.live.View()
	head := view.Head()
	kept := s.overviews.get(head.Applied, asked.key())
	if kept == nil {
		kept = &addedUp{Overview: Overview{Position: head.Position, Span: asked.Of}}
		if err := s.State.Read(ctx, func(r *state.Reader) error { return kept.fill(r, view, asked) }); err != nil {
			return Overview{}, err
		}
		s.overviews.put(head.Applied, asked.key(), kept)
	}
	o := kept.Overview
	if err := s.State.Read(ctx, func(r *state.Reader) (err error) {
		o.CompleteTo, o.MissingSites, err = completeness(r, s.caughtUp)
		return err
	}); err != nil {
		return Overview{}, err
	}
	o.Sites = sitesHeard(view, kept.names, s.caughtUp(head.Applied))
	_, o.Present = view.Attendance(asked.Of, s.Now().UnixMilli())
	o.Sites, o.Connected = s.connected(view, o.Sites)
	o.Disk = s.Disk(ctx)
	return o, nil
}

func (o *addedUp) fill(r *state.Reader, view *live.View, asked Asked) (err error) {
	names, err := r.Labels(report.Site)
	if err != nil {
		return err
	}
	o.Sums = sums(view, asked.Of)
	if asked.Against != nil {
		before := sums(view, *asked.Against)
		o.Before = &before
	}
	figures := map[report.Key]*report.Figures{}
	add := func(by report.By) func(string, string, *report.Figures) {
		return func(day, id string, of *report.Figures) {
			key := report.Key{By: by, Value: id}
			if by == report.Day {
				key.Value = day
			}
			if figures[key] == nil {
				figures[key] = &report.Figures{}
			}
			figures[key].Add(of, 1)
		}
	}
	view.Days(report.Day, asked.Of, add(report.Day))
	view.Days(report.SiteDay, asked.Of, add(report.Site))
	o.BySite, _ = report.Table(report.Site, figures, names)
	o.ByDay, _ = report.Table(report.Day, figures, nil)
	o.Referrals = view.Count(schema.Referral)
	for _, table := range schema.Ledgers {
		o.Conflicts += view.Count(table)[""]
	}
	if o.HeldMinor, err = r.HeldAmounts(); err != nil {
		return err
	}
	if o.Held, o.Parked, err = r.Held(); err != nil {
		return err
	}
	if o.WentBack, err = wentBack(r, view); err != nil {
		return err
	}
	o.names = names
	return nil
}

// sums adds up the days of a span.
func sums(view *live.View, in report.Span) (s Sums) {
	s.Total.AmountMinor = map[string]int64{}
	view.Days(report.Day, in, func(_, _ string, of *report.Figures) { s.Total.Add(of, 1) })
	active := map[string]bool{}
	view.Days(report.FamilyDay, in, func(_, id string, of *report.Figures) {
		if id != "" && of.Receipts > 0 {
			active[id] = true
		}
	})
	s.Families = len(active)
	s.Credited, _ = view.Attendance(in, 0)
	return s
}

// sitesHeard tells of every site when it was heard of; caughtUp are devices that are
// connected and have nothing pending, with as of when.
func sitesHeard(view *live.View, names map[string]string, caughtUp map[syncproto.DeviceID]int64) []SiteHeard {
	health := view.Health()
	at := map[syncproto.RecordID]*SiteHeard{}
	latest, complete := map[syncproto.RecordID]int64{}, map[syncproto.RecordID]int64{}
	for _, d := range view.Devices() {
		if d.Site.IsZero() || d.Revoked {
			continue
		}
		if at[d.Site] == nil {
			at[d.Site] = &SiteHeard{Site: d.Site, Name: names[string(d.Site[:])]}
			complete[d.Site] = math.MaxInt64
		}
		h := health[d.ID]
		h.LastContact = max(h.LastContact, caughtUp[d.ID])
		if complete[d.Site] = min(complete[d.Site], h.LastContact); h.Declared.Transactions > 0 {
			complete[d.Site] = 0
		}
		at[d.Site].Pending += h.Declared.Transactions
		at[d.Site].Attachments += h.Declared.Attachments
		latest[d.Site] = max(latest[d.Site], h.LastContact)
		at[d.Site].LastContact, at[d.Site].CompleteTo = timeText(latest[d.Site]), timeText(complete[d.Site])
	}
	list := make([]SiteHeard, 0, len(at))
	for _, id := range slices.SortedFunc(maps.Keys(at), func(a, b syncproto.RecordID) int { return slices.Compare(a[:], b[:]) }) {
		list = append(list, *at[id])
	}
	return list
}

// connected marks the sites that have a session now, which the log does not tell.
func (s *Server) connected(view *live.View, sites []SiteHeard) ([]SiteHeard, int) {
	open := map[syncproto.RecordID]bool{}
	devices := s.openDevices()
	for id := range devices {
		if d := view.Device(id); d != nil {
			open[d.Site] = true
		}
	}
	sites = slices.Clone(sites)
	for i := range sites {
		sites[i].Connected = open[sites[i].Site]
	}
	return sites, len(devices)
}
