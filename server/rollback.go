package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"

	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/live"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
)

// What a person has to know and to decide after the log went back in time.

// WentBack is what head office has to see to after the log went back.
type WentBack struct {
	Doubt  *string `json:"doubt"`   // RFC 3339, UTC: since when nobody has vouched for who takes part; null: not so
	Gaps   []Gap   `json:"gaps"`    // what devices let go that the log has lost
	Keeper int     `json:"keepers"` // devices that keep records which the log has lost
	Asked  bool    `json:"asked"`   // for what they keep
}

// Gap is what a device let go, since a backup held it, and the log has lost.
type Gap struct {
	Device       syncproto.DeviceID `json:"device"`
	SiteName     string             `json:"site_name"`
	Label        string             `json:"label"`
	Transactions uint64             `json:"transactions"` // let go and lost
	Parked       int64              `json:"parked"`       // that came since, and wait for them
	BackupOf     *string            `json:"backup_of"`    // RFC 3339, UTC: the newest backup of before then holds them, and so does any newer one; null: not known
}

// WentBack tells what there is to see to.
func (s *Server) WentBack(ctx context.Context) (w WentBack, err error) {
	err = s.State.Read(ctx, func(r *state.Reader) error {
		w, err = wentBack(r, s.live.View())
		return err
	})
	return w, err
}

func wentBack(r *state.Reader, view *live.View) (w WentBack, err error) {
	head, err := r.Head()
	if err != nil {
		return w, err
	}
	w.Doubt, w.Gaps = timeText(head.Doubt), []Gap{}
	if w.Asked, err = r.KeptAsked(); err != nil {
		return w, err
	}
	names, err := r.Labels(report.Site)
	if err != nil {
		return w, err
	}
	health := view.Health()
	for _, d := range view.Devices() {
		h := health[d.ID].Declared
		if h.Kept > 0 && !d.Revoked {
			w.Keeper++
		}
		if h.Gap == 0 {
			continue
		}
		parked, err := r.ParkedBy(d.ID)
		if err != nil {
			return w, err
		}
		if seen, err := r.GapSeen(d.ID); err != nil || parked == 0 && h.Gap <= seen {
			if err != nil {
				return w, err
			}
			continue
		}
		w.Gaps = append(w.Gaps, Gap{d.ID, names[string(d.Site[:])], d.Label, h.Gap, parked, timeText(h.GapMS)})
	}
	return w, nil
}

// Vouch says that every device which may not take part any more is revoked here: a person
// has looked, after the log went back. Devices that read personal records hear again.
func (s *Server) Vouch(ctx context.Context) (WentBack, error) {
	if s.State.Head().Doubt == 0 {
		return s.WentBack(ctx)
	}
	index, err := s.append(ctx, &state.Entry{Kind: state.EntryVouched})
	if err == nil {
		s.Logger.Warn("a person vouched for who takes part, after the log went back")
		err = s.folded(ctx, index)
	}
	if err != nil {
		return WentBack{}, err
	}
	s.sessions.mu.Lock()
	for _, n := range s.sessions.byDevice {
		n.feeding.wake()
	}
	s.sessions.mu.Unlock()
	return s.WentBack(ctx)
}

// AcceptGap says that no backup holds what a device let go: what came since goes on
// without it.
func (s *Server) AcceptGap(ctx context.Context, device syncproto.DeviceID) (WentBack, error) {
	if s.live.View().Device(device) == nil {
		return WentBack{}, refusal.New(refusal.NoRecord, "device %v is not known: rawaj admin device ls lists them", device)
	}
	index, err := s.append(ctx, &state.Entry{Kind: state.EntryGap, Payload: device[:]})
	if err == nil {
		s.Logger.Warn("a person said that what a device let go is lost", "device", device)
		err = s.folded(ctx, index)
	}
	if err != nil {
		return WentBack{}, err
	}
	return s.WentBack(ctx)
}

// withholds says whether a device hears nothing until a person has vouched.
func (s *Server) withholds(d *live.Device) bool {
	return d.Access.ReadsPersonal() && s.State.Head().Doubt != 0
}

// sealLen is how many bytes seal a cursor.
const sealLen = 16

// sealCursor shows, when the cursor comes back, that this organisation's server made it: a
// device cannot make up that the log was longer.
func (s *Server) sealCursor(cursor []byte) []byte {
	key := sha256.Sum256(append([]byte("rawaj/cursor-key/1"), s.OrgKey.Seed()...))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(cursor)
	return mac.Sum(cursor)[:len(cursor)+sealLen]
}

func (s *Server) sealed(cursor []byte) bool {
	n := len(cursor) - sealLen
	return n > 0 && hmac.Equal(cursor, s.sealCursor(append([]byte(nil), cursor[:n]...)))
}

func (s *Server) apiWentBack(w http.ResponseWriter, r *http.Request) {
	v, err := s.WentBack(r.Context())
	localapi.Answer(w, v, err)
}

func (s *Server) apiVouch(w http.ResponseWriter, r *http.Request) {
	v, err := s.Vouch(r.Context())
	localapi.Answer(w, v, err)
}

func (s *Server) apiAcceptGap(w http.ResponseWriter, r *http.Request) {
	device, err := localapi.PathID[syncproto.DeviceID](r)
	var v WentBack
	if err == nil {
		v, err = s.AcceptGap(r.Context(), device)
	}
	localapi.Answer(w, v, err)
}
