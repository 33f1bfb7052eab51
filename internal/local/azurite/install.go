package azurite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// MinNode is the oldest Node release line that the pinned Azurite is tried on.
const MinNode = 18

// Sentinels of a machine that lacks a part; the text of each names the command that mends it.
var (
	// ErrNoNode: Node is absent or too old.
	ErrNoNode = errors.New("node 18 or newer is needed to run Azurite: install it from https://nodejs.org, then run `npm ci` in the repository")
	// ErrNoPackage: the npm package azurite is not installed.
	ErrNoPackage = errors.New("azurite is not installed: run `npm ci` in the repository (Node 18 or newer)")
)

var scriptPath = filepath.Join("node_modules", "azurite", "dist", "src", "azurite.js")

// Install runs `npm ci` in the repository root and shows its progress. It fails with ErrNoNode where npm is absent.
func Install(ctx context.Context, root string, progress io.Writer) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return ErrNoNode
	}
	cmd := exec.CommandContext(ctx, npm, "ci", "--progress=true", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, progress, progress
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm ci in %s: %w", root, err)
	}
	return nil
}

// FindRoot walks up from the working folder to the repository root: the folder that holds go.mod.
func FindRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working folder: run this inside the repository")
		}
		dir = parent
	}
}

func findScript(root string) (string, error) {
	if root == "" {
		var err error
		if root, err = FindRoot(); err != nil {
			return "", err
		}
	}
	script, err := filepath.Abs(filepath.Join(root, scriptPath))
	if err != nil {
		return "", fmt.Errorf("azurite folder: %w", err)
	}
	if _, err := os.Stat(script); err != nil {
		return "", ErrNoPackage
	}
	return script, nil
}

// findNode returns a Node that is new enough.
func findNode(ctx context.Context) (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", ErrNoNode
	}
	out, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node --version: %w", err)
	}
	version := strings.TrimSpace(string(out))
	if major(version) < MinNode {
		return "", fmt.Errorf("%w (found %s)", ErrNoNode, version)
	}
	return node, nil
}

// major is the first number of a version such as v20.20.2, and 0 of anything else.
func major(version string) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}
