package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
)

// maxSteps is how many steps the pipeline of an action has at most.
const maxSteps = 50

// maxStepID is the longest id of a step, in characters.
const maxStepID = 128

// readPipeline reads the pipeline of a schema; null and none are the same.
func (t *Template) readPipeline(v any, wrong *Problems) {
	if v == nil {
		return
	}
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &t.Pipeline)
	}
	if err != nil {
		wrong.add(schemaFile, "/pipeline", "want lists of steps under install, upgrade and uninstall")
		return
	}
	var seen []string
	for _, action := range slices.Sorted(maps.Keys(t.Pipeline)) {
		at := "/pipeline/" + escape(string(action))
		if action.Custom() {
			wrong.add(schemaFile, at, "want install, upgrade or uninstall")
			continue
		}
		seen = t.checkSteps(t.Pipeline[action], at, seen, wrong)
		if len(t.Pipeline[action]) == 0 {
			delete(t.Pipeline, action)
		}
	}
}

// checkSteps checks the steps of one action. seen are the ids of the actions
// before, in which only main may stand again.
func (t *Template) checkSteps(steps []substitute.Step, at string, seen []string, wrong *Problems) []string {
	if len(steps) > maxSteps {
		wrong.add(schemaFile, at, "%d steps, at most %d", len(steps), maxSteps)
		return seen
	}
	mains := 0
	for i := range steps {
		steps[i].Kind = workspace.Kind(strings.ReplaceAll(string(steps[i].Kind), "_", "-")) // a form of AzureTRE's says shared_service
		s, place := steps[i], at+"/"+strconv.Itoa(i)
		switch {
		case s.ID == workspace.MainStep:
			mains++
		case s.ID == "" || len(s.ID) > maxStepID:
			wrong.add(schemaFile, place+"/stepId", "want 1 to %d characters", maxStepID)
		case slices.Contains(seen, s.ID):
			wrong.add(schemaFile, place+"/stepId", "%s stands twice; ids are unique over all actions", clip(s.ID))
		default:
			seen = append(seen, s.ID)
		}
		if s.ID != workspace.MainStep {
			t.checkTarget(s, place, wrong)
		}
		if err := substitute.Check(s, substitute.Rules{Kind: t.Kind}); err != nil {
			wrong.add(schemaFile, place+"/properties", "%v", err)
		}
	}
	if len(steps) > 0 && mains != 1 {
		wrong.add(schemaFile, at, "want the step main once, it stands there %d times", mains)
	}
	return seen
}

// checkTarget checks what a step other than main changes: something that stands
// above the resource, or a shared service; never itself, so that nothing goes
// round in a circle (a step changes its target alone, without its pipeline).
func (t *Template) checkTarget(s substitute.Step, place string, wrong *Problems) {
	if s.Action != workspace.Upgrade {
		wrong.add(schemaFile, place+"/resourceAction", "only upgrade is done to other resources")
	}
	named := templateName.MatchString(s.TemplateName)
	switch s.Kind {
	case workspace.SharedService:
		if !named {
			wrong.add(schemaFile, place+"/resourceTemplateName", "want the name of the shared service's template")
		} else if t.Kind == workspace.SharedService && s.TemplateName == t.Name {
			wrong.add(schemaFile, place+"/resourceTemplateName", "the step would change the resource itself; that is main's")
		}
	case workspace.Workspace:
		if t.Kind != workspace.Service && t.Kind != workspace.UserResource {
			wrong.add(schemaFile, place+"/resourceType", "a %s is in no workspace", t.Kind)
		}
	case workspace.Service:
		if t.Kind != workspace.UserResource {
			wrong.add(schemaFile, place+"/resourceType", "a %s belongs to no service", t.Kind)
		}
	default:
		wrong.add(schemaFile, place+"/resourceType", "want shared-service, the own workspace or the own workspace-service")
	}
}

// Peer finds the current template of that kind that a pipeline reads from or
// writes to: by name, or of the workspace that a resource is put in where the
// name is "". False if there is none, or which one is not known.
type Peer func(kind workspace.Kind, name string) (Template, bool)

// CheckPipeline refuses a pipeline that would show a secret of the template, or
// of one above it: see substitute.Check. Parse cannot tell, for it knows this
// template alone; whoever registers a template asks. Where a template is not
// known, nothing of it is taken for sensitive when it is read, and nothing when it
// is written to. It returns Problems.
func (t Template) CheckPipeline(peer Peer) error {
	var wrong Problems
	for _, action := range slices.Sorted(maps.Keys(t.Pipeline)) {
		for i, s := range t.Pipeline[action] {
			rules := substitute.Rules{Kind: t.Kind, Secret: t.secretOf(peer), Hides: t.hiddenIn(s, peer)}
			if err := substitute.Check(s, rules); err != nil {
				wrong.add(schemaFile, fmt.Sprintf("/pipeline/%s/%d/properties", action, i), "%v", err)
			}
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// secretOf tells what is sensitive of the resource and of those above it.
func (t Template) secretOf(peer Peer) func(depth int, path []string) bool {
	return func(depth int, path []string) bool {
		if depth == 0 {
			return t.Sensitive(path)
		}
		kind, name := workspace.Workspace, ""
		if t.Kind == workspace.UserResource && depth == 1 {
			kind, name = workspace.Service, t.Parent
		}
		above, ok := peer(kind, name)
		return ok && above.Sensitive(path)
	}
}

// hiddenIn tells which properties of a step's target are sensitive.
func (t Template) hiddenIn(s substitute.Step, peer Peer) func(string) bool {
	target, ok := t, true
	if s.ID != workspace.MainStep {
		name := s.TemplateName
		if s.Kind == workspace.Service && t.Kind == workspace.UserResource {
			name = t.Parent
		}
		target, ok = peer(s.Kind, name)
	}
	return func(property string) bool { return ok && target.Sensitive([]string{property}) }
}
