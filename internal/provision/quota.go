package provision

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// size is the property of a machine that says how large it is, as in AzureTRE.
const size = "vm_size"

// quota holds a machine that is added or resized against the limits of its
// workspace. Machines of the same workspace take turns, so that two at once do
// not pass where there is room for one. What is no machine passes, and so does one
// that keeps its size, whatever the limits became meanwhile: before is the
// resource as it was, the zero Resource for a new one.
func (b *Builder) quota(ctx context.Context, act workspace.Act, l lineage, before workspace.Resource, t template.Template, c *workspace.Change) error {
	machines, cores := limitOf(l.within, "max_machines", b.Limits.Machines), limitOf(l.within, "max_cores", b.Limits.Cores)
	fresh := before.ID == ""
	if !machine(t) || machines == 0 && cores == 0 || !fresh && text(before.Properties, size) == text(l.resource.Properties, size) {
		return nil
	}
	if _, ok := coresOf(text(l.resource.Properties, size)); !ok && cores > 0 {
		return fmt.Errorf("%s: it does not say how many cores that is, and the workspace has a limit: %w", size, airlock.ErrInvalid)
	}
	turn, err := b.turn(ctx, c.Partition, idOf("machines", l.within.ID))
	if err != nil {
		return err
	}
	count, sum, err := b.machines(ctx, l)
	switch {
	case err != nil:
		return err
	case machines > 0 && fresh && count > machines:
		return fmt.Errorf("the workspace may have %d machines, which it has; delete one first: %w", machines, airlock.ErrIllegal)
	case cores > 0 && sum > cores:
		return fmt.Errorf("the machines of the workspace may have %d cores, with this one they would have %d: %w", cores, sum, airlock.ErrIllegal)
	}
	turn.take(c, lineOf(act, "quota", "", "", fmt.Sprintf("resource %s; %d machines, %d cores", l.resource.ID, count, sum)))
	return nil
}

// machines counts the machines of a workspace and their cores, with the one that
// is being added or changed as it will be.
func (b *Builder) machines(ctx context.Context, l lineage) (count, cores int, err error) {
	all, err := b.list(ctx, l.within.ID)
	if err != nil {
		return 0, 0, err
	}
	all = append(slices.DeleteFunc(all, func(r workspace.Resource) bool { return r.ID == l.resource.ID || r.Kind != workspace.UserResource }), l.resource)
	for _, r := range all {
		t, err := b.of(ctx, r)
		if missing(err) {
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		if machine(t) {
			n, _ := coresOf(text(r.Properties, size))
			count, cores = count+1, cores+n
		}
	}
	return count, cores, nil
}

// MaxWaiting is how many requests of a person's own calls wait for a decision at
// a time: each is a mail to every administrator, and may leave a secret.
const MaxWaiting = 10

// room returns airlock.ErrConflict where a person's requests would be more than
// MaxWaiting. Some at once may slip by.
func (b *Builder) room(ctx context.Context, r workspace.Request) error {
	if r.Source != workspace.FromCall {
		return nil
	}
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Request, string, error) {
		return b.Ports.Requests.WorkspaceRequests(ctx, p)
	})
	if err != nil {
		return fmt.Errorf("requests for workspaces: %w", err)
	}
	waiting := 0
	for _, other := range all {
		if other.Status == workspace.Asked && other.Source == workspace.FromCall && other.Requester.OID == r.Requester.OID {
			waiting++
		}
	}
	if waiting >= MaxWaiting {
		return fmt.Errorf("%d requests of yours wait for a decision already, take one back or wait: %w", waiting, airlock.ErrConflict)
	}
	return nil
}

// machine tells whether what is made from the template is a virtual machine.
func machine(t template.Template) bool {
	return slices.ContainsFunc(t.CustomActions, func(a template.CustomAction) bool { return a.Kind == template.OnMachine })
}

// limitOf is a limit of a workspace: what its property says, or the setting.
func limitOf(w workspace.Resource, property string, setting int) int {
	if n, ok := w.Properties[property].(float64); ok && n > 0 {
		return int(min(n, 1<<20))
	}
	return setting
}

var (
	// labelled is AzureTRE's way: 2 CPU | 8GB RAM.
	labelled = regexp.MustCompile(`(?i)^\s*([0-9]{1,4}) (?:v?CPU|cores?)\b`)
	// named is Azure's: a family, its number of vCPUs, or of those that are on.
	// https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions
	named = regexp.MustCompile(`^(?:Standard|Basic)_[A-Z]+([0-9]{1,4})(?:-([0-9]{1,4}))?[a-z]*(?:_|$)`)
)

// coresOf reads from a machine's size how many cores it has; false where it does
// not say.
func coresOf(size string) (int, bool) {
	found := labelled.FindStringSubmatch(size)
	if found == nil {
		found = named.FindStringSubmatch(size)
	}
	if found == nil {
		return 0, false
	}
	n, err := strconv.Atoi(cmp.Or(found[len(found)-1], found[1]))
	return n, err == nil
}
