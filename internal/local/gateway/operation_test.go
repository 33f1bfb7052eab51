package gateway

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestOperationsAreToldApart(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		method, target string
		headers        map[string]string
		want           string // operation account container blob
	}{
		{"PUT", "/a/c?restype=container", nil, "CreateContainer a c "},
		{"DELETE", "/a/c?restype=container", nil, "DeleteContainer a c "},
		{"HEAD", "/a/c?restype=container", nil, "GetContainerProperties a c "},
		{"GET", "/a/c?restype=container&comp=list", nil, "list a c "},
		{"GET", "/a?comp=list", nil, "list a  "},
		{"PUT", "/a/c/b", map[string]string{"x-ms-blob-type": "BlockBlob"}, "PutBlob a c b"},
		{"PUT", "/a/c/b", map[string]string{"x-ms-blob-type": "BlockBlob", "x-ms-copy-source": "u"}, "PutBlobFromURL a c b"},
		{"PUT", "/a/c/b", map[string]string{"x-ms-copy-source": "u"}, "CopyBlob a c b"},
		{"PUT", "/a/c/b", map[string]string{"x-ms-copy-source": "u", "x-ms-requires-sync": "true"}, "CopyBlobFromURL a c b"},
		{"PUT", "/a/c/b?comp=block&blockid=x", nil, "PutBlock a c b"},
		{"PUT", "/a/c/b?comp=block&blockid=x", map[string]string{"x-ms-copy-source": "u"}, "PutBlockFromURL a c b"},
		{"PUT", "/a/c/b?comp=blocklist", nil, "PutBlockList a c b"},
		{"PUT", "/a/c/b?comp=metadata", nil, "metadata a c b"},
		{"PUT", "/a/c/b?comp=snapshot", nil, "snapshot a c b"},
		{"GET", "/a/c/d/e%2Ff%25?sig=x", nil, "GetBlob a c d/e/f%"},
		{"HEAD", "/a/c/b", nil, "GetBlobProperties a c b"},
		{"DELETE", "/a/c/b", nil, "DeleteBlob a c b"},
		{"DELETE", "/a/c/b?snapshot=2026-01-01T00:00:00.0000000Z", nil, "DeleteSnapshots a c b"},
		{"DELETE", "/a/c/b", map[string]string{"x-ms-delete-snapshots": "only"}, "DeleteSnapshots a c b"},
		{"DELETE", "/a/c/b", map[string]string{"x-ms-delete-snapshots": "include"}, "DeleteBlob a c b"},
	} {
		r := httptest.NewRequest(tc.method, tc.target, nil)
		for name, value := range tc.headers {
			r.Header.Set(name, value)
		}
		o := parse(r)
		got := strings.Join([]string{o.name, o.account, o.container, o.blob}, " ")
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s %s: %s", tc.method, tc.target, diff)
		}
	}
}

func TestCorruptedNamesDiffer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name, corruption := rapid.StringN(2, 40, -1).Draw(t, "name"), rapid.IntRange(0, 3).Draw(t, "corruption")
		if got := damage(name, corruption); (got == name) != (corruption == 0) {
			t.Errorf("damage(%q, %d) = %q", name, corruption, got)
		}
	})
}

func TestAstralCharactersBecomeTwoReplacements(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"plain é e\u0301 中": "plain é e\u0301 中",
		"💎":                 "\uFFFD\uFFFD",
		"a🧬b💎":              "a\uFFFD\uFFFDb\uFFFD\uFFFD",
	} {
		if got := replaceAstral(name); got != want {
			t.Errorf("replaceAstral(%q) = %q, want %q", name, got, want)
		}
	}
}
