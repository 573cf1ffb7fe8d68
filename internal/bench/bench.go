// Package bench measures what `rawaj bench` prints: each figure beside the same
// work done with the bare libraries, in the same run, on the same disk, so that a
// ratio says something where a number of seconds does not.
//
// Files: bench.go what there is to measure; shop.go the sales that are measured
// with; world.go a centre and sites in this process; bare*.go the limits; then one
// file a measurement.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// DefaultSales is how many offline sales are drained and read back where Options
// name no number: some seconds of work. FullSales is what the aims are given for.
const (
	DefaultSales = 20_000
	FullSales    = 100_000
)

// Options says how much to measure, and where.
type Options struct {
	Dir      string   // for databases; removed again. A temporary directory where empty
	Sales    int      // DefaultSales where 0
	Records  int      // present where a change, a restart and a disk are measured; those of Sales at least
	Idle     int      // sessions that have nothing to do; DefaultIdle where 0
	Peers    []string // the command that calls Peers, in a process of its own
	Progress func(what string, done, total int)
}

// Row is one figure. Limit is what the bare libraries reach, Ratio is Figure by
// Limit; both are nil where there is no such limit. Reached is nil without an aim.
type Row struct {
	Name    string   `json:"name"`
	Figure  float64  `json:"figure"`
	Unit    string   `json:"unit"`
	Limit   *float64 `json:"limit"`
	Ratio   *float64 `json:"ratio"`
	Aim     string   `json:"aim"`
	Reached *bool    `json:"reached"`
}

// Run measures everything.
func Run(ctx context.Context, o Options) (rows []Row, err error) {
	if o.Sales <= 0 {
		o.Sales = DefaultSales
	}
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	dir, err := os.MkdirTemp(o.Dir, "rawaj-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &run{Options: o, dir: dir}
	if r.centre, err = newCentre(ctx, filepath.Join(dir, "server")); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.centre.close()) }()
	for _, m := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"local commit", r.localCommit},
		{"drain", r.drain},
		{"first sync", r.firstSync},
		{"reconnect", r.reconnect},
		{"growth", r.grow},
		{"one change", r.oneChange},
		{"restart", r.restart},
		{"disk", r.onDisk},
		{"idle sessions", r.idleSessions},
	} {
		if err := m.measure(ctx); err != nil {
			return r.rows, fmt.Errorf("measure %s: %w", m.name, err)
		}
	}
	return r.rows, nil
}

// run is one run of all measurements, which build on each other: what the drain
// brought to the centre is what a first sync reads.
type run struct {
	Options
	dir     string
	centre  *centre
	shop    *shop
	stall   *site   // whose sales were drained
	second  *site   // another device of the stall, up to date
	bare    *bareDB // the same sales as plain rows
	bares   int     // databases they were sent to
	present int     // records at the centre and at both devices
	rows    []Row

	heapProfile func(what string) // for whoever looks into memory; nil otherwise
}

func (r *run) path(name string) string { return filepath.Join(r.dir, name) }

// figure adds a row without a bare limit.
func (r *run) figure(name string, figure float64, unit string) *Row {
	r.rows = append(r.rows, Row{Name: name, Figure: figure, Unit: unit})
	return &r.rows[len(r.rows)-1]
}

// beside adds a row with its bare limit.
func (r *run) beside(name string, figure, limit float64, unit string) *Row {
	row := r.figure(name, figure, unit)
	ratio := figure / limit
	row.Limit, row.Ratio = &limit, &ratio
	return row
}

// atMost and atLeast set an aim, of the ratio where there is one.
func (row *Row) atMost(aim float64)  { row.aim("≤", aim, row.judged() <= aim) }
func (row *Row) atLeast(aim float64) { row.aim("≥", aim, row.judged() >= aim) }

func (row *Row) judged() float64 {
	if row.Ratio != nil {
		return *row.Ratio
	}
	return row.Figure
}

func (row *Row) aim(sign string, aim float64, reached bool) {
	unit := " " + row.Unit
	if row.Ratio != nil {
		unit = " × limit"
	}
	row.Aim, row.Reached = fmt.Sprintf("%s %s%s", sign, number(aim), unit), &reached
}
