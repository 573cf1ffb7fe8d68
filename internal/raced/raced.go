// Package raced says to tests whether the race detector watches them.
package raced

// Fewer is n, and an eighth of it under the race detector, which makes Go some ten times as
// slow: what is about sheer size has its full size without it, and make test runs both.
func Fewer(n int) int {
	if On {
		return n / 8
	}
	return n
}
