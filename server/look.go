package server

import (
	"context"
	"maps"
	"time"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/report"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Device is a device as people look at it.
type Device struct {
	Device          syncproto.DeviceID `json:"device"`
	Site            syncproto.RecordID `json:"site"`
	SiteName        string             `json:"site_name"`
	Kind            string             `json:"kind"`
	Label           string             `json:"label"`
	Prefix          string             `json:"prefix"`              // of its receipt numbers
	CopyOf          *string            `json:"copy_of"`             // that it was before it was copied and renamed; null where it was not
	LastContact     *string            `json:"last_contact"`        // RFC 3339, UTC; null: never
	Connected       bool               `json:"connected"`           // has a session now
	PendingDeclared uint64             `json:"pending_declared"`    // transactions
	PendingFiles    uint64             `json:"pending_attachments"` // photos and other files that have not arrived
	Differing       uint64             `json:"differing"`           // shares that were repaired in vain: look at the device
	PendingAmounts  map[string]int64   `json:"pending_amounts"`     // of sales therein, minor units by currency
	OldestPending   *string            `json:"oldest_pending"`      // RFC 3339, UTC, by the device's clock
	OffsetMS        int64              `json:"offset_ms"`           // its clock minus ours when last heard of
	Program         string             `json:"program"`             // name and version; "" where it is not connected
	Held            int                `json:"held"`                // its transactions in quarantine
	Unbacked        uint64             `json:"unbacked"`            // transactions it let go for want of room, though in no backup it knew of
	Kept            uint64             `json:"kept"`                // records of others that it keeps, since the log has lost them
	Full            string             `json:"full"`                // quarantine or escrow, where that is used up: no more of its work is taken; else ""
	Revoked         bool               `json:"revoked"`
	RevokedAt       *string            `json:"revoked_at"` // RFC 3339, UTC; null while it is not
	RevokeReason    string             `json:"revoke_reason"`
	Wiped           bool               `json:"wiped"` // heard of it since, with nothing left to deliver: it holds nothing any more
}

// Devices lists the devices of all sites.
func (s *Server) Devices(ctx context.Context) ([]Device, error) {
	list, err := Devices(ctx, s.State)
	open := s.openDevices()
	if err != nil {
		return list, err
	}
	for i := range list {
		list[i].Program, list[i].Connected = open[list[i].Device]
	}
	return list, s.State.Read(ctx, func(r *state.Reader) (err error) {
		for i := range list {
			if list[i].Held > 0 && err == nil {
				list[i].Full, err = s.full(r, list[i].Device)
			}
		}
		return err
	})
}

// Devices lists the devices that a state knows.
func Devices(ctx context.Context, st *state.State) ([]Device, error) {
	list := []Device{}
	err := st.Read(ctx, func(r *state.Reader) error {
		health := map[syncproto.DeviceID]state.Health{}
		if err := r.Health(func(h state.Health) { health[h.Device] = h }); err != nil {
			return err
		}
		held := map[syncproto.DeviceID]int{}
		if err := r.Each(schema.Verdict, func(row *records.Row) error {
			if row.Of(schema.VerdictState).Text() == schema.VerdictHeld {
				held[syncproto.DeviceID(row.Of(schema.VerdictDevice).ID())]++
			}
			return nil
		}); err != nil {
			return err
		}
		names, err := r.Labels(report.Site)
		if err != nil {
			return err
		}
		return r.Each(schema.Device, func(row *records.Row) error {
			id := syncproto.DeviceID(row.ID)
			site := row.Of(schema.DeviceSite).ID()
			d := Device{
				Device: id, Site: site, SiteName: names[string(site[:])], Kind: row.Of(schema.DeviceKind).Text(),
				Label: row.Of(schema.DeviceLabel).Text(), Prefix: row.Of(schema.DevicePrefix).Text(),
				Revoked: !row.Of(schema.DeviceRevoked).IsNull(),
				Held:    held[id], PendingAmounts: map[string]int64{},
				RevokedAt: timeText(row.Of(schema.DeviceRevoked).Int()), RevokeReason: row.Of(schema.DeviceReason).Text(),
			}
			if was := row.Of(schema.DeviceCopyOf); !was.IsNull() {
				name := syncproto.DeviceID(was.ID()).String()
				d.CopyOf = &name
			}
			if h, ok := health[id]; ok {
				d.LastContact, d.PendingDeclared, d.OldestPending, d.OffsetMS = timeText(h.LastContact), h.Declared.Transactions, timeText(h.Declared.OldestMS), h.OffsetMS
				d.Kept = h.Declared.Kept
				d.Differing, d.Unbacked, d.PendingFiles = h.Declared.Differing, h.Declared.Unbacked, h.Declared.Attachments
				d.Wiped = d.Revoked && h.LastContact >= row.Of(schema.DeviceRevoked).Int() && h.Declared.Transactions == 0 && h.Declared.Attachments == 0
				maps.Copy(d.PendingAmounts, h.Declared.AmountMinor)
			}
			list = append(list, d)
			return nil
		})
	})
	return list, err
}

func timeText(ms int64) *string {
	if ms == 0 {
		return nil
	}
	t := time.UnixMilli(ms).UTC().Format(time.RFC3339)
	return &t
}

// Sales is the sales report from the figures that live follows.
func (s *Server) Sales(ctx context.Context, by report.By) (report.Sales, error) {
	figures := s.live.View().Figures()
	var out report.Sales
	err := s.State.Read(ctx, func(r *state.Reader) (err error) {
		out, err = sales(r, by, figures, s.caughtUp)
		return err
	})
	return out, err
}

// SalesIn is the sales report of a span of days, counted anew from the records.
func (s *Server) SalesIn(ctx context.Context, by report.By, in report.Span) (out report.Sales, err error) {
	defer func() { out.Describe(by, in) }()
	if in.IsZero() && by.Kept() {
		return s.Sales(ctx, by)
	}
	err = s.State.Read(ctx, func(r *state.Reader) error {
		figures, err := r.CountFigures(by, in)
		if err == nil {
			out, err = sales(r, by, figures, s.caughtUp)
		}
		return err
	})
	return out, err
}

// Sales is the sales report from the figures that Apply keeps in a state.
func Sales(ctx context.Context, st *state.State, by report.By) (report.Sales, error) {
	var out report.Sales
	err := st.Read(ctx, func(r *state.Reader) error {
		figures, err := r.Figures()
		if err == nil {
			out, err = sales(r, by, figures, nobody)
		}
		return err
	})
	return out, err
}

// nobody is connected to a state that no server works on.
func nobody(oplog.Index) map[syncproto.DeviceID]int64 { return nil }

func sales(r *state.Reader, by report.By, figures map[report.Key]*report.Figures, connected func(oplog.Index) map[syncproto.DeviceID]int64) (out report.Sales, err error) {
	labels, err := r.Labels(by)
	if err != nil {
		return out, err
	}
	out.Rows, out.Total = report.Table(by, figures, labels)
	out.CompleteTo, out.MissingSites, err = completeness(r, connected)
	return out, err
}

// completeness says up to when every site's sales are in, and which sites are out:
// those with a device that was never heard of or that declares a backlog (P13). A device
// that is connected and has nothing pending was heard of just now, which the log does not
// tell.
func completeness(r *state.Reader, connected func(oplog.Index) map[syncproto.DeviceID]int64) (to *string, missing []report.MissingSite, err error) {
	health := map[syncproto.DeviceID]state.Health{}
	if err := r.Health(func(h state.Health) { health[h.Device] = h }); err != nil {
		return nil, nil, err
	}
	head, err := r.Head()
	if err != nil {
		return nil, nil, err
	}
	now := connected(head.Applied)
	names, err := r.Labels(report.Site)
	if err != nil {
		return nil, nil, err
	}
	missing = []report.MissingSite{}
	at := map[syncproto.RecordID]int{}
	complete, unknown := int64(1<<62), false
	err = r.Each(schema.Device, func(row *records.Row) error {
		site := row.Of(schema.DeviceSite).ID()
		if site.IsZero() || !row.Of(schema.DeviceRevoked).IsNull() {
			return nil
		}
		h, heard := health[syncproto.DeviceID(row.ID)]
		switch {
		case !heard:
			unknown = true
		case h.Declared.Transactions > 0:
			complete = min(complete, h.Declared.OldestMS)
		default:
			complete = min(complete, max(h.LastContact, now[h.Device]))
		}
		if heard && h.Declared.Transactions == 0 {
			return nil
		}
		i, have := at[site]
		if !have {
			i = len(missing)
			at[site] = i
			missing = append(missing, report.MissingSite{Site: site, Name: names[string(site[:])], Declared: report.Declared{AmountMinor: map[string]int64{}}})
		}
		missing[i].LastContact = timeText(h.LastContact)
		missing[i].Declared.Transactions += h.Declared.Transactions
		missing[i].Declared.Oldest = timeText(h.Declared.OldestMS)
		for currency, n := range h.Declared.AmountMinor {
			missing[i].Declared.AmountMinor[currency] += n
		}
		return nil
	})
	if complete < 1<<62 && !unknown {
		to = timeText(complete)
	}
	return to, missing, err
}
