package config_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/config"
)

func TestSettingsAreDescribed(t *testing.T) {
	t.Parallel()
	rule := regexp.MustCompile(`^(TRE_[A-Z0-9]+(_{1,2}[A-Z0-9]+)*|OTEL_[A-Z]+(_[A-Z]+)*|FUNCTIONS_CUSTOMHANDLER_PORT)$`)
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if !rule.MatchString(s.Name) || seen[s.Name] {
			t.Errorf("%s: twice, or not an upper-case name of ours", s.Name)
		}
		seen[s.Name] = true
		if s.Description == "" || (!s.Front && !s.Engine) {
			t.Errorf("%s: no description, or nobody reads it", s.Name)
		}
		if s.Required && s.Default != "" {
			t.Errorf("%s: required and yet has a default", s.Name)
		}
		if s.FromHost != strings.HasPrefix(s.Name, "FUNCTIONS_") {
			t.Errorf("%s: from the host is %v", s.Name, s.FromHost)
		}
		if want := regexp.MustCompile(`CONNECTIONS$|KEYS?$|SECRET$|PASSWORD$|OTLP_HEADERS$|^TRE_(STATE|AIRLOCK)$`).MatchString(s.Name); s.Secret != want {
			t.Errorf("%s: secret is %v", s.Name, s.Secret)
		}
	}
	for _, name := range []string{"TRE_APP", "TRE_STATE", "TRE_STATE__ACCOUNTNAME", "TRE_AIRLOCK__BLOBSERVICEURI"} {
		if !seen[name] {
			t.Errorf("%s is not described", name)
		}
	}
}
