package recorder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rawaj/rawaj/internal/recorder"
	"github.com/rawaj/rawaj/syncproto"
)

func open(t *testing.T, path string) *recorder.Recorder {
	t.Helper()
	r, err := recorder.Open(path, func() time.Time { return time.UnixMilli(1_700_000_000_000) })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func events(t *testing.T, path string) []recorder.Event {
	t.Helper()
	list, err := recorder.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheFileStaysAsLargeAsItIsAndKeepsTheLast(t *testing.T) {
	const kept, size = 4096, 256 << 10
	path := filepath.Join(t.TempDir(), "recorder")
	r := open(t, path)
	for i := range 3 * kept {
		r.Add(recorder.Event{What: recorder.Waiting, Count: uint64(i)})
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != size {
		t.Errorf("%d events take %d bytes (%v), want %d", 3*kept, info.Size(), err, size)
	}
	list := events(t, path)
	if len(list) != kept || list[0].Count != 2*kept || list[kept-1].Count != 3*kept-1 {
		t.Errorf("%d events are kept, %v to %v; want the last %d", len(list), list[0], list[len(list)-1], kept)
	}
}

func TestAProcessThatIsKilledLeavesItsEventsAndTheNextGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recorder")
	r := open(t, path)
	r.Add(recorder.Event{What: recorder.Connected, Count: 7})
	open(t, path) // the first was never closed
	list := events(t, path)
	if len(list) != 3 || list[1].What != recorder.Connected || list[2].What != recorder.Started || list[2].Number != 3 {
		t.Errorf("it holds %v", list)
	}
}

func TestHalfAnEventIsPassedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recorder")
	r := open(t, path)
	r.Add(recorder.Event{What: recorder.Connected, Count: 7})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[2*64+8] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if list := events(t, path); len(list) != 1 || list[0].What != recorder.Started {
		t.Errorf("it holds %v", list)
	}
}

func TestAnEventHasNoRoomForWords(t *testing.T) {
	for f := range fields(reflect.TypeFor[recorder.Event]()) {
		switch f.Type.Kind() {
		case reflect.Int64, reflect.Uint64, reflect.Uint16, reflect.Uint8:
		default:
			t.Errorf("%s is a %v, want a number", f.Name, f.Type)
		}
	}
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func TestWhatAByeOrAnErrorSaysInWordsIsNotKept(t *testing.T) {
	const secret = "made-up secret"
	path := filepath.Join(t.TempDir(), "recorder")
	r := open(t, path)
	r.Frame(false, &syncproto.Bye{Code: syncproto.CodeBusy, Detail: secret, RetryAfterMS: 10_000}, 40)
	r.Break(fmt.Errorf("%s: %w", secret, syscall.ECONNRESET))
	r.Break(errors.New(secret))
	r.Break(&net.DNSError{Name: secret})
	r.Break(context.DeadlineExceeded)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for _, e := range events(t, path) {
		fmt.Fprintln(&shown, e)
	}
	if bytes.Contains(b, []byte(secret)) || strings.Contains(shown.String(), secret) {
		t.Errorf("the words were kept:\n%s", &shown)
	}
	for _, want := range []string{"heard bye busy, 40 bytes, retry after ms 10000", "broken reset", "broken other", "broken no_name", "broken timeout"} {
		if !strings.Contains(shown.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &shown)
		}
	}
}
