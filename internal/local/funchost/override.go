package funchost

import (
	"encoding/json"
	"strings"
)

// overridePrefix begins the settings that stand before a value of host.json.
// https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
const overridePrefix = "azurefunctionsjobhost:"

// override puts settings such as
// AzureFunctionsJobHost__extensions__queues__maxPollingInterval over what
// host.json says.
func (s settings) override(raw []byte) ([]byte, error) {
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	changed := false
	for name, value := range s.folded {
		if path, ok := strings.CutPrefix(name, overridePrefix); ok && path != "" {
			graft(tree, strings.Split(path, ":"), value)
			changed = true
		}
	}
	if !changed {
		return raw, nil
	}
	return json.Marshal(tree)
}

// graft sets the value at the path, whose names are compared without regard to
// case. A setting is text; what reads as a number or a truth value is one.
func graft(tree map[string]any, path []string, value string) {
	name := path[0]
	for existing := range tree {
		if strings.EqualFold(existing, name) {
			name = existing
		}
	}
	if len(path) > 1 {
		branch, ok := tree[name].(map[string]any)
		if !ok {
			branch = map[string]any{}
			tree[name] = branch
		}
		graft(branch, path[1:], value)
		return
	}
	var typed any
	if err := json.Unmarshal([]byte(value), &typed); err != nil {
		typed = value
	}
	tree[name] = typed
}
