//go:build unix

package child

import (
	"os/exec"
	"syscall"
)

// Kill ends a tied process and everything that it started itself.
func Kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // already gone is fine

// Interrupt asks a tied process and everything that it started itself to end,
// as Ctrl-C does.
func Interrupt(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
