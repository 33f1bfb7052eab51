package child

import (
	"os/exec"
	"syscall"
)

// Tie is called before the process is started. The kernel kills it when this
// process dies in a way that leaves it no time to. What the kernel watches is
// the thread that starts it; Go's threads end only with the process, but for
// those of goroutines that lock one and never give it back.
// https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
func Tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
