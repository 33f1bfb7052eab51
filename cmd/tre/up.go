package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/walk"
)

// up is the whole system on this machine.
type up struct {
	noDemo, demoOnly bool
	data             string // folder that keeps data between runs; "" for none
	ports            stack.Ports
	host             string // which Functions host
	withParent       bool
	build            string // folder for what is built and written

	root   string
	screen *console.Screen
	log    *journal
	calls  walk.Calls
}

func newUp() *cobra.Command {
	u := &up{}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the whole system on this machine",
		Long: "Builds the app, starts Azurite, events, scanner, sign-in, mail and both apps on free ports, and walks through the airlock.\n" +
			"It runs until it gets a signal (Ctrl-C), then stops everything it started. Scripts find all addresses in build/local/local.json.",
		Example: "  tre local up --no-demo --data ~/trefoil   without the walk-through, with what was there before",
		Args:    cli.Args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return u.run(cmd) },
	}
	f := cmd.Flags()
	f.BoolVar(&u.noDemo, "no-demo", false, "do not walk through")
	f.BoolVar(&u.demoOnly, "demo-only", false, "end after the walk-through, with 1 when one of its steps failed")
	f.StringVar(&u.data, "data", "", "folder that keeps data between runs (default a temporary one)")
	f.IntVar(&u.ports.Front, "port", 0, "port of API and portal (default a free one)")
	f.IntVar(&u.ports.Issuer, "issuer-port", 0, "port of the sign-in (default a free one)")
	f.IntVar(&u.ports.Mail, "mail-port", 0, "port of the inbox (default a free one)")
	f.StringVar(&u.host, "host", hostBuiltIn, "Functions host: "+hostBuiltIn+", or "+hostFunc+" for Azure Functions Core Tools")
	f.StringVar(&u.build, "build", "", "folder for the app, local/local.json and local/log.jsonl (default build in the repository)")
	f.BoolVar(&u.withParent, "with-parent", startedByGoRun(), "also end when the process that started this one is gone")
	cmd.MarkFlagsMutuallyExclusive("no-demo", "demo-only")
	return cmd
}

// run starts everything and stops it again at the end.
func (u *up) run(cmd *cobra.Command) (err error) {
	u.screen = console.Open(os.Stdout, os.Getenv)
	if u.root, err = prepare(cmd, ""); err != nil {
		return err
	}
	if u.build == "" {
		u.build = filepath.Join(u.root, "build")
	}
	if u.log, err = openJournal(filepath.Join(u.build, "local", "log.jsonl")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, u.log.Close()) }()
	ctx := cmd.Context()
	if u.withParent {
		var stop func()
		ctx, stop = endWithParent(ctx)
		defer stop()
	}
	s, err := u.start(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil // it was asked to stop
		}
		return u.explain(err)
	}
	defer func() {
		done := u.screen.Busy("stopping everything")
		err = errors.Join(err, s.Close())
		done()
	}()
	return u.serve(ctx, s)
}

// localFile is where scripts find everything.
func (u *up) localFile() string { return filepath.Join(u.build, "local", "local.json") }

// serve tells where everything is, walks through, and waits for the end.
func (u *up) serve(ctx context.Context, s *stack.Stack) (err error) {
	info := s.Info()
	if err := info.Write(u.localFile()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(u.localFile())) }()
	if !u.noDemo {
		err := walk.Run(ctx, walk.Config{Info: info, World: s, Calls: &u.calls, Screen: u.screen, Now: time.Now, Trouble: u.log.Trouble})
		switch {
		case ctx.Err() != nil:
			return nil // it was asked to stop
		case err != nil && u.demoOnly:
			return u.explain(err)
		case err != nil:
			u.screen.Line("%s", u.screen.Paint(console.Red, err.Error()+"; the system runs on, and its log is "+u.log.path))
		case u.demoOnly:
			return nil
		}
	}
	u.signposts(info)
	<-ctx.Done()
	u.screen.Line("")
	return nil
}

// signposts say where to click.
func (u *up) signposts(info stack.Info) {
	s := u.screen
	s.Line("")
	s.Line("%s", s.Paint(console.Bold, "Where to click"))
	for _, post := range []struct{ what, where string }{
		{"Portal", info.Portal + "/"},
		{"Everybody's mail", info.Mail[:len(info.Mail)-len("/mail")] + "/"},
		{"Who can sign in", info.Issuer + "/"},
		{"API (OpenAPI)", info.API + "/openapi.json"},
		{"For scripts", u.localFile()},
		{"Log", u.log.path},
	} {
		s.Line("  %s %s", console.Fit(post.what, 17), s.Paint(console.Cyan, post.where))
	}
	s.Line("Ctrl-C stops everything.")
}

// explain adds what the log says of trouble.
func (u *up) explain(err error) error {
	for _, line := range u.log.Trouble() {
		u.screen.Text(console.Dim, "  ", "  ", console.Clean(line))
	}
	return fmt.Errorf("%w; the whole log is %s", err, u.log.path)
}
