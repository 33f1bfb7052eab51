package form

import "testing"

// TestHTMLPattern holds what browsers are told to what they take: compiled with
// the flag v, matched as a whole.
func TestHTMLPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"":                                "",
		"^[a-z][a-z0-9_-]{0,19}$":         `[a-z][a-z0-9_\-]{0,19}`,
		"^([01]?[0-9]|2[0-3])[0-5][0-9]$": ".*(?:^([01]?[0-9]|2[0-3])[0-5][0-9]$).*",
		"^[0-9a-f]{8}(-[0-9a-f]{4}){3}$":  "[0-9a-f]{8}(-[0-9a-f]{4}){3}",
		"abc":                             ".*(?:abc).*",
		`^\d+\.\d+$`:                      `\d+\.\d+`,
		`^a\$`:                            `.*(?:^a\$).*`,
		"[(/|]":                           `.*(?:[\(\/\|]).*`,
		"[-a]":                            `.*(?:[\-a]).*`,
		"[^a]":                            ".*(?:[^a]).*",
		"[[:alpha:]]":                     "",
		"[a&&b]":                          "",
		"[a[b]":                           "",
		"(?i)abc":                         "",
		"(?P<n>a)":                        "",
		"(?:a)":                           ".*(?:(?:a)).*",
		`\pL`:                             "",
		`a\z`:                             "",
		"a{":                              "",
		"a]":                              "",
		"[a":                              "",
		"é":                               "",
		`a\`:                              "",
	} {
		if got := htmlPattern(pattern); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}
