package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/config"
)

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	c, err := load(app("all"), common, front, engine, map[string]string{"TRE_WORKSPACE_CONNECTIONS": connection})
	if err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	fmt.Fprintf(&shown, "%v %+v %#v", c, c, c)
	fmt.Fprintf(&shown, "%x %q %d", c.SignIn.CookieKeys, c.SignIn.CookieKeys[0], c.SignIn.CookieKeys[0])
	fmt.Fprintf(&shown, "%s", c.SignIn.CookieKeys[0].String())
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(asJSON)
	slog.New(slog.NewTextHandler(&shown, nil)).InfoContext(t.Context(), "x", slog.Any("c", c), slog.Any("k", c.SignIn.CookieKeys[0]))
	slog.New(slog.NewJSONHandler(&shown, nil)).InfoContext(t.Context(), "x", slog.Any("c", c), slog.Any("k", c.SignIn.CookieKeys[0]))
	for _, secret := range []string{cookieKey, fmt.Sprintf("%x", cookieKey), "c2VjcmV0"} {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("%q is shown in %s", secret, shown.String())
		}
	}
	if got := config.NewSecret("x"); got.Reveal() != "x" || got.IsZero() {
		t.Error("a secret does not keep what it is given")
	}
}

func TestBrokenSecretsAreNotTold(t *testing.T) {
	t.Parallel()
	_, err := load(app("front"), common, front, map[string]string{"TRE_COOKIE_KEYS": "sh0rt", "TRE_STATE__ACCOUNTNAME": "a"})
	if err == nil || strings.Contains(err.Error(), "sh0rt") || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("Load = %v", err)
	}
}
