package portal_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestNoRoomLeft: what cannot be made goes on waiting, and the page says why.
func TestNoRoomLeft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.decided(true) // takes a quarter of the pool
	id := b.ask(func(r *workspace.Request) { r.Properties["address_space_size"] = "medium" })
	a := b.post("adam", atWanted(id)+"/grant", nil)
	if a.status != http.StatusConflict || !strings.Contains(a.body, "There is no address range left") || b.asked(id).Status != workspace.Asked {
		t.Errorf("grant: %d %s", a.status, a.body)
	}
}

// TestNotSetUp: where no subscription is set, what waits can be looked at, and a
// decision says why it cannot be taken.
func TestNotSetUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ask()
	b.estate.Ports.Builder = nil
	if a := b.get("adam", atWanted(id)); a.status != http.StatusOK {
		t.Errorf("page: %d", a.status)
	}
	if a := b.post("adam", atWanted(id)+"/grant", nil); a.status != http.StatusConflict || !strings.Contains(a.body, "No workspace can be made here yet") || b.asked(id).Status != workspace.Asked {
		t.Errorf("grant: %d %s", a.status, a.body)
	}
}

// TestTemplateMovedOn: what fits the template no more goes on waiting, and the
// page names the property.
func TestTemplateMovedOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ask()
	next := maps.Clone(study)
	next["template.json"] = []byte(strings.Replace(string(study["template.json"]), "0.1.0", "0.2.0", 1))
	next["template_schema.json"] = []byte(strings.Replace(string(study["template_schema.json"]), `"note":{"type":"string"}`, `"note":{"type":"string","enum":["calm"]}`, 1))
	_, err := b.builder.Register(t.Context(), b.act("adam"), next, true)
	b.must(err)
	if a := b.post("adam", atWanted(id)+"/grant", nil); a.status != http.StatusConflict || !strings.Contains(a.body, "does not fit the template any more") || !strings.Contains(a.body, "/note") ||
		b.asked(id).Status != workspace.Asked || b.made(id) {
		t.Errorf("grant: %d %s", a.status, a.body)
	}
}
