package commands_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
)

var update = flag.Bool("update", false, "write the reference in docs/cli.md and the golden tables anew")

// The reference stands between these in docs/cli.md.
const (
	docsPath = "../../../docs/cli.md"
	begin    = "<!-- reference: made from internal/cli/commands (go test ./internal/cli/commands -update) -->\n"
	end      = "<!-- end of reference -->"
)

func TestTheReferenceIsOfTheseCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatal("docs/cli.md has no place for the reference")
	}
	var b bytes.Buffer
	describe(&b, commands.Root(&cli.Context{Getenv: func(string) string { return "" }}))
	exits(&b)
	want := before + begin + b.String() + end + after
	if *update {
		if err := os.WriteFile(docsPath, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), want); diff != "" {
		t.Errorf("docs/cli.md is not what the code says; run: go test ./internal/cli/commands -update\n%s", diff)
	}
}

func TestNoFlagIsNamedAfterACommand(t *testing.T) {
	t.Parallel()
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(f.Usage, "`") { // pflag takes what is between backquotes for the name of the value
				t.Errorf("%s --%s: %s", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, below := range cmd.Commands() {
			look(below)
		}
	}
	look(commands.Root(&cli.Context{Getenv: func(string) string { return "" }}))
}

// describe writes a command and those below it.
func describe(b *bytes.Buffer, cmd *cobra.Command) {
	if cmd.HasParent() && cmd.Runnable() && !cmd.HasSubCommands() {
		fmt.Fprintf(b, "\n### %s\n\n%s.\n\n```\n%s\n", cmd.CommandPath(), cmd.Short, cli.Called(cmd))
		if flags := cmd.LocalFlags().FlagUsagesWrapped(110); flags != "" {
			b.WriteString("\n" + flags)
		}
		b.WriteString("```\n")
	}
	for _, below := range cmd.Commands() {
		if !below.Hidden && below.Name() != "help" && below.Name() != "completion" {
			describe(b, below)
		}
	}
}

func exits(b *bytes.Buffer) {
	b.WriteString("\n### Exit codes\n\n| code | means |\n|---|---|\n")
	for _, e := range cli.ExitCodes {
		fmt.Fprintf(b, "| %d | %s |\n", e.Code, e.Means)
	}
	b.WriteString("\n")
}
