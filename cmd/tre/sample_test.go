package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/config"
)

// TestTheSampleStartsAnApp proves that somebody who copies the sample has an app
// whose settings are all right.
func TestTheSampleStartsAnApp(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../local.settings.sample.json")
	if err != nil {
		t.Fatal(err)
	}
	var sample struct{ Values map[string]string }
	if err := json.Unmarshal(text, &sample); err != nil {
		t.Fatal(err)
	}
	sample.Values["FUNCTIONS_CUSTOMHANDLER_PORT"] = "1" // the host's own
	if _, err := config.Load(func(name string) (string, bool) { v, ok := sample.Values[name]; return v, ok }); err != nil {
		t.Error(err)
	}
}
