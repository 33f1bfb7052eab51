package api_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// TestNextCall: what is taken away does not count at the very next call.
func TestNextCall(t *testing.T) {
	t.Parallel()
	bob := people["bob"].OID
	for name, tt := range map[string]struct {
		method, path, body string
		want               int
		says               string
	}{
		"removed":        {"DELETE", ws + "/users/assign?role_id=WorkspaceResearcher&user_id=" + bob, "", 404, "does not exist"},
		"suspended":      {"POST", person + bob + "/suspend", because, 403, "suspended since 22 November 2026"},
		"training over":  {"PUT", person + bob + "/expiries", `{"training":"2026-11-21"}`, 403, "your training ended on 21 November 2026; renew it"},
		"agreement over": {"PUT", person + bob + "/expiries", `{"agreement":"2026-11-21"}`, 403, "your agreement ended"},
		"training holds": {"PUT", person + bob + "/expiries", `{"training":"2026-11-22"}`, 200, ""},
	} {
		b := newBench(t)
		if w := b.call(tt.method, tt.path, "adam", tt.body); w.Code/100 != 2 {
			t.Fatalf("%s: %d %s", name, w.Code, w.Body)
		}
		w := b.call("GET", list(here), "bob", "")
		if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) || strings.Contains(w.Body.String(), "because") {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, tt.want)
		}
		if w := b.call("GET", "/api/requests", "bob", ""); (w.Code == http.StatusForbidden) != (name == "suspended") {
			t.Errorf("%s: my requests: %d", name, w.Code)
		}
	}
	b := newBench(t)
	m := access.Membership{Workspace: here, OID: people["guest"].OID, Role: access.WorkspaceResearcher, Expires: time.Date(2026, 11, 22, 9, 0, 0, 250e6, time.UTC)}
	b.must(b.store.PutMember(t.Context(), m))
	if w := b.call("GET", list(here), "guest", ""); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "ended on 22 November 2026") {
		t.Errorf("a role that ended this moment: %d %s", w.Code, w.Body)
	}
}

// frozenGrid is what a frozen workspace answers: to who may otherwise.
const frozenGrid = `
	draft     ann  POST /submit       409
	draft     ann  GET  /link         409
	draft     ann  GET  ""            200
	draft     ann  GET  /files        200
	draft     ann  POST /cancel       200
	draft     mia  POST /submit       403
	in_review mia  POST /review       409
	in_review mia  POST /return       409
	in_review mia  GET  /sealed-link  409
	in_review mia  GET  /link         409
	in_review mia  GET  /audit        200
	in_review ann  POST /cancel       200
	approved  ann  GET  /link         409
	approved  mia  POST /revoke       200
	failed    olga POST /retry        409
`

func TestFrozen(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(frozenGrid) {
		words := strings.Fields(line)
		if len(words) != 5 {
			continue
		}
		b := newBench(t)
		path := b.stage(airlock.Stage(words[0]))
		if w := b.call("POST", ws+"/freeze", "olga", `{"reason":"an incident"}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "an incident") {
			t.Fatalf("freeze: %d %s", w.Code, w.Body)
		}
		tail := strings.Trim(words[3], `"`)
		body := ""
		if words[2] == "POST" {
			body = bodies[strings.TrimPrefix(tail, "/")]
		}
		w := b.call(words[2], path+tail, words[1], body)
		if strconv.Itoa(w.Code) != words[4] || w.Code == http.StatusConflict && !strings.Contains(w.Body.String(), "frozen by Olga") {
			t.Errorf("%s: %d %s", strings.TrimSpace(line), w.Code, w.Body)
		}
		var now answer
		b.get(path, "ann", &now)
		if now.Request.Status != airlock.StatusCancelled && now.Request.Status != airlock.StatusRevoked &&
			(!strings.Contains(now.Request.WaitsFor, "an incident") || now.Request.Deadline != nil) {
			t.Errorf("%s: waits for %q until %v", strings.TrimSpace(line), now.Request.WaitsFor, now.Request.Deadline)
		}
		for _, action := range now.Actions {
			if action == "submit" || action == "review" || action == "return" || action == "retry" {
				t.Errorf("%s: may %s", strings.TrimSpace(line), action)
			}
		}
	}
	b := newBench(t)
	b.call("POST", ws+"/freeze", "adam", because)
	if w := b.call("POST", list(here), "ann", creation); w.Code != http.StatusConflict {
		t.Errorf("create: %d", w.Code)
	}
	if w := b.call("POST", ws+"/freeze", "adam", because); w.Code != http.StatusConflict {
		t.Errorf("freeze again: %d", w.Code)
	}
	if w := b.call("POST", ws+"/unfreeze", "olga", because); w.Code != http.StatusForbidden {
		t.Errorf("an owner lifts an administrator's: %d", w.Code)
	}
	if w := b.call("POST", ws+"/unfreeze", "adam", because); w.Code != http.StatusOK {
		t.Errorf("unfreeze: %d", w.Code)
	}
	if w := b.call("POST", list(here), "ann", creation); w.Code != http.StatusCreated {
		t.Errorf("create after it: %d", w.Code)
	}
	var found api.AuditLines
	b.get(ws+"/audit?action=freeze", "olga", &found)
	if len(found.Lines) != 1 || found.Lines[0].Actor.OID != people["adam"].OID || found.Lines[0].Reason != "because" || found.Lines[0].Call == "" {
		t.Errorf("audit: %+v", found)
	}
	b.call("POST", person+people["bob"].OID+"/suspend", "adam", because)
	b.get(person+people["bob"].OID+"/audit", "adam", &found)
	if len(found.Lines) != 1 || found.Lines[0].Action != "suspend" || found.Lines[0].Person != people["bob"].OID {
		t.Errorf("audit of a person: %+v", found)
	}
}
