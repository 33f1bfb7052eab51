package arm

import (
	"maps"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// state is everything that exists. It is guarded by the server's lock; keys are ids in lower case.
type state struct {
	resources map[string]*resource
	// inGroup are the keys of what is in a group, by the group's key.
	inGroup map[string]map[string]bool
	stacks  map[string]*stack
	// owners are the stacks that manage a resource, by its key: the last one, where there are several.
	owners      map[string]*stack
	deployments map[string]*deployment
	// deletedVaults are the names of vaults that were deleted and not purged, which nobody can take.
	deletedVaults map[string]bool
	// young counts the calls that a new group will still refuse.
	young map[string]int
	cpu   map[string]float64

	operations     map[string]*operation
	operationOrder []string
}

func newState() *state {
	return &state{resources: map[string]*resource{}, inGroup: map[string]map[string]bool{}, stacks: map[string]*stack{}, owners: map[string]*stack{},
		deployments: map[string]*deployment{}, deletedVaults: map[string]bool{}, young: map[string]int{}, cpu: map[string]float64{},
		operations: map[string]*operation{}}
}

// resource is one that exists: a resource group too.
type resource struct {
	id, typ, name string
	whole         map[string]any
	machine       *machine // of virtual machines
}

func key(id string) string { return strings.ToLower(strings.TrimSuffix(id, "/")) }

const groupType = "Microsoft.Resources/resourceGroups"

func isType(typ, want string) bool { return strings.EqualFold(typ, want) }

// groupKey is the key of the group that an id lies in; empty when it lies in none.
func groupKey(id string) string {
	parts := strings.SplitN(key(id), "/", 6)
	if len(parts) < 5 || parts[3] != "resourcegroups" {
		return ""
	}
	return strings.Join(parts[:5], "/")
}

// groupName is the name of the group that an id lies in.
func groupName(id string) string {
	parts := strings.SplitN(id, "/", 6)
	if len(parts) < 5 {
		return ""
	}
	return parts[4]
}

// subscriptionOf is the subscription that an id lies in.
func subscriptionOf(id string) string {
	parts := strings.SplitN(id, "/", 4)
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

// put makes a resource or replaces it.
func (s *state) put(id, typ, name string, whole map[string]any) *resource {
	k := key(id)
	r := s.resources[k]
	if r == nil {
		r = &resource{id: id, typ: typ, name: name}
		s.resources[k] = r
		if g := groupKey(id); g != "" && g != k {
			if s.inGroup[g] == nil {
				s.inGroup[g] = map[string]bool{}
			}
			s.inGroup[g][k] = true
		}
	}
	r.whole = whole
	if isType(typ, machineType) && r.machine == nil {
		r.machine = newMachine()
	}
	return r
}

// remove takes a resource away, with everything below it.
func (s *state) remove(id string) {
	k := key(id)
	if r := s.resources[k]; r != nil && isType(r.typ, groupType) {
		for inner := range s.inGroup[k] {
			s.forget(inner)
		}
		delete(s.inGroup, k)
		s.removeScoped(k)
	} else {
		for _, below := range s.below(k) {
			s.forget(below)
		}
	}
	s.forget(k)
}

// removeScoped takes away the stacks and deployments of a group.
func (s *state) removeScoped(group string) {
	maps.DeleteFunc(s.stacks, func(k string, st *stack) bool {
		gone := strings.HasPrefix(k, group+"/")
		if gone && st.run != nil {
			st.run.cancel()
		}
		if gone {
			s.disown(st)
		}
		return gone
	})
	maps.DeleteFunc(s.deployments, func(k string, _ *deployment) bool { return strings.HasPrefix(k, group+"/") })
	delete(s.young, group)
}

// disown forgets what a stack manages.
func (s *state) disown(st *stack) {
	for _, m := range st.resources {
		if s.owners[key(m.id)] == st {
			delete(s.owners, key(m.id))
		}
	}
}

// below are the keys of the resources under a resource.
func (s *state) below(k string) []string {
	var out []string
	for inner := range s.inGroup[groupKey(k)] {
		if strings.HasPrefix(inner, k+"/") {
			out = append(out, inner)
		}
	}
	return out
}

func (s *state) forget(k string) {
	r := s.resources[k]
	if r == nil {
		return
	}
	if isType(r.typ, "Microsoft.KeyVault/vaults") {
		s.deletedVaults[strings.ToLower(r.name)] = true
	}
	delete(s.resources, k)
	delete(s.cpu, k)
	if g := groupKey(k); g != "" {
		delete(s.inGroup[g], k)
	}
}

// sorted are resources in the order of their ids.
func sorted(resources []*resource) []*resource {
	slices.SortFunc(resources, func(a, b *resource) int { return strings.Compare(key(a.id), key(b.id)) })
	return resources
}

// in are the resources of a scope, without groups, in order.
func (s *state) in(scope template.Scope) []*resource {
	var out []*resource
	if scope.Group != "" {
		for k := range s.inGroup[key(scope.ID())] {
			out = append(out, s.resources[k])
		}
		return sorted(out)
	}
	prefix := key(scope.ID()) + "/"
	for k, r := range s.resources {
		if strings.HasPrefix(k, prefix) && !isType(r.typ, groupType) {
			out = append(out, r)
		}
	}
	return sorted(out)
}

// groups are the resource groups of a subscription, in order.
func (s *state) groups(subscription string) []*resource {
	prefix := key(template.Scope{Subscription: subscription}.ID()) + "/resourcegroups/"
	var out []*resource
	for k, r := range s.resources {
		if strings.HasPrefix(k, prefix) && isType(r.typ, groupType) {
			out = append(out, r)
		}
	}
	return sorted(out)
}
