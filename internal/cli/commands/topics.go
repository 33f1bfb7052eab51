package commands

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

// topics are pages of help that belong to no command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "What the program ends with", Long: exitCodes()},
		{Use: "environment", Short: "Variables that the program reads", Long: environment},
		{Use: "formatting", Short: "How results are written, for people and for programs", Long: formatting},
	}
}

func exitCodes() string {
	var b strings.Builder
	b.WriteString("tre ends with one of these:\n")
	for _, e := range cli.ExitCodes {
		fmt.Fprintf(&b, "\n%5d  %s", e.Code, e.Means)
	}
	b.WriteString("\n\nErrors go to standard error: what happened, and below it what to do.")
	return b.String()
}

const environment = `TRE_URL, TRE_TOKEN     address of a TRE and an access token: both together win over what was signed in with
TRE_PROFILE            profile to use, as --profile
TRE_WORKSPACE          workspace where none is named, as ` + "`tre use`" + `
TRE_CLIENT_SECRET      secret for ` + "`tre login client-credentials`" + `
TRE_CONFIG_DIR         folder for profiles and tokens (default tre in your system's folder for configuration)
TRE_CACHE_DIR          folder for the journals of transfers (default trefoil in your system's folder for caches)
TRECLI_OUTPUT          how to write results, as --output (AzureTRE's name)
NO_COLOR               no colours, whatever its value (https://no-color.org)
BROWSER                program that opens the sign-in page
HTTPS_PROXY, NO_PROXY  proxy, and where to go without it`

const formatting = `--output table   for people (the default)
--output json    the API's answer, indented
--output jsonc   the same in colours
--output raw     the answer as it came; a text without its quotes
--output none    nothing: only the exit code counts

A table fits the terminal: ids are shortened (where a request or a workspace is named the short form will do), long texts
are cut, times are near ("2 h ago") or dates. Into a pipe or a file the same rows go whole, with tabs between them,
without names of columns, with times as RFC 3339 in UTC.

--query takes a JMESPath expression (https://jmespath.org) and applies it to the API's answer, in any format:

  tre airlock list --query 'airlockRequests[].airlockRequest.{id: id, status: status}'
  tre airlock show 3f2a --query airlockRequest.manifestDigest -o raw`

func newVersion(c *cli.Context) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.Out, "tre", c.Version)
			return err
		},
	}
}

// manDate is that of the pages: a fixed one, so that they are the same each time.
var manDate = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newMan(c *cli.Context) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a manual page of every command into a folder",
		Args:  cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			err := doc.GenManTree(root, &doc.GenManHeader{Title: "TRE", Section: "1", Source: "Trefoil", Manual: "Trefoil", Date: &manDate}, args[0])
			if err == nil {
				c.Say("", "Wrote the pages; read one with `man "+args[0]+"/tre.1`.")
			}
			return err
		},
	}
}
