package api_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhatIsNotThere: the answer names what was asked for in the words of the
// call, and nothing of how it is kept.
func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	const template = `{"name":"new","version":"1.0.0","current":true,"json_schema":{"title":"T","description":"D","properties":{}},"template":{"resources":[]}}`
	for _, tt := range []struct{ name, method, path, body, says string }{
		{"a template", "GET", "/api/workspace-templates/nope", "", `workspace template "nope" does not exist`},
		{"a version of one that is there", "GET", "/api/workspace-templates/base?version=9.9.9", "", `workspace template "base" does not exist in version "9.9.9"`},
		{"a template of user resources", "GET", "/api/workspace-service-templates/desktop/user-resource-templates/nope", "", `user resource template "nope" does not exist`},
		{"the template of a service that is to have one more", "POST", "/api/workspace-service-templates/nope/user-resource-templates", template,
			`workspace service template "nope" does not exist`},
		{"a standing approval", "DELETE", "/api/standing-approvals/" + none, "", "standing approval does not exist"},
	} {
		w := b.call(tt.method, tt.path, "adam", tt.body)
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusNotFound || got != tt.says {
			t.Errorf("%s: %d %q, want %q", tt.name, w.Code, got, tt.says)
		}
	}
}
