package api

import (
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// Explained is a call about a workspace that has to say why.
type Explained struct {
	InWorkspace
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"Why; everybody in the workspace is told" example:"a leak is being looked into"`
	}
}

// Frozen says whether a workspace is frozen.
type Frozen struct {
	Workspace string     `json:"workspaceId" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	Frozen    bool       `json:"frozen" doc:"Whether it is frozen now"`
	By        *User      `json:"frozenBy,omitempty" doc:"Who froze it"`
	When      *time.Time `json:"frozenWhen,omitempty" doc:"Since when" example:"2026-11-22T09:00:00Z"`
	Reason    string     `json:"reason,omitempty" doc:"Why, as who froze it said" example:"a leak is being looked into"`
}

// Freeze is what a workspace says of itself while it is frozen.
type Freeze struct {
	By     User      `json:"frozenBy" doc:"Who froze it"`
	When   time.Time `json:"frozenWhen" doc:"Since when" example:"2026-11-22T09:00:00Z"`
	Reason string    `json:"reason" doc:"Why, as who froze it said" example:"a leak is being looked into"`
}

func (a *api) freeze(ctx context.Context, c desk.Caller, in *Explained) (*body[Frozen], error) {
	hold, err := a.Roster.Freeze(ctx, c, canonical(in.Workspace), in.Body.Reason)
	return frozen(in.Workspace, hold), err
}

func (a *api) unfreeze(ctx context.Context, c desk.Caller, in *Explained) (*body[Frozen], error) {
	hold, err := a.Roster.Unfreeze(ctx, c, canonical(in.Workspace), in.Body.Reason)
	return frozen(in.Workspace, hold), err
}

func frozen(workspace string, h airlock.Hold) *body[Frozen] {
	out := Frozen{Workspace: canonical(workspace)}
	if f := h.Freeze; f != nil {
		by := user(f.By)
		out.Frozen, out.By, out.When, out.Reason = true, &by, &f.At, f.Reason
	}
	return &body[Frozen]{out}
}
