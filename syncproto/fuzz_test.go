package syncproto_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/canon"
)

func seed(f *testing.F, form string) {
	for _, v := range loadAll(f) {
		if b, err := hex.DecodeString(v.Hex); err == nil && strings.HasPrefix(v.Form, form) {
			f.Add(b)
		}
	}
}

func FuzzReadBody(f *testing.F) {
	seed(f, "body")
	f.Fuzz(func(t *testing.T, b []byte) {
		tx, err := syncproto.ReadBody(b)
		if err != nil {
			if !errors.Is(err, canon.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := syncproto.AppendBody(nil, tx); !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}

func FuzzParseBatch(f *testing.F) {
	seed(f, "batch")
	f.Fuzz(func(t *testing.T, b []byte) {
		batch, err := syncproto.ParseBatch(b)
		if err != nil {
			if !errors.Is(err, syncproto.ErrBatch) {
				t.Fatal(err)
			}
			return
		}
		if again := batch.Bytes(); !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
		if h := batch.Header; h.First < 1 || h.Last < h.First || (h.Genesis != nil) != (h.First == 1) {
			t.Fatalf("header %+v was taken", h)
		}
		list, err := batch.Open()
		if err != nil && !errors.Is(err, syncproto.ErrBatch) {
			t.Fatal(err)
		}
		if err == nil && len(list) != int(batch.Header.Last-batch.Header.First+1) {
			t.Fatalf("%d bodies of a run from %d to %d", len(list), batch.Header.First, batch.Header.Last)
		}
	})
}

func FuzzDecodeFrame(f *testing.F) {
	seed(f, "frame")
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := syncproto.DecodeFrame(b, syncproto.ServerLimits)
		if err != nil {
			var coded *syncproto.Error
			if !errors.Is(err, syncproto.ErrFrame) && !(errors.As(err, &coded) && coded.Code == syncproto.CodeUnsupported) {
				t.Fatal(err)
			}
			return
		}
		syncproto.FrameCost(frame, b)
		once, err := syncproto.EncodeFrame(frame, false)
		if err != nil {
			if len(b) > 1<<10 || frame.Type() == syncproto.TypeHello || frame.Type() == syncproto.TypeChallenge {
				return // it may have come compressed, or when more was allowed
			}
			t.Fatalf("%+v was read, but cannot be written: %v", frame, err)
		}
		back, err := syncproto.DecodeFrame(once, syncproto.ServerLimits)
		if err != nil {
			t.Fatalf("%x was written from %x, but cannot be read: %v", once, b, err)
		}
		twice, err := syncproto.EncodeFrame(back, false)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%x comes back as %x, %v", once, twice, err)
		}
	})
}

func FuzzVerifySigned(f *testing.F) {
	seed(f, "certificate")
	seed(f, "receipt")
	seed(f, "closing")
	seed(f, "closing answer")
	certificate := syncproto.SignCertificate(orgKey, org, serverCertificate())
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := syncproto.VerifyCertificate(public(orgKey), org, b); err == nil && !bytes.Equal(syncproto.SignCertificate(orgKey, org, c), b) {
			t.Fatalf("%x is a second spelling", b)
		}
		if v, err := syncproto.VerifyClosing(public(deviceKey), org, b); err == nil && !bytes.Equal(syncproto.SignClosing(deviceKey, org, &v), b) {
			t.Fatalf("%x is a second spelling", b)
		}
		if v, err := syncproto.VerifyClosingAnswer(public(orgKey), org, certificate, b); err == nil && !bytes.Equal(syncproto.SignClosingAnswer(serverKey, org, &v), b) {
			t.Fatalf("%x is a second spelling", b)
		}
		if v, err := syncproto.VerifyReceipt(public(serverKey), org, b); err == nil && !bytes.Equal(syncproto.SignReceipt(serverKey, org, v), b) {
			t.Fatalf("%x is a second spelling", b)
		}
	})
}

func FuzzDecodeEnrol(f *testing.F) {
	seed(f, "enrol")
	f.Fuzz(func(t *testing.T, b []byte) {
		var request syncproto.EnrolRequest
		if syncproto.DecodeEnrol(b, &request) == nil {
			request.Holds(syncproto.CodeKey(code))
		}
		var response syncproto.EnrolResponse
		if syncproto.DecodeEnrol(b, &response) != nil {
			return
		}
		response.Check(code, &request)
		once, err := syncproto.EncodeEnrol(response)
		var back syncproto.EnrolResponse
		if err != nil || len(once) <= syncproto.MaxEnrol && syncproto.DecodeEnrol(once, &back) != nil {
			t.Fatalf("%x comes back as %x, %v", b, once, err)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"7K2M-9QXT-03FA-ZC5E", "۷k۲m-۹qxt-۰۳fa-zc۵e", "ilo", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		b, err := syncproto.ParseCode(typed)
		if err != nil {
			return
		}
		s, err := syncproto.NewCode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		again, err := syncproto.ParseCode(s)
		if d := cmp.Diff(b, again); err != nil || d != "" {
			t.Fatalf("%q is %x, but %q is %x, %v", typed, b, s, again, err)
		}
	})
}

func FuzzOpenParcel(f *testing.F) {
	seed(f, "parcel")
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := syncproto.OpenParcel(org, b, func(syncproto.DeviceID, []byte) (ed25519.PublicKey, error) { return public(deviceKey), nil })
		if err != nil {
			if !errors.Is(err, syncproto.ErrParcel) {
				t.Fatal(err)
			}
			return
		}
		if len(p.Batches) > syncproto.MaxParcelBatches {
			t.Fatalf("%d batches were taken", len(p.Batches))
		}
	})
}

func FuzzDecodeReceipts(f *testing.F) {
	seed(f, "receipts")
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := syncproto.DecodeReceipts(b)
		if err != nil {
			if !errors.Is(err, syncproto.ErrParcel) {
				t.Fatal(err)
			}
			return
		}
		if again := v.Encode(); !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}

func FuzzVerifyRevocation(f *testing.F) {
	f.Add(syncproto.SignRevocation(orgKey, org, syncproto.Revocation{Device: device, TimeMS: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := syncproto.VerifyRevocation(public(orgKey), org, b)
		if err == nil && !bytes.Equal(syncproto.SignRevocation(orgKey, org, v), b) {
			t.Fatalf("%x is a second spelling", b)
		}
	})
}

func FuzzOpenRename(f *testing.F) {
	q := syncproto.NewRenameRequest(deviceKey, serverKey, org, device, syncproto.Head{Incarnation: inc, Seq: 7, Hash: hashOne})
	seed, err := syncproto.EncodeEnrol(q)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var q syncproto.RenameRequest
		if syncproto.DecodeEnrol(b, &q) != nil {
			return
		}
		v, err := q.Open(org, func(syncproto.DeviceID) (ed25519.PublicKey, error) { return public(deviceKey), nil })
		if err == nil && (v.Device != device || !v.Key.Equal(public(serverKey))) {
			t.Fatalf("%+v was opened, which nobody signed", v)
		}
	})
}

func FuzzOwnCertificate(f *testing.F) {
	seed(f, "certificate")
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := syncproto.OwnCertificate(b)
		if err == nil && len(c.Key) != ed25519.PublicKeySize {
			t.Fatalf("a certificate with a key of %d bytes", len(c.Key))
		}
	})
}

func FuzzScope(f *testing.F) {
	f.Add([]byte{1})
	f.Add(append([]byte{2}, make([]byte, 16)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := syncproto.ScopeFromBinary(b)
		if err != nil {
			return
		}
		var again syncproto.Scope
		if !bytes.Equal(s.AppendBinary(nil), b) || again.UnmarshalText([]byte(s.String())) != nil || again != s {
			t.Fatalf("%x is %v, and comes back as %v", b, s, again)
		}
	})
}

func FuzzParseRecordID(f *testing.F) {
	f.Add("0193c8f0-0000-7000-8000-000000000001")
	f.Add("0193C8F0-0000-7000-8000-00000000000A")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := syncproto.ParseRecordID(s)
		if err != nil {
			return
		}
		if again, err := syncproto.ParseRecordID(id.String()); err != nil || again != id || !strings.EqualFold(id.String(), s) {
			t.Fatalf("%q is %v, then %v, %v", s, id, again, err)
		}
	})
}

// A manifest that is taken says of each byte in which chunk it is.
func FuzzHave(f *testing.F) {
	for _, n := range []int{1, syncproto.ChunkSize, syncproto.ChunkSize + 1, 3 * syncproto.ChunkSize} {
		m := syncproto.Cut(make([]byte, n))
		b, err := syncproto.EncodeFrame(syncproto.NewHave(&m), false)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := syncproto.DecodeFrame(b, syncproto.ServerLimits)
		have, ok := frame.(*syncproto.Have)
		if err != nil || !ok {
			return
		}
		m, ok := have.Manifest()
		if !ok {
			return
		}
		all := uint64(0)
		for i := range m.Chunks {
			all += uint64(m.Size(uint64(i)))
		}
		if m.Root() != have.Root || all != m.Length || m.Length > syncproto.MaxAttachment || m.Size(uint64(len(m.Chunks))) != 0 {
			t.Fatalf("%+v was taken: its chunks are %d bytes of %v", have, all, m.Root())
		}
	})
}

// Who reads a closing before its signature is known reads what is signed, or nothing.
func FuzzReadClosing(f *testing.F) {
	seed(f, "closing")
	seed(f, "closing answer")
	certificate := syncproto.SignCertificate(orgKey, org, serverCertificate())
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := syncproto.ReadClosing(b)
		verified, verr := syncproto.VerifyClosing(public(deviceKey), org, b)
		if verr == nil && (err != nil || cmp.Diff(read, verified) != "") {
			t.Fatalf("%x is signed as %+v and read as %+v, %v", b, verified, read, err)
		}
		answer, err := syncproto.ReadClosingAnswer(b)
		signed, verr := syncproto.VerifyClosingAnswer(public(orgKey), org, certificate, b)
		if verr == nil && (err != nil || cmp.Diff(answer, signed) != "") {
			t.Fatalf("%x is signed as %+v and read as %+v, %v", b, signed, answer, err)
		}
	})
}
