package syncproto_test

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/veraison/go-cose"

	"github.com/rawaj/rawaj/syncproto"
)

func externalData(context string) []byte { return append([]byte(context), org[:]...) }

func TestAnotherCOSELibraryVerifiesWhatWeSign(t *testing.T) {
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, public(deviceKey))
	if err != nil {
		t.Fatal(err)
	}
	for context, message := range map[string][]byte{
		"rawaj/batch/1":       signedPart(t, signBatch(t, 2, hashOne, nil, bodies()).Bytes()),
		"rawaj/certificate/1": syncproto.SignCertificate(deviceKey, org, certificate()),
		"rawaj/closing/1":     syncproto.SignClosing(deviceKey, org, closing()),
		"rawaj/receipt/1":     syncproto.SignReceipt(deviceKey, org, syncproto.ReceiptBody{Device: device, Seq: 3}),
	} {
		var m cose.UntaggedSign1Message
		if err := m.UnmarshalCBOR(message); err != nil {
			t.Fatalf("%s: %v", context, err)
		}
		if err := m.Verify(externalData(context), verifier); err != nil {
			t.Errorf("%s: %v", context, err)
		}
		if err := m.Verify(externalData("rawaj/other/1"), verifier); err == nil {
			t.Errorf("%s: holds in another context", context)
		}
		if again, err := m.MarshalCBOR(); err != nil || !bytes.Equal(again, message) {
			t.Errorf("%s: written again it is %x, %v", context, again, err)
		}
	}
}

func TestWeVerifyWhatAnotherCOSELibrarySigns(t *testing.T) {
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, orgKey)
	if err != nil {
		t.Fatal(err)
	}
	ours := syncproto.SignCertificate(orgKey, org, certificate())
	sign := func(change func(*cose.UntaggedSign1Message)) []byte {
		var m cose.UntaggedSign1Message
		m.Headers.Protected = cose.ProtectedHeader{}
		m.Headers.Protected.SetAlgorithm(cose.AlgorithmEdDSA)
		m.Headers.Unprotected = cose.UnprotectedHeader{}
		m.Payload = headerOf(t, ours)
		change(&m)
		if err := m.Sign(rand.Reader, externalData("rawaj/certificate/1"), signer); err != nil {
			t.Fatal(err)
		}
		b, err := m.MarshalCBOR()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	theirs := sign(func(*cose.UntaggedSign1Message) {})
	if c, err := syncproto.VerifyCertificate(public(orgKey), org, theirs); err != nil || c.Device != device || !bytes.Equal(theirs, ours) {
		t.Errorf("got %v, %v; bytes %x, ours %x", c, err, theirs, ours)
	}
	for why, change := range map[string]func(*cose.UntaggedSign1Message){
		"a key id unprotected": func(m *cose.UntaggedSign1Message) { m.Headers.Unprotected[cose.HeaderLabelKeyID] = []byte("1") },
		"a key id protected":   func(m *cose.UntaggedSign1Message) { m.Headers.Protected[cose.HeaderLabelKeyID] = []byte("1") },
	} {
		if _, err := syncproto.VerifyCertificate(public(orgKey), org, sign(change)); err == nil {
			t.Errorf("%s: taken", why)
		}
	}
}

func TestHelloIsBoundToDeviceOrganisationAndNonce(t *testing.T) {
	s := syncproto.SignHello(deviceKey, org, device, nonce)
	other := bytes.Repeat([]byte{8}, 32)
	for why, holds := range map[string]bool{
		"as signed":            syncproto.VerifyHello(public(deviceKey), org, device, nonce, s),
		"another device":       !syncproto.VerifyHello(public(deviceKey), org, server, nonce, s),
		"another organisation": !syncproto.VerifyHello(public(deviceKey), syncproto.OrgID{}, device, nonce, s),
		"another nonce":        !syncproto.VerifyHello(public(deviceKey), org, device, other, s),
		"another key":          !syncproto.VerifyHello(public(serverKey), org, device, nonce, s),
		"no key":               !syncproto.VerifyHello(nil, org, device, nonce, s),
		"a cut signature":      !syncproto.VerifyHello(public(deviceKey), org, device, nonce, s[:63]),
	} {
		if !holds {
			t.Errorf("%s: wrong answer", why)
		}
	}
}
