// Package csvin reads files that other programs exported: comma-separated values
// (RFC 4180) line by line, and the numbers, dates and times in them as people of
// Arabic, Persian and English write them.
//
// A file is never trusted: every size is bounded, and what cannot be read is an
// error with its line number, after which reading goes on. Nothing is guessed: a
// number or date that could mean two things is refused with a hint.
package csvin
