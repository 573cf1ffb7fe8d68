#!/bin/sh
# tools/large.sh PACKAGE...: prints a pattern for go test -run: the tests of packages' folders
# whose size the race detector makes smaller (internal/raced). What else calls that is said, and
# fails.
for package; do
	set -- "$@" "$package"/*_test.go
	shift
done
pattern="$(awk '
	FNR == 1 || /^func / { test = "" }
	/^func Test/ { test = $2; sub(/\(.*/, "", test) }
	!/raced\.(Fewer|On|Skip)/ { next }
	test == "" { print FILENAME ":" FNR ": smaller under the race detector outside a test" >"/dev/stderr"; exit bad = 1 }
	!had[test]++ { all = all sep test; sep = "|" }
	END { if (bad || all == "") exit 1; print "^(" all ")$" }
' "$@")" && echo "$pattern"
