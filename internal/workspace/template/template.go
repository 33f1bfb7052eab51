// Package template reads what resources are made from: a package of a form in
// AzureTRE's conventions (template_schema.json), what the engine has to know
// (template.json) and an ARM template (main.json). It checks a package as a
// whole, fills in, checks and masks what people enter, and says which version
// may follow which. It is pure.
//
// https://github.com/microsoft/AzureTRE/blob/main/docs/tre-templates/authoring-workspace-templates.md
package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
)

// ErrInvalid means that a package is not one, or not one that is let in.
var ErrInvalid = errors.New("no valid template")

// Template is a checked package. It comes from Parse and is not changed; it may
// be used by several at once.
type Template struct {
	Name        string
	Version     string // semantic version, without a build part
	Kind        workspace.Kind
	Parent      string // name of the service's template that a user resource belongs to
	Title       string
	Description string
	Current     bool // the version that is taken unless another one is asked for; the registry's to say

	Roles            []string // authorizedRoles: who may use it; none means everybody
	CustomActions    []CustomAction
	Deadlines        Deadlines
	GeneratedSecrets []string // parameters for which the engine makes a secret, once a resource
	Pipeline         map[workspace.Action][]substitute.Step

	Parameters []Parameter // that main.json declares, by name
	Outputs    []Output    // by name
	Main       []byte      // main.json as it came
	Digest     string      // SHA-256 of the package, hex

	form *form
	ui   map[string]any // uiSchema as it came
}

// CustomAction is something that can be done to a deployed resource.
type CustomAction struct {
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Kind        ActionKind `json:"kind,omitempty"`
}

// ActionKind is how a custom action is done.
type ActionKind string

// The kinds of custom action.
const (
	OnMachine ActionKind = "machine" // to the virtual machine of output azure_resource_id
	OnStack   ActionKind = "stack"   // by an update of the stack whose parameter action is its name
)

// machineActions is what can be done to a machine.
var machineActions = []string{"start", "stop", "restart", "resize", "redeploy", "reset_password"}

// Deadlines is how long a step may take until it is called failed; 0 leaves it
// to the engine.
type Deadlines struct {
	Install, Upgrade, Uninstall, Custom time.Duration
}

// For returns the deadline of an action.
func (d Deadlines) For(a workspace.Action) time.Duration {
	switch a {
	case workspace.Install:
		return d.Install
	case workspace.Upgrade:
		return d.Upgrade
	case workspace.Uninstall:
		return d.Uninstall
	default:
		return d.Custom
	}
}

// Parameter is one that main.json declares.
type Parameter struct {
	Name     string
	Type     string // ARM's, in lower case: string, securestring, int, bool, object, secureobject, array
	Required bool   // it has no default value
	Secure   bool   // it is passed as a reference to a secret
	From     Origin
}

// Origin is where a parameter's value comes from.
type Origin string

// The origins.
const (
	FromProperty  Origin = "property"  // of the resource, of the same name
	FromSystem    Origin = "system"    // see workspace.SystemParameters
	FromGenerated Origin = "generated" // a secret that the engine makes
	FromDefault   Origin = "default"   // nobody gives it: its default value holds
)

// Output is one that main.json declares.
type Output struct {
	Name string
	Type string // ARM's, in lower case
}

// Declared lists the names of the parameters.
func (t Template) Declared() []string {
	names := make([]string, 0, len(t.Parameters))
	for _, p := range t.Parameters {
		names = append(names, p.Name)
	}
	return names
}

// Action returns the custom action of that name; false if there is none.
func (t Template) Action(name string) (CustomAction, bool) {
	i := slices.IndexFunc(t.CustomActions, func(a CustomAction) bool { return a.Name == name })
	if i < 0 {
		return CustomAction{}, false
	}
	return t.CustomActions[i], true
}

// Admits tells whether somebody with these roles may use the template.
func (t Template) Admits(roles []string) bool {
	return len(t.Roles) == 0 || slices.ContainsFunc(t.Roles, func(r string) bool { return slices.Contains(roles, r) })
}

// Limits bound a package. Sizes are in bytes.
type Limits struct {
	Package    int // all files
	Main       int // main.json
	Schema     int // template_schema.json, template.json
	Parameters int
	Outputs    int
	Properties int // of the schema, nested ones too
}

// DefaultLimits are Azure's for the ARM template, ours for the rest.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
var DefaultLimits = Limits{Package: 8 << 20, Main: 4 << 20, Schema: 512 << 10, Parameters: 256, Outputs: 64, Properties: 200}

// Problem is one thing that is wrong with a package.
type Problem struct {
	File    string // of the package; "" for the package as a whole
	Pointer string // JSON pointer into the file; "" for the file as a whole
	Text    string
}

// String names the place and says what is wrong there.
func (p Problem) String() string {
	place := p.File
	if p.Pointer != "" {
		place += "#" + short(p.Pointer)
	}
	return strings.TrimPrefix(place+": "+p.Text, ": ")
}

// Problems is all that is wrong with a package, as far as it could be read; it
// is an ErrInvalid.
type Problems []Problem

// maxProblems is how many are told at once.
const maxProblems = 20

// Error lists them, one a line.
func (p Problems) Error() string {
	lines := make([]string, 0, len(p))
	for _, problem := range p[:min(len(p), maxProblems)] {
		lines = append(lines, problem.String())
	}
	if more := len(p) - maxProblems; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return ErrInvalid.Error() + ": " + strings.Join(lines, "\n")
}

// Unwrap makes it an ErrInvalid.
func (p Problems) Unwrap() error { return ErrInvalid }

// add notes a problem.
func (p *Problems) add(file, pointer, format string, args ...any) {
	*p = append(*p, Problem{File: file, Pointer: pointer, Text: fmt.Sprintf(format, args...)})
}
