package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// login is one sign-in.
type login struct {
	c      *cli.Context
	signer *signin.Signer

	baseURL, clientID, tenant, scope, issuer string
	secretFile                               string
	insecure, local                          bool
	as, localFile                            string
}

func newLogin(c *cli.Context, signer *signin.Signer) *cobra.Command {
	l := &login{c: c, signer: signer}
	cmd := &cobra.Command{
		Use:   "login [URL]",
		Short: "Sign in to a TRE",
		Long: "Sign in to a TRE, in a browser where there is one, else by a code that you type on another machine.\n\n" +
			"How to sign in the TRE says itself. Tokens are renewed as long as your organisation allows, and kept encrypted with a key in\n" +
			"your keyring; where there is no keyring, or with --insecure-storage, in a file that only you can read.",
		Example: "  tre login https://tre.example.org\n  tre login --local --as heart-researcher    the system of `make run`",
		Args:    cli.Args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if l.local {
				return l.onThisMachine(cmd.Context(), args)
			}
			method := signin.MethodDevice
			if c.May() && hasBrowser(c.Getenv) {
				method = signin.MethodInteractive
			}
			return l.run(cmd.Context(), method, args)
		},
	}
	l.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&l.local, "local", false, "sign in to the system that 'make run' (tre local up) runs on this machine")
	f.StringVar(&l.as, "as", "", "with --local: key of the person to be, such as heart-researcher")
	f.StringVar(&l.localFile, "local-file", "", "with --local: its local.json (default build/local/local.json here or above)")
	_ = cmd.RegisterFlagCompletionFunc("as", l.completeKeys) // fails only for unknown flags
	for _, below := range []struct{ method, short string }{
		{signin.MethodDevice, "Sign in by a code that is typed into a browser on any machine"},
		{signin.MethodInteractive, "Sign in with the browser of this machine"},
		{signin.MethodClient, "Sign a program in with its client id and secret"},
		{signin.MethodManaged, "Sign a program in Azure in with its managed identity"},
	} {
		cmd.AddCommand(l.way(below.method, below.short))
	}
	return cmd
}

// way is the command for one way to sign in.
func (l *login) way(method, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   method + " [URL]",
		Short: short,
		Args:  cli.Args(cobra.MaximumNArgs(1)),
		RunE:  func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), method, args) },
	}
	if method == signin.MethodClient {
		cmd.Long = short + ".\n\nThe secret comes from --client-secret-file or TRE_CLIENT_SECRET: a command line is for everybody on the machine to read."
		cmd.Flags().StringVar(&l.secretFile, "client-secret-file", "", "file with the client's secret; - for standard input")
	}
	l.flags(cmd)
	return cmd
}

func (l *login) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&l.baseURL, "base-url", "", "address of the TRE, in place of the argument (as AzureTRE's)")
	f.StringVar(&l.clientID, "client-id", "", "client id to sign in with (default: what the TRE names)")
	f.StringVar(&l.tenant, "aad-tenant-id", "", "Entra tenant to sign in with (default: what the TRE names)")
	f.StringVar(&l.scope, "api-scope", "", "scope of the API (default: what the TRE names)")
	f.StringVar(&l.issuer, "issuer", "", "OpenID Connect issuer, where it is not Entra ID (default: what the TRE names)")
	f.BoolVar(&l.insecure, "insecure-storage", false, "keep tokens in a file of yours, not encrypted with a key in your keyring")
}

// address is the TRE's: from the argument, a flag, TRE_URL, or the profile that
// is signed in anew.
func (l *login) address(args []string) (string, error) {
	address := l.baseURL
	if len(args) > 0 {
		address = args[0]
	}
	if address == "" {
		address = l.c.Getenv("TRE_URL")
	}
	if address == "" {
		if _, p, err := l.signer.Profile(); err == nil && p.Method != signin.MethodLocal {
			address = p.URL
		}
	}
	if address == "" {
		return "", cli.Misused("which TRE? Give its address, such as https://tre.example.org, or --local")
	}
	return cli.Base(address)
}

func (l *login) run(ctx context.Context, method string, args []string) error {
	base, err := l.address(args)
	if err != nil {
		return err
	}
	if err := l.checkName(); err != nil {
		return err
	}
	r, err := l.registration(ctx, method, base)
	if err != nil {
		return err
	}
	session, err := l.signIn(ctx, method, r)
	if err != nil {
		return err
	}
	return l.keep(ctx, profile.Profile{URL: base, Method: method, Issuer: r.Issuer, ClientID: r.ClientID, Scope: r.Scope, Insecure: l.insecure}, session)
}

// registration is whom to sign in with. What no flag says, the TRE is asked.
func (l *login) registration(ctx context.Context, method, base string) (signin.Registration, error) {
	m, err := signin.Ask(ctx, l.c.HTTP, base)
	if err != nil && (l.clientID == "" || l.scope == "" || l.issuer == "" && l.tenant == "") {
		return signin.Registration{}, err
	}
	r := signin.Registration{ClientID: l.clientID, Scope: l.scope}
	if r.Issuer, err = m.IssuerOf(l.issuer, l.tenant); err != nil && method != signin.MethodManaged {
		return r, cli.Misused("%w", err)
	}
	if r.Scope == "" {
		r.Scope = m.RootScope
	}
	program := method == signin.MethodClient || method == signin.MethodManaged
	if r.ClientID == "" && !program {
		if r.ClientID = m.CLIClient; r.ClientID == "" {
			r.ClientID = m.ClientID // as AzureTRE's
		}
	}
	switch {
	case r.ClientID == "" && method != signin.MethodManaged:
		return r, cli.Misused("--client-id is missing")
	case r.Scope == "":
		return r, cli.Misused("the TRE names no scope: give --api-scope")
	}
	return r, nil
}

func (l *login) signIn(ctx context.Context, method string, r signin.Registration) (profile.Session, error) {
	c := l.c
	switch method {
	case signin.MethodInteractive:
		return signin.Interactive(ctx, c.HTTP, r, func(address string) {
			if err := browse(ctx, c.Getenv, address); err != nil {
				c.Screen.Line("Open this address in a browser on this machine:\n  %s", address)
				return
			}
			c.Screen.Line("Your browser shows the sign-in. If it does not, open:\n  %s", c.Screen.Paint(console.Dim, address))
		})
	case signin.MethodClient:
		secret, err := l.secret()
		if err != nil {
			return profile.Session{}, err
		}
		return signin.ClientCredentials(ctx, c.HTTP, r, secret)
	case signin.MethodManaged:
		return l.signer.Managed(ctx, r)
	}
	return signin.Device(ctx, c.HTTP, r, func(address, code string) {
		c.Screen.Line("Open %s in any browser and type the code %s", c.Screen.Paint(console.Cyan, console.Clean(address)), c.Screen.Paint(console.Bold, console.Clean(code)))
	})
}

// secret reads a program's secret from where it is.
func (l *login) secret() (string, error) {
	secret := l.c.Getenv("TRE_CLIENT_SECRET")
	if l.secretFile != "" {
		text, err := l.c.ReadAll(l.secretFile)
		if err != nil {
			return "", fmt.Errorf("--client-secret-file: %w", err)
		}
		secret = string(text)
	}
	if secret = strings.TrimSpace(secret); secret == "" {
		return "", cli.Misused("no secret: give --client-secret-file, or set TRE_CLIENT_SECRET")
	}
	return secret, nil
}
