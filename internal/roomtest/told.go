package roomtest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// tell adds to a world's state what people, or a later message, could tell of
// its resources. Versions, times and how often somebody looked are left out.
func (e *Estate) tell(state map[string]any) {
	e.T.Helper()
	for _, partition := range []string{workspace.System, Here, There} {
		for _, r := range e.All(partition) {
			state["resource "+r.ID] = e.resource(r)
			for _, o := range e.Operations(r.Key()) {
				state["operation "+o.ID] = e.operation(o)
			}
		}
		fleet, err := e.Store.Fleet(e.T.Context(), partition)
		e.Must(err)
		for id, b := range fleet.Machines {
			state["machine "+id] = fmt.Sprint(b.Power, b.Watch.Warned.IsZero(), b.Watch.Cause)
		}
		state["warnings "+partition] = len(fleet.Notices)
		due, _, err := e.Store.Due(e.T.Context(), partition, e.Now().AddDate(1, 0, 0), airlock.Page{})
		e.Must(err)
		for _, o := range due {
			state["unfinished "+o.Key.Request] = o.Resource
		}
	}
	requests, _, err := e.Store.WorkspaceRequests(e.T.Context(), airlock.Page{})
	e.Must(err)
	for _, r := range requests {
		state["request "+r.ID] = fmt.Sprint(r.Status, r.Message, r.Told, len(r.Notices), e.Said(workspace.System, r.Chain(), r.Head))
	}
	blocks, err := e.Store.Blocks(e.T.Context())
	e.Must(err)
	for _, b := range blocks {
		state["block "+b.Net.String()] = fmt.Sprint(b.Taken)
	}
	cards, _, err := e.Store.Workspaces(e.T.Context(), airlock.Page{})
	e.Must(err)
	for _, w := range cards {
		state["card "+w.ID] = fmt.Sprint(w.DisplayName, w.StorageAccount, w.Deployed, w.Gone, w.EnableAirlock)
	}
	for _, s := range e.Cloud.Deployed() {
		d, _ := e.Cloud.Deployment(s)
		state["stack "+s.Name] = d.Run
	}
	state["secrets"] = slices.Sorted(maps.Keys(e.Cloud.Kept()))
}

func (e *Estate) resource(r workspace.Resource) string {
	return fmt.Sprint(r.Status, r.Message, r.Installed, r.Enabled, r.Operation, r.Job != nil, r.Properties, r.Outputs, r.Secrets, r.Addresses, r.Revision,
		len(r.Results), e.Said(r.Key().Partition, r.ID, r.Head))
}

func (e *Estate) operation(o workspace.Operation) string {
	steps := ""
	for _, s := range o.Steps {
		steps += fmt.Sprint(" ", s.Status, " ", s.Message)
	}
	return fmt.Sprint(o.Status, o.Message, len(o.Members), steps, e.Said(o.Resource.Partition, o.ID, o.Head))
}

// All are the resources of a partition.
func (e *Estate) All(partition string) []workspace.Resource {
	e.T.Helper()
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return e.Store.Resources(e.T.Context(), partition, p)
	})
	e.Must(err)
	return all
}

// Operations are those of a resource.
func (e *Estate) Operations(key workspace.Key) []workspace.Operation {
	e.T.Helper()
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Operation, string, error) {
		return e.Store.Operations(e.T.Context(), key, p)
	})
	e.Must(err)
	return all
}

// Said are the actions in the audit trail of an object, whose chain is checked.
func (e *Estate) Said(partition, id string, head audit.Head) (said []string) {
	e.T.Helper()
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) {
		return e.Store.Trail(e.T.Context(), partition, id, p)
	})
	e.Must(err)
	e.Must(audit.Verify(lines, head))
	for _, line := range lines {
		said = append(said, line.Action+" "+line.To)
	}
	return said
}

// Get is a resource as it is now.
func (e *Estate) Get(key workspace.Key) workspace.Resource {
	e.T.Helper()
	r, err := e.Store.Resource(e.T.Context(), key)
	e.Must(err)
	return r
}

// Reread is an operation as it is now.
func (e *Estate) Reread(o workspace.Operation) workspace.Operation {
	e.T.Helper()
	now, err := e.Store.Operation(e.T.Context(), o.Key())
	e.Must(err)
	return now
}
