package provision

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// maxRepeats is how many repeats with another content the audit trail of a
// request tells: whoever may publish events cannot fill it.
const maxRepeats = 20

// Ask takes a request for a workspace; its Properties as they were asked for,
// secrets included, which go to the vault. An event that a standing approval
// covers is granted by the same commit, everything else waits for an
// administrator. The same id again changes nothing: the first request stands,
// and where the content is another one the audit trail says so. ErrSchema,
// airlock.ErrInvalid, airlock.ErrIllegal: it can never be granted; nothing is kept.
// airlock.ErrConflict: too many of the person's wait.
func (b *Builder) Ask(ctx context.Context, r workspace.Request) (workspace.Request, error) {
	if err := checkRequest(r); err != nil {
		return r, err
	}
	var (
		asked *workspace.Request
		d     draft
		line  queue
	)
	defer line.leave()
	for try := 0; ; try++ {
		taken := b.unmade(ctx, workspace.Key{Partition: workspace.System, ID: r.ID}) // before the request is read, which comes with its workspace
		stored, err := b.Ports.Requests.WorkspaceRequest(ctx, r.ID)
		switch {
		case err == nil:
			return b.askedBefore(ctx, stored, r)
		case !missing(err):
			return r, fmt.Errorf("workspace request %s: %w", r.ID, err)
		case taken != nil:
			return r, taken
		}
		if asked == nil {
			if err := b.room(ctx, r); err != nil {
				return r, err
			}
			masked, err := b.vet(ctx, r)
			if err != nil {
				return r, err
			}
			asked = &masked
		}
		c, err := b.asking(ctx, *asked, &d, try)
		if err != nil {
			return r, err
		}
		saved, done, err := b.commitRequest(ctx, c, &line, try)
		if done {
			return saved, err
		}
	}
}

// commitRequest commits a change of a request; done is false when it is to be
// built anew.
func (b *Builder) commitRequest(ctx context.Context, c workspace.Change, line *queue, try int) (r workspace.Request, done bool, err error) {
	r = c.Requests[0]
	saved, err := b.Ports.Store.CommitChange(ctx, c)
	switch {
	case err == nil:
		b.tell(ctx, saved.Requests[0])
		for _, o := range saved.Operations {
			b.order(ctx, o)
		}
		return saved.Requests[0], true, nil
	case !busy(err):
		return b.found(ctx, r, err)
	case try+1 >= manyTries:
		return r, true, fmt.Errorf("workspace request %s: others were faster in %d tries, try again: %w", r.ID, manyTries, airlock.ErrConflict)
	}
	err = line.stand(ctx, b, try+1)
	return r, err != nil, err
}

// found finds out whether a commit that answered with an error happened all the
// same.
func (b *Builder) found(ctx context.Context, r workspace.Request, cause error) (workspace.Request, bool, error) {
	stored, err := b.Ports.Requests.WorkspaceRequest(ctx, r.ID)
	if err != nil || stored.Head != r.Head {
		return r, true, fmt.Errorf("workspace request %s: commit: %w", r.ID, cause)
	}
	b.tell(ctx, stored)
	if stored.Status == workspace.Granted {
		b.orderOf(ctx, stored)
	}
	return stored, true, nil
}

// orderOf sets the engine going for the workspace of a granted request.
func (b *Builder) orderOf(ctx context.Context, r workspace.Request) {
	w, err := b.Ports.Store.Resource(ctx, workspace.Key{Partition: workspace.System, ID: r.ID})
	if err != nil || w.Operation == "" {
		return // sweep sees to it
	}
	if o, err := b.Ports.Store.Operation(ctx, workspace.OperationKey{Partition: workspace.System, Resource: w.ID, ID: w.Operation}); err == nil {
		b.order(ctx, o)
	}
}

func checkRequest(r workspace.Request) error {
	members := []workspace.Member{{OID: r.Requester.OID, Name: r.Requester.Name, Email: r.Requester.Email, Role: access.WorkspaceOwner}}
	if n := len(r.Members) + 1; n > workspace.MaxMembers {
		return fmt.Errorf("members: %d beside the requester, at most %d: %w", n-1, workspace.MaxMembers-1, airlock.ErrInvalid)
	}
	if r.Source != workspace.FromCall && r.Source != workspace.FromEvent {
		return fmt.Errorf("source: %.20q: %w", r.Source, airlock.ErrInvalid)
	}
	return errors.Join(canonical("id", r.ID), airlock.Line("reference", r.Reference, MaxName), airlock.Line("templateVersion", r.TemplateVersion, MaxName),
		airlock.Prose("reason", r.Reason, workspace.MaxReason), checkMembers(append(members, r.Members...)))
}

// vet holds a new request against its template, and takes its secrets out. It is
// held against it again when it is granted, for another version may be the
// current one then.
func (b *Builder) vet(ctx context.Context, r workspace.Request) (workspace.Request, error) {
	t, err := b.chosen(ctx, workspace.Workspace, "", New{Template: r.Template, Version: r.TemplateVersion, Roles: admin})
	if err != nil {
		return r, err
	}
	properties, err := clean(r.Properties)
	if err != nil {
		return r, err
	}
	if oid := text(properties, "workspace_owner_object_id"); oid != "" && oid != r.Requester.OID {
		return r, fmt.Errorf("workspace_owner_object_id: who asks for a workspace becomes its owner, name others as members: %w", airlock.ErrInvalid)
	}
	full := t.Defaults(properties)
	if err := unfit(t.Validate(full), nil); err != nil {
		return r, err
	}
	if _, err := b.spaceOf(full); err != nil {
		return r, err
	}
	masked, secrets := t.Mask(properties)
	r.Secrets, err = b.keep(ctx, r.ID, idOf("ask", r.ID), secrets)
	r.Properties, r.Requester = masked, person(r.Requester)
	r.Notices, r.Told, r.Decided, r.Message, r.Head, r.Version = nil, 0, nil, "", audit.Head{}, ""
	return r.Open(b.Now()), err
}

// admin are the roles by which a workspace is made from a request: those of who
// decides.
var admin = []access.Role{access.TREAdmin}

// asking is the change that keeps a new request: granted where a standing
// approval covers it and the workspace can be made, waiting otherwise.
func (b *Builder) asking(ctx context.Context, r workspace.Request, d *draft, try int) (workspace.Change, error) {
	if r.Source == workspace.FromEvent { // a person who calls is waited for: anybody may call
		c, why, err := b.covered(ctx, r, d, try)
		if err != nil || len(c.Requests) > 0 {
			return c, err
		}
		r.Message = why
	}
	c := workspace.Change{Partition: workspace.System}
	c.Request(r, r.CreatedAt.Add(b.cadence().Hint), asks(r))
	return c, nil
}

// asks is the audit line of a new request.
func asks(r workspace.Request) audit.Line {
	line := audit.Line{At: r.CreatedAt, Actor: audit.Actor{OID: r.Requester.OID, Name: r.Requester.Name, Role: "requester"}, Action: "request_workspace",
		To: string(workspace.Asked), Reason: r.Reason, Detail: "template " + r.Template + ", by " + string(r.Source), Call: r.Call}
	if r.Source == workspace.FromEvent { // nobody knows that it was that person
		line.Actor = audit.Actor{Name: string(workspace.FromEvent), Role: "event"}
		line.Person = r.Requester.OID
	}
	return line
}

// askedBefore answers a repeat.
func (b *Builder) askedBefore(ctx context.Context, stored, repeat workspace.Request) (workspace.Request, error) {
	b.tell(ctx, stored)
	if stored.Status == workspace.Granted {
		b.orderOf(ctx, stored)
	}
	if same(stored, repeat) || stored.Head.Seq >= maxRepeats {
		return stored, nil
	}
	line := audit.Line{At: b.Now(), Actor: audit.Actor{Name: string(repeat.Source), Role: string(repeat.Source)}, Action: "repeat_request",
		From: string(stored.Status), To: string(stored.Status), Detail: "it came again with another content; the first stands"}
	c := workspace.Change{Partition: workspace.System}
	c.Request(stored, b.Now().Add(b.cadence().Hint), line)
	saved, err := b.Ports.Store.CommitChange(ctx, c)
	switch {
	case busy(err): // somebody decided meanwhile, or another repeat came: enough is told
		return b.Ports.Requests.WorkspaceRequest(ctx, stored.ID)
	case err != nil:
		return stored, fmt.Errorf("workspace request %s: commit: %w", stored.ID, err)
	}
	return saved.Requests[0], nil
}

// same tells whether a repeat asks for what was asked for before. What its
// secrets were nobody can tell any more.
func same(stored, repeat workspace.Request) bool {
	properties, err := clean(repeat.Properties)
	if err != nil {
		return false
	}
	for pointer := range stored.Secrets {
		if at(properties, pointer) != nil {
			properties = put(properties, pointer, workspace.Redacted)
		}
	}
	return reflect.DeepEqual(properties, stored.Properties) && slices.Equal(repeat.Members, stored.Members) &&
		repeat.Template == stored.Template && repeat.TemplateVersion == stored.TemplateVersion && repeat.Reason == stored.Reason &&
		repeat.Requester.OID == stored.Requester.OID && repeat.Requester.Email == stored.Requester.Email
}
