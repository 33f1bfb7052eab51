package airlock_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func TestRescanNames(t *testing.T) {
	t.Parallel()
	first := airlock.RescanName("a/b 💎?.csv", 1)
	tests := []struct {
		name, blob, file string
		want             bool
	}{
		{"first try", first, "a/b 💎?.csv", true},
		{"tenth try", airlock.RescanName("a/b 💎?.csv", 10), "a/b 💎?.csv", true},
		{"another file", first, "a/b 💎.csv", false},
		{"no try", strings.TrimSuffix(first, "-1"), "a/b 💎?.csv", false},
		{"try zero", airlock.RescanName("a/b 💎?.csv", 0), "a/b 💎?.csv", false},
		{"number with a sign", strings.Replace(first, "-1", "-+1", 1), "a/b 💎?.csv", false},
		{"nothing", "", "", false},
	}
	for _, tt := range tests {
		if got := airlock.IsRescanOf(tt.blob, tt.file); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
	if airlock.Damaged(first) {
		t.Errorf("%s can be damaged", first)
	}
}

func TestStrangeID(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for i := range 500 {
		ids[airlock.StrangeID("refused", noon, 7, strings.Repeat("x", i))] = true
	}
	if len(ids) != 7 {
		t.Errorf("%d lines a minute, want 7", len(ids))
	}
	if airlock.StrangeID("a", noon, 0, "b", "c") == airlock.StrangeID("a", noon.Add(pace), 0, "b", "c") {
		t.Error("the next minute keeps nothing")
	}
	if airlock.StrangeID("a", noon, 1<<30, "b", "c") == airlock.StrangeID("a", noon, 1<<30, "bc", "") {
		t.Error("different things are taken for one")
	}
}

// What stands against a new verdict on the same bytes.
func TestOutranked(t *testing.T) {
	t.Parallel()
	const ours = "aa"
	tests := []struct {
		name string
		old  *airlock.Verdict
		new  airlock.VerdictClass
		want bool
	}{
		{"the first", nil, airlock.Transient, false},
		{"malware, then clean", &airlock.Verdict{Class: airlock.Malicious}, airlock.Clean, true},
		{"malware twice", &airlock.Verdict{Class: airlock.Malicious}, airlock.Malicious, false},
		{"malware in these bytes, then clean", &airlock.Verdict{Class: airlock.Malicious, SHA256: ours}, airlock.Clean, true},
		{"malware in other bytes, then clean", &airlock.Verdict{Class: airlock.Malicious, SHA256: "bb"}, airlock.Clean, false},
		{"clean, then malware", &airlock.Verdict{Class: airlock.Clean}, airlock.Malicious, false},
		{"clean, then not looked", &airlock.Verdict{Class: airlock.Clean}, airlock.Transient, true},
		{"unscannable, then clean", &airlock.Verdict{Class: airlock.Unscannable}, airlock.Clean, false},
		{"unscannable, then not looked", &airlock.Verdict{Class: airlock.Unscannable}, airlock.Stale, true},
		{"not looked, then clean", &airlock.Verdict{Class: airlock.Operator}, airlock.Clean, false},
	}
	for _, tt := range tests {
		f := airlock.File{Verdict: tt.old, Inspection: &airlock.Inspection{SHA256: ours}}
		if got := f.Outranked(airlock.Verdict{Class: tt.new}); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
		}
	}
}
