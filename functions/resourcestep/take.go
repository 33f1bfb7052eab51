package resourcestep

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
)

// take has the current step begin. Nothing happens in the cloud yet: what is
// stored afterwards is what is started, by whoever comes first.
func (s *step) take(ctx context.Context) (more bool, err error) {
	if len(s.op.Members) > 0 {
		return s.grant(ctx)
	}
	if s.target.ID == "" {
		return s.refuse(ctx, fmt.Sprintf("resource %s, which the step changes, does not exist", s.op.Steps[s.i].Target.ID))
	}
	if s.behind() {
		return s.hold(ctx)
	}
	l, err := s.f.lineage(ctx, s.target)
	if err != nil {
		return false, err
	}
	why, err := s.barred(ctx, l)
	if err != nil {
		return false, err
	}
	if why != nil {
		return s.refuse(ctx, why.Error())
	}
	before := s.target
	properties, err := s.substituted(ctx)
	if errors.Is(err, substitute.ErrInvalid) {
		return s.refuse(ctx, err.Error())
	}
	if err != nil {
		return false, err
	}
	op, target, err := s.op.Take(s.i, s.target, properties, s.f.Now())
	if errors.Is(err, airlock.ErrIllegal) {
		return s.refuse(ctx, err.Error())
	}
	if err != nil {
		return false, err
	}
	w := write{op: op, target: target, own: s.own, said: "starts"}
	if properties != nil {
		w.history = []workspace.Snapshot{s.snapshot(before)}
	}
	err = s.commit(ctx, w)
	if errors.Is(err, airlock.ErrInvalid) { // it would be for ever
		s.target = before
		return s.refuse(ctx, fmt.Sprintf("what the step changes in %s cannot be kept: it becomes too large", before.Name()))
	}
	return true, err
}

// barred tells why the target may not be made: what it is in does not hold it,
// or its range is not its own. An update of what was never there makes it too.
func (s *step) barred(ctx context.Context, l workspace.Lineage) (why, err error) {
	action := s.op.Steps[s.i].Action
	if action != workspace.Install && (action != workspace.Upgrade || s.target.Installed) {
		return nil, nil
	}
	if why := mayHold(l); why != nil {
		return why, nil
	}
	return s.f.unheld(ctx, s.target)
}

// mayHold tells whether what a new resource is made in may hold it.
func mayHold(l workspace.Lineage) error {
	switch l.Resource.Kind {
	case workspace.UserResource:
		return errors.Join(l.Within.MayHold(), l.Service.MayHold())
	case workspace.Service:
		return l.Within.MayHold()
	default:
		return nil
	}
}

// lineage reads what a resource is in.
func (f Function) lineage(ctx context.Context, r workspace.Resource) (l workspace.Lineage, err error) {
	l.Resource = r
	switch r.Kind {
	case workspace.Workspace:
		l.Within = r
	case workspace.UserResource:
		l.Service, err = f.Ports.Store.Resource(ctx, workspace.Key{Partition: r.Workspace, ID: r.Service})
		if err != nil {
			return l, fmt.Errorf("workspace service %s: %w", r.Service, err)
		}
		fallthrough
	case workspace.Service:
		l.Within, err = f.Ports.Store.Resource(ctx, workspace.Key{Partition: workspace.System, ID: r.Workspace})
		if err != nil {
			return l, fmt.Errorf("workspace %s: %w", r.Workspace, err)
		}
	case workspace.SharedService: // is in nothing
	}
	return l, nil
}

// substituted are the target's properties as the pipeline changes them, and its
// secrets; nil when it changes none.
func (s *step) substituted(ctx context.Context) (map[string]any, error) {
	at := s.op.Steps[s.i]
	pipeline := substitute.Step{Properties: at.Properties, Again: at.Attempt > 0}
	if len(pipeline.Properties) == 0 {
		return nil, nil
	}
	l, err := s.f.lineage(ctx, s.own)
	if err != nil {
		return nil, err
	}
	from := substitute.Source{Resource: s.own}
	switch s.own.Kind {
	case workspace.UserResource:
		from.Parents = []workspace.Resource{l.Service, l.Within}
	case workspace.Service:
		from.Parents = []workspace.Resource{l.Within}
	default: // has no parents
	}
	changed, err := substitute.Apply(pipeline, from, s.target.Properties)
	if err != nil {
		return nil, err
	}
	secrets, err := substitute.Secrets(pipeline, from)
	if err != nil {
		return nil, err
	}
	if s.target.Secrets = maps.Clone(s.target.Secrets); s.target.Secrets == nil {
		s.target.Secrets = map[string]string{}
	}
	for name, secret := range secrets {
		s.target.Secrets["/"+name], changed[name] = secret, workspace.Redacted
	}
	properties := maps.Clone(s.target.Properties)
	if properties == nil {
		properties = map[string]any{}
	}
	maps.Copy(properties, changed)
	return properties, nil
}

// snapshots is the namespace of the ids of snapshots (UUID version 5): a fixed
// random UUID.
var snapshots = uuid.MustParse("5b0f8a53-7a0e-4d52-9a3d-2b6a1f1f0c77")

// snapshot is what a resource was before the pipeline changed it.
func (s *step) snapshot(r workspace.Resource) workspace.Snapshot {
	return workspace.Snapshot{ID: uuid.NewSHA1(snapshots, fmt.Appendf(nil, "%s/%d", r.ID, r.Revision)).String(), Resource: r.Key(),
		Revision: r.Revision, Enabled: r.Enabled, Template: r.Template.Version, Properties: r.Properties,
		By: r.UpdatedBy.OID, Name: r.UpdatedBy.Name, At: s.f.Now().UTC()}
}

// hold waits for a target that another operation holds, or is going to: they take
// turns in the order in which they were asked for. However many hints come
// meanwhile, one order at a time is under way to look again. Patience ends when
// nothing happens to the target for so long: while others have their turns, the
// own one comes nearer.
func (s *step) hold(ctx context.Context) (more bool, err error) {
	now := s.f.Now()
	if now.Sub(s.op.UpdatedAt) >= s.f.Cadence.Patience && now.Sub(s.target.UpdatedAt) >= s.f.Cadence.Patience {
		return s.refuse(ctx, fmt.Sprintf("%s is held by another operation, %s, for longer than %s", s.target.Name(), s.target.Operation, s.f.Cadence.Patience))
	}
	key := airlock.Key{Workspace: s.op.Resource.Partition, Request: s.op.ID}
	open, err := s.f.Ports.Work.Open(ctx, key)
	if errors.Is(err, airlock.ErrNotFound) { // it ended just now
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open work: %w", err)
	}
	if now.Sub(open.Looked) < s.f.Cadence.First/2 {
		return false, nil
	}
	if err := s.await(ctx); err != nil {
		return false, err
	}
	open.Looked, open.Due = now, now.Add(s.f.Cadence.First+s.f.Cadence.Hint)
	if err := s.f.Ports.Work.Touch(ctx, open); err != nil {
		return false, fmt.Errorf("open work: %w", err)
	}
	return false, s.later(ctx, s.f.Cadence.First)
}

// later orders another look.
func (s *step) later(ctx context.Context, delay time.Duration) error {
	m := message.Step{Workspace: s.op.Resource.Partition, Resource: s.op.Resource.ID, Operation: s.op.ID, Trace: s.m.Trace}
	if err := s.f.Ports.Orders.Send(ctx, message.QueueStep, m, max(0, delay)); err != nil {
		return fmt.Errorf("order to look again: %w", err)
	}
	return nil
}
