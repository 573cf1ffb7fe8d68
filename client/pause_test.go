package client

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/wsconn"
)

func TestDevicesSentAwayTogetherComeBackSpread(t *testing.T) {
	const devices = 500
	draw := rand.New(rand.NewPCG(1, 2)).Int64N
	for _, test := range []struct {
		name           string
		err            error
		backoff        time.Duration
		earliest, last time.Duration
	}{
		{"the line broke", fmt.Errorf("reset"), backoffLeast, 0, backoffLeast},
		{"the line is down for long", fmt.Errorf("reset"), backoffMost, 0, backoffMost},
		{"a Bye names a time", &byeError{&syncproto.Bye{Code: syncproto.CodeBusy, RetryAfterMS: 10_000}}, backoffLeast, 10 * time.Second, 20 * time.Second},
		{"HTTP names a time", fmt.Errorf("dial: %w", &wsconn.HandshakeError{Status: 503, RetryAfter: 30 * time.Second}), backoffLeast, 30 * time.Second, time.Minute},
		{"nobody is sent away for a day", &byeError{&syncproto.Bye{Code: syncproto.CodeBusy, RetryAfterMS: 86_400_000}}, backoffLeast, retryMost, 2 * retryMost},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tenths [10]int
			for range devices {
				p := pause(retryAfter(test.err), test.backoff, draw)
				if p < test.earliest || p >= test.last {
					t.Fatalf("back after %v, want %v to %v", p, test.earliest, test.last)
				}
				tenths[int64(p-test.earliest)*10/int64(test.last-test.earliest)]++
			}
			for i, n := range tenths {
				if n > devices/5 || n < devices/50 {
					t.Errorf("%d of %d come back in tenth %d: %v", n, devices, i, tenths)
				}
			}
		})
	}
}

func TestALineThatBreaksIsTriedAgainSoonWhereItGotAnythingAcross(t *testing.T) {
	for _, test := range []struct {
		name   string
		gotOn  bool
		lasted time.Duration
		want   time.Duration
	}{
		{"it died at once", false, time.Second, 32 * time.Second},
		{"it brought something and died", true, time.Second, backoffLeast},
		{"it stood for long", false, backoffMost + 1, backoffLeast},
	} {
		if got := backoff(32*time.Second, test.gotOn, test.lasted); got != test.want {
			t.Errorf("%s: after 32 s it waits %v, want %v", test.name, got, test.want)
		}
	}
}
