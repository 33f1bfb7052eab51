// Package transfers are the commands of tre that carry files to and from a
// request, and the one that follows a request.
package transfers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/azlink"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/progress"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// options are what both directions have.
type options struct {
	workspace, request string
	parallel, block    int
	quiet              bool
}

const (
	maxParallel = 64   // more than any line needs; each holds a block in memory
	maxBlockMiB = 4000 // https://learn.microsoft.com/azure/storage/blobs/scalability-targets
	mebi        = 1 << 20
)

func (o *options) flags(c *cli.Context, cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.workspace, "workspace", "w", "", "workspace, by id or name (default the one in use)")
	f.StringVar(&o.request, "request", "", "request, by id or title, or by the beginning of either (required)")
	f.IntVar(&o.parallel, "parallel", transfer.DefaultParallel, "requests to storage at once; each holds a block in memory")
	f.IntVar(&o.block, "block-size", transfer.DefaultBlock/mebi, "MiB in one request; what an interruption costs at most for each request under way")
	f.BoolVar(&o.quiet, "quiet", false, "show neither progress nor summary")
	_ = cmd.MarkFlagRequired("request") // these fail only for unknown flags
	_ = cmd.RegisterFlagCompletionFunc("workspace", c.CompleteWorkspace())
	_ = cmd.RegisterFlagCompletionFunc("request", func(cmd *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return c.CompleteRequest()(cmd, nil, word)
	})
}

func (o *options) check() error {
	if o.parallel < 1 || o.parallel > maxParallel {
		return cli.Misused("--parallel: %d is not between 1 and %d", o.parallel, maxParallel)
	}
	if o.block < 1 || o.block > maxBlockMiB {
		return cli.Misused("--block-size: %d is not between 1 and %d MiB", o.block, maxBlockMiB)
	}
	return nil
}

// job is one transfer: who asks, about which request, and how.
type job struct {
	c      *cli.Context
	caller *client.Client
	key    airlock.Key
	o      options
	pace   transfer.Pace
	show   *progress.Show
	link   *transfer.Links
	box    *azlink.Client
}

// begin finds the request, and makes ready what a transfer needs.
func begin(ctx context.Context, c *cli.Context, o options, verb string) (*job, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	key, err := c.Request(ctx, o.workspace, o.request)
	if err != nil {
		return nil, err
	}
	caller, err := c.API(ctx)
	if err != nil {
		return nil, err
	}
	j := &job{c: c, caller: caller, key: key, o: o, pace: transfer.Pace{Parallel: o.parallel, Block: int64(o.block) * mebi},
		show: progress.New(progress.Config{Screen: c.Screen, Now: c.Now, Quiet: o.quiet, Verb: verb}),
		box:  azlink.New(azlink.Config{Parallel: o.parallel})}
	j.link = &transfer.Links{Now: c.Now, Ask: j.askLink}
	return j, nil
}

// ask reads from the API, again where trouble may pass.
func (j *job) ask(ctx context.Context, path string, out any) error {
	return j.steadily(ctx, func() error { return j.caller.Do(ctx, http.MethodGet, path, nil, out) })
}

func (j *job) request(ctx context.Context) (api.WithActions, error) {
	var r api.WithActions
	err := j.ask(ctx, client.Request(j.key.Workspace, j.key.Request), &r)
	return r, err
}

func (j *job) askLink(ctx context.Context) (string, error) {
	var l api.Link
	err := j.ask(ctx, client.Request(j.key.Workspace, j.key.Request)+"/link", &l)
	return l.ContainerURL, err
}

func (j *job) files(ctx context.Context) (all []api.File, err error) {
	err = j.steadily(ctx, func() error {
		var err error
		all, err = j.caller.Files(ctx, j.key.Workspace, j.key.Request)
		return err
	})
	return all, err
}

func (j *job) steadily(ctx context.Context, do func() error) error {
	return j.pace.Again(ctx, func() error { return passing(do()) })
}

// passing marks failures of the API that may pass by themselves.
func passing(err error) error {
	refusal, refused := client.Refused(err)
	switch {
	case err == nil:
		return nil
	case refused && (refusal.Status == http.StatusTooManyRequests || refusal.Status >= http.StatusInternalServerError):
		return &transfer.Busy{Err: err}
	case refused, errors.Is(err, context.Canceled):
		return err
	}
	_, network := errors.AsType[net.Error](err)
	if _, ok := errors.AsType[*url.Error](err); ok || network {
		return &transfer.Busy{Err: err}
	}
	return err
}

// journal opens the journal of this transfer in the user's cache.
func (j *job) journal(ctx context.Context, more string) (*transfer.Journal, error) {
	place, err := j.link.Place(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := cache(j.c.Getenv)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return transfer.OpenJournal(folder, place+" "+more, j.c.Now())
}

// cache is where journals are kept: TRE_CACHE_DIR, else the user's own.
func cache(getenv func(string) string) (string, error) {
	folder := getenv("TRE_CACHE_DIR")
	if folder == "" {
		var err error
		if folder, err = os.UserCacheDir(); err != nil {
			return "", err
		}
		folder = filepath.Join(folder, "trefoil")
	}
	return filepath.Join(folder, "transfers"), nil
}

// goOn says how to go on after an end in the middle.
const goOn = "run the same command again: it goes on where it stopped"

// ended is what to tell of how a transfer ended.
func (j *job) ended(err error) error {
	j.show.Stop()
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		j.c.Screen.Line("%s", "stopped; "+goOn)
		return context.Canceled
	}
	if _, busy := errors.AsType[*transfer.Busy](err); busy {
		return &cli.Error{Code: cli.Unreachable, Err: brief(err), Hint: goOn}
	}
	if _, refused := client.Refused(err); refused {
		return err
	}
	return &cli.Error{Code: cli.Failed, Err: brief(err)}
}

// maxLines of a message; what is more is counted.
const maxLines = 20

// brief is an error of at most so many lines.
func brief(err error) error {
	lines := strings.Split(err.Error(), "\n")
	if len(lines) <= maxLines {
		return err
	}
	return fmt.Errorf("%s\nand %d more", strings.Join(lines[:maxLines], "\n"), len(lines)-maxLines)
}

// within is a context that ends after a while; 0 means never.
func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
