package oplog_test

import (
	"crypto/sha256"
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
)

// The chain is what other implementers and old logs rely on: it must not change.
func TestTheChainIsFixed(t *testing.T) {
	h1 := oplog.Next(oplog.Hash{}, []byte("a"))
	h2 := oplog.Next(h1, nil)
	const want = "b72eefa25e093b0a1d77e0b68781198d0996557e32328136bfff1d859b3bbecc" // by another implementation
	sum := sha256.Sum256([]byte("a"))
	byHand := sha256.Sum256(append(make([]byte, 32), sum[:]...))
	if h1 != byHand {
		t.Errorf("H_1 is %v, by hand %x", h1, byHand)
	}
	if got := h2.String(); got != want {
		t.Errorf("H_2 is %s, want %s", got, want)
	}
}
