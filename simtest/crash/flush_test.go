//go:build linux

package crash

import "testing"

// A flush that failed is not made good by one that succeeds: what it should have written
// is no longer waiting to be.
func TestASiteKeepsWhatItSaidIsSavedAfterAFlushThatFailed(t *testing.T) {
	explored(t, 0.05, 300, func(t testing.TB, seed uint64) *trial {
		return newTrial(t, recordFailing(t, seed, 40, 2), sites)
	})
}
