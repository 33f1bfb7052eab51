package clitest

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// rig is the one stack of this test binary, localFile its local.json.
var (
	rig       *stacktest.Rig
	localFile string
)

func TestMain(m *testing.M) {
	flag.Parse()
	folder, err := os.MkdirTemp("", "trefoil-clitest-")
	if err != nil {
		panic(err)
	}
	localFile = filepath.Join(folder, "local.json")
	code := stacktest.Run(m, &rig, "clitest", func(*stack.Config) {}, func() {
		if err := rig.Info().Write(localFile); err != nil {
			panic(err)
		}
	})
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// used are the commands that were run, by path.
var used sync.Map

// user is somebody with a configuration of their own.
type user struct {
	t   *testing.T
	env map[string]string
}

// as signs one of the local people in.
func as(t *testing.T, key string) *user {
	t.Helper()
	u := &user{t: t, env: map[string]string{"TRE_CONFIG_DIR": t.TempDir(), "TRE_CACHE_DIR": t.TempDir()}}
	u.must("", "login", "--local", "--local-file", localFile, "--as", key, "--insecure-storage")
	return u
}

func (u *user) context(in string) (c *cli.Context, out, errs *bytes.Buffer) {
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	return &cli.Context{In: strings.NewReader(in), Out: out, Err: errs, Screen: &console.Screen{Out: errs}, Page: &console.Screen{Out: out},
		Version: "test", Now: time.Now, Zone: time.UTC, Getenv: func(name string) string { return u.env[name] }, HTTP: &http.Client{Timeout: stacktest.Patience}}, out, errs
}

// run runs a command line and returns its exit code and what it wrote.
func (u *user) run(in string, args ...string) (cli.Code, string, string) {
	u.t.Helper()
	c, out, errs := u.context(in)
	root := commands.Root(c)
	arranged := commands.Arrange(root, args)
	if cmd, _, err := root.Find(arranged); err == nil {
		used.Store(cmd.CommandPath(), true)
	}
	root.SetArgs(arranged)
	code := cli.Explain(errs, root.ExecuteContext(u.t.Context()))
	return code, out.String(), errs.String()
}

// must runs what has to succeed and returns what it printed.
func (u *user) must(in string, args ...string) string {
	u.t.Helper()
	code, out, errs := u.run(in, args...)
	if code != cli.Done {
		u.t.Fatalf("tre %s: exit code %d: %s%s", strings.Join(args, " "), code, out, errs)
	}
	return strings.TrimSpace(out)
}

// leaves are the paths of all commands that do something.
func leaves(cmd *cobra.Command) []string {
	var all []string
	for _, below := range cmd.Commands() {
		all = append(all, leaves(below)...)
	}
	if len(all) == 0 && cmd.Runnable() && !cmd.Hidden {
		all = append(all, cmd.CommandPath())
	}
	return all
}
