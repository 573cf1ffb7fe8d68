package bench

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Print writes rows as a table.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tFIGURE\tBARE LIMIT\tRATIO\tAIM\tREACHED")
	for _, r := range rows {
		limit, ratio, reached := "", "", ""
		if r.Limit != nil {
			limit, ratio = number(*r.Limit)+" "+r.Unit, fmt.Sprintf("%.2f", *r.Ratio)
		}
		if r.Reached != nil {
			reached = map[bool]string{true: "yes", false: "no"}[*r.Reached]
		}
		fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t%s\t%s\n", r.Name, number(r.Figure), r.Unit, limit, ratio, r.Aim, reached)
	}
	return t.Flush()
}

// number writes three digits that matter, thousands apart.
func number(f float64) string {
	switch {
	case f >= 1000:
		return thousands(strconv.FormatFloat(f, 'f', 0, 64))
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	s := strconv.FormatFloat(f, 'f', 3, 64)
	if f >= 1 {
		s = strconv.FormatFloat(f, 'f', 2, 64)
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func thousands(s string) string {
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
