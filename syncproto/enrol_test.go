package syncproto_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/rawaj/rawaj/syncproto"
)

func TestCodeIsReadHoweverItIsTyped(t *testing.T) {
	for _, typed := range []string{
		"7K2M-9QXT-03FA-ZC5E", "7k2m9qxto3fazc5e", " 7K2M 9QXT O3FA ZC5E ", "۷k۲m-۹qxt-۰۳fa-zc۵e", "٧K٢M-٩QXT-٠٣FA-ZC٥E", "\u200f7K2M-9QXT-03FA-ZC5E\u200e",
	} {
		if got, err := syncproto.ParseCode(typed); err != nil || !bytes.Equal(got, code) {
			t.Errorf("%q: got %x, %v", typed, got, err)
		}
	}
	a, err := syncproto.ParseCode("1111-1111-1111-1111")
	b, berr := syncproto.ParseCode("ilIL-1iLI-ilil-1111")
	if err != nil || berr != nil || !bytes.Equal(a, b) {
		t.Errorf("I and L: got %x, %v against %x, %v", b, berr, a, err)
	}
	for _, typed := range []string{"", "7K2M", "7K2M-9QXT-03FA-ZC5", "7K2M-9QXT-03FA-ZC5E-1", "7K2M-9QXT-03FA-ZC5U", "7K2M-9QXT-03FA-ZC5=", strings.Repeat("A", 1000)} {
		if got, err := syncproto.ParseCode(typed); err == nil {
			t.Errorf("%q was read as %x", typed, got)
		}
	}
}

func TestNewCodesReadBack(t *testing.T) {
	for range 100 {
		s, err := syncproto.NewCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		b, err := syncproto.ParseCode(s)
		if err != nil || len(b) != 10 {
			t.Errorf("%q: got %x, %v", s, b, err)
		}
	}
}

func TestEnrolmentNeedsTheCodeAndTheKey(t *testing.T) {
	sound := syncproto.NewEnrolRequest(code, deviceKey, "Till 1")
	key := syncproto.CodeKey(code)
	if !sound.Holds(key) {
		t.Fatal("a sound request does not hold")
	}
	for why, change := range map[string]func(*syncproto.EnrolRequest){
		"label":     func(r *syncproto.EnrolRequest) { r.Label = "Till 2" },
		"key":       func(r *syncproto.EnrolRequest) { r.Key = public(serverKey) },
		"code id":   func(r *syncproto.EnrolRequest) { r.CodeID = bytes.Repeat([]byte{1}, 10) },
		"proof":     func(r *syncproto.EnrolRequest) { r.Proof = r.Proof[:31] },
		"signature": func(r *syncproto.EnrolRequest) { r.Signature = bytes.Repeat([]byte{1}, 64) },
		"long label": func(r *syncproto.EnrolRequest) {
			*r = syncproto.NewEnrolRequest(code, deviceKey, strings.Repeat("x", 81))
		},
		"other code": func(r *syncproto.EnrolRequest) { *r = syncproto.NewEnrolRequest(make([]byte, 10), deviceKey, "Till 1") },
	} {
		r := sound
		if change(&r); r.Holds(key) {
			t.Errorf("%s: a changed request holds", why)
		}
	}
}

func TestDeviceBelievesOnlyAServerThatKnowsTheCode(t *testing.T) {
	request := syncproto.NewEnrolRequest(code, deviceKey, "Till 1")
	sound := syncproto.EnrolResponse{Org: org, OrgKey: public(orgKey), Certificate: syncproto.SignCertificate(orgKey, org, certificate()), Zone: "Asia/Dubai", Lang: "ar", TimeMS: nowMS}
	sound.Seal(syncproto.CodeKey(code), &request)
	if c, err := sound.Check(code, &request); err != nil || c.Device != device {
		t.Fatalf("got %v, %v", c, err)
	}
	for why, change := range map[string]func(*syncproto.EnrolResponse){
		"organisation": func(r *syncproto.EnrolResponse) { r.Org = syncproto.OrgID{} },
		"key":          func(r *syncproto.EnrolResponse) { r.OrgKey = public(serverKey) },
		"certificate": func(r *syncproto.EnrolResponse) {
			r.Certificate = syncproto.SignCertificate(serverKey, org, certificate())
		},
		"name of the site": func(r *syncproto.EnrolResponse) { r.SiteName = "x" },
		"zone":             func(r *syncproto.EnrolResponse) { r.Zone = "Asia/Tehran" },
		"language":         func(r *syncproto.EnrolResponse) { r.Lang = "fa" },
		"time":             func(r *syncproto.EnrolResponse) { r.TimeMS++ },
		"other code":       func(r *syncproto.EnrolResponse) { r.Seal(syncproto.CodeKey(make([]byte, 10)), &request) },
		"another's certificate": func(r *syncproto.EnrolResponse) {
			c := certificate()
			c.Key = public(serverKey)
			r.Certificate = syncproto.SignCertificate(orgKey, org, c)
			r.Seal(syncproto.CodeKey(code), &request)
		},
	} {
		r := sound
		change(&r)
		if _, err := r.Check(code, &request); err == nil {
			t.Errorf("%s: a changed answer is believed", why)
		}
	}
}

func TestEnrolmentOverItsBoundIsNotRead(t *testing.T) {
	var r syncproto.EnrolRequest
	if err := syncproto.DecodeEnrol(make([]byte, syncproto.MaxEnrol+1), &r); !errors.Is(err, syncproto.ErrFrame) {
		t.Errorf("got %v", err)
	}
}
