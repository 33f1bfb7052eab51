package arm

import (
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// Resource is one that exists.
type Resource struct {
	ID, Type string
	// Whole is the resource as Resource Manager shows it.
	Whole map[string]any
	// Stack is the id of the stack that manages it; empty: none does.
	Stack string
}

// Resources are all that exist in a subscription, groups first, in the order of their ids; in one group when it is named.
func (s *Server) Resources(subscription, group string) []Resource {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.state.in(template.Scope{Subscription: subscription, Group: group})
	if group == "" {
		found = append(s.state.groups(subscription), found...)
	}
	var out []Resource
	for _, r := range found {
		shown := Resource{ID: r.id, Type: r.typ, Whole: maps.Clone(r.whole)}
		if owner := s.state.owners[key(r.id)]; owner != nil {
			shown.Stack = owner.id
		}
		out = append(out, shown)
	}
	return out
}

// Stacks are the ids of all stacks, in order.
func (s *Server) Stacks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, k := range sortedKeys(s.state.stacks) {
		out = append(out, s.state.stacks[k].id)
	}
	return out
}

// Power is the power state of a machine, such as Running; empty when there is no such machine.
func (s *Server) Power(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.state.resources[key(id)]; r != nil && r.machine != nil {
		return r.machine.power
	}
	return ""
}

// Commands are the last commands that a machine ran, the oldest first.
func (s *Server) Commands(id string) []RunCommand {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.state.resources[key(id)]; r != nil && r.machine != nil {
		return slices.Clone(r.machine.commands)
	}
	return nil
}

// SetCPU sets the load of a machine, in percent, for all of the time that metrics are asked for.
func (s *Server) SetCPU(id string, percent float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.cpu[key(id)] = percent
}

// Put makes a resource that no stack made, or changes one behind its stack's back: a resource group, core's network,
// an orphan.
func (s *Server) Put(r template.Resource) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.create(r)
	delete(s.state.young, key(r.ID))
}

// Remove takes a resource away behind its stack's back, with all that is in it. No event tells of it.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.remove(id)
}

// LoseSync makes a stack's list of resources untrustworthy, until a call bypasses the error.
func (s *Server) LoseSync(stackID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.state.stacks[key(stackID)]; st != nil {
		st.outOfSync = true
	}
}

// Purge frees the name of a vault that was deleted.
func (s *Server) Purge(vault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.state.deletedVaults, key(vault))
}

// Forget makes every operation that is remembered unknown: polls answer 404, while the work goes on.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.state.operations {
		op.vanished = true
	}
}
