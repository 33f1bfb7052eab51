// Package stage lays out the Functions app as the host wants it: host.json, the
// handler, and one folder with a function.json a function, all direct children
// of one folder. That folder is what is deployed, and where `func start` and
// `tre local` run.
package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// App says what to stage. Root and Out are required.
type App struct {
	Root    string    // repository
	Out     string    // folder to make, such as build/app; what is in it is replaced
	OS      string    // GOOS of the handler; empty: this machine's
	Arch    string    // GOARCH; empty: this machine's
	Version string    // what the handler says it is; empty: Version(Root)
	Output  io.Writer // the compiler's; nil keeps it for the error
}

// Build compiles the handler and lays out the app. The folder is whole before
// it takes its place, so that a host never sees half of it.
func (a App) Build(ctx context.Context) error {
	if a.OS == "" {
		a.OS = runtime.GOOS
	}
	if a.Arch == "" {
		a.Arch = runtime.GOARCH
	}
	if a.Version == "" {
		a.Version = Version(ctx, a.Root)
	}
	out, err := filepath.Abs(a.Out)
	if err != nil {
		return fmt.Errorf("app folder: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return fmt.Errorf("app folder: %w", err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(out), ".app-")
	if err != nil {
		return fmt.Errorf("app folder: %w", err)
	}
	err = a.fill(ctx, fresh)
	if err == nil {
		err = swap(fresh, out)
	}
	return errors.Join(err, os.RemoveAll(fresh))
}

// fill makes the app in a folder.
func (a App) fill(ctx context.Context, folder string) error {
	if err := os.Chmod(folder, 0o755); err != nil { // temporary folders begin private
		return err
	}
	if err := a.compile(ctx, filepath.Join(folder, a.handler())); err != nil {
		return err
	}
	if err := a.copyHost(filepath.Join(folder, "host.json")); err != nil {
		return err
	}
	functions, err := filepath.Glob(filepath.Join(a.Root, "functions", "*", "function.json"))
	if err != nil || len(functions) == 0 {
		return fmt.Errorf("no functions in %s: is this the repository?", a.Root)
	}
	for _, from := range functions {
		if err := copyFunction(from, filepath.Join(folder, filepath.Base(filepath.Dir(from)))); err != nil {
			return err
		}
	}
	return nil
}

// copyHost copies host.json, with the handler's name in it.
func (a App) copyHost(to string) error {
	text, err := os.ReadFile(filepath.Join(a.Root, "host.json"))
	if err != nil {
		return err
	}
	const named = `"defaultExecutablePath": "%s"`
	text = bytes.Replace(text, fmt.Appendf(nil, named, "handler"), fmt.Appendf(nil, named, a.handler()), 1)
	return os.WriteFile(to, text, 0o644)
}

// handler is the program's name; Windows wants its extension.
func (a App) handler() string {
	if a.OS == "windows" {
		return "handler.exe"
	}
	return "handler"
}

// compile builds a static program without paths of this machine in it.
func (a App) compile(ctx context.Context, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+a.Version, "-o", out, "./functions")
	cmd.Dir = a.Root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+a.OS, "GOARCH="+a.Arch)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if a.Output != nil {
		cmd.Stdout, cmd.Stderr = a.Output, io.MultiWriter(a.Output, &said)
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compile the handler: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

func copyFunction(from, folder string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "function.json"), text, 0o644)
}

// swap puts the fresh folder where the old one was.
func swap(fresh, out string) error {
	old := fresh + "-old"
	if err := os.Rename(out, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, out); err != nil {
		return err
	}
	return os.RemoveAll(old)
}

// Version names the sources: the tag, or the commit, with a mark when files
// were changed since; "dev" outside a git repository.
func Version(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty")
	cmd.Dir = root
	text, err := cmd.Output()
	if err != nil {
		return "dev"
	}
	return strings.TrimSpace(string(text))
}
