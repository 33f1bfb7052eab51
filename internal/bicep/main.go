// Command bicep rebuilds what the repository keeps of packages of Bicep, templates and the platform's parts, beside their
// sources: main.json, and for each case under snapshots/ its parameters and what a deployment with them would make. It works
// on a copy, treats every warning as a failure, and either writes what has changed or, asked to check only, says so and
// fails.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const help = `bicep rebuilds the packages in a folder with the Bicep compiler.

  bicep -compiler PATH [-check] FOLDER

`

// absent is what somebody without a compiler is told.
const absent = `no Bicep compiler: %s is not found. Install one (https://learn.microsoft.com/azure/azure-resource-manager/bicep/install)
or say where it is: make templates BICEP=/path/to/bicep. It is needed only to change what is in Bicep; main.json is committed.
`

// run is main with everything that it touches given to it.
func run(ctx context.Context, args []string, out, problems io.Writer) int {
	flags := flag.NewFlagSet("bicep", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.Usage = func() {
		fmt.Fprint(problems, help) //nolint:errcheck // a person's screen
		flags.PrintDefaults()
	}
	path := flags.String("compiler", "", "the Bicep compiler, by `path` or by a name on PATH; unset means bicep")
	check := flags.Bool("check", false, "write nothing; fail if anything would be written")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || flags.NArg() != 1:
		return 2
	}
	name := cmp.Or(*path, "bicep")
	found, err := exec.LookPath(name)
	if err == nil {
		found, err = filepath.Abs(found) // it is run in other folders
	}
	if err != nil {
		fmt.Fprintf(problems, absent, name)
		return 1
	}
	changed, err := rebuild(ctx, compiler{path: found}, flags.Arg(0), *check)
	for _, file := range changed {
		fmt.Fprintln(out, map[bool]string{true: "stale", false: "wrote"}[*check], file)
	}
	switch {
	case err != nil:
		fmt.Fprintln(problems, "bicep:", err)
		return 1
	case *check && len(changed) > 0:
		fmt.Fprintln(problems, "bicep: these files are not what their sources say; run make templates and commit them")
		return 1
	}
	return 0
}
