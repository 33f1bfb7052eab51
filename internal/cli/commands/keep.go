package commands

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// checkName looks at the name that was asked for before anybody signs in.
func (l *login) checkName() error {
	name := l.signer.Wanted()
	if name == "" {
		return nil
	}
	if err := profile.CheckName(name); err != nil {
		return cli.Misused("--profile: %w", err)
	}
	return nil
}

// keep proves the sign-in with one call, and keeps it.
func (l *login) keep(ctx context.Context, p profile.Profile, session profile.Session) error {
	name := l.signer.Wanted()
	if name == "" {
		name = nameOf(p)
	}
	who := signin.Who(session.Access)
	p.Name, p.Account = who.Name, who.Account
	caller := l.c.Client(cli.Connection{Base: p.URL, Token: func(context.Context) (string, error) { return session.Access, nil }})
	roleless := false
	if err := caller.Do(ctx, http.MethodGet, "/requests?limit=1", nil, nil); err != nil {
		refusal, ok := client.Refused(err)
		if roleless = ok && refusal.Status == http.StatusForbidden; !roleless {
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
	return strings.Trim(strings.ReplaceAll(strings.ToLower(u.Hostname()), ":", "-"), "-") // IPv6 has colons
}
