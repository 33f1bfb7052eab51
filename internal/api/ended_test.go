package api_test

import (
	"net/http"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// TestRepeatsAfterARoleEnded: the key of a call gives its answer again only as
// far as the caller may still have it.
func TestRepeatsAfterARoleEnded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now  []access.Role // what the owner is afterwards
		want int
	}{
		"still an owner":      {[]access.Role{access.WorkspaceOwner}, http.StatusOK},
		"a researcher now":    {[]access.Role{access.WorkspaceResearcher}, http.StatusOK},
		"a manager now":       {[]access.Role{access.AirlockManager}, http.StatusForbidden},
		"in it no more":       {nil, http.StatusNotFound},
		"suspended meanwhile": {[]access.Role{access.WorkspaceOwner}, http.StatusForbidden},
	} {
		b := newBench(t)
		draft := b.draft() // Ann's
		first := b.read(b.call("POST", draft+"/cancel", "olga", `{}`, keyHeader, "k"), http.StatusOK)
		if first.Request.Title == "" || first.Request.Justification == "" {
			t.Fatalf("the first answer: %+v", first.Request)
		}
		b.must(b.store.DeleteMember(t.Context(), here, people["olga"].OID, access.WorkspaceOwner))
		for _, role := range tt.now {
			b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: people["olga"].OID, Role: role}))
		}
		if name == "suspended meanwhile" {
			b.call("POST", person+people["olga"].OID+"/suspend", "adam", because)
		}
		w := b.call("POST", draft+"/cancel", "olga", `{}`, keyHeader, "k")
		if w.Code != tt.want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, tt.want)
			continue
		}
		if w.Code != http.StatusOK {
			continue
		}
		again := b.read(w, http.StatusOK).Request
		if again.ID != first.Request.ID || string(again.Status) != string(airlock.StatusCancelled) {
			t.Errorf("%s: %+v", name, again)
		}
		if owner := name == "still an owner"; (again.Title != "") != owner || (again.Justification != "") != owner {
			t.Errorf("%s: title %q, justification %q", name, again.Title, again.Justification)
		}
	}
}
