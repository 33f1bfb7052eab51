package resources

import (
	"context"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// errNoMatch is the answer to a change that does not say what it changes.
var errNoMatch = fmt.Errorf("etag: send the resource's _etag in this header, or * for whichever version there is: %w", airlock.ErrInvalid)

// errOther is the answer to who decided on what is not there like that any more.
var errOther = fmt.Errorf("the resource has another version now, read it again: %w", desk.ErrStale)

// update changes a resource that the caller was let at.
func (d *Desk) update(ctx context.Context, a workspace.Act, r workspace.Resource, p provision.Patch) (workspace.Operation, error) {
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	p.Match = unquoted(p.Match)
	if err := alive(r, a); err != nil {
		return workspace.Operation{}, err
	}
	switch {
	case p.Match == "":
		return workspace.Operation{}, errNoMatch
	case p.Match != "*" && p.Match != r.Version && r.Call != a.Operation: // not a repeat, which changed it before
		return workspace.Operation{}, errOther
	}
	_, op, err := b.Update(ctx, a, r.Key(), p)
	return op, err
}

// alive returns airlock.ErrNotFound for a resource that was deleted, other than
// by this call, whose repeat gets its answer again.
func alive(r workspace.Resource, a workspace.Act) error {
	if r.Gone() && r.Call != a.Operation {
		return missing(r.Kind, ", it was deleted")
	}
	return nil
}

// unquoted is a version without the quotes that HTTP has around it; a weak one
// (RFC 9110, 8.8.3) is kept as it is.
func unquoted(match string) string {
	if len(match) > 1 && strings.HasPrefix(match, `"`) && strings.HasSuffix(match, `"`) {
		return match[1 : len(match)-1]
	}
	return match
}

// remove deletes a resource that the caller was let at, as it was seen where the
// act says how that was.
func (d *Desk) remove(ctx context.Context, a workspace.Act, r workspace.Resource) (workspace.Operation, error) {
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	if err := alive(r, a); err != nil {
		return workspace.Operation{}, err
	}
	if a.Seen != "" && a.Seen != r.Version && r.Call != a.Operation {
		return workspace.Operation{}, errOther
	}
	_, op, err := b.Delete(ctx, a, r.Key())
	return op, err
}

// Deed is a custom action with what it is told.
type Deed struct {
	Action     workspace.Action
	Parameters map[string]string // such as the size to resize to
}

// invoke acts on a resource that the caller was let at.
func (d *Desk) invoke(ctx context.Context, a workspace.Act, r workspace.Resource, deed Deed) (workspace.Operation, error) {
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	if err := alive(r, a); err != nil {
		return workspace.Operation{}, err
	}
	_, op, err := b.Invoke(ctx, a, r.Key(), deed.Action, deed.Parameters)
	return op, err
}
