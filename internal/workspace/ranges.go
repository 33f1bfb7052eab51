package workspace

import (
	"slices"
)

// Without is a workspace that does not have these address ranges any more,
// because what they were reserved for in it is gone. Its templates are told of
// those that are left with its next deployment.
func (r Resource) Without(ranges []string) Resource {
	r = r.clone()
	r.Addresses = slices.DeleteFunc(r.Addresses, func(a string) bool { return slices.Contains(ranges, a) })
	if _, told := r.Properties["address_spaces"]; told {
		left := make([]any, len(r.Addresses))
		for i, a := range r.Addresses {
			left[i] = a
		}
		r.Properties["address_spaces"] = left
	}
	return r
}
