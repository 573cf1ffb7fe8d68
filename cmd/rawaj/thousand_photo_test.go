//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	mrand "math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/syncproto"
)

// photoBytes is a small portrait: one chunk, which a line that breaks cuts as often as not.
const photoBytes = 20 << 10

// chunkYields is how long a chunk waits, at most, for what was recorded: laneYield of the
// client, with what its timer is off.
const chunkYields = 5*time.Second - 100*time.Millisecond

// photographs records a person with a photo, which those at the same site read too.
func (c *rusher) photographs(ctx context.Context, i int) (err error) {
	photo := make([]byte, photoBytes)
	mrand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(photo)
	if c.photo, err = c.client.Attach(ctx, photo); err == nil {
		_, err = c.client.AddPerson(ctx, client.NewPerson{Name: "A made-up person", Photo: c.photo})
	}
	return err
}

// delivered says whether the server has confirmed a client's photo.
func (c *rusher) delivered() bool {
	st, err := c.client.Status(context.Background())
	return err == nil && st.Attachments == 0
}

// photosThere fails unless the server has every photo whole, and none came up while
// something that its client had recorded waited, as far as a chunk waits for that.
func (r *rush) photosThere() {
	r.t.Helper()
	kept, err := attach.OpenReadOnly(filepath.Join(r.dir, attach.File))
	if err != nil {
		r.t.Fatal(err)
	}
	defer kept.Close()
	chunks, yielded := 0, 0
	for i, c := range r.clients {
		if m, ok, err := kept.Manifest(r.t.Context(), c.photo); err != nil || !ok || m.Length != photoBytes {
			r.t.Errorf("the server has %d bytes of the photo of client %d, %v", m.Length, i, err)
		}
		n, before := r.chunksOf(i)
		chunks, yielded = chunks+n, yielded+before
	}
	if found, err := kept.Verify(r.t.Context()); err != nil || len(found) > 0 {
		r.t.Errorf("photos at the server: %v, %v", found, err)
	}
	r.t.Logf("%d chunks of photos went up, %d of them after they had waited long enough for what was recorded", chunks, yielded)
	r.t.Logf("after they came back: %v", r.when(map[string]func(recorder.Event) bool{
		"their sales had arrived":  func(e recorder.Event) bool { return e.What == recorder.Heard && e.Frame == syncproto.TypeReceipt },
		"their photos had arrived": func(e recorder.Event) bool { return e.What == recorder.Delivered },
	}))
}

// when tells after how long something was so for half of the clients, for 99 of 100, and for all.
func (r *rush) when(what map[string]func(recorder.Event) bool) (told []string) {
	r.t.Helper()
	after := map[string][]time.Duration{}
	for _, c := range r.clients {
		events, err := c.flight.Events()
		if err != nil {
			r.t.Fatal(err)
		}
		for name, is := range what {
			for _, e := range slices.Backward(events) {
				if is(e) {
					after[name] = append(after[name], time.UnixMilli(e.TimeMS).Sub(r.began).Round(time.Second/10))
					break
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		a := after[name]
		slices.Sort(a)
		told = append(told, fmt.Sprintf("%s of half after %v, of 99 %% after %v, of all %d after %v", name, a[len(a)/2], a[len(a)*99/100], len(a), a[len(a)-1]))
	}
	return told
}

// chunksOf goes through what a client sent, which is the order in which the server got it:
// of each connection, batches and their receipts before chunks. It counts the chunks, and
// those that had waited their time in vain.
func (r *rush) chunksOf(i int) (chunks, yielded int) {
	r.t.Helper()
	events, err := r.clients[i].flight.Events()
	if err != nil {
		r.t.Fatal(err)
	}
	var connected int64
	var early []recorder.Event // chunks of this connection, before a batch of it was at the server
	pushing := false
	for _, e := range events {
		switch {
		case e.What == recorder.Connected:
			connected, early, pushing = e.TimeMS, nil, false
		case e.What == recorder.Heard && e.Frame == syncproto.TypeReceipt:
			pushing = false // there is one batch
		case e.What == recorder.Sent && e.Frame == syncproto.TypePush:
			pushing = true
		case e.What == recorder.Sent && e.Frame == syncproto.TypeChunk:
			chunks++
			early = append(early, e)
		}
		for ; pushing && len(early) > 0; early = early[1:] {
			yielded++
			if waited := time.Duration(early[0].TimeMS-connected) * time.Millisecond; waited < chunkYields {
				r.t.Errorf("client %d sent a chunk of a photo %v after it connected, while sales waited", i, waited)
			}
		}
	}
	return chunks, yielded
}
