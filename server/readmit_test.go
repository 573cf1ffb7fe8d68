package server

import (
	"context"
	"testing"

	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// A device that the log forgot may be in it again, handed back by another, while the state waits
// for room: it keeps the rights that it then has, and gets none anew.
func TestAForgottenDeviceIsTakenInOnceThoughTheStateIsBehindTheLog(t *testing.T) {
	l := newLooker(t)
	ids := l.ids(2)
	l.has(schema.Site, ids[0], text(schema.NameField("en"), "Made-up fair"), text(schema.SiteKind, "stall"), text(schema.SiteZone, defaultZone), text(schema.SiteLang, "en"), text(schema.SiteStatus, "active"))
	c := &syncproto.Certificate{Device: syncproto.DeviceID(ids[1]), Site: ids[0], Kind: "stall", Prefix: "M1", Key: make([]byte, 32), IssuedAt: present.UnixMilli()}
	if _, _, err := l.recordLocked(t.Context(), control, nil, admit(c, "", nil)); err != nil {
		t.Fatal(err)
	}
	if l.live.View().Device(c.Device) != nil {
		t.Fatal("the state is not behind")
	}
	l.adds(t, 0, func(ctx context.Context) error { return l.readmit(ctx, c) })
	if l.live.View().Device(c.Device) == nil {
		t.Error("the device is unknown")
	}
}

func TestAHistoryBeginsOnceThoughTheStateIsBehindTheLog(t *testing.T) {
	l := newLooker(t)
	head := l.State.Head()
	ahead := state.Cursor(head.Position+7, syncproto.Hash{1}, head.History)
	next := state.History{Org: head.Org, OrgKey: head.OrgKey, ID: syncproto.HistoryID{1}, Parent: head.History, Hash: syncproto.FirstPositionHash(head.Org), Cause: "another device was ahead"}
	if _, err := l.append(t.Context(), &state.Entry{Kind: state.EntryHistory, Payload: next.Encode()}); err != nil {
		t.Fatal(err)
	}
	l.adds(t, 0, func(ctx context.Context) error { return l.wentBack(ctx, ahead) })
	if got := l.State.Head().History; got != next.ID {
		t.Errorf("the history is %v, want %v", got, next.ID)
	}
}

// adds fails unless the log has so many entries more after f.
func (l *looker) adds(t *testing.T, want int, f func(context.Context) error) {
	t.Helper()
	before, _ := l.Log.End()
	if err := f(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, _ := l.Log.End(); int(after-before) != want {
		t.Errorf("%d entries were added, want %d", after-before, want)
	}
}
