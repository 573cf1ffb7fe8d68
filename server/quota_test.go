package server

import (
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
)

func TestCreditIsOwedWhileTheFoldIsABacklogWindowBehind(t *testing.T) {
	w := &window{}
	const batch = 512 << 10
	for i := range backlogWindow / batch {
		w.took(oplog.Index(i+1), batch)
		if !w.earn(batch) {
			t.Fatalf("credit is kept back after %d batches, within the window", i+1)
		}
	}
	w.took(9, batch)
	if w.earn(batch) || w.earn(100) {
		t.Fatal("credit is given back beyond the window")
	}
	if !w.waits() {
		t.Error("nobody would look again")
	}
	if due := w.folded(0); due != 0 {
		t.Errorf("%d are due before the fold has moved", due)
	}
	if due := w.folded(1); due != batch+100 {
		t.Errorf("%d are due once the oldest batch is judged, want %d", due, batch+100)
	}
	if due := w.folded(9); due != 0 || w.waits() || !w.earn(1) {
		t.Errorf("%d are due at the end", due)
	}
}
