package commands

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
)

// hasBrowser tells whether a browser can be opened for the person at the
// terminal: not on a machine that is far away, nor where there is no screen.
func hasBrowser(getenv func(string) string) bool {
	if getenv("BROWSER") != "" {
		return true
	}
	if getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "" {
		return false
	}
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	_, err := exec.LookPath("xdg-open")
	return err == nil && (getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "")
}

// browse opens an address in the person's browser.
func browse(ctx context.Context, getenv func(string) string, address string) error {
	var command *exec.Cmd
	ctx = context.WithoutCancel(ctx) // the browser stays
	switch {
	case getenv("BROWSER") != "":
		command = exec.CommandContext(ctx, getenv("BROWSER"), address)
	case !hasBrowser(getenv):
		return errNoBrowser
	case runtime.GOOS == "windows":
		command = exec.CommandContext(ctx, "rundll32", "url.dll,FileProtocolHandler", address)
	case runtime.GOOS == "darwin":
		command = exec.CommandContext(ctx, "open", address)
	default:
		command = exec.CommandContext(ctx, "xdg-open", address)
	}
	if err := command.Start(); err != nil {
		return err
	}
	go func() { _ = command.Wait() }() // nobody waits for a browser
	return nil
}

var errNoBrowser = errors.New("no browser")
