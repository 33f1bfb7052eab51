package workspace_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestOutputs: what a stack says of itself joins the properties, as what it is;
// what was there stays, and a stack that says nothing changes nothing.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/tests_ma/test_service_bus/test_deployment_status_update.py
func TestOutputs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	existing := map[string]any{"existing": "value"}
	said := map[string]any{"text": "value", "quoted": `"value"`, "on": true, "off": false, "looks": "['one', 'two']", "list": []any{"one", "two"}, "count": 3.0, "object": map[string]any{"a": []any{}}}
	for _, tt := range []struct {
		name                string
		action              workspace.Action
		seen                workspace.Seen
		properties, outputs map[string]any
		status              workspace.Status
	}{
		{"of a stack that is made", workspace.Install, workspace.Seen{Progress: workspace.Complete, Outputs: said},
			map[string]any{"existing": "value", "text": "value", "quoted": `"value"`, "on": true, "off": false, "looks": "['one', 'two']", "list": []any{"one", "two"}, "count": 3.0, "object": map[string]any{"a": []any{}}}, said, workspace.Deployed},
		{"in place of what was there", workspace.Upgrade, workspace.Seen{Progress: workspace.Complete, Outputs: map[string]any{"existing": "other"}}, map[string]any{"existing": "other"}, map[string]any{"existing": "other"}, workspace.Updated},
		{"of a stack that says nothing", workspace.Install, workspace.Seen{Progress: workspace.Complete}, existing, nil, workspace.Deployed},
		{"of a stack that says an empty object", workspace.Install, workspace.Seen{Progress: workspace.Complete, Outputs: map[string]any{}}, existing, map[string]any{}, workspace.Deployed},
	} {
		r := workspace.Resource{ID: wsID, Kind: workspace.Workspace, Status: tt.action.Status(workspace.Running), Properties: map[string]any{"existing": "value"},
			Job: &workspace.Job{Run: "run", Action: tt.action, Since: at, Begun: at, Deadline: at.Add(time.Hour)}}
		got := r.Finish(tt.seen, at)
		if diff := cmp.Diff(tt.properties, got.Properties); diff != "" || got.Status != tt.status {
			t.Errorf("%s: %s, properties %s", tt.name, got.Status, diff)
		}
		if diff := cmp.Diff(tt.outputs, got.Outputs); diff != "" {
			t.Errorf("%s: outputs %s", tt.name, diff)
		}
		if diff := cmp.Diff(map[string]any{"existing": "value"}, r.Properties); diff != "" {
			t.Errorf("%s: what was before was changed: %s", tt.name, diff)
		}
	}
}
