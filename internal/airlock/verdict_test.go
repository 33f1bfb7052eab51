package airlock_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		result, detail string
		want           airlock.VerdictClass
	}{
		{"No threats found", "", airlock.Clean},
		{"no threats found", "", airlock.Transient},
		{"No threats found ", "", airlock.Transient},
		{" No threats found", "", airlock.Transient},
		{"No threats found.", "", airlock.Transient},
		{"No threats", "", airlock.Transient},
		{"", "", airlock.Transient},
		{"Clean", "", airlock.Transient},
		{"Malicious", "", airlock.Malicious},
		{"malicious", "", airlock.Malicious},
		{"MALICIOUS", "SAM259201: nothing", airlock.Malicious},
		{"Not Scanned", "", airlock.Transient},
		{"Not Scanned", "SAM259201: internal", airlock.Transient},
		{"Not Scanned", "SAM259203: no access", airlock.Operator},
		{"Not Scanned", "SAM259204: not found", airlock.Stale},
		{"Not Scanned", "SAM259205: ETag mismatch - blob was possibly overwritten", airlock.Stale},
		{"Not Scanned", "SAM259206: too large", airlock.Unscannable},
		{"Not Scanned", "SAM259207: timed out", airlock.Transient},
		{"Not Scanned", "SAM259208: archive tier", airlock.Unscannable},
		{"Not Scanned", "SAM259209: customer-provided key", airlock.Unscannable},
		{"Not Scanned", "SAM259210: password", airlock.Unscannable},
		{"Not Scanned", "SAM259211: nesting depth", airlock.Unscannable},
		{"Not Scanned", "SAM259212: corrupt", airlock.Unscannable},
		{"Not Scanned", "SAM259213: throttled", airlock.Transient},
		{"Not Scanned", "SAM259215: delayed", airlock.Transient},
		{"Not Scanned", "SAM259220: immutability", airlock.Operator},
		{"Not Scanned", "SAM259299: a code of tomorrow", airlock.Transient},
		{"Not Scanned", "259210", airlock.Unscannable},
		{"Not Scanned", "SAM2592100: another number", airlock.Transient},
		{"Not Scanned", "SAM259299, then SAM259203, then SAM259210", airlock.Operator},
		{"A word of tomorrow", "SAM259212: corrupt", airlock.Unscannable},
	}
	for _, tt := range tests {
		t.Run(tt.result+" "+tt.detail, func(t *testing.T) {
			t.Parallel()
			if got := airlock.Classify(tt.result, tt.detail); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("No threats found", "")
	f.Add("Malicious", "EICAR")
	f.Add("No threats found\x00", "SAM259210")
	f.Fuzz(func(t *testing.T, result, detail string) {
		class := airlock.Classify(result, detail)
		if (class == airlock.Clean) != (result == "No threats found") {
			t.Errorf("%q, %q is %s", result, detail, class)
		}
		if (class == airlock.Malicious) != strings.EqualFold(result, "malicious") {
			t.Errorf("%q, %q is %s", result, detail, class)
		}
		v := airlock.NewVerdict(result, detail, detail, time.Time{})
		if v.Class != class || len(v.Detail) > 500 || len(v.Result) > 500 || !utf8.ValidString(v.Result+v.Detail+v.SHA256) {
			t.Errorf("verdict %+v", v)
		}
	})
}

func TestNewVerdict(t *testing.T) {
	t.Parallel()
	at := noon.In(time.FixedZone("far", 3600))
	got := airlock.NewVerdict("Malicious", strings.Repeat("ü", 300), "ABCDEF", at)
	want := airlock.Verdict{Class: airlock.Malicious, Result: "Malicious", Detail: strings.Repeat("ü", 250), SHA256: "abcdef", At: noon}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := airlock.NewVerdict("No threats found", "", "ABCDEF", at); got.SHA256 != "" || got.Class != airlock.Clean {
		t.Errorf("a SHA-256 where no malware was named: %+v", got)
	}
	if got := airlock.NewVerdict("x", "a"+strings.Repeat("ü", 300), "", at); got.Detail != "a"+strings.Repeat("ü", 249) {
		t.Errorf("clipped within a character: %d bytes", len(got.Detail))
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		f    airlock.File
		want bool
	}{
		{"nothing known", airlock.File{}, false},
		{"clean", file("a", airlock.Clean), false},
		{"a remark", file("a", airlock.Clean, remark), false},
		{"a refusal behind a remark", file("a", airlock.Clean, remark, refusal), true},
		{"unscannable", file("a", airlock.Unscannable), true},
		{"unscannable, not inspected", airlock.File{Verdict: &airlock.Verdict{Class: airlock.Unscannable}}, true},
		{"malicious is for the gate", file("a", airlock.Malicious), false},
	}
	for _, tt := range tests {
		if got := tt.f.Refused(); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestNormalizeETag(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0x8D": "0x8D", `"0x8D"`: "0x8D", `W/"0x8D"`: "0x8D", "  \"0x8D\"\t": "0x8D", `""`: "", "": "", "W/0x8D": "0x8D", "0x8d": "0x8d",
	} {
		if got := airlock.NormalizeETag(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := airlock.NormalizeETag(want); got != want {
			t.Errorf("%q is not left alone: %q", want, got)
		}
	}
}

// Each row is a sentence: these verdicts on a file come to that.
func TestClass(t *testing.T) {
	t.Parallel()
	of := func(class airlock.VerdictClass, sha256 string) *airlock.Verdict {
		return &airlock.Verdict{Class: class, SHA256: sha256}
	}
	bad, read := of(airlock.Malicious, ""), &airlock.Inspection{SHA256: "aa"}
	tests := []struct {
		name string
		f    airlock.File
		want airlock.VerdictClass
	}{
		{"none", airlock.File{}, ""},
		{"clean", airlock.File{Verdict: of(airlock.Clean, "")}, airlock.Clean},
		{"malware", airlock.File{Malware: bad}, airlock.Malicious},
		{"malware and clean", airlock.File{Malware: bad, Verdict: of(airlock.Clean, "")}, airlock.Malicious},
		{"malware and unscannable", airlock.File{Malware: bad, Verdict: of(airlock.Unscannable, "")}, airlock.Malicious},
		{"malware in these bytes", airlock.File{Malware: of(airlock.Malicious, "AA"), Inspection: read}, airlock.Malicious},
		{"malware in bytes nobody has read", airlock.File{Malware: of(airlock.Malicious, "bb")}, airlock.Malicious},
		{"malware in other bytes", airlock.File{Malware: of(airlock.Malicious, "bb"), Inspection: read}, airlock.Stale},
		{"malware in other bytes, and clean", airlock.File{Malware: of(airlock.Malicious, "bb"), Verdict: of(airlock.Clean, ""), Inspection: read}, airlock.Clean},
		{"clean, of other bytes", airlock.File{Verdict: of(airlock.Clean, "bb"), Inspection: read}, airlock.Stale},
	}
	for _, tt := range tests {
		if got := tt.f.Class(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Where each verdict is recorded, and as what: malware alone has the group
// that outlives the others.
func TestRecorded(t *testing.T) {
	t.Parallel()
	read := airlock.File{Name: "f", ETag: "1", Stored: true, Inspection: &airlock.Inspection{SHA256: "aa"}}
	for _, class := range []airlock.VerdictClass{airlock.Clean, airlock.Malicious, airlock.Transient, airlock.Unscannable, airlock.Operator, airlock.Stale} {
		for _, sha256 := range []string{"", "AA", "bb"} {
			got := read.Recorded(airlock.Verdict{Class: class}, sha256)
			want := class
			if sha256 == "bb" && (class == airlock.Clean || class == airlock.Malicious) {
				want = airlock.Stale
			}
			if (got.Malware != nil) != (want == airlock.Malicious) || (got.Verdict != nil) == (got.Malware != nil) || got.Class() != want ||
				got.Name != "f" || got.ETag != "1" || !got.Stored || got.Inspection != nil {
				t.Errorf("%s of %q: %+v, want %s", class, sha256, got, want)
			}
		}
	}
}
