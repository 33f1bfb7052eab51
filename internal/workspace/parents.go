package workspace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxNamed is how many resources an error names.
const maxNamed = 5

// MayHold tells whether something new may be made in this resource, a
// workspace or a service: it was deployed, is enabled, and is not on its way out.
// ErrConflict otherwise, as AzureTRE (409).
func (r Resource) MayHold() error {
	what := strings.ReplaceAll(string(r.Kind), "-", " ")
	switch {
	case r.Gone():
		return fmt.Errorf("%s %s was deleted: %w", what, r.ID, airlock.ErrConflict)
	case !r.Installed:
		return fmt.Errorf("%s %s is not deployed yet (%s): %w", what, r.ID, r.Status, airlock.ErrConflict)
	case !r.Enabled:
		return fmt.Errorf("%s %s is disabled: %w", what, r.ID, airlock.ErrConflict)
	case r.Status == AwaitingDeletion || r.Status == Deleting || r.Status == DeletingFailed:
		return fmt.Errorf("%s %s is being deleted: %w", what, r.ID, airlock.ErrConflict)
	}
	return nil
}

// Under lists the resources among all that are in this one, deepest first, as
// a cascade goes; deleted ones are left out.
func (r Resource) Under(all []Resource) []Resource {
	var users, services []Resource
	for _, other := range all {
		switch {
		case other.Gone() || other.ID == r.ID:
		case other.Kind == UserResource && (r.Kind == Workspace && other.Workspace == r.ID || r.Kind == Service && other.Service == r.ID):
			users = append(users, other)
		case other.Kind == Service && r.Kind == Workspace && other.Workspace == r.ID:
			services = append(services, other)
		}
	}
	return append(users, services...)
}

// MayDelete tells whether the resource and what is in it may be deleted: all of
// it has to be disabled before (AzureTRE: 400). ErrIllegal names what is not.
func (r Resource) MayDelete(under []Resource) error {
	var enabled []string
	for _, other := range under {
		if other.Enabled {
			enabled = append(enabled, other.Path())
		}
	}
	switch {
	case r.Enabled:
		return fmt.Errorf("the resource must be disabled before it is deleted: %w", airlock.ErrIllegal)
	case len(enabled) > 0:
		return fmt.Errorf("%d resources in it must be disabled first: %s: %w", len(enabled), listed(enabled), airlock.ErrIllegal)
	}
	return nil
}

func listed(all []string) string {
	if len(all) > maxNamed {
		return strings.Join(all[:maxNamed], ", ") + ", …"
	}
	return strings.Join(all, ", ")
}

// Cascade lists the steps that delete what is in a resource before itself.
func Cascade(under []Resource, limits func(Resource) (Step, error)) ([]Step, error) {
	var steps []Step
	for _, r := range under {
		s, err := limits(r)
		if err != nil {
			return nil, err
		}
		s.TemplateID, s.Title, s.Target, s.Kind, s.Template, s.Source, s.Action = MainStep, title(Uninstall, r), r.Key(), r.Kind, r.Template.Name, r.ID, Uninstall
		steps = append(steps, s)
	}
	return steps, nil
}

// Added lists what is in a resource that an operation which deletes it does not
// know of: it was added after the operation was ordered.
func (o Operation) Added(under []Resource) []Resource {
	return slices.DeleteFunc(slices.Clone(under), func(r Resource) bool {
		return slices.ContainsFunc(o.Steps, func(s Step) bool { return s.Target == r.Key() })
	})
}
