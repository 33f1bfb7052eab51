package airlock_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

const day = airlock.Duration(24 * time.Hour)

func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	want := airlock.Policy{Reviewers: 1, MaxFiles: 10_000, MaxBytes: 1 << 40, MaxFileBytes: 50 << 30, CloseFactor: 2,
		DraftLife: 30 * day, WorkLife: day, VerdictLife: day / 4, RescanAfter: airlock.Duration(20 * time.Minute), ReviewLife: 30 * day,
		LinkLife: airlock.Duration(time.Hour), RetainFiles: 7 * day, RetainShared: 90 * day,
		RefuseTypes: []string{"application/vnd.microsoft.portable-executable", "application/x-elf", "application/x-mach-binary", "application/x-msi"}}
	if diff := cmp.Diff(want, airlock.Policy{}.WithDefaults()); diff != "" {
		t.Errorf("nothing said (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want, want.WithDefaults()); diff != "" {
		t.Errorf("everything said (-want +got)\n%s", diff)
	}
	own := airlock.Policy{Reviewers: 2, MaxFiles: 3, MaxBytes: 4, MaxFileBytes: 5, CloseFactor: 6, RefuseTypes: []string{}, SkipScan: true, SkipHash: true,
		DraftLife: 7, WorkLife: 8, VerdictLife: 9, RescanAfter: 10, ReviewLife: 11, LinkLife: 12, RetainFiles: 13, RetainShared: 14}
	if diff := cmp.Diff(own, own.WithDefaults()); diff != "" {
		t.Errorf("what a workspace says is overruled (-want +got)\n%s", diff)
	}
}

func TestPolicyJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		p    airlock.Policy
		want string
	}{
		{"nothing", airlock.Policy{}, `{}`},
		{"numbers", airlock.Policy{Reviewers: 2, MaxBytes: 1 << 40, SkipScan: true}, `{"reviewers":2,"maxBytes":1099511627776,"skipScan":true}`},
		{"durations", airlock.Policy{DraftLife: 30 * day, LinkLife: airlock.Duration(90 * time.Second)}, `{"draftLife":"720h0m0s","linkLife":"1m30s"}`},
		{"no type is refused", airlock.Policy{RefuseTypes: []string{}}, `{"refuseTypes":[]}`},
		{"types", airlock.Policy{RefuseTypes: []string{"a/b"}}, `{"refuseTypes":["a/b"]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := json.Marshal(tt.p)
			if err != nil || string(text) != tt.want {
				t.Fatalf("got %s, %v, want %s", text, err, tt.want)
			}
			var back airlock.Policy
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.p, back); diff != "" {
				t.Errorf("there and back (-want +got)\n%s", diff)
			}
		})
	}
	for _, bad := range []string{`{"draftLife":"soon"}`, `{"draftLife":""}`, `{"draftLife":7}`, `{"reviewers":"two"}`} {
		if err := json.Unmarshal([]byte(bad), new(airlock.Policy)); err == nil {
			t.Errorf("%s is read without error", bad)
		}
	}
}
