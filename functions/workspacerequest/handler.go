// Package workspacerequest keeps a request for a workspace that came as an
// event, and has it granted at once where an administrator's standing approval
// covers it. In: the request. Out: nothing. A repeat finds the request that there
// is.
package workspacerequest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/refusals"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// Out names this function's output bindings; it has none: the builder orders
// what follows after its commit, and sweep what got lost.
type Out struct{}

// Builder keeps requests and makes workspaces of them.
type Builder interface {
	// Ask keeps a request, once for its id, and grants it where a standing
	// approval covers it. It returns how the request stands then.
	Ask(ctx context.Context, r workspace.Request) (workspace.Request, error)
}

// Function keeps requests.
type Function struct {
	Builder  Builder
	Now      func() time.Time
	Refusals *refusals.Book // keeps what was refused
}

// Handle keeps one request.
func (f Function) Handle(ctx context.Context, m message.RequestWorkspace) (Out, error) {
	if u, err := uuid.Parse(m.ID); err != nil || u.String() != m.ID {
		return Out{}, fault.Unreadable(fmt.Errorf("message: %.50q is no id", m.ID))
	}
	if err := doorman.CheckRequest(m.Request); err != nil { // whoever can write to the queue is not believed for that
		return Out{}, f.refuse(ctx, m, err)
	}
	_, err := f.Builder.Ask(ctx, request(m))
	if final(err) {
		return Out{}, f.refuse(ctx, m, err)
	}
	if err != nil {
		return Out{}, fmt.Errorf("request %s: %w", m.ID, err)
	}
	return Out{}, nil
}

// request is what the order asks for.
func request(m message.RequestWorkspace) workspace.Request {
	w := m.Request
	r := workspace.Request{ID: m.ID, Source: workspace.FromEvent, Reference: w.Reference, Template: w.Template, TemplateVersion: w.TemplateVersion,
		Properties: maps.Clone(w.Properties), Reason: strings.TrimSpace(w.Reason),
		Requester: access.Person{OID: w.Requester.ID, Name: w.Requester.Name, Email: w.Requester.Email}}
	for _, p := range w.Members {
		r.Members = append(r.Members, workspace.Member{OID: p.ID, Name: p.Name, Email: p.Email, Role: access.Role(p.Role)})
	}
	return r
}

// final tells whether asking the same again would be answered the same.
func final(err error) bool {
	for _, no := range []error{provision.ErrSchema, airlock.ErrInvalid, airlock.ErrIllegal, airlock.ErrRefused, airlock.ErrNotFound, address.ErrInvalid} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// maxReason bounds what is kept of a refusal's text, in bytes.
const maxReason = 500

// refuse audits a request that is not kept.
func (f Function) refuse(ctx context.Context, m message.RequestWorkspace, err error) error {
	call, _ := azfunc.CallFrom(ctx)
	reason := err.Error()
	line := audit.Line{Workspace: workspace.System, Request: m.ID, At: f.Now().UTC(), Action: "refused",
		Reason: strings.ToValidUTF8(reason[:min(len(reason), maxReason)], ""), Detail: "request for a workspace",
		Actor: audit.Actor{Name: call.Function, Role: string(airlock.Engine)}}
	if kept := f.Refusals.Keep(ctx, "request", line, m.ID, reason); kept != nil {
		return kept
	}
	return fault.Refuse(err)
}
