package airlock_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// file is a sealed, inspected file with a verdict of a class; "" for none.
func file(name string, class airlock.VerdictClass, findings ...airlock.Finding) airlock.File {
	f := airlock.File{Name: name, ETag: "0x1", Record: &airlock.Record{Listed: true}, Seal: &airlock.Seal{ETag: "0x2"},
		Inspection: &airlock.Inspection{SHA256: "aa", Findings: findings}}
	if class != "" {
		f.Verdict = &airlock.Verdict{Class: class, Detail: "SAM259206: it is so", At: noon}
	}
	return f
}

var (
	refusal = airlock.Finding{Code: "type", Severity: airlock.Refuse, Text: "a program"}
	remark  = airlock.Finding{Code: "big", Severity: airlock.Note, Text: "rather big"}
)

// A verdict's class, a refusal, and whether the policy waits for scans: by hand.
func TestJudge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class   airlock.VerdictClass
		refused bool
		scan    airlock.Trigger // where scans are waited for
		skip    airlock.Trigger // where they are not
	}{
		{airlock.Clean, false, airlock.Passed, airlock.Passed},
		{airlock.Clean, true, airlock.Unfit, airlock.Unfit},
		{airlock.Malicious, false, airlock.Infected, airlock.Infected},
		{airlock.Malicious, true, airlock.Infected, airlock.Infected},
		{airlock.Transient, false, "", airlock.Passed},
		{airlock.Transient, true, airlock.Unfit, airlock.Unfit},
		{airlock.Unscannable, false, airlock.Unfit, airlock.Passed},
		{airlock.Unscannable, true, airlock.Unfit, airlock.Unfit},
		{airlock.Operator, false, "", airlock.Passed},
		{airlock.Operator, true, airlock.Unfit, airlock.Unfit},
		{airlock.Stale, false, "", airlock.Passed},
		{airlock.Stale, true, airlock.Unfit, airlock.Unfit},
		{"invented", false, "", airlock.Passed},
		{"", false, "", airlock.Passed},
		{"", true, airlock.Unfit, airlock.Unfit},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %t", tt.class, tt.refused), func(t *testing.T) {
			t.Parallel()
			f := file("a", tt.class, remark)
			if tt.refused {
				f = file("a", tt.class, remark, refusal)
			}
			var troubled, unclean []airlock.File // as Which says
			if tt.refused || tt.class == airlock.Malicious || tt.class == airlock.Unscannable {
				troubled = append(troubled, f)
			}
			if tt.class != airlock.Clean {
				unclean = append(unclean, f)
			}
			r := in(t, airlock.Gating)
			if got := airlock.Judge(r, airlock.Policy{}, r.Since, troubled, unclean, false); got.On != tt.scan {
				t.Errorf("scanned: %q, want %q", got.On, tt.scan)
			}
			if got := airlock.Judge(r, airlock.Policy{SkipScan: true}, r.Since, troubled, unclean, false); got.On != tt.skip {
				t.Errorf("not scanned: %q, want %q", got.On, tt.skip)
			}
		})
	}
}

func TestJudgeMore(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.Gating)
	judge := func(troubled, unclean []airlock.File, more bool) airlock.Gate {
		return airlock.Judge(r, airlock.Policy{}, r.Since, troubled, unclean, more)
	}
	bad, good, locked := file("bad", airlock.Malicious), file("late", ""), file("locked", airlock.Operator)
	if got := judge(nil, nil, false); got.On != airlock.Passed || got.Waiting != 0 {
		t.Errorf("all clean: %+v", got)
	}
	if got := judge(nil, nil, true); got.On != "" {
		t.Errorf("an empty page with more behind it: %+v", got)
	}
	if got := judge([]airlock.File{file("x", airlock.Clean, refusal), bad}, nil, false); got.On != airlock.Infected || got.Reason != "malware was found in 1 file" {
		t.Errorf("malware goes before findings: %+v", got)
	}
	if got := judge([]airlock.File{bad, bad}, []airlock.File{good}, false); got.Reason != "malware was found in 2 files" {
		t.Errorf("reason %q", got.Reason)
	}
	if got := judge([]airlock.File{file("x", "", refusal)}, []airlock.File{good}, false); got.On != airlock.Unfit || strings.Contains(got.Reason, `"x"`) {
		t.Errorf("a reason that goes into mails names no file: %+v", got)
	}
	got := judge(nil, []airlock.File{good, locked, locked}, false)
	if diff := cmp.Diff([]string{"SAM259206: it is so"}, got.Faults); diff != "" || got.Waiting != 3 {
		t.Errorf("waiting %d, faults %s", got.Waiting, diff)
	}
	other := bad
	other.Verdict = &airlock.Verdict{Class: airlock.Malicious, SHA256: "bb"}
	if got := judge([]airlock.File{other}, []airlock.File{other}, false); got.On != "" || len(got.Ask) != 1 {
		t.Errorf("a verdict about other bytes: %+v", got)
	}
	other.Verdict.SHA256 = "aa"
	if got := judge([]airlock.File{other}, nil, false); got.On != airlock.Infected {
		t.Errorf("a verdict about these bytes: %+v", got)
	}
}

// When a verdict is asked for again: at once where the scanner said that it
// did not look, later where it said nothing, and later after every try.
func TestJudgeAsks(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.Gating)
	wait := time.Duration(airlock.DefaultPolicy.RescanAfter)
	tries := func(at time.Time) *airlock.Rescan { return &airlock.Rescan{ETag: "0x3", Tries: 1, At: at} }
	tests := []struct {
		name   string
		class  airlock.VerdictClass
		seal   *airlock.Seal
		rescan *airlock.Rescan
		after  time.Duration // since the gate was reached
		want   bool
	}{
		{name: "no word yet", seal: &airlock.Seal{ETag: "s"}, after: wait - 1},
		{name: "no word for long", seal: &airlock.Seal{ETag: "s"}, after: wait, want: true},
		{name: "not sealed", after: wait},
		{name: "sealing", after: wait},
		{name: "throttled", class: airlock.Transient, seal: &airlock.Seal{ETag: "s"}, want: true},
		{name: "stale", class: airlock.Stale, seal: &airlock.Seal{ETag: "s"}, want: true},
		{name: "operator's fault", class: airlock.Operator, seal: &airlock.Seal{ETag: "s"}, want: true},
		{name: "throttled, not sealed", class: airlock.Transient},
		{name: "asked, no word yet", seal: &airlock.Seal{ETag: "s"}, rescan: tries(r.Since.Add(time.Hour)), after: time.Hour + wait - 1},
		{name: "asked, no word for long", seal: &airlock.Seal{ETag: "s"}, rescan: tries(r.Since.Add(time.Hour)), after: time.Hour + wait, want: true},
		{name: "asked, throttled again", class: airlock.Transient, seal: &airlock.Seal{ETag: "s"}, rescan: tries(r.Since), after: wait - 1},
		{name: "asked twice, no word for long", seal: &airlock.Seal{ETag: "s"}, rescan: &airlock.Rescan{ETag: "0x3", Tries: 2, At: r.Since}, after: wait},
		{name: "asked twice, no word for twice as long", seal: &airlock.Seal{ETag: "s"}, rescan: &airlock.Rescan{ETag: "0x3", Tries: 2, At: r.Since}, after: 2 * wait, want: true},
		{name: "asked often", seal: &airlock.Seal{ETag: "s"}, rescan: &airlock.Rescan{ETag: "0x3", Tries: 50, At: r.Since}, after: 16*wait - 1},
		{name: "asked often, at last", seal: &airlock.Seal{ETag: "s"}, rescan: &airlock.Rescan{ETag: "0x3", Tries: 50, At: r.Since}, after: 16 * wait, want: true},
		{name: "being copied", seal: &airlock.Seal{ETag: "s"}, rescan: &airlock.Rescan{Tries: 1, Offset: 5, At: r.Since}, want: true},
		{name: "asked, throttled again, later", class: airlock.Transient, seal: &airlock.Seal{ETag: "s"}, rescan: tries(r.Since), after: wait, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := file("a", tt.class)
			f.Seal, f.Rescan = tt.seal, tt.rescan
			got := airlock.Judge(r, airlock.Policy{}, r.Since.Add(tt.after), nil, []airlock.File{f}, false)
			if asks := len(got.Ask) == 1; asks != tt.want || got.On != "" || got.Waiting != 1 {
				t.Errorf("asks %t, want %t: %+v", asks, tt.want, got)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	p := airlock.Policy{MaxFiles: 3, MaxBytes: 10, CloseFactor: 2}
	tests := []struct {
		name  string
		p     airlock.Policy
		blobs int
		bytes int64
		far   bool
		err   string
	}{
		{name: "empty", p: p},
		{name: "full", p: p, blobs: 3, bytes: 10},
		{name: "a file more", p: p, blobs: 4, err: "files: 4, at most 3: invalid"},
		{name: "a byte more", p: p, blobs: 1, bytes: 11, err: "files: 11 bytes in all, at most 10: invalid"},
		{name: "twice", p: p, blobs: 6, bytes: 20, err: "files: 6, at most 3: invalid"},
		{name: "more than twice the files", p: p, blobs: 7, far: true, err: "files: 7, at most 3: invalid"},
		{name: "more than twice the bytes", p: p, blobs: 1, bytes: 21, far: true, err: "files: 21 bytes in all, at most 10: invalid"},
		{name: "no grace", p: airlock.Policy{MaxFiles: 3, CloseFactor: 1}, blobs: 4, far: true, err: "files: 4, at most 3: invalid"},
		{name: "defaults", blobs: 10_000, bytes: 1 << 40},
		{name: "defaults, too many", blobs: 10_001, err: "files: 10001, at most 10000: invalid"},
		{name: "no overflow", p: airlock.Policy{MaxBytes: math.MaxInt64, CloseFactor: math.MaxInt}, blobs: 1, bytes: math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			far, err := airlock.Limits(tt.p, tt.blobs, tt.bytes)
			if far != tt.far || (err == nil) != (tt.err == "") || err != nil && (err.Error() != tt.err || !errors.Is(err, airlock.ErrInvalid)) {
				t.Errorf("far %t, %v; want %t, %s", far, err, tt.far, tt.err)
			}
		})
	}
}

func TestSubmittable(t *testing.T) {
	t.Parallel()
	var twelve []airlock.File
	for i := range 12 {
		twelve = append(twelve, file(fmt.Sprintf("f%02d", i), airlock.Clean, remark, refusal))
	}
	unread := airlock.File{Name: "new"}
	tests := []struct {
		name  string
		p     airlock.Policy
		files []airlock.File
		want  string
	}{
		{name: "none", want: "files: none, upload at least one before you submit: invalid"},
		{name: "one", files: []airlock.File{file("a", airlock.Clean)}},
		{name: "not inspected yet", files: []airlock.File{unread}},
		{name: "with a remark", files: []airlock.File{file("a", "", remark)}},
		{name: "known malware is accepted", files: []airlock.File{file("a", airlock.Malicious)}},
		{name: "a refusal", files: []airlock.File{unread, file("a b", "", refusal)}, want: `files: 1 file cannot be submitted: "a b" (a program): invalid`},
		{name: "unscannable", files: []airlock.File{file("z", airlock.Unscannable)}, want: `files: 1 file cannot be submitted: "z" (the scanner cannot read it: SAM259206: it is so): invalid`},
		{name: "unscannable, no scan wanted", p: airlock.Policy{SkipScan: true}, files: []airlock.File{file("z", airlock.Unscannable)}},
		{name: "twelve", files: twelve, want: `files: 12 files cannot be submitted: "f00" (a program), "f01" (a program), "f02" (a program), "f03" (a program), ` +
			`"f04" (a program), "f05" (a program), "f06" (a program), "f07" (a program), "f08" (a program), "f09" (a program) and 2 more: invalid`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := airlock.Submittable(tt.p, tt.files)
			if (err == nil) != (tt.want == "") || err != nil && (err.Error() != tt.want || !errors.Is(err, airlock.ErrInvalid)) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
