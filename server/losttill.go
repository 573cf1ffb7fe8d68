package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/rawaj/rawaj/internal/closing"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// TillStep is what head office says of a till whose device does not come back.
type TillStep struct {
	State  string `json:"state"`  // declared_lost, recovered or written_off
	Reason string `json:"reason"` // of the loss, or of writing it off
}

// headSteps are those states of a till that only head office says.
var headSteps = []string{schema.TillLost, schema.TillBack, schema.TillOff}

// StepTill declares the device of a till lost, so that its fair can be closed; found, or
// given up. What it delivers later counts all the same, and its own closing goes over
// head office's word.
func (s *Server) StepTill(ctx context.Context, till syncproto.RecordID, q TillStep) (closing.Sheet, error) {
	switch {
	case !slices.Contains(headSteps, q.State):
		return closing.Sheet{}, unknownWord("state", q.State, headSteps...)
	case q.State != schema.TillBack && q.Reason == "":
		return closing.Sheet{}, refusal.New(refusal.Required, "why? Say what happened to the device").On("reason")
	}
	end, err := s.decides(ctx, &s.fairs)
	if err != nil {
		return closing.Sheet{}, err
	}
	defer end()
	sheet, err := s.Sheet(ctx, till)
	if err != nil || sheet.State == q.State {
		return sheet, err
	}
	if !schema.TillMayGo(sheet.State, q.State) {
		return sheet, refusal.New(refusal.BadStep, "a till that is %s cannot become %s", sheet.State, q.State).On("state").With("from", sheet.State).With("to", q.State)
	}
	fair := syncproto.FieldValue{Field: schema.SheetFair}
	if sheet.Fair != nil {
		fair.Value = syncproto.IDValue(*sheet.Fair)
	}
	var known bool
	if err := s.State.Read(ctx, func(r *state.Reader) error {
		have, err := r.Get(schema.TillSheet, till)
		known = have != nil
		return err
	}); err != nil {
		return sheet, err
	}
	if !known { // it begins as a till does, and is left by an arrow
		if err := s.decide(ctx, &till, schema.TillSheet, set(schema.SheetSite, syncproto.IDValue(sheet.Site)), fair, typed(schema.SheetState, schema.TillOpened)); err != nil {
			return sheet, err
		}
	}
	fields := []syncproto.FieldValue{typed(schema.SheetState, q.State)}
	if q.Reason != "" {
		fields = append(fields, typed(schema.SheetReason, q.Reason))
	}
	if err := s.decide(ctx, &till, schema.TillSheet, fields...); err != nil {
		return sheet, err
	}
	return s.Sheet(ctx, till)
}

// FairTill is a till of a fair, and when its device was last heard of.
type FairTill struct {
	ID          syncproto.RecordID `json:"id"`
	SiteName    string             `json:"site_name"`
	Device      syncproto.DeviceID `json:"device"`
	Label       string             `json:"label"` // of the device
	LastContact *string            `json:"last_contact"`
	State       string             `json:"state"`
	OpenedAt    int64              `json:"opened_at"` // UTC ms
	ClosedAt    *int64             `json:"closed_at"` // null while it is open
	Sales       int64              `json:"sales"`     // that are here
}

// TillsOf lists the tills of a fair, by when they were opened.
func (s *Server) TillsOf(ctx context.Context, fair syncproto.RecordID) ([]FairTill, error) {
	devices, err := s.Devices(ctx)
	if err != nil {
		return nil, err
	}
	of := map[syncproto.DeviceID]*Device{}
	for i := range devices {
		of[devices[i].Device] = &devices[i]
	}
	list := []FairTill{}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		sheets, err := sheetsOf(r, fair)
		for _, sheet := range sheets {
			t := FairTill{ID: sheet.Till, Device: sheet.Device, State: sheet.State, OpenedAt: sheet.OpenedAt, ClosedAt: sheet.ClosedAt, Sales: sheet.Sales + sheet.Late.Sales}
			if d := of[sheet.Device]; d != nil {
				t.Label, t.LastContact = d.Label, d.LastContact
			}
			name, nerr := nameOf(r, schema.Site, sheet.Site)
			t.SiteName, err = name, cmp.Or(err, nerr)
			list = append(list, t)
		}
		return err
	})
	slices.SortStableFunc(list, func(a, b FairTill) int { return cmp.Compare(a.OpenedAt, b.OpenedAt) })
	return list, err
}

// sheetsOf are the tills of a fair.
func sheetsOf(r *state.Reader, fair syncproto.RecordID) (sheets []closing.Sheet, err error) {
	return sheets, r.EachOf(schema.TillSession, schema.TillFair, fair, func(till *records.Row) error {
		if till.Of(schema.Voided).Bool() {
			return nil
		}
		sheet, _, err := r.Sheet(till.ID)
		sheets = append(sheets, sheet)
		return err
	})
}

func (s *Server) apiTillsOf(w http.ResponseWriter, r *http.Request) {
	var list []FairTill
	fair, err := localapi.PathID[syncproto.RecordID](r)
	if err == nil {
		err = s.current(r.Context())
	}
	if err == nil {
		list, err = s.TillsOf(r.Context(), fair)
	}
	localapi.Answer(w, list, err)
}
