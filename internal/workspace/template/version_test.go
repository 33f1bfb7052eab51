package template_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	order := []string{"0.0.1", "0.1.0-alpha", "0.1.0-alpha.2", "0.1.0-alpha.11", "0.1.0", "0.2.0", "0.10.0", "1.0.0-rc.1", "1.0.0", "1.2.3", "10.0.0"}
	for i, a := range order {
		if !template.ValidVersion(a) {
			t.Errorf("%s is no version", a)
		}
		for j, b := range order {
			if got := template.Compare(a, b); got < 0 != (i < j) || got == 0 != (i == j) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
		}
	}
	for _, v := range []string{"", "1", "1.2", "v1.2.3", "1.2.3.4", "1.02.3", "1.2.x", "1.2.3-", "1.2.3+build", "1.2.3-a+b", "1-2.3.4", " 1.2.3", "1.2.3/..", "1.2.3-" + string(make([]byte, 99))} {
		if template.ValidVersion(v) {
			t.Errorf("%q is a version", v)
		}
	}
}

func TestUpgrades(t *testing.T) {
	t.Parallel()
	registered := []string{"2.0.0", "1.2.0", "1.1.0", "1.10.0", "0.9.0", "1.2.0", "odd", "1.1.1-rc.1"}
	want := []template.Upgrade{{Version: "1.1.1-rc.1"}, {Version: "1.2.0"}, {Version: "1.10.0"}, {Version: "2.0.0", ForceUpdateRequired: true}}
	before := slices.Clone(registered)
	if diff := cmp.Diff(template.Upgrades("1.1.0", registered), want); diff != "" || !slices.Equal(before, registered) {
		t.Error(diff)
	}
	if got := template.Upgrades("3.0.0", registered); got == nil || len(got) != 0 {
		t.Errorf("of the highest: %#v", got)
	}
}

func TestMayUpgrade(t *testing.T) {
	t.Parallel()
	registered := []string{"0.9.0", "1.0.0", "1.1.0", "1.2.0", "2.0.0"}
	for _, tt := range []struct {
		from, to string
		force    bool
		want     error
	}{
		{from: "1.0.0", to: "1.1.0"},
		{from: "1.0.0", to: "1.0.0"},
		{from: "1.0.0", to: "2.0.0", want: template.ErrMajor},
		{from: "1.0.0", to: "2.0.0", force: true},
		{from: "1.1.0", to: "1.0.0", want: template.ErrDowngrade},
		{from: "1.1.0", to: "0.9.0", want: template.ErrDowngrade},
		{from: "1.1.0", to: "1.0.0", force: true},
		{from: "1.1.0", to: "1.3.0", want: template.ErrVersion},
		{from: "1.1.0", to: "1.3.0", force: true, want: template.ErrVersion},
		{from: "1.1.0", to: "latest", want: template.ErrVersion},
	} {
		if got := template.MayUpgrade(tt.from, tt.to, registered, tt.force); !errors.Is(got, tt.want) || tt.want == nil && got != nil {
			t.Errorf("%s to %s, forced %v: %v", tt.from, tt.to, tt.force, got)
		}
	}
}
