//go:build unix && !linux

package funchost

import (
	"os/exec"
	"syscall"
)

// dieTogether gives the handler a process group of its own: Ctrl-C in a
// terminal goes to the whole foreground group, and the host still wants to
// finish what runs. Only Linux can be asked to kill it with its parent.
func dieTogether(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
