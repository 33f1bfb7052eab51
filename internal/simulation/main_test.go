package simulation

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets garbage grow: a world is small and soon gone, and collecting it
// after each took a quarter of the time (38 MB of memory became 63).
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
