package funchost

import (
	"os/exec"
	"syscall"
)

// dieTogether has the kernel kill the handler when this process dies in a way
// that leaves it no time to. The handler also gets a process group of its own:
// Ctrl-C in a terminal goes to the whole foreground group, and the host still
// wants to finish what runs. The kernel watches the thread that started the
// handler; Go's threads end only with the process, but for those of goroutines
// that lock one and never give it back, of which there are none here.
// https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
func dieTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
