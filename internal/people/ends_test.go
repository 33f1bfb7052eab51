package people_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// TestEndOfDay: no text but the empty one stands for an end that never comes,
// and every end can be stored.
func TestEndOfDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "0001-01-01T00:00:00Z",
		"  ":                        "0001-01-01T00:00:00Z",
		"2027-01-31":                "2027-02-01T00:00:00Z",
		"2027-01-31T17:00:00+02:00": "2027-01-31T15:00:00Z",
		"9999-12-30":                "9999-12-31T00:00:00Z",
		"0001-01-01T00:00:00Z":      "", // what some clients send for none: it would have meant for ever
		"0000-12-31":                "",
		"9999-12-31":                "", // ends in the year 10000
		"9999-12-31T23:30:00-01:00": "",
		"31.1.2027":                 "",
	} {
		at, err := people.EndOfDay("expires", text)
		if want == "" {
			if !errors.Is(err, airlock.ErrInvalid) || !at.IsZero() {
				t.Errorf("%q: %v, %v", text, at, err)
			}
			continue
		}
		if got := at.Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
		if _, err := at.MarshalJSON(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
