package commands

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
	"github.com/trefoil-tre/trefoil/internal/client"
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
	f.BoolVar(&l.local, "local", false, "sign in to the system that `make run` (tre local up) runs on this machine")
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
		c.Screen.Line("Open %s in any browser and type the code %s", c.Screen.Paint(console.Cyan, address), c.Screen.Paint(console.Bold, code))
	})
}

// secret reads a program's secret from where it is.
func (l *login) secret() (string, error) {
	secret := l.c.Getenv("TRE_CLIENT_SECRET")
	if l.secretFile != "" {
		text, err := readAll(l.c, l.secretFile)
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

// onThisMachine signs in to the system of `make run`.
func (l *login) onThisMachine(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return cli.Misused("--local takes no address")
	}
	local, path, err := l.readLocal()
	if err != nil {
		return &cli.Error{Code: cli.Unreachable, Err: err}
	}
	key, err := l.c.Ask(ctx, l.as, cli.Question{Flag: "as", Text: "Who are you?", Choices: local.Keys()})
	if err != nil {
		return err
	}
	session, err := local.SignIn(ctx, l.c.HTTP, key, l.c.Now())
	if err != nil {
		return err
	}
	return l.keep(ctx, profile.Profile{URL: local.API, Method: signin.MethodLocal, LocalFile: path, User: key, Issuer: local.Issuer, Insecure: l.insecure}, session)
}

func (l *login) readLocal() (signin.Local, string, error) {
	path := l.localFile
	if path == "" {
		dir, err := os.Getwd()
		if err != nil {
			return signin.Local{}, "", err
		}
		if path, err = signin.FindLocal(dir); err != nil {
			return signin.Local{}, "", err
		}
	}
	local, err := signin.ReadLocal(path)
	return local, path, err
}

func (l *login) completeKeys(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	local, _, err := l.readLocal()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return local.Keys(), cobra.ShellCompDirectiveNoFileComp
}

// keep proves the sign-in with one call, and keeps it.
func (l *login) keep(ctx context.Context, p profile.Profile, session profile.Session) error {
	name := l.signer.Wanted()
	if name == "" {
		name = nameOf(p)
	}
	if err := profile.CheckName(name); err != nil {
		return cli.Misused("--profile: %w", err)
	}
	who := signin.Who(session.Access)
	p.Name, p.Account = who.Name, who.Account
	caller := l.c.Client(cli.Connection{Base: p.URL, Token: func(context.Context) (string, error) { return session.Access, nil }})
	roleless := false
	if err := caller.Do(ctx, "GET", "/requests?limit=1", nil, nil); err != nil {
		refusal, ok := client.Refused(err)
		if roleless = ok && refusal.Status == 403; !roleless {
			return fmt.Errorf("the TRE does not take this sign-in: %w", err)
		}
	}
	store, err := l.signer.Store()
	if err != nil {
		return err
	}
	sealed, err := store.PutSession(name, session, p.Insecure)
	if err == nil {
		err = store.Change(ctx, func(f *profile.File) error {
			if before, ok := f.Profiles[name]; ok && before.URL == p.URL {
				p.Workspace = before.Workspace
			}
			f.Profiles[name], f.Current = p, name
			return nil
		})
	}
	if err != nil {
		return err
	}
	l.said(name, p, sealed, roleless)
	return nil
}

func (l *login) said(name string, p profile.Profile, sealed, roleless bool) {
	l.c.Say(console.Green, fmt.Sprintf("Signed in to %s as %s (profile %s).", p.URL, orUnknown(p.Name, p.Account), name))
	if !sealed && !p.Insecure {
		l.c.Say(console.Yellow, "There is no keyring here: tokens are kept in a file that only you can read.")
	}
	if roleless {
		l.c.Say(console.Yellow, "You have no role in this TRE yet: ask its administrator for TREUser.")
	}
}

func orUnknown(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return "somebody"
}

// nameOf is the name of a profile that was given none.
func nameOf(p profile.Profile) string {
	if p.Method == signin.MethodLocal {
		return "local"
	}
	u, err := url.Parse(p.URL)
	if err != nil {
		return "default"
	}
	return strings.ToLower(u.Hostname())
}

var errNoBrowser = errors.New("no browser")
