package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newAuth(c *cli.Context, signer *signin.Signer) *cobra.Command {
	return cli.Family("auth", "Who is signed in where", newStatus(c, signer), newSwitch(c, signer))
}

// state is a profile as `tre auth status` shows it.
type state struct {
	Name    string    `json:"profile"`
	Current bool      `json:"current"`
	URL     string    `json:"url"`
	Method  string    `json:"method"`
	Person  string    `json:"name"`
	Account string    `json:"account"`
	Roles   []string  `json:"roles"`
	Expires time.Time `json:"expires,omitzero"`
	Storage string    `json:"storage"`
	State   string    `json:"state"`
}

func newStatus(c *cli.Context, signer *signin.Signer) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show who is signed in where, and until when",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := signer.Store()
			if err != nil {
				return err
			}
			file, err := store.Load()
			if err != nil {
				return err
			}
			if len(file.Profiles) == 0 {
				return cli.NotSignedIn()
			}
			current := signer.Wanted()
			if current == "" {
				current = file.Current
			}
			var all []state
			for _, name := range file.Names() {
				all = append(all, stateOf(c, store, name, file.Profiles[name], name == current))
			}
			return c.ShowValue(all, func(*console.Screen) { drawStates(c, all) })
		},
	}
}

func stateOf(c *cli.Context, store profile.Store, name string, p profile.Profile, current bool) state {
	s := state{Name: name, Current: current, URL: p.URL, Method: p.Method, Person: p.Name, Account: p.Account, Storage: "keyring", State: "signed in", Roles: []string{}}
	if !store.Sealed(name) {
		s.Storage = "file"
	}
	session, err := store.Session(name)
	switch {
	case err != nil:
		s.State = err.Error()
	case c.Now().After(session.Expiry) && session.Refresh == "" && session.Secret == "" && p.Method != signin.MethodLocal && p.Method != signin.MethodManaged:
		s.State = "ended"
	}
	if err == nil {
		s.Expires = session.Expiry
		s.Roles = append(s.Roles, signin.Who(session.Access).Roles...)
	}
	return s
}

func drawStates(c *cli.Context, all []state) {
	for i, s := range all {
		if i > 0 {
			c.Gap()
		}
		mark := s.Name
		if s.Current {
			mark += " (in use)"
		}
		c.Details(cli.Detail{Name: "Profile", Text: mark, Style: console.Bold}, cli.Detail{Name: "API", Text: s.URL},
			cli.Detail{Name: "Who", Text: strings.TrimSpace(s.Person + " " + parenthesised(s.Account))}, cli.Detail{Name: "Roles", Text: strings.Join(s.Roles, ", ")},
			cli.Detail{Name: "Signed in", Text: s.Method + ", " + s.State}, cli.Detail{Name: "Token until", Text: c.Stamp(s.Expires)},
			cli.Detail{Name: "Tokens in", Text: s.Storage})
	}
}

func parenthesised(text string) string {
	if text == "" {
		return ""
	}
	return "(" + text + ")"
}

func newSwitch(c *cli.Context, signer *signin.Signer) *cobra.Command {
	return &cobra.Command{
		Use:   "switch PROFILE",
		Short: "Use another profile from now on",
		Args:  cli.Args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := signer.Store()
			if err != nil {
				return err
			}
			err = store.Change(cmd.Context(), func(f *profile.File) error {
				if _, ok := f.Profiles[args[0]]; !ok {
					return &cli.Error{Code: cli.NotAllowed, Err: fmt.Errorf("there is no profile %q; there are %s", args[0], strings.Join(f.Names(), ", "))}
				}
				f.Current = args[0]
				return nil
			})
			if err == nil {
				c.Say("", "Using the profile "+args[0]+" from now on.")
			}
			return err
		},
	}
}

func newLogout(c *cli.Context, signer *signin.Signer) *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Sign out: remove the profile in use and its tokens",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, _, err := signer.Profile()
			if err != nil {
				return err
			}
			store, err := signer.Store()
			if err != nil {
				return err
			}
			if err := store.Forget(name); err != nil {
				return err
			}
			err = store.Change(cmd.Context(), func(f *profile.File) error {
				delete(f.Profiles, name)
				if f.Current == name {
					f.Current = ""
				}
				return nil
			})
			if err == nil {
				c.Say("", "Signed out of "+name+".")
			}
			return err
		},
	}
}

func newGetToken(c *cli.Context) *cobra.Command {
	return &cobra.Command{
		Use:   "get-token",
		Short: "Print an access token for the API, for other programs",
		Long:  "Prints an access token for the API, for other programs. Who has it can act in your name until it ends.",
		Args:  cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			conn, err := c.Connect(cmd.Context())
			if err != nil {
				return err
			}
			token, err := conn.Token(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.Out, token)
			return err
		},
	}
}
