package portal

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64][2]string{
		0: {"0 bytes", "0 bytes"}, 1: {"1 byte", "1 byte"}, 1023: {"1,023 bytes", "1,023 bytes"}, 1024: {"1 KiB", "1,024 bytes"},
		1234567: {"1.2 MiB", "1,234,567 bytes"}, 50 << 30: {"50 GiB", "53,687,091,200 bytes"}, 1 << 40: {"1 TiB", "1,099,511,627,776 bytes"},
		1<<20 - 1: {"1 MiB", "1,048,575 bytes"}, math.MaxInt64: {"8192 PiB", "9,223,372,036,854,775,807 bytes"},
	} {
		if got := [2]string{size(n), exact(n)}; got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		0: "just now", time.Minute: "1 minute ago", 90 * time.Minute: "1 hour ago", 30 * time.Hour: "30 hours ago", 72 * time.Hour: "3 days ago",
		-30 * time.Second: "in a moment", -time.Hour: "in 1 hour",
	} {
		if got := ago(now, now.Add(-d)); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestMarked(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]part{
		"plain é 名.csv": {{Text: "plain é 名.csv"}},
		"":              nil,
		"a\u202eb":      {{Text: "a"}, {Text: "U+202E", Hidden: true}, {Text: "b"}},
		"\n":            {{Text: "U+000A", Hidden: true}},
		"\xff\u200b":    {{Text: "byte FF", Hidden: true}, {Text: "U+200B", Hidden: true}},
		"a\u00a0b":      {{Text: "a"}, {Text: "U+00A0", Hidden: true}, {Text: "b"}},
	} {
		if diff := cmp.Diff(want, marked(name)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", name, diff)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "name")
		shown := ""
		for _, p := range marked(s) {
			if !p.Hidden {
				shown += p.Text
			}
		}
		if strings.ContainsAny(shown, "\u202e\u202d\u2066\u200f\n\r\t\x00") || !strings.HasPrefix(s, shown[:min(1, len(shown))]) && marked(s)[0].Text == shown {
			t.Fatalf("%q is shown as %q", s, shown)
		}
	})
}

func TestInside(t *testing.T) {
	t.Parallel()
	p := &portal{base: "/portal"}
	for to, want := range map[string]string{
		"/portal/new": "/portal/new", "/portal/a?x=%2e&y=//z": "/portal/a?x=%2e&y=//z",
		"/portal": "/portal/", "/portal/../x": "/portal/", "/portal//x": "/portal/", "/portal/%2e%2e/x": "/portal/", "//x/portal/": "/portal/",
		"/portal/signin": "/portal/", "/portal/.hidden": "/portal/", "https://x/portal/": "/portal/", `/portal\x`: "/portal/",
	} {
		if got := p.inside(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		to := p.inside(rapid.OneOf(rapid.String(), rapid.Map(rapid.StringMatching(`[./\\%a-z?:@]{0,20}`), func(s string) string { return "/portal/" + s })).Draw(t, "to"))
		path, _, _ := strings.Cut(to, "?")
		if !strings.HasPrefix(path, "/portal/") || strings.ContainsAny(path, "\\\r\n") || strings.Contains(path, "/.") || strings.Contains(path, "//") {
			t.Fatalf("leads to %q", to)
		}
	})
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return time.Date(2026, 11, 22, h, 0, 0, 0, time.UTC) }
	ann, mia, moe := access.Person{OID: "1", Name: "Ann"}, access.Person{OID: "2", Name: "Mia"}, access.Person{OID: "3", Name: "Moe"}
	r := airlock.Request{CreatedAt: at(1), CreatedBy: ann, Stage: airlock.Approved, Since: at(6), UpdatedBy: moe,
		History: []airlock.History{{At: at(2), By: ann, From: airlock.StatusDraft}, {At: at(2), By: ann, From: airlock.StatusSubmitted},
			{At: at(4), By: mia, From: airlock.StatusInReview}, {At: at(5), By: moe, From: airlock.StatusApprovalInProgress}},
		Reviews: []airlock.Review{{Reviewer: mia, At: at(3), Decision: "approved"}, {Reviewer: moe, At: at(5), Decision: "approved"}}}
	var got []string
	for _, e := range timeline(r) {
		hour := "?"
		if !e.At.IsZero() {
			hour = strconv.Itoa(e.At.Hour())
		}
		got = append(got, hour+" "+e.Label.Text+" "+e.By)
	}
	want := []string{"1 Draft Ann", "2 Submitted Ann", "? In review ", "3 Approval given Mia", "5 Approval given Moe", "5 Being delivered Moe", "6 Approved "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "portal", "https://x", "https://x/", "https://x/portal?y", "ftp://x/portal", "https://x/portals/"} {
		if _, err := New(Settings{URL: address}); err == nil || !strings.Contains(err.Error(), address) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := New(Settings{URL: "https://x/portal"}); err == nil {
		t.Error("no desk, and no complaint")
	}
}

// TestContrast holds the colours of text against their grounds: 4.5:1, as WCAG
// 2.2, 1.4.3 asks, and 3:1 for what only has to be seen (1.4.11).
func TestContrast(t *testing.T) {
	t.Parallel()
	css, err := assets.ReadFile("assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`:root\{([^}]*--bg[^}]*--good[^}]*)\}`).FindAllStringSubmatch(string(css), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d palettes, want light and dark", len(blocks))
	}
	pairs := []string{"ink bg", "ink card", "muted bg", "muted card", "accent bg", "accent card", "on-accent accent", "good good-bg", "warn warn-bg", "bad bad-bg",
		"calm calm-bg", "ink good-bg", "ink warn-bg", "ink bad-bg", "bad card", "bad bg", "accent warn-bg"}
	for i, block := range blocks {
		colours := map[string]float64{}
		for _, c := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]+)`).FindAllStringSubmatch(block[1], -1) {
			colours[c[1]] = luminance(t, c[2])
		}
		for _, pair := range append(pairs, "focus bg", "focus card", "field bg") {
			a, b, _ := strings.Cut(pair, " ")
			least := 4.5
			if a == "focus" || a == "field" {
				least = 3
			}
			if ratio := (max(colours[a], colours[b]) + 0.05) / (min(colours[a], colours[b]) + 0.05); ratio < least {
				t.Errorf("palette %d: %s is %.2f:1", i+1, pair, ratio)
			}
		}
	}
}

// luminance of a colour: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 4 {
		hex = "#" + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:3], 2) + strings.Repeat(hex[3:4], 2)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
