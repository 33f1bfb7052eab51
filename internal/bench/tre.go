package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

const (
	versionRuns = 21 // odd, so that there is a middle
	versionGoal = 50 // milliseconds: below it a person sees no pause
)

// commandLine measures how long `tre --version` takes from exec to its end, and
// takes the shell's own `true` in the same run as floor.
func commandLine(ctx context.Context) ([]line, error) {
	folder, err := os.MkdirTemp("", "trefoil-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }() // a temporary one
	tre := filepath.Join(folder, "tre")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", tre, "./cmd/tre")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("tre: %w", err)
	}
	took, err := middle(ctx, tre, "--version")
	if err != nil {
		return nil, err
	}
	floor, err := middle(ctx, "true")
	if err != nil {
		return nil, err
	}
	return []line{{what: "start of tre --version, ms", figure: milliseconds(took), floor: milliseconds(floor), value: took.Seconds() * 1000, goal: versionGoal,
		means: "milliseconds from exec to the end, the middle of " + fmt.Sprint(versionRuns) + " runs; the floor is the program true; the ratio column is the figure itself"}}, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// middle is how long a program takes, the middle of some runs.
func middle(ctx context.Context, program string, args ...string) (time.Duration, error) {
	all := make([]time.Duration, 0, versionRuns)
	for range versionRuns {
		began := time.Now()
		if err := exec.CommandContext(ctx, program, args...).Run(); err != nil {
			return 0, fmt.Errorf("%s: %w", filepath.Base(program), err)
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}
