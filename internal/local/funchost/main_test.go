package funchost_test

import (
	"flag"
	"os"
	"testing"
)

// handlerScript makes the test binary play the handler: its value is the path
// of a script file. Process start, kill and exit codes are real that way.
const handlerScript = "FUNCHOST_TEST_SCRIPT"

// inParallel is how many tests run at once. They mostly wait, so more than
// one a processor pays.
const inParallel = "12"

func TestMain(m *testing.M) {
	if path := os.Getenv(handlerScript); path != "" {
		playHandler(path)
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", inParallel); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
