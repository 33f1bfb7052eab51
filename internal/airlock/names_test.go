package airlock_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// names says, by hand, which names are refused, and why.
var names = []struct {
	name, in string
	want     string // codes
}{
	{name: "plain", in: "data.csv"},
	{name: "folders", in: "a/b/c/data.csv"},
	{name: "spaces", in: " a b / c d "},
	{name: "percent", in: "100%/%2e%2e/%00"},
	{name: "signs", in: "a+b#c?d&e=f;g,h!'()~@$*|<>\":"},
	{name: "NFC", in: "caf\u00e9"},
	{name: "NFD", in: "cafe\u0301"},
	{name: "emoji", in: "\U0001F469\u200d\U0001F52C.txt"},
	{name: "right to left letters", in: "דוח/تقرير.csv"},
	{name: "hidden file", in: ".gitignore"},
	{name: "dots inside", in: "a..b/...c"},
	{name: "longest", in: strings.Repeat("a", 1024)},
	{name: "longest, two bytes a letter", in: strings.Repeat("ü", 1024)},
	{name: "longest, two units a letter", in: strings.Repeat("\U0001F52C", 512)},
	{name: "deepest", in: strings.Repeat("a/", 253) + "b"},
	{name: "empty", want: "name_empty"},
	{name: "too long", in: strings.Repeat("a", 1025), want: "name_long"},
	{name: "too long in units", in: strings.Repeat("\U0001F52C", 512) + "a", want: "name_long"},
	{name: "too deep", in: strings.Repeat("a/", 254) + "b", want: "name_deep"},
	{name: "no UTF-8", in: "a\xff", want: "name_encoding name_control"},
	{name: "up", in: "../a", want: "name_dots"},
	{name: "up inside", in: "a/../b", want: "name_dots"},
	{name: "up at the end", in: "a/..", want: "name_dots"},
	{name: "here", in: "./a", want: "name_dots"},
	{name: "only dots", in: "..", want: "name_dots"},
	{name: "leading slash", in: "/a", want: "name_slash"},
	{name: "trailing slash", in: "a/", want: "name_slash"},
	{name: "two slashes", in: "a//b", want: "name_slash"},
	{name: "a slash", in: "/", want: "name_slash"},
	{name: "back-slash", in: `a\b`, want: "name_backslash"},
	{name: "back-slash up", in: `..\a`, want: "name_backslash"},
	{name: "trailing dot", in: "a.", want: "name_dot"},
	{name: "folder with a trailing dot", in: "a./b", want: "name_dot"},
	{name: "three dots", in: "...", want: "name_dot"},
	{name: "nul", in: "a\x00b", want: "name_control"},
	{name: "line feed", in: "a\nb", want: "name_control"},
	{name: "delete", in: "a\x7f", want: "name_control"},
	{name: "C1", in: "a\u0085", want: "name_control"},
	{name: "right to left override", in: "exe\u202etxt", want: "name_control"},
	{name: "isolate", in: "a\u2066b", want: "name_control"},
	{name: "line separator", in: "a\u2028b", want: "name_control"},
	{name: "replacement", in: "a\ufffdb", want: "name_control"},
	{name: "several at once", in: "\\\x01/..", want: "name_control name_backslash name_dots"},
}

func TestCheckName(t *testing.T) {
	t.Parallel()
	for _, tt := range names {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var codes []string
			for _, f := range airlock.CheckName(tt.in) {
				codes = append(codes, f.Code)
				if f.Severity != airlock.Refuse || f.Text == "" {
					t.Errorf("finding %+v", f)
				}
			}
			if got := strings.Join(codes, " "); got != tt.want {
				t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// FuzzCheckName holds accepted names against what can go wrong with a path.
func FuzzCheckName(f *testing.F) {
	for _, seed := range []string{"a/b.csv", "../x", "a\\b", "a.", "\u202e", "a//b", "\xff", "\U0001F52C", "%2e%2e/", ". /x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		found := airlock.CheckName(name)
		for _, finding := range found {
			if !utf8.ValidString(finding.Text) {
				t.Errorf("%q: text %q", name, finding.Text)
			}
		}
		if len(found) > 0 {
			return
		}
		if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, "\\\x00\r\n") || len(name) > 4*airlock.MaxName {
			t.Errorf("%q is accepted", name)
		}
		for s := range strings.SplitSeq(name, "/") {
			if s == "" || s == "." || s == ".." || strings.HasSuffix(s, ".") {
				t.Errorf("%q is accepted with folder %q", name, s)
			}
		}
		if once := airlock.Fold(name); airlock.Fold(once) != once {
			t.Errorf("%q folds to %q, and on to %q", name, once, airlock.Fold(once))
		}
		if clashes := airlock.Clashes([]string{name}); len(clashes) > 0 {
			t.Errorf("%q clashes with itself: %v", name, clashes)
		}
	})
}

func TestFold(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		same bool
	}{
		{"a", "A", true}, {"é", "e\u0301", true}, {"É", "e\u0301", true}, {"Σ", "ς", true}, {"σ", "ς", true},
		{"ǰ", "J\u030c", true}, {"ß", "SS", true}, {"K", "\u212a", true}, {"\u1fb3\u0301", "\u03b1\u0301\u0345", true},
		{"a", "b", false}, {"e", "é", false}, {"a", "ａ", false}, {"a ", "a", false},
	}
	for _, tt := range tests {
		if got := airlock.Fold(tt.a) == airlock.Fold(tt.b); got != tt.same {
			t.Errorf("%q and %q: same %t, want %t", tt.a, tt.b, got, tt.same)
		}
	}
}

func TestClashes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		names []string
		want  string // name=code, sorted
	}{
		{name: "none"},
		{name: "all different", names: []string{"a", "b", "c/a", "c/b", "d/a"}},
		{name: "the same name twice is one file", names: []string{"a", "a"}},
		{name: "case", names: []string{"Data.csv", "data.csv", "other"}, want: "Data.csv=name_case data.csv=name_case"},
		{name: "three spellings", names: []string{"ab", "Ab", "x", "AB"}, want: "AB=name_case Ab=name_case ab=name_case"},
		{name: "NFC and NFD", names: []string{"caf\u00e9", "cafe\u0301"}, want: "cafe\u0301=name_case caf\u00e9=name_case"},
		{name: "case of a folder", names: []string{"A/x", "a/x"}, want: "A/x=name_case a/x=name_case"},
		{name: "folders that differ by case only", names: []string{"A/x", "a/y"}},
		{name: "a file that is a folder", names: []string{"a/b", "a"}, want: "a=name_folder"},
		{name: "a file that is a folder high up", names: []string{"a", "a/b/c/d"}, want: "a=name_folder"},
		{name: "in other case", names: []string{"Docs", "docs/x"}, want: "Docs=name_folder"},
		{name: "a longer name is no folder", names: []string{"a", "ab/c", "a.txt"}},
		{name: "both", names: []string{"a", "A", "a/b"}, want: "A=name_folder a=name_case"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for name, f := range airlock.Clashes(tt.names) {
				got = append(got, name+"="+f.Code)
				if f.Severity != airlock.Refuse || f.Text == "" {
					t.Errorf("finding %+v", f)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCheckBlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		blob airlock.Blob
		want string
	}{
		{"plain", airlock.Blob{Name: "a"}, ""},
		{"hot block blob", airlock.Blob{Name: "a", BlobType: "BlockBlob", Tier: "Hot"}, ""},
		{"cool", airlock.Blob{Name: "a", BlobType: "BlockBlob", Tier: "Cool"}, ""},
		{"empty file", airlock.Blob{Name: "a", Size: 0}, ""},
		{"cold", airlock.Blob{Name: "a", Tier: "Cold"}, "blob_tier"},
		{"archive", airlock.Blob{Name: "a", Tier: "Archive"}, "blob_tier"},
		{"a tier of tomorrow", airlock.Blob{Name: "a", Tier: "Glacier"}, "blob_tier"},
		{"append", airlock.Blob{Name: "a", BlobType: "AppendBlob"}, "blob_type"},
		{"page", airlock.Blob{Name: "a", BlobType: "PageBlob"}, "blob_type"},
		{"own key", airlock.Blob{Name: "a", CustomerKey: true}, "blob_key"},
		{"everything", airlock.Blob{Name: "..", BlobType: "PageBlob", Tier: "Archive", CustomerKey: true}, "name_dots blob_type blob_tier blob_key"},
	}
	for _, tt := range tests {
		var codes []string
		for _, f := range airlock.CheckBlob(tt.blob) {
			codes = append(codes, f.Code)
		}
		if got := strings.Join(codes, " "); got != tt.want || airlock.HasRefusal(airlock.CheckBlob(tt.blob)) != (tt.want != "") {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"": true, "a?b": true, "a\ufffd": true, "\xff": true,
		"a": false, "a%3Fb": false, "é": false, "\U0001F52C": false, "a b+c#d": false,
	} {
		if got := airlock.Damaged(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	}
}
