// Package archtest proves the shape of the house: which package may import
// which, where third-party names may appear, what no file may contain, and that
// the tests which docs name exist.
//
// It parses the files itself instead of asking the go command: the test cache
// follows what a test opens, not what a child process reads, and would keep an
// old pass after an arrow was drawn the wrong way.
//
// A new package directly below internal, client or server inherits the arrows
// of its folder. A new top-level folder, or a new third-party module, needs a
// line in arrows.go or edges.go; the test says so.
package archtest
