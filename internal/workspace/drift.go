package workspace

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Held is a deployment stack as the cloud holds it.
type Held struct {
	ID    string // ARM id
	Stack Stack
	State string // Azure's word for how its last deployment stands, such as succeeded, failed, deploying
	Why   string // of one that failed, in Azure's innermost words
}

// Group is a resource group as the cloud holds it.
type Group struct {
	ID   string // ARM id
	Name string
	Tags map[string]string
}

// Inventory lists what there is in the cloud. It changes nothing.
type Inventory interface {
	// Groups lists the resource groups of a subscription that carry the tag
	// tre_id with this value.
	Groups(ctx context.Context, subscription, tre string) ([]Group, error)
	// Held lists the stacks at a scope: of a group, or of the subscription itself
	// for "". A group that is not there holds none.
	Held(ctx context.Context, subscription, group string) ([]Held, error)
}

// Drifts keeps the last report.
type Drifts interface {
	// Drift returns airlock.ErrNotFound when there is none.
	Drift(ctx context.Context) (Drift, error)
	// SaveDrift replaces it.
	SaveDrift(ctx context.Context, d Drift) error
}

// Drift is a report of how the cloud differs from what is kept here.
type Drift struct {
	At       time.Time `json:"at"`       // when the look began
	Stacks   int       `json:"stacks"`   // of this TRE that were seen
	Groups   int       `json:"groups"`   // resource groups with its tag that were seen
	Machines int       `json:"machines"` // machines of its resources that were looked for
	Findings []Finding `json:"findings,omitempty"`
	Left     int       `json:"left,omitempty"`     // findings beside these
	Problems []string  `json:"problems,omitempty"` // what could not be looked at, and why
}

// Differs is how something differs.
type Differs string

// The differences.
const (
	OrphanStack    Differs = "orphan_stack"
	OrphanGroup    Differs = "orphan_group"
	MissingStack   Differs = "missing_stack"
	MissingMachine Differs = "missing_machine"
	BrokenStack    Differs = "failed_stack"
	BusyStack      Differs = "busy_stack"
)

// Advice says what a person is to do about each.
var Advice = map[Differs]string{
	OrphanStack:    "No resource has this deployment stack. Look at what is in it, then delete the stack with its resources in Azure.",
	OrphanGroup:    "No workspace has this resource group. Look at what is in it, then delete the group in Azure.",
	MissingStack:   "The deployment stack was deleted in Azure. Update the resource to deploy it again, or disable and delete it.",
	MissingMachine: "The virtual machine was deleted in Azure. Update the resource to deploy it again, or disable and delete it.",
	BrokenStack:    "The stack failed or is out of sync, but the resource says nothing of it. Update the resource to deploy it again.",
	BusyStack:      "Somebody deploys or deletes this stack outside of the TRE. Wait until it ends and look again.",
}

// Finding is one difference.
type Finding struct {
	Kind     Differs `json:"kind"`
	Resource string  `json:"resourceId,omitempty"`   // the resource that it is about; "" where there is none
	Path     string  `json:"resourcePath,omitempty"` // of that resource
	Name     string  `json:"name,omitempty"`         // of that resource, for people
	Azure    string  `json:"azureId"`                // ARM id of what differs
	Detail   string  `json:"detail,omitempty"`       // what Azure says
}

// maxFindings bounds a report, so that it fits a row.
const maxFindings = 500

// Census is what one look at the cloud saw.
type Census struct {
	Stacks   []Held            // at every scope that was asked
	Scopes   []Stack           // that were asked: subscription and group of each
	Groups   []Group           // with the tag of this TRE
	Machines map[Machine]Power // by their ids in lower case
	Powers   []string          // subscriptions whose machines were asked for
}

// Scopes are where stacks of the TRE can be: each subscription with workspaces
// or shared services, the core's group, and the group of every workspace.
func (p Platform) Scopes(workspaces []Resource) []Stack {
	scopes := []Stack{{Subscription: p.Subscription}, {Subscription: p.Subscription, Group: p.Group}}
	for _, w := range workspaces {
		if w.Kind != Workspace || w.Gone() {
			continue
		}
		sub := p.subscription(w)
		if own := (Stack{Subscription: sub}); !slices.Contains(scopes, own) {
			scopes = append(scopes, own)
		}
		if w.Generation > 0 {
			scopes = append(scopes, Stack{Subscription: sub, Group: p.groupOf(w)})
		}
	}
	return scopes
}

// Compare tells how a census differs from the resources that there are. What
// was read after the census is trusted before it: only resources that rest, and
// rested before the look began, can miss anything.
func (p Platform) Compare(c Census, all []Resource, at time.Time) Drift {
	d := Drift{At: at.UTC(), Groups: len(c.Groups)}
	k := comparing{p: p, c: c, at: at, d: &d, owners: map[string]Resource{}, within: map[string]Resource{}}
	for _, r := range all {
		if r.Kind == Workspace {
			k.within[r.ID] = r
		}
	}
	for _, r := range all {
		k.resource(r)
	}
	k.orphans()
	slices.SortStableFunc(d.Findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Path, b.Path), strings.Compare(a.Azure, b.Azure))
	})
	if d.Left = max(0, len(d.Findings)-maxFindings); d.Left > 0 {
		d.Findings = d.Findings[:maxFindings]
	}
	return d
}

type comparing struct {
	p      Platform
	c      Census
	at     time.Time
	d      *Drift
	owners map[string]Resource // of stacks, by place and name
	within map[string]Resource // workspaces, by id
}

// placed is where a stack is, as one text.
func placed(s Stack) string {
	return strings.ToLower(s.Subscription + "/" + s.Group + "/" + s.Name)
}

// resource compares one resource with what was seen of it.
func (k *comparing) resource(r Resource) {
	within := r
	if r.Kind == Service || r.Kind == UserResource {
		within = k.within[r.Workspace]
	}
	s := k.p.StackOf(r, within)
	k.owners[placed(s)] = r
	if r.Operation != "" || r.Job != nil || !r.Installed || r.Gone() || r.UpdatedAt.After(k.at) {
		return
	}
	if slices.ContainsFunc(k.c.Scopes, func(asked Stack) bool { return sameScope(asked, s) }) {
		k.stack(r, s)
	}
	if m := r.Machine(); m != "" && slices.ContainsFunc(k.c.Powers, func(sub string) bool { return strings.HasPrefix(string(m), "/subscriptions/"+strings.ToLower(sub)+"/") }) {
		k.d.Machines++
		if _, there := k.c.Machines[m]; !there {
			k.found(MissingMachine, r, string(m), "")
		}
	}
}

func sameScope(a, b Stack) bool {
	return strings.EqualFold(a.Subscription, b.Subscription) && strings.EqualFold(a.Group, b.Group)
}

// stack compares a resource that rests with its stack.
func (k *comparing) stack(r Resource, s Stack) {
	i := slices.IndexFunc(k.c.Stacks, func(h Held) bool { return placed(h.Stack) == placed(s) })
	if i < 0 {
		k.found(MissingStack, r, s.place(), "")
		return
	}
	h := k.c.Stacks[i]
	failed := r.Status == UpdatingFailed || r.Status == ActionFailed || r.Status == DeploymentFailed || r.Status == DeletingFailed
	switch state := strings.ToLower(h.State); {
	case state == "succeeded" || failed:
	case state == "failed" || state == "canceled":
		k.found(BrokenStack, r, h.ID, h.Why)
	default:
		k.found(BusyStack, r, h.ID, "it is "+h.State)
	}
}

// place is the stack's address, for people.
func (s Stack) place() string {
	if s.Group == "" {
		return fmt.Sprintf("/subscriptions/%s/providers/Microsoft.Resources/deploymentStacks/%s", s.Subscription, s.Name)
	}
	return fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Resources/deploymentStacks/%s", s.Subscription, s.Group, s.Name)
}

// orphans are stacks and groups of this TRE that belong to nothing that is there.
func (k *comparing) orphans() {
	for _, h := range k.c.Stacks {
		r, owned := k.owners[placed(h.Stack)]
		ours := strings.HasPrefix(h.Stack.Name, "tre-") && len(h.Stack.Name) == len("tre-")+suffixDigits
		if !ours {
			continue
		}
		k.d.Stacks++
		if !owned || r.Gone() && !r.UpdatedAt.After(k.at) {
			k.found(OrphanStack, r, h.ID, "it is "+h.State)
		}
	}
	for _, g := range k.c.Groups {
		id := g.Tags["tre_workspace_id"]
		if id == "" { // the core's
			continue
		}
		w, known := k.within[id]
		if !known || w.Gone() && !w.UpdatedAt.After(k.at) {
			k.found(OrphanGroup, w, g.ID, "it says that it is of workspace "+id)
		}
	}
}

func (k *comparing) found(kind Differs, r Resource, azure, detail string) {
	f := Finding{Kind: kind, Azure: azure, Detail: detail}
	if r.ID != "" {
		f.Resource, f.Path, f.Name = r.ID, r.Path(), r.Name()
	}
	k.d.Findings = append(k.d.Findings, f)
}
