package stacktest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/inbox"
)

// Request is one airlock request in the hands of its creator.
type Request struct {
	Rig  *Rig
	Key  airlock.Key
	Type airlock.Type
	By   string // key of who made it
	Link string // write-only, into the draft
}

// Create makes a request as a person.
func (r *Rig) Create(ctx context.Context, by, workspace string, kind airlock.Type) (*Request, error) {
	var made api.WithActions
	answer, err := r.Call(ctx, by, http.MethodPost, "/workspaces/"+workspace+"/requests",
		map[string]any{"type": kind, "title": "Test", "businessJustification": "to see whether it crosses"})
	if err == nil {
		err = answer.Into(&made)
	}
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	return &Request{Rig: r, By: by, Type: kind, Link: made.ContainerURL,
		Key: airlock.Key{Workspace: workspace, Request: made.Request.ID}}, nil
}

// Path is the request's address in the API.
func (q *Request) Path() string {
	return "/workspaces/" + q.Key.Workspace + "/requests/" + q.Key.Request
}

// Get reads the request as its creator.
func (q *Request) Get(ctx context.Context) (api.WithActions, error) {
	var out api.WithActions
	answer, err := q.Rig.Call(ctx, q.By, http.MethodGet, q.Path(), nil)
	if err == nil {
		err = answer.Into(&out)
	}
	return out, err
}

// Do is a POST on the request as a person, that has to succeed.
func (q *Request) Do(ctx context.Context, by, verb string, body any) error {
	if body == nil {
		body = map[string]any{}
	}
	answer, err := q.Rig.Call(ctx, by, http.MethodPost, q.Path()+"/"+verb, body)
	if err == nil {
		err = answer.Into(nil)
	}
	if err != nil {
		return fmt.Errorf("%s by %s: %w", verb, by, err)
	}
	return nil
}

// Submit hands the request in.
func (q *Request) Submit(ctx context.Context) error { return q.Do(ctx, q.By, "submit", nil) }

// Approve decides as a person, for the manifest that is under review.
func (q *Request) Approve(ctx context.Context, by string) error { return q.decide(ctx, by, true, "") }

// Reject decides as a person.
func (q *Request) Reject(ctx context.Context, by, why string) error {
	return q.decide(ctx, by, false, why)
}

func (q *Request) decide(ctx context.Context, by string, approval bool, why string) error {
	now, err := q.Get(ctx)
	if err != nil {
		return err
	}
	return q.Do(ctx, by, "review", map[string]any{"approval": approval, "decisionExplanation": why,
		"manifestDigest": now.Request.ManifestDigest})
}

// Return sends the request back as a person.
func (q *Request) Return(ctx context.Context, by, why string) error {
	now, err := q.Get(ctx)
	if err != nil {
		return err
	}
	return q.Do(ctx, by, "return", map[string]any{"reason": why, "manifestDigest": now.Request.ManifestDigest})
}

// Stored reads the request's row.
func (q *Request) Stored(ctx context.Context) (airlock.Request, error) {
	return q.Rig.State.Request(ctx, q.Key)
}

// Await waits until the request is in one of the stages. It looks at the row,
// which is cheaper than the API.
func (q *Request) Await(ctx context.Context, stages ...airlock.Stage) (airlock.Request, error) {
	return q.AwaitWithin(ctx, Patience, stages...)
}

// AwaitWithin is Await with more patience, for large requests.
func (q *Request) AwaitWithin(ctx context.Context, patience time.Duration, stages ...airlock.Stage) (airlock.Request, error) {
	return q.await(ctx, patience, func(r airlock.Request) bool { return slices.Contains(stages, r.Stage) })
}

// AwaitThat waits until a condition holds of the request's row.
func (q *Request) AwaitThat(ctx context.Context, holds func(airlock.Request) bool) (airlock.Request, error) {
	return q.await(ctx, Patience, holds)
}

func (q *Request) await(ctx context.Context, patience time.Duration, holds func(airlock.Request) bool) (airlock.Request, error) {
	var last airlock.Request
	err := Within(ctx, patience, 150*time.Millisecond, func(ctx context.Context) error {
		now, err := q.Stored(ctx)
		if err != nil {
			return err
		}
		if last = now; !holds(now) {
			return fmt.Errorf("request is %s since %s, turn %d: %s (marks %v, notices %v, containers %v)",
				now.Stage, now.Since.Format("15:04:05"), now.Turn, now.Message, now.Marks, now.Notices, now.Containers)
		}
		return nil
	})
	return last, err
}

// Files lists the request's files as its creator sees them.
func (q *Request) Files(ctx context.Context) (map[string]api.File, error) {
	all := map[string]api.File{}
	for cursor := ""; ; {
		var page api.Files
		answer, err := q.Rig.Call(ctx, q.By, http.MethodGet, q.Path()+"/files?limit=1000&cursor="+cursor, nil)
		if err == nil {
			err = answer.Into(&page)
		}
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		for _, f := range page.Files {
			all[f.Name] = f
		}
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

// Looked waits until every dropped file was inspected and scanned.
func (q *Request) Looked(ctx context.Context, count int) (map[string]api.File, error) {
	var files map[string]api.File
	err := Until(ctx, func(ctx context.Context) error {
		var err error
		if files, err = q.Files(ctx); err != nil {
			return err
		}
		ready := 0
		for _, f := range files {
			if f.Inspected && (f.Verdict != "" || f.Refused) {
				ready++
			}
		}
		if ready < count {
			return fmt.Errorf("%d of %d files were looked at: %+v", ready, count, files)
		}
		return nil
	})
	return files, err
}

// Mails are those about the request, oldest first.
func (q *Request) Mails() []inbox.Mail {
	var all []inbox.Mail
	for _, m := range q.Rig.Inbox.Mails() {
		for _, link := range m.Links {
			if strings.Contains(link, q.Key.Request) {
				all = append([]inbox.Mail{m}, all...)
				break
			}
		}
	}
	return all
}

// Told waits until a person has so many mails about the request.
func (q *Request) Told(ctx context.Context, email string, count int) ([]inbox.Mail, error) {
	var mine []inbox.Mail
	err := Until(ctx, func(context.Context) error {
		mine = nil
		for _, m := range q.Mails() {
			if strings.EqualFold(m.To, email) {
				mine = append(mine, m)
			}
		}
		if len(mine) < count {
			return fmt.Errorf("%s has %d of %d mails", email, len(mine), count)
		}
		return nil
	})
	return mine, err
}
