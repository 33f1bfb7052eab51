package transfer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

func TestInspectionIsWaitedForAndCompared(t *testing.T) {
	t.Parallel()
	sent := []transfer.Sent{{Name: "a", ETag: "1", SHA256: "aa"}, {Name: "b", ETag: "2", SHA256: "bb"}}
	good := map[string]api.File{"a": {Name: "a", ETag: "1", SHA256: "aa", Inspected: true, Verdict: airlock.Clean},
		"b": {Name: "b", ETag: "2", SHA256: "bb", Inspected: true}}
	for _, tc := range []struct {
		name string
		b    *api.File // nil: not listed
		says string
	}{
		{"all is well", &api.File{Name: "b", ETag: "2", SHA256: "bb", Inspected: true}, ""},
		{"it may not be submitted", &api.File{Name: "b", ETag: "2", Refused: true}, ""},
		{"other bytes arrived", &api.File{Name: "b", ETag: "2", SHA256: "xx", Inspected: true}, "b: what arrived is not what was sent"},
		{"somebody replaced it", &api.File{Name: "b", ETag: "3"}, "b: it was replaced"},
		{"somebody removed it", nil, "b: it is not in the request any more"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				looks := 0
				ask := func(context.Context) ([]api.File, error) {
					looks++
					switch {
					case looks < 4: // nothing of b was recorded yet
						return []api.File{good["a"], {Name: "b", ETag: "2"}}, nil
					case tc.b == nil:
						return []api.File{good["a"]}, nil
					}
					return []api.File{*tc.b, good["a"]}, nil
				}
				var told []int
				found, err := transfer.Inspected(t.Context(), ask, sent, func(n int) { told = append(told, n) })
				if looks != 4 || len(found) != 2 || found[0].Verdict != airlock.Clean || len(told) != 2 {
					t.Errorf("%d looks, told %v, found %+v", looks, told, found)
				}
				if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
					t.Errorf("%v, want %s", err, tc.says)
				}
			})
		})
	}
}

func TestWaitingForInspectionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := transfer.Inspected(ctx, func(context.Context) ([]api.File, error) { return []api.File{{Name: "a"}}, nil },
			[]transfer.Sent{{Name: "a"}}, func(int) {})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "0 of 1") {
			t.Error(err)
		}
	})
}

func TestALinkIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	asked := 0
	links := transfer.Links{Now: func() time.Time { return now }, Ask: func(context.Context) (string, error) {
		asked++
		return "https://a.example/c?sig=x&se=" + now.Add(time.Hour).Format(time.RFC3339), nil
	}}
	for _, step := range []struct {
		after time.Duration
		asked int
	}{{0, 1}, {57 * time.Minute, 1}, {2 * time.Minute, 2}, {time.Second, 2}, {2 * time.Hour, 3}} {
		now = now.Add(step.after)
		if err := links.With(t.Context(), func(string) error { return nil }); err != nil || asked != step.asked {
			t.Errorf("after %s: %d links asked for, want %d; %v", step.after, asked, step.asked, err)
		}
	}
	if place, err := links.Place(t.Context()); err != nil || place != "https://a.example/c" {
		t.Errorf("place %s, %v", place, err)
	}
}

// TestAWrongClockDoesNotAskForEver holds links that have ended by this
// machine's clock as soon as they are made.
func TestAWrongClockDoesNotAskForEver(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	asked := 0
	links := transfer.Links{Now: func() time.Time { return now }, Ask: func(context.Context) (string, error) {
		asked++
		return "https://a.example/c?sig=x&se=2026-11-22T12:00:00Z", nil
	}}
	for range 100 {
		now = now.Add(time.Second)
		if err := links.With(t.Context(), func(string) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 2 {
		t.Errorf("%d links asked for in 100 s, want 2", asked)
	}
	for _, bad := range []string{"", "not a link", "://"} {
		links := transfer.Links{Now: time.Now, Ask: func(context.Context) (string, error) { return bad, nil }}
		if err := links.With(t.Context(), func(string) error { return nil }); err == nil {
			t.Errorf("%q is taken for a link", bad)
		}
	}
}
