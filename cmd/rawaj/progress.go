package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows how far something is that lasts, on a terminal and nowhere else.
type bar struct{ p *progressbar.ProgressBar }

// newBar begins a bar of total steps; -1 where the total is not known.
func newBar(w io.Writer, what string, total int64) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())}
}

func (b *bar) set(n int64) {
	if b.p != nil {
		b.p.Set64(n)
	}
}

func (b *bar) bytes(total int64) *bar {
	if b.p != nil {
		b.p.ChangeMax64(total)
	}
	return b
}

func (b *bar) done() {
	if b.p != nil {
		b.p.Finish()
	}
}
