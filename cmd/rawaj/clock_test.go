package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// What a clock claimed, what it was off and when the work came all stand in the log.
func TestAnAuditorSeesTheClaimedTimeAndWhenItCame(t *testing.T) {
	t.Parallel()
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	ahead := time.Until(time.Date(2099, 6, 1, 12, 0, 0, 0, time.UTC))
	s.Now = func() time.Time { return time.Now().Add(ahead) }
	if _, err := s.Client.AddProduct(t.Context(), client.NewProduct{Name: "Incense"}); err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-time.Second)
	s.Sync()
	shown := 0
	if err := c.Log.Read(t.Context(), 1, func(r oplog.Record) error {
		var out bytes.Buffer
		if err := catEntry(&out, r); err != nil {
			return err
		}
		var l entryLine
		if err := json.Unmarshal(out.Bytes(), &l); err != nil || l.Road != "socket" {
			return err
		}
		shown++
		received, err := time.Parse(time.RFC3339Nano, l.ReceivedAt)
		if err != nil || received.Before(began) || received.After(time.Now()) {
			t.Errorf("received at %s, want now: %v", l.ReceivedAt, err)
		}
		if off := time.Duration(*l.OffsetMS) * time.Millisecond; (off - ahead).Abs() > time.Minute {
			t.Errorf("the clock is measured to be %v off, want %v", off, ahead)
		}
		claimed, err := time.Parse(time.RFC3339Nano, l.Transactions[0].Time)
		if err != nil || claimed.Year() != 2099 {
			t.Errorf("the claimed time is %s, want 2099: %v", l.Transactions[0].Time, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if shown != 1 {
		t.Errorf("%d batches came by the socket, want 1", shown)
	}
}
