package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Limits of what a new request says.
const (
	MaxTitle         = 200     // characters: a line in a list
	MaxJustification = 2000    // characters: a page a reviewer reads
	MaxProperties    = 8 << 10 // bytes of JSON: a row holds far more, a form has far less
	DefaultTitle     = "Airlock Request"
)

// New is what a person says of a request to be made.
type New struct {
	Type          airlock.Type
	Title         string // DefaultTitle when empty
	Justification string
	Properties    map[string]any
}

// Create makes a request with its draft container, and signs the link into it,
// all before the request is written: who gets the answer can upload at once.
// ErrDisabled, ErrNotDeployed: the workspace takes no requests.
func (d *Desk) Create(ctx context.Context, c Caller, workspace string, n New) (View, error) {
	c, err := d.Admit(ctx, c, workspace, access.Create)
	if err != nil {
		return View{}, err
	}
	if n, err = n.checked(); err != nil {
		return View{}, err
	}
	key := airlock.Key{Workspace: workspace}
	key.Request = c.id("request", key)
	v := visit{standing: *c.standing, caller: c}
	r, err := d.Ports.Requests.Request(ctx, key)
	switch {
	case err == nil: // this call made it already
		return d.createdView(ctx, v, r)
	case !errors.Is(err, airlock.ErrNotFound):
		return View{}, fmt.Errorf("airlock request %s: %w", key.Request, err)
	case !v.workspace.EnableAirlock:
		return View{}, ErrDisabled
	case !v.workspace.Deployed:
		return View{}, ErrNotDeployed
	}
	return d.make(ctx, v, n, key)
}

// make makes the container, signs the link, and commits.
func (d *Desk) make(ctx context.Context, v visit, n New, key airlock.Key) (View, error) {
	change := d.first(v, n, key)
	place := change.Request.Place(airlock.DraftFiles, change.Request.Turn)
	if err := d.Ports.Containers.Create(ctx, place); err != nil {
		return View{}, fmt.Errorf("draft container: %w", err)
	}
	link, err := d.sign(ctx, v, place, airlock.WriteOnly)
	if err != nil {
		return View{}, err
	}
	saved, err := d.commit(ctx, v.workspace.Policy, change)
	if err != nil {
		r, readErr := d.Ports.Requests.Request(ctx, key)
		if readErr != nil {
			return View{}, err
		}
		saved = airlock.Change{Request: r} // the same call, or its answer was lost
	}
	d.after(ctx, created, saved)
	view := v.view(saved.Request)
	view.Link = &link
	return view, nil
}

// first is the change that writes a new request.
func (d *Desk) first(v visit, n New, key airlock.Key) airlock.Change {
	now, by := d.Now().UTC(), v.caller.person()
	r := airlock.Request{
		ID: key.Request, Workspace: key.Workspace, WorkspaceAccount: v.workspace.StorageAccount,
		Type: n.Type, Title: n.Title, Justification: n.Justification, Properties: n.Properties,
		Stage: airlock.Draft, Since: now, CreatedBy: by, CreatedAt: now, UpdatedBy: by, UpdatedAt: now,
		Turn: 1, Operation: v.caller.id("create", key),
	}.Making(airlock.DraftFiles, 1)
	return r.Note(audit.Line{At: now, Action: "create", To: string(airlock.Draft),
		Actor:  audit.Actor{OID: by.OID, Name: by.Name, Role: string(airlock.Creator)},
		Detail: operationMark + r.Operation, Call: v.caller.call()})
}

// createdView answers a repeat: the request as it is, with a link while it is
// a draft.
func (d *Desk) createdView(ctx context.Context, v visit, r airlock.Request) (View, error) {
	view := v.view(r)
	if r.Stage != airlock.Draft {
		return view, nil
	}
	link, err := d.sign(ctx, v, r.Place(airlock.DraftFiles, r.Turn), airlock.WriteOnly)
	view.Link = &link
	return view, err
}

func (n New) checked() (New, error) {
	if n.Type != airlock.Import && n.Type != airlock.Export {
		return n, fmt.Errorf("type: %.20q is neither import nor export: %w", n.Type, airlock.ErrInvalid)
	}
	if n.Title = strings.TrimSpace(n.Title); n.Title == "" {
		n.Title = DefaultTitle
	}
	if err := airlock.Line("title", n.Title, MaxTitle); err != nil {
		return n, err
	}
	if n.Justification = strings.TrimSpace(n.Justification); n.Justification == "" {
		return n, fmt.Errorf("businessJustification: required: %w", airlock.ErrInvalid)
	}
	if err := airlock.Prose("businessJustification", n.Justification, MaxJustification); err != nil {
		return n, err
	}
	text, err := json.Marshal(n.Properties)
	if err != nil {
		return n, fmt.Errorf("properties: no JSON: %w", airlock.ErrInvalid)
	}
	if len(text) > MaxProperties {
		return n, fmt.Errorf("properties: %d bytes of JSON, at most %d: %w", len(text), MaxProperties, airlock.ErrInvalid)
	}
	return n, nil
}
