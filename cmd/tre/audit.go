package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/walk"
)

func newAudit() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "What happened, and proof that nothing was changed since",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newVerify())
	return cmd
}

// sign is how a command gets to the API.
type sign struct{ api, tokenFile, tokenEnv string }

func newVerify() *cobra.Command {
	var s sign
	cmd := &cobra.Command{
		Use:   "verify WORKSPACE REQUEST",
		Short: "Check the audit trail of a request",
		Long: "Reads the audit trail page by page, computes its hash chain anew, and prints it. Ends with 1 when a line was changed,\n" +
			"taken out or put in. Whether the last lines were cut off only the request itself knows: the API compares that.",
		Example: "  tre audit verify --api https://tre.example.org/api --token-file token.txt WORKSPACE-ID REQUEST-ID",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, err := s.token()
			if err != nil {
				return err
			}
			c := client.Client{Base: s.api, Token: func(context.Context) (string, error) { return token, nil }}
			trail, err := c.Audit(cmd.Context(), args[0], args[1])
			if err != nil {
				return fmt.Errorf("audit trail: %w", err)
			}
			return report(console.Open(os.Stdout, os.Getenv), trail)
		},
	}
	cmd.Flags().StringVar(&s.api, "api", os.Getenv("TRE_API_URL"), "address of the API, ending in /api; or set TRE_API_URL")
	cmd.Flags().StringVar(&s.tokenFile, "token-file", "", "file that holds an access token")
	cmd.Flags().StringVar(&s.tokenEnv, "token-env", "TRE_TOKEN", "environment variable that holds an access token, where no file is given")
	return cmd
}

// token reads the access token from where it is; never from the command line,
// which everybody on the machine can read.
func (s sign) token() (string, error) {
	if s.api == "" {
		return "", usageError{errors.New("the API's address is missing: give --api, or set TRE_API_URL")}
	}
	token := os.Getenv(s.tokenEnv)
	if s.tokenFile != "" {
		text, err := os.ReadFile(s.tokenFile)
		if err != nil {
			return "", fmt.Errorf("access token: %w", err)
		}
		token = string(text)
	}
	if token = strings.TrimSpace(token); token == "" {
		return "", usageError{fmt.Errorf("no access token: give --token-file, or set %s", s.tokenEnv)}
	}
	return token, nil
}

// report prints the trail and what is to be said of its chain: the lines are
// hashed here, and must end where the request says.
func report(s *console.Screen, trail api.Trail) error {
	for _, line := range walk.Table(trail.Lines, s.Columns()) {
		s.Line("%s", line)
	}
	err := audit.Verify(trail.Lines, trail.Head)
	switch {
	case err != nil:
		s.Line("%s", s.Paint(console.Red, "broken: "+err.Error()))
		return exitError(1)
	case !trail.Verified:
		s.Line("%s", s.Paint(console.Red, "broken: the API itself found the trail broken"))
		return exitError(1)
	}
	s.Line("%s", s.Paint(console.Green, fmt.Sprintf("unbroken: %d lines, the last is %s", len(trail.Lines), trail.Head.Hash)))
	return nil
}
