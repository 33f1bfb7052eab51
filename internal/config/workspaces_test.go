package config_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/config"
)

// estate are the least settings of a TRE that makes workspaces.
var estate = map[string]string{
	"TRE_SUBSCRIPTION": "s", "TRE_LOCATION": "westeurope", "TRE_CORE_GROUP": "rg", "TRE_VAULT_URL": "https://kv.vault.azure.net", "TRE_VAULT_ID": "/v",
	"TRE_ENGINE_PRINCIPAL": "p",
}

// Workspaces are an optional part: what they need is missed only where a
// subscription says that there are any.
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	c, err := load(app("all"), common, front, engine)
	if err != nil || c.Workspaces.On() {
		t.Fatalf("without a subscription: on is %t, %v", c.Workspaces.On(), err)
	}
	c, err = load(app("all"), common, front, engine, estate, map[string]string{"TRE_PLATFORM": `{"a":{"b":[1]}}`})
	if err != nil || !c.Workspaces.On() {
		t.Fatalf("with all of them: on is %t, %v", c.Workspaces.On(), err)
	}
	w := c.Workspaces
	if w.TRE != "tre" || w.Space.String() != "10.0.0.0/12" || w.LookFirst != 15*time.Second || w.Request != 30*24*time.Hour || w.Platform["a"] == nil {
		t.Errorf("read as %+v", w)
	}
	for name := range estate {
		if name == "TRE_SUBSCRIPTION" {
			continue
		}
		less := maps.Clone(estate)
		delete(less, name)
		if _, err := load(app("all"), common, front, engine, less); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	if _, err := load(app("front"), common, front, map[string]string{"TRE_SUBSCRIPTION": "s", "TRE_LOCATION": "l", "TRE_CORE_GROUP": "g", "TRE_VAULT_URL": "https://kv.vault.azure.net"}); err != nil {
		t.Errorf("the front alone needs less: %v", err)
	}
}

// Each row is a sentence: this value of a setting is refused, and named.
func TestWrongWorkspaces(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ setting, value string }{
		"an id in capitals":            {"TRE_ID", "TRE"},
		"an id of one letter":          {"TRE_ID", "t"},
		"an id without end":            {"TRE_ID", strings.Repeat("t", 33)},
		"a range with host bits":       {"TRE_ADDRESS_SPACE", "10.0.0.1/12"},
		"a range of the other kind":    {"TRE_ADDRESS_SPACE", "fd00::/16"},
		"a range without end":          {"TRE_ADDRESS_SPACE", "10.0.0.0/7"},
		"a platform that is a list":    {"TRE_PLATFORM", "[]"},
		"a platform that is null":      {"TRE_PLATFORM", "null"},
		"a plain address elsewhere":    {"TRE_ARM_ENDPOINT", "http://management.azure.com"},
		"no address of ARM":            {"TRE_ARM_ENDPOINT", "none"},
		"a short key":                  {"TRE_TOKEN_KEYS", "short"},
		"six principals":               {"TRE_ENGINE_PRINCIPAL", "a,b,c,d,e,f"},
		"looks that begin after later": {"TRE_LOOK_MOST", "1s"},
	} {
		_, err := load(app("all"), common, front, engine, estate, map[string]string{tt.setting: tt.value})
		if err == nil || !strings.Contains(err.Error(), tt.setting) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !config.Service("http://127.0.0.1:1").Here() || config.Service("https://kv.vault.azure.net").Here() || config.Service("").Here() {
		t.Error("what is on this machine is not told from what is not")
	}
}
