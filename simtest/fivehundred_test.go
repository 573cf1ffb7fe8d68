package simtest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/raced"
	"github.com/rawaj/rawaj/simtest"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/hlc"
	"github.com/rawaj/rawaj/syncproto/schema"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

// TestFiveHundredDevicesComeBackAtOnceAfterAnOutage has each deliver what it recorded
// meanwhile. The first ones have a long backlog; all get on, within the process's bounds.
func TestFiveHundredDevicesComeBackAtOnceAfterAnOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short was given: this enrols 500 devices and takes some 40 s")
	}
	const most = 384 << 20
	devices := raced.Fewer(500)
	c := simtest.NewCentre(t)
	chains := make([]*script, devices)
	url := c.HTTP.URL
	var enrolling sync.WaitGroup
	for first := range 8 { // some at once: each waits for the disk
		enrolling.Go(func() {
			for i := first; i < devices; i += 8 {
				chains[i] = newScript(t, c.NewSite(fmt.Sprintf("Stall %d", i%20), schema.KindStall))
				tills(chains[i], 1)
				if i < 4 {
					tills(chains[i], 299)
				}
			}
		})
	}
	enrolling.Wait()
	began := time.Now()
	before := inUse()
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	defer stop()
	var peak sync.WaitGroup
	watching, watched := context.WithCancel(ctx)
	var top int64
	peak.Go(func() { top = highest(watching) })
	var all sync.WaitGroup
	gate := make(chan struct{})
	for i := range chains {
		all.Go(func() {
			<-gate
			if err := deliver(ctx, url, chains[i]); err != nil {
				t.Errorf("device %d: %v", i, err)
			}
		})
	}
	close(gate)
	all.Wait()
	watched()
	peak.Wait()
	if took := top - before; took > most {
		t.Errorf("%d devices took %d MiB at once, want at most %d", devices, took>>20, most>>20)
	}
	t.Logf("%d MiB at once, all settled after %v", (top-before)>>20, time.Since(began).Round(time.Millisecond))
	if n, want := count(t, c, schema.TillSession), (devices-4)*1+4*300; n != want {
		t.Errorf("head office has %d tills, want %d", n, want)
	}
}

// tills appends n transactions that open a till each, which only its site hears of.
func tills(s *script, n int) {
	id := s.site.Store.Identity()
	for range n {
		s.raw(syncproto.AppendBody(nil, &syncproto.Transaction{
			Time: hlc.At(time.Now().UnixMilli()), Schema: schema.Version, Rules: schema.RulesVersion,
			Changes: []syncproto.Change{{
				Op: syncproto.Create, Table: schema.TillSession, Record: schema.NamedID("till", id.Org, fmt.Sprint(s.inc, len(s.hashes))),
				Groups: []syncproto.GroupWrite{{Group: schema.TillGroupOpening, Base: syncproto.NoBase, Fields: []syncproto.FieldValue{
					{Field: schema.TillSite, Value: syncproto.IDValue(id.Site)}, {Field: schema.TillFair},
					{Field: schema.TillDevice, Value: syncproto.IDValue(syncproto.RecordID(id.Device))}, {Field: schema.TillOpenedAt, Value: syncproto.IntValue(1)},
					{Field: schema.TillFloat, Value: syncproto.IntValue(1)}, {Field: schema.TillCurrency, Value: syncproto.TextValue("AED")},
				}}},
			}},
		}))
	}
}

// highest is the most memory that was in use until ctx ended.
func highest(ctx context.Context) (top int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		top = max(top, int64(m.HeapInuse+m.StackInuse))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return top
		}
	}
}

// deliver is one device: it greets, pushes its chain and hears until its own work is
// settled. Sent away, it comes back.
func deliver(ctx context.Context, url string, chain *script) error {
	for ctx.Err() == nil {
		err := deliverOnce(ctx, url, chain)
		if err == nil {
			return nil
		}
		var bye *syncproto.Error
		if _, busy := errors.AsType[*wsconn.HandshakeError](err); !busy && (!errors.As(err, &bye) || bye.Code != syncproto.CodeBusy) {
			return err
		}
	}
	return context.Cause(ctx)
}

func deliverOnce(ctx context.Context, url string, chain *script) error {
	conn, err := wsconn.Dial(ctx, url+"/sync", wsconn.DialOptions{})
	if err != nil {
		return err
	}
	defer conn.Close(&syncproto.Bye{Code: syncproto.CodeBye})
	defer context.AfterFunc(ctx, func() { conn.Close(nil) })()
	f, err := conn.Receive()
	if err != nil {
		return err
	}
	challenge, ok := f.(*syncproto.Challenge)
	if !ok {
		return fmt.Errorf("%T where Challenge was expected", f)
	}
	conn.SetLimits(syncproto.ServerLimits)
	id := chain.site.Store.Identity()
	hello := &syncproto.Hello{
		Version: syncproto.Version, Device: id.Device, TimeMS: time.Now().UnixMilli(),
		Signature: syncproto.SignHello(chain.site.Key, id.Org, id.Device, challenge.Nonce), Declared: syncproto.Declared{Transactions: uint64(len(chain.bodies))},
	}
	for _, f := range []syncproto.Frame{hello, &syncproto.Resume{Credit: 4 << 20}} {
		if err := conn.Send(ctx, f); err != nil {
			return err
		}
	}
	last := syncproto.Seq(len(chain.bodies))
	receipts, heard := 0, uint64(0)
	for {
		f, err := conn.Receive()
		if err != nil {
			return err
		}
		if heard += conn.Cost(); heard > 1<<20 {
			if err := conn.Send(ctx, &syncproto.Credit{Bytes: heard}); err != nil {
				return err
			}
			heard = 0
		}
		switch f := f.(type) {
		case *syncproto.Welcome:
			for first := syncproto.Seq(1); first <= last; first += 100 {
				raw := chain.batch(first, min(first+99, last))
				b, err := syncproto.ParseBatch(raw)
				if err != nil {
					return err
				}
				if err := conn.Send(ctx, &syncproto.Push{Batch: uint64(first/100) + 1, Total: uint64(len(raw)), Length: b.Header.Length, Data: raw}); err != nil {
					return err
				}
			}
		case *syncproto.Receipt:
			receipts++
		case *syncproto.Checkpoint:
			for _, h := range f.Settled {
				if h == chain.head(last) && receipts == int(last+99)/100 {
					return nil
				}
			}
		case *syncproto.Ping:
			if f.Answer {
				if err := conn.Send(ctx, &syncproto.Ping{TimeMS: time.Now().UnixMilli()}); err != nil {
					return err
				}
			}
		case *syncproto.Bye:
			return syncproto.Errorf(f.Code, "%s", f.Detail)
		}
	}
}
