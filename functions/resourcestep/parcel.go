package resourcestep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// parcel is what a deployment needs of a template package, which was checked
// when it was registered.
type parcel struct {
	ref      workspace.TemplateRef
	main     []byte   // the ARM template
	declared []string // names of its parameters
	actions  map[workspace.Action]string
}

// parcel reads a resource's template package. A CloudError says that there is
// none to be had, ever.
func (f Function) parcel(ctx context.Context, ref workspace.TemplateRef) (parcel, error) {
	files, err := f.Ports.Packages.LoadPackage(ctx, ref.Digest)
	switch {
	case errors.Is(err, airlock.ErrNotFound):
		return parcel{}, final("the package of template %s %s is not kept any more: register it again under another version", ref.Name, ref.Version)
	case errors.Is(err, airlock.ErrInvalid):
		return parcel{}, final("the package of template %s %s is not what was registered: nothing is deployed of it", ref.Name, ref.Version)
	}
	if err != nil {
		return parcel{}, fmt.Errorf("template %s %s: %w", ref.Name, ref.Version, err)
	}
	var arm struct {
		Parameters map[string]json.RawMessage `json:"parameters"`
	}
	var own struct {
		Actions []struct {
			Name workspace.Action `json:"name"`
			Kind string           `json:"kind"`
		} `json:"customActions"`
	}
	if json.Unmarshal(files["main.json"], &arm) != nil || json.Unmarshal(files["template.json"], &own) != nil {
		return parcel{}, final("the package of template %s %s cannot be read", ref.Name, ref.Version)
	}
	p := parcel{ref: ref, main: files["main.json"], declared: slices.Sorted(maps.Keys(arm.Parameters)), actions: map[workspace.Action]string{}}
	for _, a := range own.Actions {
		p.actions[a.Name] = a.Kind
	}
	return p, nil
}

// machine tells whether an action is done to a machine, and not by deploying
// the stack again.
func (p parcel) machine(a workspace.Action) (bool, error) {
	switch p.actions[a] {
	case "machine":
		return true, nil
	case "stack":
		return false, nil
	}
	return false, final("template %s %s has no action %s", p.ref.Name, p.ref.Version, a)
}
