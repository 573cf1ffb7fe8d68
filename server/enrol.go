package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// EnrolCode is a one-time code for one device of a site.
type EnrolCode struct {
	Code    string             `json:"code"`
	Site    syncproto.RecordID `json:"site"`
	Expires time.Time          `json:"expires"`
}

// NewSite says what a code is for. A site or fair that is not known by its name is
// made.
type NewSite struct {
	Site  string        `json:"site"`
	Kind  string        `json:"kind"`
	Lang  string        `json:"lang"`  // ar, fa or en; en where empty
	Zone  string        `json:"zone"`  // IANA name; Asia/Dubai where empty
	Fairs []string      `json:"fairs"` // names
	Valid time.Duration `json:"valid"` // how long the code can be used; CodeValid where 0
}

const (
	defaultZone = "Asia/Dubai"
	// CodeValid is how long a code can be used: somebody stands next to the tablet.
	CodeValid = 15 * time.Minute
	// MaxCodeValid is the longest it may be asked for: codes for next month's fair.
	MaxCodeValid = 30 * 24 * time.Hour
	// maxFairs bounds the fairs of one code.
	maxFairs = 64
)

// Check says what is wrong with a request, and fills in what may be left out.
func (n *NewSite) Check() error {
	if n.Lang == "" {
		n.Lang = "en"
	}
	if n.Zone == "" {
		n.Zone = defaultZone
	}
	if n.Valid == 0 {
		n.Valid = CodeValid
	}
	n.Site = strings.TrimSpace(n.Site)
	if _, err := time.LoadLocation(n.Zone); err != nil || n.Zone == "Local" {
		return refusal.New(refusal.BadForm, "time zone %q is not known: use a name such as Asia/Dubai or Asia/Tehran", n.Zone).On("zone")
	}
	switch {
	case n.Site == "":
		return refusal.New(refusal.Required, "a site needs a name: --site NAME").On("site")
	case utf8.RuneCountInString(n.Site) > schema.MaxName:
		return tooLong(schema.MaxName).On("site")
	case !slices.Contains(schema.SiteKinds, n.Kind):
		return unknownWord("kind", n.Kind, schema.SiteKinds...)
	case !slices.Contains([]string{"ar", "fa", "en"}, n.Lang):
		return unknownWord("lang", n.Lang, "ar", "fa", "en")
	case len(n.Fairs) > maxFairs:
		return refusal.New(refusal.TooMany, "%d fairs are more than %d", len(n.Fairs), maxFairs).On("fairs").With("max", maxFairs)
	case n.Valid < 0 || n.Valid > MaxCodeValid:
		return refusal.New(refusal.OutOfRange, "a code may be valid for at most %v", MaxCodeValid).On("valid").With("min", 0).With("max", int64(MaxCodeValid))
	}
	for i, fair := range n.Fairs {
		switch n.Fairs[i] = strings.TrimSpace(fair); {
		case n.Fairs[i] == "":
			return refusal.New(refusal.Required, "a fair needs a name: --fair NAME").On(fmt.Sprintf("fairs[%d]", i))
		case utf8.RuneCountInString(n.Fairs[i]) > schema.MaxName:
			return tooLong(schema.MaxName).On(fmt.Sprintf("fairs[%d]", i))
		}
	}
	return nil
}

// EnrolCode makes a one-time code, and the site and fairs it names where they are new.
func (s *Server) EnrolCode(ctx context.Context, n NewSite) (EnrolCode, error) {
	if err := n.Check(); err != nil {
		return EnrolCode{}, err
	}
	end, err := s.decides(ctx, &s.enrol)
	if err != nil {
		return EnrolCode{}, err
	}
	defer end()
	site, changes, err := s.siteNamed(ctx, &n)
	if err != nil {
		return EnrolCode{}, err
	}
	fairs, more, err := s.fairsNamed(ctx, n.Fairs)
	if err != nil {
		return EnrolCode{}, err
	}
	changes = append(changes, more...)
	code, err := syncproto.NewCode(s.Rand)
	if err != nil {
		return EnrolCode{}, err
	}
	secret, err := syncproto.ParseCode(code)
	if err != nil {
		return EnrolCode{}, err
	}
	id, err := s.own.ids.Record()
	if err != nil {
		return EnrolCode{}, err
	}
	expires := s.Now().Add(n.Valid).Truncate(time.Second)
	fields := []syncproto.FieldValue{
		{Field: schema.EnrolmentCodeID, Value: syncproto.BytesValue(syncproto.CodeID(secret))},
		{Field: schema.EnrolmentCodeKey, Value: syncproto.BytesValue(syncproto.CodeKey(secret))},
		{Field: schema.EnrolmentSite, Value: syncproto.IDValue(site)},
		{Field: schema.EnrolmentExpires, Value: syncproto.IntValue(expires.UnixMilli())},
	}
	if len(fairs) > 0 {
		fields = append(fields, syncproto.FieldValue{Field: schema.EnrolmentFairs, Value: syncproto.BytesValue(fairs)})
	}
	if len(changes) > 0 {
		if err := s.record(ctx, control, changes...); err != nil {
			return EnrolCode{}, err
		}
	}
	if err := s.record(ctx, codes, create(schema.Enrolment, id, fields...)); err != nil {
		return EnrolCode{}, err
	}
	return EnrolCode{code, site, expires.UTC()}, nil
}

// named finds a record of a table by its folded name.
func (s *Server) named(ctx context.Context, table syncproto.TableID, name string) (found *records.Row, err error) {
	want := schema.Fold(name)
	err = s.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(table, func(row *records.Row) error {
			for _, id := range []syncproto.FieldID{schema.NameAr, schema.NameFa, schema.NameEn} {
				if v := row.Of(id).Text(); v != "" && schema.Fold(v) == want && !row.Of(schema.Voided).Bool() {
					found = row
				}
			}
			return nil
		})
	})
	return found, err
}

func (s *Server) siteNamed(ctx context.Context, n *NewSite) (syncproto.RecordID, []syncproto.Change, error) {
	row, err := s.named(ctx, schema.Site, n.Site)
	if err != nil {
		return syncproto.RecordID{}, nil, err
	}
	if row != nil {
		if kind := row.Of(schema.SiteKind).Text(); kind != n.Kind {
			return syncproto.RecordID{}, nil, refusal.New(refusal.KindDiffers, "site %q is a %s already, not a %s: choose another name", n.Site, kind, n.Kind).On("site").With("kind", kind)
		}
		return row.ID, nil, nil
	}
	id, err := s.own.ids.Record()
	if err != nil {
		return id, nil, err
	}
	return id, []syncproto.Change{create(schema.Site, id,
		syncproto.FieldValue{Field: schema.NameField(n.Site), Value: syncproto.TextValue(n.Site)},
		syncproto.FieldValue{Field: schema.SiteKind, Value: syncproto.TextValue(n.Kind)},
		syncproto.FieldValue{Field: schema.SiteZone, Value: syncproto.TextValue(n.Zone)},
		syncproto.FieldValue{Field: schema.SiteLang, Value: syncproto.TextValue(n.Lang)},
		syncproto.FieldValue{Field: schema.SiteStatus, Value: syncproto.TextValue("active")},
	)}, nil
}

func (s *Server) fairsNamed(ctx context.Context, names []string) (ids []byte, changes []syncproto.Change, err error) {
	for _, name := range names {
		row, err := s.named(ctx, schema.Fair, name)
		if err != nil {
			return nil, nil, err
		}
		id := schema.NamedID("fair", s.State.Head().Org, name)
		if row != nil {
			id = row.ID
		} else {
			changes = append(changes, create(schema.Fair, id, syncproto.FieldValue{Field: schema.NameField(name), Value: syncproto.TextValue(name)}))
		}
		ids = append(ids, id[:]...)
	}
	return ids, changes, nil
}

// redeem takes a device in. The same code with the same key is answered again.
func (s *Server) redeem(ctx context.Context, q *syncproto.EnrolRequest) (*syncproto.EnrolResponse, error) {
	s.enrol.Lock()
	defer s.enrol.Unlock()
	row, err := s.enrolment(ctx, q.CodeID)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, syncproto.Errorf(syncproto.CodeNoSuchCode, "")
	}
	key := row.Of(schema.EnrolmentCodeKey).Bytes()
	if !q.Holds(key) {
		return nil, syncproto.Errorf(syncproto.CodeNotSigned, "")
	}
	if err := s.current(ctx); err != nil { // who was taken in and waits for room there is a device
		return nil, err
	}
	if row, err = s.enrolment(ctx, q.CodeID); err != nil {
		return nil, err
	}
	device := row.Of(schema.EnrolmentDevice).ID()
	if device.IsZero() {
		if s.Now().UnixMilli() > row.Of(schema.EnrolmentExpires).Int() {
			return nil, syncproto.Errorf(syncproto.CodeExpired, "")
		}
		if err := s.newKey(ctx, q.Key); err != nil {
			return nil, err
		}
		if device, err = s.own.ids.Record(); err != nil {
			return nil, err
		}
		if err := s.record(ctx, codes, update(schema.Enrolment, row.ID, syncproto.FieldValue{Field: schema.EnrolmentDevice, Value: syncproto.IDValue(device)})); err != nil {
			return nil, err
		}
	}
	if s.live.View().Device(syncproto.DeviceID(device)) == nil {
		if err := s.newKey(ctx, q.Key); err != nil {
			return nil, err
		}
		if err := s.takeIn(ctx, row, device, q); err != nil {
			return nil, err
		}
	}
	return s.answer(ctx, row, device, q, key)
}

// newKey refuses a key that is a device's already: a second device with it could not
// be told from the first. The code stays good.
func (s *Server) newKey(ctx context.Context, key ed25519.PublicKey) error {
	return s.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Device, func(row *records.Row) error {
			if key.Equal(ed25519.PublicKey(row.Of(schema.DeviceKey).Bytes())) {
				return syncproto.Errorf(syncproto.CodeUsed, "the key is that of device %v", row.ID)
			}
			return nil
		})
	})
}

func (s *Server) enrolment(ctx context.Context, codeID []byte) (found *records.Row, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Enrolment, func(row *records.Row) error {
			if string(row.Of(schema.EnrolmentCodeID).Bytes()) == string(codeID) {
				found = row
			}
			return nil
		})
	})
	return found, err
}

// takeIn records the device and its first grants in one transaction. That the code is
// used, and by which device, stands already.
func (s *Server) takeIn(ctx context.Context, row *records.Row, device syncproto.RecordID, q *syncproto.EnrolRequest) error {
	site := row.Of(schema.EnrolmentSite).ID()
	var kind string
	devices := 0
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		at, err := r.Get(schema.Site, site)
		if err != nil || at == nil {
			return errors.Join(err, fmt.Errorf("site %v", site))
		}
		kind = at.Of(schema.SiteKind).Text()
		return r.Each(schema.Device, func(*records.Row) error { devices++; return nil })
	}); err != nil {
		return err
	}
	c := syncproto.Certificate{Device: syncproto.DeviceID(device), Site: site, Kind: kind, Prefix: prefix(devices), Key: q.Key, IssuedAt: s.Now().UnixMilli()}
	var fairs []syncproto.RecordID
	for b := row.Of(schema.EnrolmentFairs).Bytes(); len(b) >= 16; b = b[16:] {
		fairs = append(fairs, syncproto.RecordID(b[:16]))
	}
	return s.record(ctx, control, admit(&c, q.Label, fairs)...)
}

// admit is what makes a device: its record, and the grants that its kind begins with.
func admit(c *syncproto.Certificate, label string, fairs []syncproto.RecordID) []syncproto.Change {
	if label == "" {
		label = c.Kind
	}
	changes := []syncproto.Change{newDevice(c, label)}
	own := syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID(c.Device)}
	for _, g := range schema.FirstGrants(c.Kind, c.Device, c.Site, fairs) {
		scopes := []syncproto.Scope{g.Scope}
		if g.Scope == own && c.CopyOf != (syncproto.DeviceID{}) { // what is said to its old name is about its work too
			scopes = append(scopes, syncproto.Scope{Kind: syncproto.ScopeDevice, ID: syncproto.RecordID(c.CopyOf)})
		}
		for _, scope := range scopes {
			changes = append(changes, create(schema.Grant, schema.GrantID(c.Device, scope),
				syncproto.FieldValue{Field: schema.GrantDevice, Value: syncproto.IDValue(syncproto.RecordID(c.Device))},
				syncproto.FieldValue{Field: schema.GrantClass, Value: syncproto.TextValue(g.Classes)},
				syncproto.FieldValue{Field: schema.GrantScope, Value: syncproto.BytesValue(scope.AppendBinary(nil))},
				syncproto.FieldValue{Field: schema.GrantWrite, Value: syncproto.BoolValue(g.Write)},
			))
		}
	}
	return changes
}

// newDevice is the record of a device.
func newDevice(c *syncproto.Certificate, label string) syncproto.Change {
	fields := []syncproto.FieldValue{
		{Field: schema.DeviceSite, Value: syncproto.IDValue(c.Site)},
		{Field: schema.DeviceKind, Value: syncproto.TextValue(c.Kind)},
		{Field: schema.DeviceKey, Value: syncproto.BytesValue(c.Key)},
		{Field: schema.DevicePrefix, Value: syncproto.TextValue(c.Prefix)},
		{Field: schema.DeviceIssuedAt, Value: syncproto.IntValue(c.IssuedAt)},
		{Field: schema.DeviceLabel, Value: syncproto.TextValue(label)},
	}
	if c.CopyOf != (syncproto.DeviceID{}) {
		fields = append(fields, syncproto.FieldValue{Field: schema.DeviceCopyOf, Value: syncproto.IDValue(syncproto.RecordID(c.CopyOf))})
	}
	return create(schema.Device, syncproto.RecordID(c.Device), fields...)
}

// prefix is what the n-th device's receipt numbers begin with: letters, then a number,
// so that no two are alike and all are short enough to be read out.
func prefix(n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	return fmt.Sprintf("%c%d", letters[n%len(letters)], n/len(letters)+1)
}

func (s *Server) answer(ctx context.Context, row *records.Row, device syncproto.RecordID, q *syncproto.EnrolRequest, codeKey []byte) (*syncproto.EnrolResponse, error) {
	head := s.State.Head()
	a := &syncproto.EnrolResponse{Org: head.Org, OrgKey: head.OrgKey, TimeMS: s.Now().UnixMilli()}
	if s.clock.doubtful() {
		a.TimeMS = 0
	}
	err := s.State.Read(ctx, func(r *state.Reader) error {
		d, err := r.Get(schema.Device, device)
		if err != nil {
			return err
		}
		if d == nil || !ed25519.PublicKey(d.Of(schema.DeviceKey).Bytes()).Equal(q.Key) {
			return syncproto.Errorf(syncproto.CodeUsed, "")
		}
		a.Certificate = s.certify(head.Org, d)
		site, err := r.Get(schema.Site, row.Of(schema.EnrolmentSite).ID())
		if err != nil || site == nil {
			return errors.Join(err, errors.New("the code's site is gone"))
		}
		a.SiteName = report.Name(site.Table, site.Values)
		a.Zone, a.Lang = site.Of(schema.SiteZone).Text(), site.Of(schema.SiteLang).Text()
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.Seal(codeKey, q)
	return a, nil
}

// certify signs what stands in a device's record.
func (s *Server) certify(org syncproto.OrgID, d *records.Row) []byte {
	return syncproto.SignCertificate(s.OrgKey, org, syncproto.Certificate{
		Device: syncproto.DeviceID(d.ID), Site: d.Of(schema.DeviceSite).ID(), Kind: d.Of(schema.DeviceKind).Text(),
		Prefix: d.Of(schema.DevicePrefix).Text(), Key: d.Of(schema.DeviceKey).Bytes(), IssuedAt: d.Of(schema.DeviceIssuedAt).Int(),
		CopyOf: syncproto.DeviceID(d.Of(schema.DeviceCopyOf).ID()),
	})
}

// tries bounds the wrong codes of one address: a code has 80 bits, this only keeps
// the log quiet.
type tries struct {
	mu    sync.Mutex
	since time.Time
	wrong map[string]int
}

const (
	triesAllowed = 5
	triesWindow  = time.Minute
	triesKept    = 10_000 // addresses remembered in a window; beyond it all wait
)

func (t *tries) allowed(address string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.since) > triesWindow || now.Before(t.since) {
		t.since, t.wrong = now, map[string]int{}
	}
	return t.wrong[address] < triesAllowed && len(t.wrong) < triesKept
}

func (t *tries) count(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong[address]++
}

// serveEnrol is POST /enrol.
func (s *Server) serveEnrol(w http.ResponseWriter, r *http.Request) {
	var q syncproto.EnrolRequest
	s.atTheDoor(w, r, "enrol", &q, func(ctx context.Context) (any, error) { return s.redeem(ctx, &q) })
}

// atTheDoor reads a request of somebody who has no session yet into q, within the tries
// of its address, and sends f's answer.
func (s *Server) atTheDoor(w http.ResponseWriter, r *http.Request, what string, q any, f func(context.Context) (any, error)) {
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	if !s.tries.allowed(address, s.Now()) {
		refuseEnrol(w, http.StatusTooManyRequests, syncproto.EnrolError{Code: syncproto.CodeTooManyTries, RetryAfterMS: triesWindow.Milliseconds()})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, syncproto.MaxEnrol))
	if err == nil {
		err = syncproto.DecodeEnrol(body, q)
	}
	if err != nil {
		refuseEnrol(w, http.StatusBadRequest, syncproto.EnrolError{Code: syncproto.CodeMalformed})
		return
	}
	a, err := f(context.WithoutCancel(r.Context()))
	var coded *syncproto.Error
	switch {
	case errors.As(err, &coded):
		s.tries.count(address)
		refuseEnrol(w, http.StatusForbidden, syncproto.EnrolError{Code: coded.Code, Detail: coded.Detail})
	case err != nil:
		s.Logger.Error(what, "err", err)
		refuseEnrol(w, http.StatusInternalServerError, syncproto.EnrolError{Code: syncproto.CodeInternal})
	default:
		answerEnrol(w, http.StatusOK, a)
	}
}

func refuseEnrol(w http.ResponseWriter, status int, e syncproto.EnrolError) {
	if e.RetryAfterMS > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(e.RetryAfterMS/1000))
	}
	answerEnrol(w, status, e)
}

func answerEnrol(w http.ResponseWriter, status int, v any) {
	b, err := syncproto.EncodeEnrol(v)
	if err != nil {
		http.Error(w, "cannot encode", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", syncproto.EnrolType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(b)
}
