//go:build unix && !linux

package child

import (
	"os/exec"
	"syscall"
)

// Tie is called before the process is started. Only Linux can be asked to kill
// it with its parent.
func Tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
