package identity_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

func TestGroupsOfAToken(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	g1, g2 := "d1000000-0000-4000-8000-000000000001", "d2000000-0000-4000-8000-000000000002"
	source := set{"src1": set{"endpoint": "https://graph.windows.net/" + tenant + "/users/" + oid + "/getMemberObjects"}}
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("d1000000-0000-4000-8000-%012d", i))
	}
	for _, tt := range []struct {
		name    string
		changes set
		want    []string
		more    bool
		err     error
	}{
		{name: "none", changes: nil},
		{name: "two, one of them twice", changes: set{"groups": []string{g2, strings.ToUpper(g1), g2}}, want: []string{g1, g2}},
		{name: "one, as text", changes: set{"groups": g1}, want: []string{g1}},
		{name: "by names instead of ids", changes: set{"groups": []string{"CORP\\heart", g1, ""}}, want: []string{g1}},
		{name: "two hundred, the most a token carries", changes: set{"groups": many}, want: many},
		{name: "more than fit", changes: set{"_claim_names": set{"groups": "src1"}, "_claim_sources": source}, more: true},
		{name: "more than fit, and some that somebody added", changes: set{"groups": []string{g1}, "_claim_names": set{"groups": "src1"}, "_claim_sources": source}, more: true},
		{name: "more than fit, implicit flow", changes: set{"hasgroups": true}, more: true},
		{name: "another claim elsewhere", changes: set{"_claim_names": set{"wids": "src1"}, "_claim_sources": source}},
		{name: "a source that is not there", changes: set{"_claim_names": set{"groups": "src9"}}, err: identity.ErrToken},
		{name: "groups of a wrong type", changes: set{"groups": set{"a": 1}}, err: identity.ErrToken},
		{name: "a program has no groups", changes: set{"scp": nil, "idtyp": "app", "groups": []string{g1}}},
		{name: "a program's groups are not asked for", changes: set{"scp": nil, "idtyp": "app", "hasgroups": true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Verify(t.Context(), f.sign(t, "k1", tt.changes, nil))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got.Groups); err == nil && (diff != "" || got.MoreGroups != tt.more) {
				t.Errorf("more %t, groups: %s", got.MoreGroups, diff)
			}
		})
	}
}
