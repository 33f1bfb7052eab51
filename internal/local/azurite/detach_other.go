//go:build !unix

package azurite

import "os/exec"

// detach does nothing where process groups do not exist; closing standard input ends the child there too.
func detach(*exec.Cmd) {}
