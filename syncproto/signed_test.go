package syncproto_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"runtime"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

func TestAParcelWithOtherContentThanItsHeadSignsIsRefused(t *testing.T) {
	file := func(batch string) []byte {
		b, err := syncproto.SignParcel(deviceKey, org, &syncproto.Parcel{Device: device, Batches: [][]byte{[]byte(batch)}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	own := func(syncproto.DeviceID, []byte) (ed25519.PublicKey, error) { return public(deviceKey), nil }
	one := file("one batch")
	if _, err := syncproto.OpenParcel(org, one, own); err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(one, []byte("one batch"), []byte("two batch"), 1)
	if _, err := syncproto.OpenParcel(org, other, own); !errors.Is(err, syncproto.ErrParcel) {
		t.Errorf("other content gave %v", err)
	}
}

func TestABatchWhoseChainEndsElsewhereIsRefused(t *testing.T) {
	sign := func(before syncproto.Hash) *syncproto.Batch {
		b, err := syncproto.SignBatch(deviceKey, org, device, inc, 2, before, nil, []syncproto.Body{syncproto.NewBody([]byte("a body"))})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	parts := func(b *syncproto.Batch) (signed, packed []byte) {
		r := canon.NewReader(b.Bytes())
		r.Exactly(2)
		return r.Bytes(1 << 20), r.Bytes(1 << 20)
	}
	b := sign(syncproto.Hash{1})
	b.Header.After = syncproto.Hash{9} // as a header would say that was signed so
	if _, err := b.Open(); !errors.Is(err, syncproto.ErrBatch) {
		t.Errorf("a chain that ends elsewhere gave %v", err)
	}
	signed, _ := parts(sign(syncproto.Hash{1}))
	other, err := syncproto.SignBatch(deviceKey, org, device, inc, 2, syncproto.Hash{1}, nil, []syncproto.Body{syncproto.NewBody([]byte("b body"))})
	if err != nil {
		t.Fatal(err)
	}
	_, packed := parts(other)
	mixed, err := syncproto.ParseBatch(canon.Bytes(canon.Bytes(canon.Array(nil, 2), signed), packed))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mixed.Open(); !errors.Is(err, syncproto.ErrBatch) {
		t.Errorf("the bodies of another gave %v", err)
	}
}

func TestAChainThatDoesNotBeginWithItsGenesisIsRefused(t *testing.T) {
	genesis := &syncproto.Genesis{}
	for _, c := range []struct {
		before syncproto.Hash
		sound  bool
	}{{syncproto.GenesisHash(org, device, inc, *genesis), true}, {syncproto.Hash{1}, false}} {
		b, err := syncproto.SignBatch(deviceKey, org, device, inc, 1, c.before, genesis, []syncproto.Body{syncproto.NewBody([]byte("a body"))})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Verify(public(deviceKey), org); (err == nil) != c.sound {
			t.Errorf("a chain that begins with %v gave %v", c.before, err)
		}
	}
}

func TestBodiesThatUnpackToMoreThanWasSignedAreNotUnpacked(t *testing.T) {
	sign := func(body []byte) (signed, packed []byte) {
		b, err := syncproto.SignBatch(deviceKey, org, device, inc, 2, syncproto.Hash{1}, nil, []syncproto.Body{syncproto.NewBody(body)})
		if err != nil {
			t.Fatal(err)
		}
		r := canon.NewReader(b.Bytes())
		r.Exactly(2)
		return r.Bytes(1 << 20), r.Bytes(1 << 20)
	}
	signed, _ := sign([]byte("a body"))
	_, packed := sign(make([]byte, 12<<20))
	b, err := syncproto.ParseBatch(canon.Bytes(canon.Bytes(canon.Array(nil, 2), signed), packed))
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = b.Open()
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, syncproto.ErrBatch) || taken > 1<<20 {
		t.Errorf("%v, and %d bytes were taken", err, taken)
	}
}
