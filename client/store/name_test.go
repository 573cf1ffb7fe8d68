package store_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func TestALifeThatSomebodyElseGoesOnWithEnds(t *testing.T) {
	s := newSite(t)
	s.makes("before the copy")
	before := s.head()
	s.reopen()
	s.GoOn() // as the copy of a machine that was at work does
	s.makes("after it")
	named := s.Heads()
	other := before
	other.Seq, other.Hash = before.Seq+1, syncproto.Hash{1}
	if err := s.Welcome(ctx, named, []syncproto.Head{s.head()}); err != nil {
		t.Fatal(err)
	}
	s.makes("in the same life, which is its own")
	if h := s.head(); h.Incarnation != before.Incarnation || h.Seq != before.Seq+2 {
		t.Errorf("the head is %v", h)
	}
	if err := s.Welcome(ctx, named, []syncproto.Head{other}); err != nil {
		t.Fatal(err)
	}
	s.makes("in a life of its own")
	if h := s.head(); h.Incarnation == before.Incarnation || h.Seq != 1 {
		t.Errorf("the head is %v", h)
	}
	s.sound()
}

// renamed is the identity of the site under another name.
func (s *site) renamed() store.Identity {
	id := *s.Identity()
	id.Device, id.Prefix, id.Certificate = syncproto.DeviceID{1: 9}, "B2", []byte{2}
	return id
}

func (s *site) prints() (receipt string) {
	s.t.Helper()
	s.records(func(d *store.Draft) error {
		id, err := d.NewID()
		if err != nil {
			return err
		}
		receipt = d.NextReceipt()
		return d.Create(schema.Product, id, text(schema.NameEn, receipt))
	})
	return receipt
}

func TestARenamedDeviceKeepsItsChainsAndBeginsNewOnes(t *testing.T) {
	s := newSite(t)
	was := s.Identity().Device
	if r := s.prints(); r != "A1-000001" {
		t.Error(r)
	}
	if err := s.Rename(ctx, s.renamed(), 1, false); err != nil {
		t.Fatal(err)
	}
	if r := s.prints(); r != "B2-000001" {
		t.Error(r)
	}
	s.sound()
	s.reopen()
	s.sound()
	var signed []string
	for from := int64(0); ; {
		b, last, err := s.NextBatch(ctx, func(d syncproto.DeviceID) (ed25519.PrivateKey, error) { return key, nil }, from)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		signed = append(signed, fmt.Sprint(b.Header.Device == was, b.Header.Last))
		from = last
	}
	if fmt.Sprint(signed) != "[true 1 false 1]" {
		t.Errorf("batches are of the old name: %v", signed)
	}
	former, err := s.Former(ctx)
	if err != nil || len(former) != 1 || former[0].Device != was || former[0].RenamedAt != 1 {
		t.Errorf("it was %+v, %v", former, err)
	}
}

func TestReceiptNumbersThatSomebodyElsePrintedArePassedOver(t *testing.T) {
	s := newSite(t)
	s.prints()
	for _, number := range []string{"A1-000007", "A1-000005", "B1-000050", "A1-99999999999", "A1", ""} {
		s.sends(siteShare, schema.Sale, syncproto.RecordID{2, byte(s.position)}, id(schema.SaleSite, siteID), text(schema.SaleReceiptNo, number))
	}
	s.checkpoint(true)
	if r := s.prints(); r != "A1-000008" {
		t.Error(r)
	}
}

func TestWhatWasNotSentUnderALostKeyIsChainedUnderTheNewName(t *testing.T) {
	s := newSite(t)
	var ids []syncproto.RecordID
	for i := range 6 {
		if i%2 == 0 {
			s.reopen()
		}
		ids = append(ids, s.makes(fmt.Sprint(i)))
		if i == 2 { // of the second life, the first has arrived, and all before it
			if _, err := s.Acknowledge(ctx, s.Heads()...); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := s.renamed()
	if err := s.Rename(ctx, next, 1, true); err != nil {
		t.Fatal(err)
	}
	s.makes("since")
	s.sound()
	s.reopen()
	if s.Lost() != "" {
		t.Error(s.Lost())
	}
	s.sound()
	sent, end := 0, syncproto.Head{}
	for from := int64(0); ; {
		b, last, err := s.NextBatch(ctx, func(d syncproto.DeviceID) (ed25519.PrivateKey, error) {
			if d != next.Device {
				t.Errorf("the key of %v is asked for", d)
			}
			return key, nil
		}, from)
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			break
		}
		if end.Seq > 0 && (b.Header.Genesis == nil || b.Header.Genesis.Hash != end.Hash) {
			t.Errorf("%v does not follow %v", b.Header, end)
		}
		end = syncproto.Head{Incarnation: b.Header.Incarnation, Seq: b.Header.Last, Hash: b.Header.After}
		sent += int(b.Header.Last-b.Header.First) + 1
		from = last
	}
	if sent != 4 {
		t.Errorf("%d transactions are sent, want 3 and the one since", sent)
	}
	for i, one := range ids {
		s.shows(one, fmt.Sprint(i))
	}
}
