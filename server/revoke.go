package server

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/internal/refusal"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// Revoke takes a device's rights away, now and for good: it reads nothing more, and what
// it still delivers is held for a person to look at. reason says why, for those who look
// later; where the device is revoked already, what was said then stands.
func (s *Server) Revoke(ctx context.Context, device syncproto.DeviceID, reason string) error {
	if err := reasonGiven(&reason, "say why the device is revoked"); err != nil {
		return err
	}
	var row *records.Row
	err := s.State.Read(ctx, func(r *state.Reader) (err error) {
		row, err = r.Get(schema.Device, syncproto.RecordID(device))
		return err
	})
	switch {
	case err != nil:
		return err
	case row == nil:
		return refusal.New(refusal.NoRecord, "device %v is not known: rawaj admin device ls lists them", device)
	case !row.Of(schema.DeviceRevoked).IsNull():
		return nil
	}
	return s.record(ctx, control, update(schema.Device, row.ID,
		syncproto.FieldValue{Field: schema.DeviceRevoked, Value: syncproto.IntValue(s.Now().UnixMilli())},
		syncproto.FieldValue{Field: schema.DeviceReason, Value: syncproto.TextValue(reason)}))
}

// reasonGiven wants a reason that can be recorded.
func reasonGiven(reason *string, ask string) error {
	switch *reason = strings.TrimSpace(*reason); {
	case *reason == "":
		return refusal.New(refusal.Required, "%s", ask).On("reason")
	case utf8.RuneCountInString(*reason) > schema.MaxReason:
		return tooLong(schema.MaxReason).On("reason")
	}
	return nil
}

func tooLong(most int) *refusal.Error {
	return refusal.New(refusal.TooLong, "write at most %d letters", most).With("max", most)
}
