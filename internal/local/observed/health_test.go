package observed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// public waits until exactly these parts are told not to be well.
func public(t *testing.T, want ...string) {
	t.Helper()
	publicWhile(t, func() {}, want...)
}

// publicWhile is public while something is done again and again.
func publicWhile(t *testing.T, do func(), want ...string) {
	t.Helper()
	err := stacktest.Until(t.Context(), func(ctx context.Context) error {
		do()
		answer, err := rig.Call(ctx, researcher, http.MethodGet, "/health", nil)
		if err != nil {
			return err
		}
		var got api.Health
		if err := json.Unmarshal(answer.Body, &got); err != nil {
			return fmt.Errorf("%d: %w", answer.Status, err)
		}
		var bad []string
		for _, s := range got.Services {
			if s.Status != "OK" {
				bad = append(bad, s.Service)
			}
		}
		if !slices.Equal(bad, want) || (answer.Status == http.StatusOK) != (len(want) == 0) {
			return fmt.Errorf("%d: not well are %v, want %v", answer.Status, bad, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// details waits until the administrators' view is so.
func details(t *testing.T, holds func(health.Details) bool) {
	t.Helper()
	var last health.Details
	err := stacktest.Until(t.Context(), func(ctx context.Context) error {
		answer, err := rig.Call(ctx, admin, http.MethodGet, "/health/details", nil)
		if err == nil {
			last = health.Details{}
			err = answer.Into(&last)
		}
		if err == nil && !holds(last) {
			err = fmt.Errorf("details: %+v", last)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// part is a part of the details.
func part(d health.Details, name string) health.Part {
	for _, p := range d.Parts {
		if p.Name == name {
			return p
		}
	}
	return health.Part{}
}

// TestHealthOfTheStack: on a running stack everything is well; what is broken
// is told, and what is mended is well again.
func TestHealthOfTheStack(t *testing.T) {
	public(t)
	details(t, func(d health.Details) bool {
		return part(d, "Tables").Level == health.OK && len(d.Queues) == len(message.Queues) && len(d.Apps) == 2 && d.Version == "test" &&
			slices.ContainsFunc(d.Sources, func(s health.State) bool { return s.Source == health.Sweep && s.At != nil })
	})
	answer, err := rig.Call(t.Context(), researcher, http.MethodGet, "/health/details", nil)
	if err != nil || answer.Status != http.StatusForbidden {
		t.Errorf("a researcher reads the details: %d, %v", answer.Status, err)
	}

	stop := rig.Troubles.Fail(storageproxy.PermissionMismatch, "", "trefoil-health")
	public(t, "Airlock storage", "Workspace storage")
	details(t, func(d health.Details) bool {
		p := part(d, "Airlock storage")
		return p.Level == health.Bad && strings.HasPrefix(p.Message, "403 ") && len(d.Accounts) > 0
	})
	stop()
	public(t)

	publicWhile(t, rig.Engine.KillHandler, "Engine") // it never lives long enough to sweep
	public(t)
}
