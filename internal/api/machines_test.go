package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// TestExtend: the owner puts off a stop that was announced, the trail tells it,
// and a repeat of the call changes nothing more.
func TestExtend(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	f, err := b.store.Fleet(t.Context(), here)
	b.must(err)
	f, do := f.Look(machineID, idle.Machine{WhenIdle: time.Minute}, "running", idle.Sight{Running: true, Known: true}, b.settings.Now(), idle.DefaultRules)
	if do != idle.Warn {
		t.Fatal(do)
	}
	b.commit(workspace.Change{Partition: here, Fleets: []workspace.Fleet{f}})
	path := placed(ofUserResource, here, "")
	if s := decoded[api.UserResourceIn](b, "GET", path, "ann").Resource.AzureStatus; s == nil || s.StopCause != idle.Unused || s.StopWhen != unix(b.settings.Now().Add(30*time.Minute)) {
		t.Fatalf("%+v", s)
	}
	for range 2 {
		w := b.call("POST", path+"/extend", "ann", `{"hours":4}`, "Idempotency-Key", "once")
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	status := decoded[api.UserResourceIn](b, "GET", path, "ann").Resource.AzureStatus
	if status == nil || status.ExtendedUntil != unix(b.settings.Now().Add(4*time.Hour)) {
		t.Fatalf("%+v", status)
	}
	f, err = b.store.Fleet(t.Context(), here)
	b.must(err)
	if len(f.Notices) != 0 {
		t.Errorf("still to be told: %+v", f.Notices)
	}
	lines, _, err := b.store.Trail(t.Context(), here, machineID, airlock.Page{})
	b.must(err)
	if last := lines[len(lines)-1]; last.Action != "extend" || last.Actor.Name != "Ann" || len(lines) != 2 {
		t.Errorf("%d lines, %+v", len(lines), last)
	}
}

// TestExtendRefused: each row is a sentence.
func TestExtendRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	const idleID = "55555555-5555-4555-8555-200000000001"
	b.put(workspace.Resource{ID: idleID, Kind: workspace.UserResource, Workspace: here, Service: serviceID, Owner: people["ann"], Template: workspace.TemplateRef{Name: "machine", Version: "1.2.1"}})
	off := strings.Replace(idleID, "0001", "0002", 1)
	b.put(workspace.Resource{ID: off, Kind: workspace.UserResource, Workspace: here, Service: serviceID, Owner: people["ann"], Template: workspace.TemplateRef{Name: "machine", Version: "1.2.1"},
		Outputs: map[string]any{"azure_resource_id": armID}})
	path := placed(ofUserResource, here, "")
	for name, tt := range map[string]struct {
		path, body string
		code       int
		says       string
	}{
		"no hours":              {path, `{"hours":0}`, http.StatusUnprocessableEntity, "hours"},
		"fewer than none":       {path, `{"hours":-1}`, http.StatusUnprocessableEntity, "hours"},
		"more than may be":      {path, `{"hours":72.5}`, http.StatusUnprocessableEntity, "at most 72"},
		"nothing said":          {path, `{}`, http.StatusUnprocessableEntity, "hours"},
		"what is no machine":    {strings.Replace(path, machineID, idleID, 1), `{"hours":1}`, http.StatusBadRequest, "only a machine"},
		"what does not run":     {strings.Replace(path, machineID, off, 1), `{"hours":1}`, http.StatusConflict, "does not run"},
		"a machine of nobody's": {strings.Replace(path, machineID, none, 1), `{"hours":1}`, http.StatusNotFound, "does not exist"},
	} {
		if w := b.call("POST", tt.path+"/extend", "ann", tt.body); w.Code != tt.code || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// TestDrift: administrators read what differs and what to do about it, and order
// a fresh look.
func TestDrift(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	report := decoded[api.DriftReport](b, "GET", "/api/drift", "adam")
	if report.Stacks != 3 || len(report.Findings) != 1 || report.Findings[0].Advice == "" || report.When != unix(b.settings.Now()) {
		t.Errorf("%+v", report)
	}
	if w := b.call("POST", "/api/drift", "adam", `{}`); w.Code != http.StatusAccepted || !strings.Contains(w.Body.String(), "orderedWhen") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := newBench(t).call("GET", "/api/drift", "adam", ""); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "order one") {
		t.Errorf("no report: %d %s", w.Code, w.Body)
	}
}

func unix(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
