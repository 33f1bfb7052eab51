package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// packagesIn makes a folder of three packages, one of them no template.
func packagesIn(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"ws/template.json": `{"kind":"workspace"}`, "ws/main.bicep": "ws", "ws/snapshots/small.bicepparam": "small",
		"vm/template.json": `{"kind":"user-resource"}`, "vm/main.bicep": "vm", "vm/snapshots/usual.bicepparam": "usual",
		"core/main.bicep": "core", "core/snapshots/whole.bicepparam": "whole",
		"modules/part.bicep": "part",
	} {
		write(t, root, name, text)
	}
	return root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// call runs the command with a compiler of a mode: testdata/compiler.
func call(t *testing.T, mode, root string, flags ...string) (code int, out, problems string) {
	t.Helper()
	t.Setenv("PRETEND", mode)
	var said, wrong bytes.Buffer
	code = run(t.Context(), slices.Concat([]string{"-compiler", "testdata/compiler"}, flags, []string{root}), &said, &wrong)
	return code, said.String(), wrong.String()
}

var allMade = []string{"core/main.json", "core/snapshots/whole.parameters.json", "core/snapshots/whole.snapshot.json",
	"vm/main.json", "vm/snapshots/usual.parameters.json", "vm/snapshots/usual.snapshot.json",
	"ws/main.json", "ws/snapshots/small.parameters.json", "ws/snapshots/small.snapshot.json"}

func TestRebuildWritesWhatIsMissingAndThenNothing(t *testing.T) {
	root := packagesIn(t)
	code, out, problems := call(t, "sound", root)
	if want := "wrote " + strings.Join(allMade, "\nwrote ") + "\n"; code != 0 || filepath.ToSlash(out) != want {
		t.Fatalf("code %d, %s%s", code, out, problems)
	}
	if code, out, _ := call(t, "shuffles", root); code != 0 || out != "" {
		t.Errorf("a second time, with outputs in another order: code %d, %s", code, out)
	}
	snapshot, err := os.ReadFile(filepath.Join(root, "vm/snapshots/usual.snapshot.json"))
	if err != nil || !strings.Contains(string(snapshot), "--resource-group") || !strings.Contains(string(snapshot), `"b": "<&>"`) {
		t.Errorf("snapshot of a machine: %s (%v)", snapshot, err)
	}
	for _, own := range []string{"ws/snapshots/small.snapshot.json", "core/snapshots/whole.snapshot.json"} {
		snapshot, err = os.ReadFile(filepath.Join(root, own))
		if err != nil || strings.Contains(string(snapshot), "--resource-group") {
			t.Errorf("%s: a workspace, and what is no template, makes its own group: %s (%v)", own, snapshot, err)
		}
	}
}

func TestCheckWritesNothingAndFailsOnWhatIsStale(t *testing.T) {
	root := packagesIn(t)
	if code, out, problems := call(t, "sound", root, "-check"); code != 1 || strings.Count(out, "stale ") != len(allMade) || !strings.Contains(problems, "make templates") {
		t.Errorf("code %d, %s%s", code, out, problems)
	}
	for _, name := range allMade {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if code, _, _ := call(t, "sound", root); code != 0 {
		t.Fatal("not rebuilt")
	}
	if code, out, _ := call(t, "sound", root, "-check"); code != 0 || out != "" {
		t.Errorf("what is fresh: code %d, %s", code, out)
	}
	write(t, root, "vm/main.bicep", "changed")
	if code, out, _ := call(t, "sound", root, "-check"); code != 1 || filepath.ToSlash(out) != "stale vm/main.json\n" {
		t.Errorf("a changed source: code %d, %s", code, out)
	}
}

func TestTroubleIsAFailureAndChangesNothing(t *testing.T) {
	for mode, told := range map[string]string{
		"warns on build": "BCP037", "warns on lint": "BCP037", "warns on format": "BCP037", "warns on snapshot": "BCP037",
		"fails on build": "exit status 1", "fails on build-params": "exit status 1", "fails on snapshot": "exit status 1",
		"diagnoses": "no such region", "learns": "unknown field",
	} {
		root := packagesIn(t)
		code, out, problems := call(t, mode, root)
		if code != 1 || out != "" || !strings.Contains(problems, told) {
			t.Errorf("a compiler that %s: code %d, %s%s", mode, code, out, problems)
		}
		if _, err := os.Stat(filepath.Join(root, "vm/main.json")); err == nil {
			t.Errorf("a compiler that %s: something was written", mode)
		}
	}
}

func TestAFileThatNothingMakesAnyMoreIsNamed(t *testing.T) {
	root := packagesIn(t)
	write(t, root, "vm/snapshots/gone.snapshot.json", "{}")
	if code, _, problems := call(t, "sound", root); code != 1 || !strings.Contains(filepath.ToSlash(problems), "vm/snapshots/gone.snapshot.json") {
		t.Errorf("code %d, %s", code, problems)
	}
}

func TestWhatIsAskedWronglyIsTold(t *testing.T) {
	t.Setenv("PRETEND", "sound")
	for name, tt := range map[string]struct {
		args []string
		code int
		told string
	}{
		"no folder":          {code: 2},
		"an unknown flag":    {args: []string{"-fast", "x"}, code: 2, told: "-fast"},
		"help":               {args: []string{"-h"}, told: "-compiler PATH"},
		"no compiler":        {args: []string{"-compiler", "no-such-bicep", "x"}, code: 1, told: "no Bicep compiler: no-such-bicep is not found"},
		"an empty folder":    {args: []string{"-compiler", "testdata/compiler", t.TempDir()}, code: 1, told: "nothing here has a main.bicep"},
		"a folder not there": {args: []string{"-compiler", "testdata/compiler", filepath.Join(t.TempDir(), "x")}, code: 1, told: "copy of"},
	} {
		var out, problems bytes.Buffer
		if code := run(t.Context(), tt.args, &out, &problems); code != tt.code || !strings.Contains(problems.String(), tt.told) {
			t.Errorf("%s: code %d, %s", name, code, &problems)
		}
	}
}
