//go:build !unix

package child

import (
	"os"
	"os/exec"
)

// Tie does nothing where there are neither process groups nor signals.
func Tie(*exec.Cmd) {}

// Kill ends the process.
func Kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // already gone is fine

// Interrupt asks the process to end.
func Interrupt(cmd *exec.Cmd) error { return cmd.Process.Signal(os.Interrupt) }
