#!/bin/sh
# Prints a pattern for go test -run: the tests of a package's folder whose size the race
# detector makes smaller (internal/raced). What else calls that is said, and fails.
pattern="$(awk '
	/^func / { test = "" }
	/^func Test/ { test = $2; sub(/\(.*/, "", test) }
	!/raced\.(Fewer|On)/ { next }
	test == "" { print FILENAME ":" FNR ": smaller under the race detector outside a test" >"/dev/stderr"; exit bad = 1 }
	!had[test]++ { all = all sep test; sep = "|" }
	END { if (bad || all == "") exit 1; print "^(" all ")$" }
' "$1"/*_test.go)" && echo "$pattern"
