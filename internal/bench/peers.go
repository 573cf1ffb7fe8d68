package bench

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// peers are what the other process has to play: Count devices that are up to date, or
// bare websockets. Keys and ids follow from the seed.
type peers struct {
	URL    string
	Count  int
	Bare   bool
	Kind   string // of their sites
	Org    syncproto.OrgID
	Seed   []byte
	First  syncproto.RecordID // whose children the devices and sites are
	Cursor []byte
}

// dialers bounds the peers that greet at one time, well below what a server lets stand
// at its door.
const dialers = 64

func (p *peers) key(n int) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64(p.Seed, uint64(n)))
	return ed25519.NewKeyFromSeed(seed[:])
}

// A site has ten devices.
func (p *peers) device(n int) syncproto.DeviceID { return syncproto.DeviceID(p.First.Child(2*n + 2)) }
func (p *peers) site(n int) syncproto.RecordID   { return p.First.Child(2*(n/10) + 1) }

func (p *peers) grants(n int) []schema.GrantFor {
	return schema.FirstGrants(p.Kind, p.device(n), p.site(n), nil)
}

// Peers is the other process: it reads from in what to play, says on out how many are
// connected, and ends when in does.
func Peers(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	first, err := lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	p := &peers{}
	if err := json.Unmarshal(first, p); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(dialers)
	connected := make(chan struct{}, dialers)
	go func() {
		for n := range p.Count {
			g.Go(func() error {
				stay, err := p.connect(ctx, n)
				if err != nil {
					fail(fmt.Errorf("peer %d: %w", n, err))
					return err
				}
				connected <- struct{}{}
				go func() { fail(stay()) }()
				return nil
			})
		}
	}()
	go func() {
		_, err := lines.ReadByte()
		if err == io.EOF {
			err = nil
		}
		fail(err)
	}()
	for n := 0; ; {
		select {
		case <-connected:
			n++
			if n%100 == 0 || n == p.Count {
				fmt.Fprintln(out, n)
			}
		case err := <-failed:
			return err
		}
	}
}

// connect gives a peer that has nothing left to do but to stay.
func (p *peers) connect(ctx context.Context, n int) (stay func() error, err error) {
	if p.Bare {
		ws, _, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(p.URL, "http", "ws", 1), http.Header{})
		if err != nil {
			return nil, err
		}
		return func() error { _, _, err := ws.ReadMessage(); return err }, nil
	}
	conn, err := wsconn.Dial(ctx, p.URL+"/sync", wsconn.DialOptions{})
	if err != nil {
		return nil, err
	}
	f, err := conn.Receive()
	if err != nil {
		return nil, err
	}
	challenge, ok := f.(*syncproto.Challenge)
	if !ok {
		return nil, fmt.Errorf("%T where Challenge was expected", f)
	}
	conn.SetLimits(syncproto.ServerLimits)
	device := p.device(n)
	hello := &syncproto.Hello{
		Version: syncproto.Version, Device: device, TimeMS: time.Now().UnixMilli(),
		Signature: syncproto.SignHello(p.key(n), p.Org, device, challenge.Nonce),
	}
	resume := &syncproto.Resume{Cursor: p.Cursor, Credit: 1 << 20}
	for _, g := range p.grants(n) {
		for _, class := range []syncproto.Class{syncproto.ClassS, syncproto.ClassP, syncproto.ClassE} {
			if strings.Contains(g.Classes, class.String()) {
				resume.Covered = append(resume.Covered, syncproto.Share{Class: class, Scope: g.Scope})
			}
		}
	}
	if err := errors.Join(conn.Send(ctx, hello), conn.Send(ctx, resume)); err != nil {
		return nil, err
	}
	for {
		switch f, err := conn.Receive(); f.(type) {
		case *syncproto.Welcome:
		case *syncproto.Checkpoint:
			return func() error { return answer(ctx, conn) }, nil
		default:
			return nil, fmt.Errorf("%T where Checkpoint was expected (%v)", f, err)
		}
	}
}

func answer(ctx context.Context, conn *wsconn.Conn) error {
	for {
		f, err := conn.Receive()
		if err != nil {
			return err
		}
		switch f := f.(type) {
		case *syncproto.Ping:
			if f.Answer {
				err = conn.Send(ctx, &syncproto.Ping{TimeMS: time.Now().UnixMilli()})
			}
		case *syncproto.Bye:
			err = fmt.Errorf("sent away: %v", f.Code)
		}
		if err != nil {
			return err
		}
	}
}

// startPeers runs peers in a process of their own, whose memory and open files are not
// this one's, and returns when all are connected.
func (r *run) startPeers(ctx context.Context, p *peers, progress func(n int)) (stop func() error, err error) {
	what, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if len(r.Peers) == 0 {
		return nil, errors.New("bug: no command that plays peers")
	}
	child := exec.CommandContext(ctx, r.Peers[0], r.Peers[1:]...)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := child.Start(); err != nil {
		return nil, err
	}
	stop = func() error { return errors.Join(in.Close(), child.Wait()) }
	if _, err := in.Write(append(what, '\n')); err != nil {
		return nil, errors.Join(err, stop())
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		progress(n)
		if n == p.Count {
			return stop, nil
		}
	}
	return nil, errors.Join(errors.New("the peers' process ended"), lines.Err(), stop())
}
