package raced

import "testing"

// Skip skips a test under the race detector: it is about sheer size, and what it runs smaller
// tests run under the detector too. make test runs it without.
func Skip(t testing.TB) {
	t.Helper()
	if On {
		t.Skip("it is about sheer size: make test runs it without the race detector")
	}
}
