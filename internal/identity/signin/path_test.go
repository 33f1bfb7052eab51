package signin_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/identity/signin"
)

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/portal/requests/1?x=%2F#files": "/portal/requests/1?x=%2F#files",
		"/":                              "/",
		"":                               "/",
		"portal":                         "/",
		"//evil.example/":                "/",
		"///evil.example/":               "/",
		"/\\evil.example":                "/",
		"/\t/evil.example":               "/",
		"https://evil.example/":          "/",
		"javascript:alert(1)":            "/",
		"/a\r\nSet-Cookie: x=y":          "/",
		"/%zz":                           "/",
		"/" + strings.Repeat("a", 2000):  "/",
	} {
		if got := signin.LocalPath(target); got != want {
			t.Errorf("%q: %q, want %q", target, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	f.Add("/portal")
	f.Add("//evil.example")
	base := &url.URL{Scheme: "https", Host: "tre.example"}
	f.Fuzz(func(t *testing.T, target string) {
		got, err := base.Parse(signin.LocalPath(target))
		if err != nil || got.Host != base.Host || got.Scheme != base.Scheme {
			t.Errorf("%q leads to %v, %v", target, got, err)
		}
	})
}
