//go:build unix

package azurite

import (
	"os/exec"
	"syscall"
)

// detach gives the child a process group of its own: Ctrl-C in a terminal goes to the whole foreground group,
// and Azurite must outlive those who still write to it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
