package kind_test

import (
	"slices"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace/kind"
)

func TestParents(t *testing.T) {
	t.Parallel()
	for k, want := range map[kind.Kind][]kind.Kind{
		kind.Workspace:        nil,
		kind.SharedService:    nil,
		kind.WorkspaceService: {kind.Workspace},
		kind.UserResource:     {kind.WorkspaceService, kind.Workspace},
		"machine":             nil,
	} {
		if got := k.Parents(); !slices.Equal(got, want) {
			t.Errorf("%s: parents %v, want %v", k, got, want)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All {
		if !k.Known() {
			t.Errorf("%s is not known", k)
		}
	}
	for _, k := range []kind.Kind{"", "Workspace", "machine"} {
		if k.Known() {
			t.Errorf("%q is known", k)
		}
	}
}
