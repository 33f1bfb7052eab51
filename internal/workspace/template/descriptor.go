package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// described is template.json.
type described struct {
	Name             string            `json:"name"`
	Version          string            `json:"version"`
	Kind             workspace.Kind    `json:"kind"`
	Parent           string            `json:"parent"`
	CustomActions    []CustomAction    `json:"customActions"`
	Deadlines        map[string]string `json:"deadlines"`
	GeneratedSecrets []string          `json:"generatedSecrets"`
}

// The names in template.json and in its custom actions.
var (
	describedNames = []string{"name", "version", "kind", "parent", "customActions", "deadlines", "generatedSecrets"}
	actionNames    = []string{"name", "description", "kind"}
)

// checkNames refuses what is no member of template.json, Name for name too: Go
// reads both, and the last one counts, which an order of names must not decide.
func checkNames(v any, wrong *Problems) {
	strange := func(v any, known []string, at string) {
		o, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(o)) {
			if !slices.Contains(known, name) {
				wrong.add(descriptor, at+"/"+escape(name), "unknown field; want one of %s", strings.Join(known, ", "))
			}
		}
	}
	strange(v, describedNames, "")
	o, _ := v.(map[string]any)
	actions, _ := o["customActions"].([]any)
	for i, a := range actions {
		strange(a, actionNames, "/customActions/"+itoa(i))
	}
}

var (
	templateName  = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$`)
	actionName    = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$`)
	parameterName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,63}$`)
)

// A step takes a minute at least, and is given up after a day at most.
const (
	minDeadline = time.Minute
	maxDeadline = 24 * time.Hour
)

// describe reads template.json into the template.
func (t *Template) describe(data []byte, wrong *Problems) {
	v, err := decode(data)
	if err != nil {
		wrong.add(descriptor, err.pointer, "%s", err.text)
		return
	}
	if checkNames(v, wrong); len(*wrong) > 0 {
		return
	}
	var d described
	if err := json.Unmarshal(data, &d); err != nil {
		if odd, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			wrong.add(descriptor, "/"+strings.ReplaceAll(odd.Field, ".", "/"), "a %s does not belong here", odd.Value)
			return
		}
		wrong.add(descriptor, "", "%.200s", strings.TrimPrefix(err.Error(), "json: "))
		return
	}
	t.Name, t.Version, t.Kind, t.Parent = d.Name, d.Version, d.Kind, d.Parent
	t.CustomActions, t.GeneratedSecrets = d.CustomActions, d.GeneratedSecrets
	fail := func(pointer, format string, args ...any) { wrong.add(descriptor, pointer, format, args...) }
	if !templateName.MatchString(d.Name) {
		fail("/name", "want 1 to 100 of a-z, 0-9 and - , and none of these at the ends")
	}
	if !ValidVersion(d.Version) {
		fail("/version", "want a semantic version such as 1.2.3 or 1.2.3-beta.1, without a build part")
	}
	if !slices.Contains(workspace.Kinds, d.Kind) {
		fail("/kind", "want workspace, workspace-service, user-resource or shared-service")
	}
	if (d.Kind == workspace.UserResource) != (d.Parent != "") {
		fail("/parent", "a user-resource names the template of its service here, and nothing else does")
	} else if d.Parent != "" && !templateName.MatchString(d.Parent) {
		fail("/parent", "want the name of a template")
	}
	t.checkActions(fail)
	t.readDeadlines(d.Deadlines, fail)
	for i, name := range d.GeneratedSecrets {
		if !parameterName.MatchString(name) || slices.Contains(d.GeneratedSecrets[:i], name) {
			fail(fmt.Sprintf("/generatedSecrets/%d", i), "want the name of a parameter, in snake_case, each once")
		}
	}
}

// maxActions is how many custom actions a template has at most.
const maxActions = 50

func (t *Template) checkActions(fail func(pointer, format string, args ...any)) {
	if len(t.CustomActions) > maxActions {
		fail("/customActions", "%d actions, at most %d", len(t.CustomActions), maxActions)
		return
	}
	for i := range t.CustomActions {
		a, at := &t.CustomActions[i], fmt.Sprintf("/customActions/%d", i)
		if a.Kind == "" {
			a.Kind = OnStack
		}
		switch before := t.CustomActions[:i]; {
		case !actionName.MatchString(a.Name):
			fail(at+"/name", "want 1 to 64 of a-z, 0-9, - and _ , and none of the last two at the ends")
		case !workspace.Action(a.Name).Custom():
			fail(at+"/name", "%s is an action of every resource", a.Name)
		case slices.ContainsFunc(before, func(b CustomAction) bool { return b.Name == a.Name }):
			fail(at+"/name", "%s stands twice", a.Name)
		case a.Kind != OnMachine && a.Kind != OnStack:
			fail(at+"/kind", "want machine or stack")
		case a.Kind == OnMachine && !slices.Contains(machineActions, a.Name):
			fail(at+"/name", "what can be done to a machine is start, stop, restart, resize, redeploy and reset_password")
		}
	}
}

func (t *Template) readDeadlines(texts map[string]string, fail func(pointer, format string, args ...any)) {
	fields := map[string]*time.Duration{"install": &t.Deadlines.Install, "upgrade": &t.Deadlines.Upgrade,
		"uninstall": &t.Deadlines.Uninstall, "custom": &t.Deadlines.Custom}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		at := "/deadlines/" + escape(key)
		field, ok := fields[key]
		if !ok {
			fail(at, "want install, upgrade, uninstall or custom")
			continue
		}
		d, err := time.ParseDuration(texts[key])
		if err != nil || d < minDeadline || d > maxDeadline {
			fail(at, "want a time from %s to %s, such as 90m", minDeadline, maxDeadline)
			continue
		}
		*field = d
	}
}
