package stacktest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/inbox"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Order sends a call that orders an operation, on whichever version there is.
func (r *Rig) Order(ctx context.Context, c Call) (api.Operation, error) {
	c.Match = "*"
	var out api.OperationIn
	answer, err := r.Send(ctx, c)
	if err == nil {
		err = answer.Into(&out)
	}
	if err != nil {
		return out.Operation, fmt.Errorf("%s %s by %s: %w", c.Method, c.Path, c.By, err)
	}
	return out.Operation, nil
}

// Operation reads an operation.
func (r *Rig) Operation(ctx context.Context, by string, o api.Operation) (api.Operation, error) {
	var out api.OperationIn
	answer, err := r.Call(ctx, by, http.MethodGet, o.ResourcePath+"/operations/"+o.ID, nil)
	if err == nil {
		err = answer.Into(&out)
	}
	return out.Operation, err
}

// Ended waits until an operation ended, well or not.
func (r *Rig) Ended(ctx context.Context, by string, o api.Operation) (api.Operation, error) {
	now := o
	err := Until(ctx, func(ctx context.Context) error {
		var err error
		if now, err = r.Operation(ctx, by, o); err != nil {
			return err
		}
		if !now.Status.Ended() {
			return fmt.Errorf("operation is %s: %s", now.Status, now.Message)
		}
		return nil
	})
	return now, err
}

// Done orders an operation, waits until it ended well, and returns the address
// of what it is about.
func (r *Rig) Done(ctx context.Context, c Call) (path string, err error) {
	o, err := r.Order(ctx, c)
	if err == nil {
		o, err = r.Ended(ctx, c.By, o)
	}
	if err == nil && o.Status.Failed() {
		err = errors.New(string(o.Status) + ": " + o.Message)
	}
	return o.ResourcePath, err
}

// Asked has somebody ask for a workspace, which waits for an administrator, and
// returns its id.
func (r *Rig) Asked(ctx context.Context, by string) (id string, err error) {
	var out api.WorkspaceAsked
	answer, err := r.Call(ctx, by, http.MethodPost, "/workspaces", New("tre-workspace-base", map[string]any{"address_space_size": "small"}))
	if err == nil {
		err = answer.Into(&out)
	}
	if err == nil && out.Request == nil {
		err = errors.New("it does not wait for an administrator")
	}
	if err != nil {
		return "", fmt.Errorf("ask for a workspace: %w", err)
	}
	return out.Request.ID, nil
}

// Granted has the administrator grant a workspace, and returns the operation
// that makes it.
func (r *Rig) Granted(ctx context.Context, id string) (api.Operation, error) {
	answer, err := r.Call(ctx, "admin", http.MethodPost, "/workspace-requests/"+id+"/review", map[string]any{"approval": true, "decisionExplanation": "for a test"})
	if err == nil {
		err = answer.Into(nil)
	}
	if err != nil {
		return api.Operation{}, err
	}
	return r.Last(ctx, "admin", "/workspaces/"+id)
}

// Last is the operation that was ordered last of what has an address.
func (r *Rig) Last(ctx context.Context, by, path string) (api.Operation, error) {
	var out api.Operations
	answer, err := r.Call(ctx, by, http.MethodGet, path+"/operations", nil)
	if err == nil {
		err = answer.Into(&out)
	}
	if err == nil && len(out.Operations) == 0 {
		err = errors.New("nothing was ordered of " + path)
	}
	if err != nil {
		return api.Operation{}, err
	}
	return out.Operations[0], nil
}

// New is the body of a call that makes something, with what every template asks.
func New(template string, properties map[string]any) map[string]any {
	all := map[string]any{"display_name": "Made by a test", "description": "Made by a test", "overview": ""}
	for name, value := range properties {
		all[name] = value
	}
	return map[string]any{"templateName": template, "properties": all}
}

// MailsAbout are the mails to somebody with a link that names an id, the oldest
// first.
func (r *Rig) MailsAbout(to, id string) []inbox.Mail {
	var all []inbox.Mail
	for _, m := range r.Inbox.Mails() {
		if strings.EqualFold(m.To, to) && strings.Contains(strings.Join(m.Links, " "), id) {
			all = append([]inbox.Mail{m}, all...)
		}
	}
	return all
}

// Group is the resource group of a workspace in its n-th generation.
func (r *Rig) Group(id string, generation int) string {
	return "rg-" + r.TRE() + "-ws-" + workspace.Suffix(r.TRE(), id, generation)
}

// StackOf is the name of the deployment stack of a resource in its n-th
// generation.
func (r *Rig) StackOf(id string, generation int) string {
	return "tre-" + workspace.Suffix(r.TRE(), id, generation)
}
