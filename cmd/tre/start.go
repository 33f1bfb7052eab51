package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stage"
)

// The Functions hosts.
const (
	hostBuiltIn = "built-in" // the stand-in in this program
	hostFunc    = "func"     // Azure Functions Core Tools
)

// localPolling is the longest pause between two looks at an empty queue. Azure
// needs none so short; a person who watches does.
const localPolling = 500 * time.Millisecond

// localARM is how long Azure takes here: long enough to see that it does
// something.
var localARM = arm.Pace{Resource: 20 * time.Millisecond, Delete: 20 * time.Millisecond, Machine: time.Second}

// start builds the app and starts the stack, and shows how far it is.
func (u *up) start(ctx context.Context) (*stack.Stack, error) {
	if u.host != hostBuiltIn && u.host != hostFunc {
		return nil, cli.Misused("--host: %q is neither %s nor %s", u.host, hostBuiltIn, hostFunc)
	}
	began := time.Now()
	done := func() {}
	progress := func(what string) {
		done()
		if done = u.screen.Busy(what); !u.screen.Live {
			u.screen.Line("starting: %s", what)
		}
	}
	defer func() { done() }()
	progress("the app (go build; slow the first time)")
	app := filepath.Join(u.build, "app")
	if err := (stage.App{Root: u.root, Out: app}).Build(ctx); err != nil {
		return nil, err
	}
	cfg := stack.Config{Root: u.root, App: app, Dir: u.data, Ports: u.ports, Pace: stack.Pace{Polling: localPolling, ARM: localARM},
		Clamd: os.Getenv("CLAMD_ADDRESS"), CoreTools: u.host == hostFunc, Log: u.log.Logger(), OnInvocation: u.calls.Add,
		OnStep: progress, Now: time.Now}
	s, err := stack.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	done()
	u.screen.Text(console.Green, "", "", "Everything runs; it took "+console.Took(time.Since(began))+" to start.")
	return s, nil
}

// startedByGoRun tells whether `go run` started this program: it does not pass
// signals on, so the program has to look for itself whether it is still there.
func startedByGoRun() bool {
	path, err := os.Executable()
	return err == nil && strings.Contains(path, string(filepath.Separator)+"go-build")
}

// parentEvery is how often one looks whether the parent is there.
const parentEvery = 250 * time.Millisecond

// endWithParent is a context that also ends when the process that started this
// one is gone: the system then gives it another parent.
func endWithParent(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(parentEvery)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	return ctx, cancel
}
