package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/rules"
)

func sat(n byte, starts, ends, entered, minutes int64) rules.Credited {
	return rules.Credited{Session: syncproto.RecordID{n}, StartsAt: starts * minute, EndsAt: ends * minute, Entered: entered, Minutes: minutes, Counts: true}
}

func TestHoursAddUpByHand(t *testing.T) {
	decided := sat(2, 60, 180, 2, 120)
	decided.Decided = true
	waits := sat(2, 200, 320, 2, 0)
	waits.Review = true
	social := sat(2, 200, 320, 2, 120)
	social.Counts = false
	for _, c := range []struct {
		name        string
		sessions    []rules.Credited
		corrections []rules.Correction
		minutes     int64
		lines       int
		review      int
	}{
		{"nothing", nil, nil, 0, 0, 0},
		{"one after the other", []rules.Credited{sat(1, 0, 120, 1, 120), sat(2, 120, 240, 2, 119)}, nil, 239, 2, 0},
		{"one session that two branches scanned", []rules.Credited{sat(1, 0, 120, 1, 120), sat(1, 0, 120, 5, 120)}, nil, 120, 1, 0},
		{"two at the same time: the later entered waits", []rules.Credited{sat(2, 60, 180, 2, 120), sat(1, 0, 120, 1, 120)}, nil, 120, 2, 1},
		{"two that touch", []rules.Credited{sat(1, 0, 120, 1, 120), sat(2, 120, 240, 2, 120)}, nil, 240, 2, 0},
		{"two that touch, the later one entered first", []rules.Credited{sat(1, 0, 120, 2, 120), sat(2, 120, 240, 1, 120)}, nil, 240, 2, 0},
		{"two at the same time, and the first gave nothing", []rules.Credited{sat(1, 0, 120, 1, 0), sat(2, 60, 180, 2, 120)}, nil, 120, 2, 0},
		{"two at the same time, and somebody decided", []rules.Credited{sat(1, 0, 120, 1, 120), decided}, nil, 240, 2, 0},
		{"without a check-out", []rules.Credited{sat(1, 0, 120, 1, 120), waits}, nil, 120, 2, 1},
		{"one that does not count for membership", []rules.Credited{sat(1, 0, 120, 1, 120), social}, nil, 120, 2, 0},
		{"corrected", []rules.Credited{sat(1, 0, 120, 1, 120)}, []rules.Correction{{Session: syncproto.RecordID{1}, Was: 120, Minutes: 90, Reason: "left", At: 1}}, 90, 1, 0},
		{"corrected twice: the last holds", []rules.Credited{sat(1, 0, 120, 1, 120)}, []rules.Correction{
			{Session: syncproto.RecordID{1}, Was: 90, Minutes: 100, At: 2}, {Session: syncproto.RecordID{1}, Was: 120, Minutes: 90, At: 1},
		}, 100, 1, 0},
		{"a correction settles what waited", []rules.Credited{sat(1, 0, 120, 1, 120), waits}, []rules.Correction{{Session: syncproto.RecordID{2}, Minutes: 60, At: 1}}, 180, 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, minutes := rules.Hours(c.sessions, c.corrections)
			review, sum := 0, int64(0)
			for _, l := range lines {
				if l.Review {
					review++
				}
				if l.Counts {
					sum += l.Minutes
				}
			}
			if minutes != c.minutes || sum != minutes || len(lines) != c.lines || review != c.review {
				t.Errorf("got %d minutes, %d in %d lines of which %d wait: want %d, %d, %d", minutes, sum, len(lines), review, c.minutes, c.lines, c.review)
			}
		})
	}
}

func TestHoursAreNeverRoundedUp(t *testing.T) {
	for minutes, want := range map[int64]string{0: "0:00", 9: "0:09", 719: "11:59", 720: "12:00", 6001: "100:01"} {
		if got := rules.HoursText(minutes); got != want {
			t.Errorf("%d is %s, want %s", minutes, got, want)
		}
	}
}

func TestHoursDoNotDependOnTheOrderInWhichTheyArrive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sessions := rapid.SliceOf(rapid.Custom(func(t *rapid.T) rules.Credited {
			starts := rapid.Int64Range(0, 100).Draw(t, "starts")
			return sat(byte(rapid.IntRange(1, 9).Draw(t, "session")), starts, starts+60, rapid.Int64Range(1, 5).Draw(t, "entered"), rapid.Int64Range(0, 60).Draw(t, "minutes"))
		})).Draw(t, "sessions")
		for i := range sessions { // a session has its times, whoever tells of it
			sessions[i].StartsAt = int64(sessions[i].Session[0]) * 40 * minute
			sessions[i].EndsAt = sessions[i].StartsAt + 60*minute
		}
		lines, minutes := rules.Hours(sessions, nil)
		other, same := rules.Hours(rapid.Permutation(sessions).Draw(t, "order"), nil)
		if d := cmp.Diff(lines, other); d != "" || minutes != same {
			t.Errorf("%d and %d minutes\n%s", minutes, same, d)
		}
	})
}

func TestSubjectsAreCountedApartFromSessions(t *testing.T) {
	one, two := syncproto.RecordID{1}, syncproto.RecordID{2}
	got := rules.CountWorkshops([]rules.SessionOf{
		{one, "practical", true}, {one, "practical", true}, {one, "practical", false}, {two, "administrative", true},
	})
	if d := cmp.Diff(rules.WorkshopCount{Workshops: 2, Sessions: 3, ByKind: map[string]int{"practical": 2, "administrative": 1}}, got); d != "" {
		t.Error(d)
	}
}
