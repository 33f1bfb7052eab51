package workspace

import (
	"maps"
	"slices"
	"strings"
)

// Lineage is a resource with what it is in.
type Lineage struct {
	Resource Resource
	Within   Resource // the workspace; of a workspace itself, of a shared service the zero Resource
	Service  Resource // of a user resource
}

// Parameters are what a template is told: of the parameters it declares, those
// of the system, those of the resource's properties of the same name, and
// secrets by reference. ARM compares names without regard to case.
func (p Platform) Parameters(l Lineage, declared []string, action Action) map[string]Parameter {
	system := p.system(l, action)
	all := map[string]Parameter{}
	for _, name := range declared {
		if secret, _ := named(l.Resource.Secrets, "/"+name); secret != "" {
			all[name] = Parameter{Secret: secret}
			continue
		}
		if value, ok := system[strings.ToLower(name)]; ok {
			all[name] = Parameter{Value: value}
			continue
		}
		if value, ok := named(l.Resource.Properties, name); ok && value != Redacted {
			all[name] = Parameter{Value: value}
		}
	}
	return all
}

// named finds what is kept under a name: written like that, or else in other
// cases, which ARM does not see.
func named[V any](all map[string]V, name string) (v V, ok bool) {
	if v, ok = all[name]; ok {
		return v, true
	}
	for _, other := range slices.Sorted(maps.Keys(all)) {
		if strings.EqualFold(other, name) {
			return all[other], true
		}
	}
	return v, false
}

// SystemParameters are the names that a template may declare without a property
// of that name.
var SystemParameters = []string{"tre_id", "workspace_id", "resource_id", "parent_service_id", "azure_location", "suffix", "resource_group_name",
	"address_space", "address_spaces", "owner_id", "action", "tags", "platform", "workspace", "service"}

func (p Platform) system(l Lineage, action Action) map[string]any {
	r := l.Resource
	suffix := Suffix(p.TRE, r.ID, r.Generation)
	if !action.Custom() {
		action = ""
	}
	spaces := r.Addresses
	if len(spaces) == 0 && r.Kind != Workspace {
		spaces = l.Within.Addresses
	}
	first := ""
	if len(spaces) > 0 {
		first = spaces[0]
	}
	tags := map[string]any{}
	for name, value := range p.Tags(r) {
		tags[name] = value
	}
	group := p.Group
	if r.Kind != SharedService {
		group = p.groupOf(l.Within)
	}
	return map[string]any{"tre_id": p.TRE, "workspace_id": r.Within(), "resource_id": r.ID, "parent_service_id": r.Service,
		"azure_location": p.location(l.Within), "suffix": suffix, "resource_group_name": group, "address_space": first, "address_spaces": spaces,
		"owner_id": r.Owner.OID, "action": string(action), "tags": tags, "platform": orEmpty(p.Facts),
		"workspace": orEmpty(l.Within.Outputs), "service": orEmpty(l.Service.Outputs)}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
