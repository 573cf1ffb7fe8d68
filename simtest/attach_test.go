package simtest_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// bytesOf are made-up bytes of a size, no two chunks of which are alike.
func bytesOf(size int, seed uint64) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

// photographed makes a product with a photo.
func photographed(t *testing.T, s *simtest.Site, name string, photo []byte) (syncproto.RecordID, syncproto.Root) {
	t.Helper()
	root, err := s.Client.Attach(ctx, photo)
	must(t, err)
	id, err := s.Client.AddProduct(ctx, client.NewProduct{Name: name, Photo: root})
	must(t, err)
	return id, root
}

// atCentre is an attachment as head office shows it, nil where it does not.
func atCentre(t *testing.T, c *simtest.Centre, root syncproto.Root) []byte {
	t.Helper()
	h := c.Server.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler())
	return shown(h, "http://127.0.0.1/api/attachments/"+root.String())
}

// atSite is an attachment as a site shows it, nil where it does not.
func atSite(t *testing.T, s *simtest.Site, root syncproto.Root) []byte {
	t.Helper()
	h := s.Client.Handler(localapi.NewGate("token of a test"), http.NotFoundHandler())
	return shown(h, "http://127.0.0.1/api/attachments/"+root.String())
}

func shown(h http.Handler, url string) []byte {
	r := httptest.NewRequest("GET", url, nil)
	r.Header.Set("Authorization", "Bearer token of a test")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		return nil
	}
	return w.Body.Bytes()
}

func TestAPhotoReachesHeadOfficeAndEverySiteThatReadsItsRecord(t *testing.T) {
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	photo := bytesOf(5*syncproto.ChunkSize+7, 1)
	_, root := photographed(t, stall, "Incense", photo)
	if st, err := stall.Client.Status(ctx); err != nil || st.Attachments != 1 {
		t.Errorf("before the sync %d are to be sent, %v", st.Attachments, err)
	}
	stall.Sync()
	if st, err := stall.Client.Status(ctx); err != nil || st.Attachments != 0 {
		t.Errorf("after the sync %d are to be sent, %v", st.Attachments, err)
	}
	if got := atCentre(t, c, root); !bytes.Equal(got, photo) {
		t.Errorf("head office shows %d bytes of %d", len(got), len(photo))
	}
	other.Sync()
	if got := atSite(t, other, root); !bytes.Equal(got, photo) {
		t.Errorf("the other site shows %d bytes of %d", len(got), len(photo))
	}
	stall.Sound()
	other.Sound()
}

func TestAPhotoOf40MiBOverALineThatIsCutArrivesAndNothingThatCameIsSentAgain(t *testing.T) {
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	line := simtest.NewProxy(t, c.Address())
	stall.Through(line.URL())
	other.Through(line.URL())
	photo := bytesOf(raced.Fewer(syncproto.MaxAttachment), 2)
	_, root := photographed(t, stall, "Incense", photo)
	const every = 3 << 20
	line.CutEvery(simtest.Up, every)
	stall.Sync()
	if !bytes.Equal(atCentre(t, c, root), photo) {
		t.Fatal("head office does not have it")
	}
	// A line that is cut loses what is on its way: a chunk, and the manifest that begins anew.
	cuts := int64(line.Cuts())
	if most := int64(len(photo)) + len64(photo)/100 + cuts*(3*syncproto.ChunkSize); line.Carried(simtest.Up) > most || cuts < int64(len(photo))/every {
		t.Errorf("%d bytes went up in %d lines, want at most %d", line.Carried(simtest.Up), cuts, most)
	}
	line.CutEvery(simtest.Up, 0)
	line.CutEvery(simtest.Down, every)
	other.Sync()
	if atSite(t, other, root) != nil {
		t.Error("a photo of such size came before anybody looked at it")
	}
	before, cut := line.Carried(simtest.Down), line.Cuts()
	opened := make(chan []byte, 1)
	stop := opening(t, other, root, opened)
	defer stop()
	for got := []byte(nil); got == nil; {
		select {
		case got = <-opened:
			if !bytes.Equal(got, photo) {
				t.Errorf("it came as %d bytes of %d", len(got), len(photo))
			}
		default:
			other.Sync()
		}
	}
	cuts = int64(line.Cuts() - cut)
	if most := int64(len(photo)) + len64(photo)/100 + cuts*(3*syncproto.ChunkSize); line.Carried(simtest.Down)-before > most || cuts < int64(len(photo))/every {
		t.Errorf("%d bytes came down in %d lines, want at most %d", line.Carried(simtest.Down)-before, cuts, most)
	}
}

func len64(b []byte) int64 { return int64(len(b)) }

func TestASaleIsAheadOfAllButOneFrameOfAPhoto(t *testing.T) {
	c := simtest.NewCentre(t)
	stall := c.NewSite("Stall", schema.KindStall)
	line := simtest.NewProxy(t, c.Address())
	stall.Through(line.URL())
	product, root := photographed(t, stall, "Incense", bytesOf(syncproto.MaxAttachment, 3))
	till, err := stall.Client.OpenTill(ctx, client.NewTill{Currency: "AED"})
	must(t, err)
	_, stop := running(t, stall)
	defer stop()
	for sale := range 12 {
		going := make(chan struct{})
		line.At(simtest.Up, 256<<10, func() { close(going) }) // in the middle of the photo
		line.Hold(simtest.Up, false)
		<-going
		first := lastEvent(t, stall)
		_, err := stall.Client.Sell(ctx, client.NewSale{Till: till, Currency: "AED", Lines: []client.Line{{Product: product, Quantity: 1, PriceMinor: 700}}})
		must(t, err)
		sold := lastEvent(t, stall)
		c.Judged(syncproto.Position(4 + sale)) // behind what enrolling and the till took
		for moved := stall.Store.Moved(); arrived(t, stall) != 0; moved = stall.Store.Moved() {
			<-moved
		}
		line.Hold(simtest.Up, true) // the photo is for the next sales to overtake
		chunks := 0
		for _, e := range eventsAfter(t, stall, first) {
			if e.What == recorder.Sent && e.Frame == syncproto.TypePush { // perhaps before Sell returned
				break
			}
			if e.What == recorder.Sent && e.Frame == syncproto.TypeChunk && e.Number > sold {
				chunks++
			}
		}
		if chunks > 1 {
			t.Errorf("%d frames of the photo went before sale %d", chunks, sale)
		}
	}
	if atCentre(t, c, root) != nil {
		t.Error("the photo had arrived: the sales had nothing to overtake")
	}
}

// arrived counts what the site has to send.
func arrived(t *testing.T, s *simtest.Site) uint64 {
	t.Helper()
	st, err := s.Client.Status(ctx)
	must(t, err)
	return st.Pending
}

func TestEqualPhotosAreStoredOnce(t *testing.T) {
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	photo := bytesOf(3*syncproto.ChunkSize, 4)
	photographed(t, stall, "Incense", photo)
	photographed(t, stall, "Tea", photo)
	stall.Sync()
	other.Sync()
	photographed(t, other, "Salt", append(photo[:2*syncproto.ChunkSize:2*syncproto.ChunkSize], 7)) // the same but for its end
	other.Sync()
	if n, size := attachedAt(t, c); n != 2 || size != len64(photo)+1 {
		t.Errorf("head office keeps %d attachments in %d bytes, want 2 in %d", n, size, len(photo)+1)
	}
}

func attachedAt(t *testing.T, c *simtest.Centre) (attachments, bytes int64) {
	t.Helper()
	s, err := attach.OpenReadOnly(c.Path(attach.File))
	must(t, err)
	defer s.Close()
	attachments, bytes, err = s.Counts(ctx)
	must(t, err)
	return attachments, bytes
}

func TestAPhotoThatWasAskedForInVainComesWhenItArrives(t *testing.T) {
	c := simtest.NewCentre(t)
	stall, other := c.NewSite("Stall", schema.KindStall), c.NewSite("Other", schema.KindStall)
	line := simtest.NewProxy(t, c.Address())
	stall.Through(line.URL())
	photo := bytesOf(200<<10, 5)
	_, root := photographed(t, stall, "Incense", photo)
	line.CutEvery(simtest.Up, 100<<10) // the record arrives, the photo does not
	if _, err := stall.Client.Sync(ctx, time.Millisecond, nil); err == nil {
		t.Fatal("the line was not cut")
	}
	line.CutEvery(simtest.Up, 0)
	_, stop := running(t, other)
	defer stop()
	eventually(t, "the record is here, and its photo was asked for", func() bool {
		asked, answered := 0, 0
		for _, e := range eventsAfter(t, other, 0) {
			if e.What == recorder.Sent && e.Frame == syncproto.TypeChunkAsk {
				asked++
			}
			if e.What == recorder.Heard && e.Frame == syncproto.TypeHave {
				answered++
			}
		}
		return asked > 0 && answered == asked
	})
	stall.Sync()
	eventually(t, "the photo is here", func() bool { return bytes.Equal(atSite(t, other, root), photo) })
}

// opening looks at an attachment until it is there, as a page does that somebody leaves open.
func opening(t *testing.T, s *simtest.Site, root syncproto.Root, got chan<- []byte) (stop func()) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			if b := atSite(t, s, root); b != nil {
				got <- b
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// running has a site stay connected.
func running(t *testing.T, s *simtest.Site) (run context.Context, stop func()) {
	t.Helper()
	run, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Client.Run(run) }()
	return run, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// eventsAfter is what a site's recorder holds after an event.
func eventsAfter(t *testing.T, s *simtest.Site, number uint64) (after []recorder.Event) {
	t.Helper()
	events, err := recorder.Read(s.Path("recorder"))
	must(t, err)
	for _, e := range events {
		if e.Number > number {
			after = append(after, e)
		}
	}
	return after
}

func lastEvent(t *testing.T, s *simtest.Site) uint64 {
	t.Helper()
	events, err := recorder.Read(s.Path("recorder"))
	must(t, err)
	return events[len(events)-1].Number
}
