package substitute_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
)

// TestParentsThatAreNotGiven: a token that reads what its source lacks is
// refused, and not taken for one that is empty.
func TestParentsThatAreNotGiven(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		kind    workspace.Kind
		parents int
		in      string
	}{
		"a machine without anything above it":  {workspace.UserResource, 0, "{{ resource.parent.properties.display_name }}"},
		"a machine without its workspace":      {workspace.UserResource, 1, "{{ resource.parent.parent.properties.display_name }}"},
		"a service without its workspace":      {workspace.Service, 0, "{{ resource.parent.id }}"},
		"a workspace that is given one anyway": {workspace.Workspace, 1, "{{ resource.parent.id }}"},
	} {
		from := sources(t)[workspace.UserResource]
		from.Resource.Kind, from.Parents = tt.kind, from.Parents[:tt.parents]
		step := substitute.Step{Properties: []workspace.Property{{Name: "p", Type: "string", Value: tt.in}}}
		if got, err := substitute.Apply(step, from, nil); !errors.Is(err, substitute.ErrInvalid) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestAppendRemoveReplace plays AzureTRE's two stories of one list: what a step
// left is what the next one finds.
func TestAppendRemoveReplace(t *testing.T) {
	t.Parallel()
	for name, story := range map[string][]struct{ action, item, want string }{
		"three put in, the middle, the first, the last taken out, and one that is not there": {
			{"append", "one", "one"}, {"append", "two", "one two"}, {"append", "three", "one two three"},
			{"remove", "two", "one three"}, {"remove", "one", "three"}, {"remove", "three", ""}, {"remove", "one", ""}},
		"two put in, each exchanged, and one exchanged that is not there": {
			{"append", "one", "one"}, {"append", "two", "one two"}, {"replace", "one", "one two"}, {"replace", "two", "one two"}, {"replace", "three", "one two three"}},
	} {
		target := map[string]any{"rules": []any{}, "other": true}
		for i, s := range story {
			p := workspace.Property{Name: "rules", Type: "array", Substitution: s.action, MatchField: "name", Value: map[string]any{"name": s.item, "turn": i, "by": "{{ resource.id }}"}}
			got, err := substitute.Apply(substitute.Step{Properties: []workspace.Property{p}}, sources(t)[workspace.Workspace], target)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			target["rules"] = got["rules"]
			var names []string
			for _, item := range got["rules"].([]any) {
				o := item.(map[string]any)
				if o["name"] == s.item && (o["turn"] != i || o["by"] != "123") {
					t.Errorf("%s, turn %d: %v", name, i, o)
				}
				names = append(names, o["name"].(string))
			}
			if strings.Join(names, " ") != s.want {
				t.Errorf("%s, turn %d: %v, want %s", name, i, names, s.want)
			}
		}
	}
}
