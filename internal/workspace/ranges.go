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

// CustomSize is the address space size of a range that is named.
const CustomSize = "custom"

// SpaceSize is the address space size that properties ask for, "" where they say
// nothing. A range that is named is what is reserved, so it is custom, whatever
// size is named beside it.
func SpaceSize(properties map[string]any) string {
	if text, _ := properties["address_space"].(string); text != "" {
		return CustomSize
	}
	size, _ := properties["address_space_size"].(string)
	return size
}
