package commands

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
)

// onThisMachine signs in to the system of `make run`.
func (l *login) onThisMachine(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return cli.Misused("--local takes no address")
	}
	if err := l.checkName(); err != nil {
		return err
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
