package funchost

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsOverrideHostJSON(t *testing.T) {
	t.Parallel()
	const file = `{"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:05", "batchSize": 8}}}`
	for _, tc := range []struct {
		name     string
		settings map[string]string
		want     string
	}{
		{"none", map[string]string{"TRE_APP": "front"}, file},
		{"a value, in another case", map[string]string{"AzureFunctionsJobHost__extensions__queues__MAXPOLLINGINTERVAL": "00:00:01"},
			`{"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:01", "batchSize": 8}}}`},
		{"a number, and a new branch", map[string]string{"AzureFunctionsJobHost__extensions__queues__batchSize": "1", "AzureFunctionsJobHost__logging__x": "y"},
			`{"version": "2.0", "extensions": {"queues": {"maxPollingInterval": "00:00:05", "batchSize": 1}}, "logging": {"x": "y"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			raw, err := newSettings(tc.settings, nil).override([]byte(file))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
