//go:build !unix

package funchost

import "os/exec"

// dieTogether does nothing where there are neither process groups nor signals.
func dieTogether(*exec.Cmd) {}
