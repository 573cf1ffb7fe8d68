package sim

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Shrink drops operations of a list while it still fails in the same way: larger runs of
// them first, then smaller ones. run is called once for each try.
func Shrink(failed Result, run func([]Op) Result) Result {
	kind := kindOf(failed.Err)
	if failed.Done < len(failed.Ops) {
		if r := run(failed.Ops[:failed.Done+1]); r.Err != nil && kindOf(r.Err) == kind {
			failed = r
		}
	}
	for size := len(failed.Ops) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(failed.Ops); {
			r := run(slices.Delete(slices.Clone(failed.Ops), at, at+size))
			if r.Err != nil && kindOf(r.Err) == kind {
				failed = r
				continue
			}
			at += size
		}
	}
	return failed
}

var particular = regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f-]*|\b[A-D]'*\b`)

// kindOf is what is the same of two failures of one cause: the words, without who and
// how many.
func kindOf(err error) string {
	words := strings.Fields(particular.ReplaceAllString(err.Error(), ""))
	return strings.Join(words[:min(len(words), 8)], " ")
}

// Save writes a list down, so that a test runs it for ever.
func Save(path string, r Result) error {
	var b strings.Builder
	for line := range strings.SplitSeq(r.Err.Error(), "\n") {
		fmt.Fprintf(&b, "# %s\n", line)
		break
	}
	fmt.Fprintf(&b, "seed %d\n", r.Seed)
	for _, o := range r.Ops {
		fmt.Fprintln(&b, o)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// Load reads what Save wrote.
func Load(path string) (seed uint64, ops []Op, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, nil, err
	}
	for n, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
			continue
		case words[0] == "seed" && len(words) == 2:
			seed, err = strconv.ParseUint(words[1], 10, 64)
		case len(words) == 3 && byName[words[0]] != nil:
			o := Op{Kind: words[0]}
			_, err = fmt.Sscan(words[1]+" "+words[2], &o.A, &o.B)
			ops = append(ops, o)
		default:
			err = fmt.Errorf("%q is no operation", line)
		}
		if err != nil {
			return 0, nil, fmt.Errorf("%s:%d: %w", path, n+1, err)
		}
	}
	return seed, ops, nil
}
