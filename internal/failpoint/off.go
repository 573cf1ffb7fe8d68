//go:build !failpoints

package failpoint

// On says whether places of this build cause anything.
const On = false

// Hit does nothing.
func Hit(string) error { return nil }
