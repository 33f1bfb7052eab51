package arm_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
)

// changing are UUIDs, names of deployments and times.
var changing = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|ws-[0-9a-f]{12}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)

// golden compares JSON with a kept file, in which what changes from run to run is a star.
func golden(t *testing.T, name string, got any) {
	t.Helper()
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = changing.ReplaceAllFunc(text, func(found []byte) []byte {
		if slices.Contains([]string{subscription, engine, arm.Tenant}, string(found)) {
			return found
		}
		return []byte("*")
	})
	want, err := os.ReadFile("testdata/" + name)
	if err != nil || strings.TrimSpace(string(want)) != string(text) {
		t.Errorf("testdata/%s: %v\n%s", name, err, text)
	}
}

// request sends a bare request.
func request(t *testing.T, method, url, token string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}
