package simtest_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// byeIs reads until the server says Bye, which has to have a code.
func (p *peer) byeIs(want syncproto.Code) {
	p.t.Helper()
	for {
		f, err := p.conn.Receive()
		if err != nil {
			p.t.Fatalf("connection ended without a Bye: %v", err)
		}
		if bye, ok := f.(*syncproto.Bye); ok {
			if bye.Code != want {
				p.t.Errorf("bye %v (%s), want %v", bye.Code, bye.Detail, want)
			}
			return
		}
	}
}

func (p *peer) sendBytes(b []byte) {
	p.t.Helper()
	if err := p.conn.SendEncoded(ctx, b); err != nil {
		p.t.Fatal(err)
	}
}

func TestWhoHasNotNamedItselfIsSentAwayWithACode(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	for _, test := range []struct {
		name string
		do   func(*peer)
		want syncproto.Code
	}{
		{"garbage", func(p *peer) { p.sendBytes([]byte("\xff\x00GET / HTTP/1.1")) }, syncproto.CodeMalformed},
		{"nothing at all", func(p *peer) { p.sendBytes(nil) }, syncproto.CodeMalformed},
		{"over 4 KiB", func(p *peer) { p.sendBytes(make([]byte, syncproto.MaxGreeting+1)) }, syncproto.CodeTooLarge},
		{"a frame of tomorrow", func(p *peer) { p.sendBytes(canon.Map(canon.Uint(canon.Array(nil, 2), 200), 0)) }, syncproto.CodeUnsupported},
		{"a compressed frame", func(p *peer) {
			p.sendBytes(canon.Bytes(canon.Uint(canon.Array(nil, 2), uint64(syncproto.TypeHello)), make([]byte, 100)))
		}, syncproto.CodeMalformed},
		{"another frame than Hello", func(p *peer) { p.send(&syncproto.Ping{TimeMS: 1}) }, syncproto.CodeMalformed},
		{"a stranger", func(p *peer) {
			hello := p.helloOf(s)
			hello.Device[3]++
			p.send(hello)
		}, syncproto.CodeUnknown},
		{"a stranger with no signature worth the name", func(p *peer) {
			hello := p.helloOf(s)
			hello.Device[3]++
			clear(hello.Signature)
			p.send(hello)
		}, syncproto.CodeUnknown},
		{"a bad signature", func(p *peer) {
			hello := p.helloOf(s)
			hello.Signature[7] ^= 1
			p.send(hello)
		}, syncproto.CodeSignature},
		{"the signature of another challenge", func(p *peer) {
			p.challenge.Nonce[0] ^= 1
			p.send(p.helloOf(s))
		}, syncproto.CodeSignature},
		{"another frame than Resume", func(p *peer) {
			p.send(p.helloOf(s))
			p.send(&syncproto.Ping{TimeMS: 1})
		}, syncproto.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := dial(t, c.HTTP.URL)
			test.do(p)
			p.byeIs(test.want)
		})
	}
	sellSome(t, s, 3)
	s.Sync()
	soldIs(t, c, 3)
}

// swapped is a batch with the header of one and the bodies of another.
func swapped(t *testing.T, header, bodies []byte) []byte {
	t.Helper()
	signed, _ := parts(t, header)
	_, packed := parts(t, bodies)
	return canon.Bytes(canon.Bytes(canon.Array(nil, 2), signed), packed)
}

func parts(t *testing.T, batch []byte) (signed, packed []byte) {
	t.Helper()
	r := canon.NewReader(batch)
	r.Exactly(2)
	signed, packed = r.Bytes(len(batch)), r.Bytes(len(batch))
	if err := r.Done(); err != nil {
		t.Fatal(err)
	}
	return signed, packed
}

func TestAnUnsoundBatchEndsTheConnectionWithACodeAndTheNextIsTaken(t *testing.T) {
	c := simtest.NewCentre(t)
	s, other := c.NewSite("Stall 1", schema.KindStall), c.NewSite("Stall 2", schema.KindStall)
	for _, test := range []struct {
		name string
		do   func(*peer, *script)
		want syncproto.Code
	}{
		{"a bad signature", func(p *peer, chain *script) {
			raw := chain.batch(1, 2)
			signed, _ := parts(t, raw)
			signed[len(signed)-1] ^= 1
			p.push(canon.Bytes(canon.Bytes(canon.Array(nil, 2), signed), raw[len(raw)-10:]))
		}, syncproto.CodeSignature},
		{"of another device", func(p *peer, _ *script) {
			theirs := newScript(t, other)
			theirs.categories(1)
			p.push(theirs.batch(1, 1))
		}, syncproto.CodeSignature},
		{"bodies that were not signed", func(p *peer, chain *script) {
			p.push(swapped(t, chain.batch(1, 2), chain.batch(1, 1)))
		}, syncproto.CodeMalformed},
		{"a bomb", func(p *peer, chain *script) {
			bomb := newScript(t, s)
			bomb.raw(make([]byte, syncproto.MaxBody))
			raw := swapped(t, chain.batch(1, 2), bomb.batch(1, 1))
			if len(raw) > 20_000 {
				t.Fatalf("the bomb has %d bytes", len(raw))
			}
			before := allocated()
			p.push(raw)
			p.byeIs(syncproto.CodeMalformed)
			if took := allocated() - before; took > 4<<20 {
				t.Errorf("the bomb took %d bytes", took)
			}
		}, 0},
		{"a chain that begins elsewhere", func(p *peer, chain *script) {
			chain.hashes[0][0] ^= 1
			p.push(chain.batch(1, 1))
		}, syncproto.CodeMalformed},
		{"another length than the pieces said", func(p *peer, chain *script) {
			raw := chain.batch(1, 2)
			p.send(&syncproto.Push{Batch: 1, Total: uint64(len(raw)), Length: 1, Data: raw})
		}, syncproto.CodeMalformed},
		{"a piece that does not follow", func(p *peer, chain *script) {
			raw := chain.batch(1, 2)
			p.send(&syncproto.Push{Batch: 1, Total: uint64(len(raw)), Length: 500, Data: raw[:100]})
			p.send(&syncproto.Push{Batch: 1, Offset: 101, Total: uint64(len(raw)), Length: 500, Data: raw[101:]})
		}, syncproto.CodeMalformed},
		{"garbage", func(p *peer, _ *script) { p.sendBytes([]byte("garbage")) }, syncproto.CodeMalformed},
		{"over 64 KiB", func(p *peer, _ *script) { p.sendBytes(make([]byte, syncproto.MaxFrame+1)) }, syncproto.CodeTooLarge},
		{"a frame that only servers send", func(p *peer, chain *script) {
			p.send(&syncproto.Leave{Class: syncproto.ClassS, Scope: syncproto.OrgScope})
		}, syncproto.CodeMalformed},
	} {
		t.Run(test.name, func(t *testing.T) {
			chain := newScript(t, s)
			chain.categories(2)
			p := connect(t, c.HTTP.URL, s)
			p.t = t
			test.do(p, chain)
			if test.want != 0 {
				p.byeIs(test.want)
			}
		})
	}
	chain := newScript(t, s)
	chain.categories(2)
	p := connect(t, c.HTTP.URL, s)
	p.push(chain.batch(1, 2))
	p.receiptFor(chain, 2)
	if n := count(t, c, schema.Category); n != 2 {
		t.Errorf("head office has %d categories, want 2", n)
	}
}

// allocated is how many bytes were ever allocated on the heap.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestASignedBatchOfGarbageIsKeptAndTheNextFlows(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	chain := newScript(t, s)
	chain.raw([]byte("no body at all"))
	chain.raw([]byte{})
	chain.categories(1)
	chain.raw(chain.bodies[2].Bytes[:20])
	chain.categories(1)
	p := connect(t, c.HTTP.URL, s)
	p.push(chain.batch(1, 4))
	p.receiptFor(chain, 4)
	p.push(chain.batch(5, 5))
	p.receiptFor(chain, 5)
	if n := count(t, c, schema.Category); n != 2 {
		t.Errorf("head office has %d categories, want 2", n)
	}
	held, err := c.Server.Quarantine(ctx)
	if err != nil {
		t.Fatal(err)
	}
	seqs := []int64{}
	for _, v := range held {
		if v.Code != "body" || v.State != schema.VerdictHeld || v.Device != s.Store.Identity().Device {
			t.Errorf("quarantine has %+v", v)
		}
		seqs = append(seqs, v.Seq)
	}
	if slices.Sort(seqs); !slices.Equal(seqs, []int64{1, 2, 4}) {
		t.Errorf("seqs %v are in quarantine, want 1, 2 and 4", seqs)
	}
}

func TestASignedBatchOfTheLargestTransactionIsKept(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	chain := newScript(t, s)
	chain.raw(make([]byte, syncproto.MaxBody+1)) // one byte more than may be read
	chain.categories(1)
	p := connect(t, c.HTTP.URL, s)
	p.push(chain.batch(1, 2))
	p.receiptFor(chain, 2)
	if n := count(t, c, schema.Category); n != 1 {
		t.Errorf("head office has %d categories, want 1", n)
	}
}

// socket is a websocket made by hand, for what wsconn would not send.
type socket struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func openSocket(t *testing.T, c *simtest.Centre) *socket {
	t.Helper()
	conn, err := net.Dial("tcp", c.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /sync HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: rawaj.1\r\n\r\n", c.Address())
	s := &socket{t, conn, bufio.NewReaderSize(conn, 512)}
	answer, err := http.ReadResponse(s.r, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v %v", answer, err)
	}
	return s
}

// frame reads one unmasked websocket frame and decodes what is in it.
func (s *socket) frame() (syncproto.Frame, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(s.r, head); err != nil {
		return nil, err
	}
	n := int(head[1] & 127)
	if n == 126 {
		long := make([]byte, 2)
		if _, err := io.ReadFull(s.r, long); err != nil {
			return nil, err
		}
		n = int(binary.BigEndian.Uint16(long))
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(s.r, body); err != nil {
		return nil, err
	}
	return syncproto.DecodeFrame(body, syncproto.ServerLimits)
}

func (s *socket) byeIs(want syncproto.Code) {
	s.t.Helper()
	for {
		f, err := s.frame()
		if err != nil {
			s.t.Fatal(err)
		}
		if bye, ok := f.(*syncproto.Bye); ok {
			if bye.Code != want {
				s.t.Errorf("bye %v, want %v", bye.Code, want)
			}
			return
		}
	}
}

func TestAMessageOfTextEndsTheConnection(t *testing.T) {
	s := openSocket(t, simtest.NewCentre(t))
	s.conn.Write([]byte{0x81, 0x80 | 2, 0, 0, 0, 0, 'h', 'i'}) // masked with zeros
	s.byeIs(syncproto.CodeMalformed)
}

func TestWhoStaysSilentOrSpeaksOneByteAtATimeIsTimedOut(t *testing.T) {
	t.Parallel() // it waits for the greeting's 5 s
	c := simtest.NewCentre(t)
	silent, slow := openSocket(t, c), openSocket(t, c)
	slow.conn.Write([]byte{0x82, 0x80 | 126, 15})
	began := time.Now()
	silent.byeIs(syncproto.CodeTimeout)
	slow.conn.Write([]byte{0})
	slow.byeIs(syncproto.CodeTimeout)
	if took := time.Since(began); took > 2*syncproto.GreetingTimeout {
		t.Errorf("it took %v", took)
	}
}

func TestAStrangerCostsLittleMemory(t *testing.T) {
	const strangers, most = 200, 64 << 10
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	before := inUse()
	sockets := make([]*socket, strangers)
	for i := range sockets {
		sockets[i] = openSocket(t, c)
		if _, err := sockets[i].frame(); err != nil { // the server waits for Hello
			t.Fatal(err)
		}
		sockets[i].conn.Write([]byte{0x82, 0x80 | 126, 0x0f, 0xff, 0, 0, 0, 0, 1}) // 4 KiB announced
	}
	if took := (inUse() - before) / strangers; took > most {
		t.Errorf("a stranger takes %d bytes, want at most %d", took, most)
	}
	sellSome(t, s, 1)
	s.Sync() // beside them
	soldIs(t, c, 1)
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func TestTheDoorIsNarrow(t *testing.T) {
	c := simtest.NewCentre(t)
	held := 0
	for range 2000 {
		conn, err := net.Dial("tcp", c.Address())
		if err != nil {
			t.Skipf("this machine gives %d sockets: %v", held, err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: rawaj.1\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "" {
			return
		}
		held++
	}
	t.Errorf("%d strangers were let in at once", held)
}

func TestBatchesThatAreCutOffGiveTheirMemoryBack(t *testing.T) {
	c := simtest.NewCentre(t)
	s := c.NewSite("Stall 1", schema.KindStall)
	for range 6 { // the budget is that of four of the largest
		p := connect(t, c.HTTP.URL, s)
		p.send(&syncproto.Push{Batch: 1, Total: syncproto.MaxBatch, Length: syncproto.MaxBatchLength, Data: make([]byte, 100)})
		p.conn.Close(&syncproto.Bye{Code: syncproto.CodeBye}) // which is read after the piece
	}
	chain := newScript(t, s)
	chain.categories(1)
	p := connect(t, c.HTTP.URL, s)
	p.push(chain.batch(1, 1))
	p.receiptFor(chain, 1)
	// There is room for another of the largest: its second piece is read, and found wrong.
	for _, offset := range []uint64{0, 7} {
		p.send(&syncproto.Push{Batch: 2, Total: syncproto.MaxBatch, Length: syncproto.MaxBatchLength, Offset: offset, Data: make([]byte, 100)})
	}
	if bye := p.bye(); bye.Code != syncproto.CodeMalformed {
		t.Errorf("the server said %v %s", bye.Code, bye.Detail)
	}
}
