package simtest_test

import (
	"bytes"
	"testing"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// recordArrivedAlone is an attachment whose record head office has, and whose bytes it has
// not; the device that has them is not connected.
func recordArrivedAlone(t *testing.T, c *simtest.Centre, s *simtest.Site, size int) (syncproto.Manifest, []byte) {
	t.Helper()
	photo := bytesOf(size, 11)
	photographed(t, s, "Incense", photo)
	batch, _, err := s.Store.NextBatch(ctx, s.KeyOf, 0)
	must(t, err)
	p := connect(t, c.HTTP.URL, s)
	p.push(batch.Bytes())
	next[*syncproto.Receipt](p)
	p.conn.Close(nil)
	c.Folded()
	return syncproto.Cut(photo), photo
}

func TestWhoLiesAboutAnAttachmentIsSentAway(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	m, photo := recordArrivedAlone(t, c, s, 2*syncproto.ChunkSize+1)
	root := m.Root()
	offer := func(p *peer) *syncproto.ChunkAsk {
		p.send(syncproto.NewHave(&m))
		return next[*syncproto.ChunkAsk](p)
	}
	chunk := func(index uint64, data []byte) *syncproto.Chunk {
		return &syncproto.Chunk{Root: root, Index: index, Data: data}
	}
	for _, b := range []struct {
		name string
		do   func(*peer)
	}{
		{"a chunk that was not asked for", func(p *peer) { p.send(chunk(0, photo[:syncproto.ChunkSize])) }},
		{"a chunk of another index", func(p *peer) { p.send(chunk(offer(p).Index+1, photo[syncproto.ChunkSize:2*syncproto.ChunkSize])) }},
		{"a chunk that does not hash", func(p *peer) { p.send(chunk(offer(p).Index, bytes.Repeat([]byte{7}, syncproto.ChunkSize))) }},
		{"a chunk that is too short", func(p *peer) { p.send(chunk(offer(p).Index, photo[:9])) }},
		{"a chunk of another attachment", func(p *peer) {
			offer(p)
			p.send(&syncproto.Chunk{Root: syncproto.Root{1}, Data: photo[:syncproto.ChunkSize]})
		}},
		{"the same chunk twice", func(p *peer) {
			n := offer(p).Index
			p.send(chunk(n, photo[n*syncproto.ChunkSize:(n+1)*syncproto.ChunkSize]))
			p.send(chunk(n, photo[n*syncproto.ChunkSize:(n+1)*syncproto.ChunkSize]))
		}},
		{"two manifests at once", func(p *peer) { offer(p); p.send(syncproto.NewHave(&m)) }},
		{"a manifest of nothing", func(p *peer) { p.send(&syncproto.Have{Root: root}) }},
		{"an answer of the server's", func(p *peer) { p.send(&syncproto.ChunkAsk{Root: root, Want: syncproto.WantNothing}) }},
	} {
		t.Run(b.name, func(t *testing.T) {
			p := connect(t, c.HTTP.URL, s)
			b.do(p)
			p.byeIs(syncproto.CodeMalformed)
		})
	}
	s.Sync()
	if !bytes.Equal(atCentre(t, c, root), photo) {
		t.Error("after all that, the photo does not arrive")
	}
}

func TestWhatNothingNamesIsNotAskedFor(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall", schema.KindStall)
	m := syncproto.Cut(bytesOf(100, 12))
	p := connect(t, c.HTTP.URL, s)
	p.send(syncproto.NewHave(&m))
	if a := next[*syncproto.ChunkAsk](p); a.Want != syncproto.WantNot {
		t.Errorf("the server wants %d", a.Want)
	}
	if n, _ := attachedAt(t, c); n != 0 {
		t.Errorf("it keeps %d attachments", n)
	}
}

func TestADeviceThatHasGivenAsMuchAsItMayIsToldToComeAgain(t *testing.T) {
	c := simtest.NewNarrowCentre(t, server.Limits{Given: 3 * syncproto.ChunkSize})
	s := c.NewSite("Stall", schema.KindStall)
	_, first := photographed(t, s, "Incense", bytesOf(2*syncproto.ChunkSize, 13))
	s.Sync()
	product, second := photographed(t, s, "Tea", bytesOf(2*syncproto.ChunkSize, 14))
	s.Sync()
	if atCentre(t, c, first) == nil || atCentre(t, c, second) != nil {
		t.Error("the quota does not hold")
	}
	if st, err := s.Client.Status(ctx); err != nil || st.Attachments != 1 {
		t.Errorf("%d are to be sent, want the one that was not taken, %v", st.Attachments, err)
	}
	if atSite(t, s, second) == nil {
		t.Fatal("what was not taken is gone")
	}
	must(t, s.Client.SetPhoto(ctx, schema.Product, product, syncproto.Root{}))
	s.Sync()
	s.Sync() // the first may have offered it before the server heard that it is not wanted
	if st, err := s.Client.Status(ctx); err != nil || st.Attachments != 0 {
		t.Errorf("%d are to be sent that nothing names any more, %v", st.Attachments, err)
	}
}

func TestAStallCannotTellAPersonsPhotoFromOneThatIsNowhere(t *testing.T) {
	c := simtest.NewCentre(t)
	branch, stall := c.NewSite("Branch", schema.KindBranch), c.NewSite("Stall", schema.KindStall)
	root, err := branch.Client.Attach(ctx, bytesOf(100, 15))
	must(t, err)
	_, err = branch.Client.AddPerson(ctx, client.NewPerson{Name: "Made up", Photo: root})
	must(t, err)
	branch.Sync()
	if atCentre(t, c, root) == nil {
		t.Fatal("the photo did not arrive")
	}
	answers := func(s *simtest.Site, root syncproto.Root) (give *syncproto.Have, chunk *syncproto.Chunk) {
		p := connect(t, c.HTTP.URL, s)
		p.send(&syncproto.ChunkAsk{Root: root})
		give = next[*syncproto.Have](p)
		p.send(&syncproto.ChunkAsk{Root: root, Want: syncproto.WantChunk})
		return give, next[*syncproto.Chunk](p)
	}
	for name, root := range map[string]syncproto.Root{"a person's": root, "nobody's": {1}} {
		give, chunk := answers(stall, root)
		if give.Root != root || give.Length != 0 || len(give.Hashes) != 0 || chunk.Root != root || chunk.Index != 0 || len(chunk.Data) != 0 {
			t.Errorf("a stall that asks for %s hears %+v and %+v", name, give, chunk)
		}
	}
	if give, chunk := answers(branch, root); give.Length != 100 || len(chunk.Data) != 100 {
		t.Errorf("the branch hears %+v and %d bytes", give, len(chunk.Data))
	}
}
