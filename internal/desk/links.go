package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Link is an address that carries its own permission. It is a secret: never
// log or store it.
type Link struct {
	URL    string
	Access airlock.Access
	Until  time.Time
}

// Link returns the link that AzureTRE's clients ask for, by status: into the
// draft for its creator (write-only), to the sealed files under review for
// reviewers and owners, to the released files once approved. In every other
// status there is none: airlock.ErrIllegal. A frozen workspace has none:
// airlock.ErrFrozen; links that were handed out before work until they end.
func (d *Desk) Link(ctx context.Context, c Caller, key airlock.Key) (Link, error) {
	v, err := d.enter(ctx, c, key, access.Read)
	if err != nil {
		return Link{}, err
	}
	return d.link(ctx, v)
}

// DraftLink returns a write-only link into the draft, for its creator alone.
func (d *Desk) DraftLink(ctx context.Context, c Caller, key airlock.Key) (Link, error) {
	return d.linkIn(ctx, c, key, access.DraftLink, airlock.Draft)
}

// SealedLink returns a read-only link to the sealed files under review. Who
// made or submitted the request never gets one.
func (d *Desk) SealedLink(ctx context.Context, c Caller, key airlock.Key) (Link, error) {
	return d.linkIn(ctx, c, key, access.SealedLink, airlock.InReview)
}

// linkIn returns a link that there is in one stage only.
func (d *Desk) linkIn(ctx context.Context, c Caller, key airlock.Key, action access.Action, stage airlock.Stage) (Link, error) {
	v, err := d.enter(ctx, c, key, action)
	if err != nil {
		return Link{}, err
	}
	if v.request.Stage != stage {
		return Link{}, fmt.Errorf("request is %s, this link is there only while it is %s: %w", v.request.Stage.Status(), stage.Status(), airlock.ErrIllegal)
	}
	return d.link(ctx, v)
}

// link is whichever the rulebook grants.
func (d *Desk) link(ctx context.Context, v visit) (Link, error) {
	made, may, err := v.request.Link(v.caller.Person, v.roles)
	if err == nil {
		err = v.thawed()
	}
	if err != nil {
		return Link{}, err
	}
	return d.sign(ctx, v, v.request.Place(made.Kind, made.Number), may)
}

func (d *Desk) sign(ctx context.Context, v visit, place airlock.Place, may airlock.Access) (Link, error) {
	until := d.Now().Add(time.Duration(v.workspace.Policy.WithDefaults().LinkLife)).UTC()
	url, err := d.Ports.Containers.Sign(ctx, place, may, until)
	if err != nil {
		return Link{}, fmt.Errorf("link: %w", err)
	}
	return Link{URL: url, Access: may, Until: until}, nil
}
