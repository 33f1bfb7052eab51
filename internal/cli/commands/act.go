package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
)

// act is something done to a request.
type act struct {
	name, short string
	path        string                          // below the request's
	reason      string                          // "", "optional" or "required"
	body        func(reason, digest string) any // nil: none
	digest      bool                            // names the files that were seen
	confirm     string                          // asked before; "" for nothing
}

func reasoned(reason, _ string) any { return map[string]string{"reason": reason} }

// verdict is AzureTRE's review.
type verdict struct {
	Approval    bool   `json:"approval"`
	Explanation string `json:"decisionExplanation,omitempty"`
	Digest      string `json:"manifestDigest,omitempty"`
}

const (
	optional = "optional"
	required = "required"
)

var acts = []act{
	{name: "submit", path: "/submit", short: "Hand a draft in, with the files uploaded to it"},
	{name: "cancel", path: "/cancel", short: "Give a request up", confirm: "Give this request up? Its files are removed."},
	{name: "approve", path: "/review", short: "Approve a request: its files are delivered once enough have approved", reason: optional, digest: true,
		body: func(reason, digest string) any { return verdict{true, reason, digest} }},
	{name: "reject", path: "/review", short: "Reject a request", reason: required, digest: true,
		body: func(reason, digest string) any { return verdict{false, reason, digest} }},
	{name: "return", path: "/return", short: "Return a request to its researcher for changes", reason: required, digest: true,
		body: func(reason, digest string) any { return map[string]string{"reason": reason, "manifestDigest": digest} }},
	{name: "revoke", path: "/revoke", short: "Take a release back: there are no more links to it", reason: required, body: reasoned},
	{name: "stop", path: "/stop", short: "Stop a delivery that is under way", reason: required, body: reasoned},
	{name: "retry", path: "/retry", short: "Try again what failed"},
}

// acting is one use of an act.
type acting struct {
	c    *cli.Context
	act  act
	wait waiting

	reason, digest, etag string
	yes                  bool
}

func newAct(c *cli.Context, a act) *cobra.Command {
	doing := &acting{c: c, act: a}
	cmd := onRequest(c, &cobra.Command{Use: a.name, Short: a.short}, doing.run)
	f := cmd.Flags()
	if a.reason != "" {
		f.StringVar(&doing.reason, "reason", "", "why, for everybody concerned ("+a.reason+")")
	}
	if a.digest {
		f.StringVar(&doing.digest, "digest", "", "manifest digest of the files you have seen (default those under review now)")
	}
	if a.confirm != "" {
		f.BoolVarP(&doing.yes, "yes", "y", false, "do not ask")
	}
	f.StringVar(&doing.etag, "etag", "", "act only if the request still has this _etag")
	doing.wait.flags(cmd)
	return cmd
}

func (a *acting) run(ctx context.Context, caller *client.Client, key airlock.Key) error {
	if err := a.ask(ctx); err != nil {
		return err
	}
	path := client.Request(key.Workspace, key.Request)
	if a.act.digest && a.digest == "" {
		var now api.WithActions
		if err := caller.Do(ctx, http.MethodGet, path, nil, &now); err != nil {
			return err
		}
		a.digest = now.Request.ManifestDigest
	}
	call := client.Call{Method: http.MethodPost, Path: path + a.act.path, Header: http.Header{}}
	if a.act.body != nil {
		body, err := json.Marshal(a.act.body(a.reason, a.digest))
		if err != nil {
			return err
		}
		call.Body = body
	}
	if a.etag != "" {
		call.Header.Set("ETag", a.etag)
	}
	answer, err := caller.Send(ctx, call)
	if err != nil {
		return fmt.Errorf("%s: %w", a.act.name, err)
	}
	return a.wait.until(ctx, a.c, caller, key, answer.Body)
}

// ask gets the reason, and a yes, where they are needed.
func (a *acting) ask(ctx context.Context) error {
	if a.act.confirm != "" {
		if err := a.c.Sure(ctx, a.yes, a.act.confirm); err != nil {
			return err
		}
	}
	if a.act.reason != required {
		return nil
	}
	var err error
	a.reason, err = a.c.Ask(ctx, a.reason, cli.Question{Flag: "reason", Text: "Why? The researcher reads this"})
	return err
}

// newReview is AzureTRE's way to approve and reject.
func newReview(c *cli.Context) *cobra.Command {
	var approve, reject bool
	doing := &acting{c: c}
	cmd := onRequest(c, &cobra.Command{Use: "review", Short: "Approve or reject a request"}, func(ctx context.Context, caller *client.Client, key airlock.Key) error {
		name := "reject"
		if approve {
			name = "approve"
		}
		for _, a := range acts {
			if a.name == name {
				doing.act = a
			}
		}
		return doing.run(ctx, caller, key)
	})
	f := cmd.Flags()
	f.BoolVar(&approve, "approve", false, "approve it")
	f.BoolVar(&reject, "reject", false, "reject it")
	f.StringVar(&doing.reason, "reason", "", "why, for everybody concerned")
	f.StringVar(&doing.digest, "digest", "", "manifest digest of the files you have seen (default those under review now)")
	f.StringVar(&doing.etag, "etag", "", "act only if the request still has this _etag")
	cmd.MarkFlagsMutuallyExclusive("approve", "reject")
	cmd.MarkFlagsOneRequired("approve", "reject")
	doing.wait.flags(cmd)
	return cmd
}
