package workspace

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
)

// suffixDigits of base 32 hold 100 bits: no two resources of any TRE share a
// suffix (AzureTRE's has 16 bits, W54). A storage account's name has room for
// them behind two letters.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftstorage
const suffixDigits = 20

// Suffix is what makes the names of Azure resources unique: of the TRE, the
// resource, and the generation, because a deleted vault keeps its name for
// months.
func Suffix(tre, resource string, generation int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", tre, resource, generation))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:suffixDigits]
}

// Platform is what the engine knows of the TRE that it runs in.
type Platform struct {
	TRE          string         // tre_id
	Location     string         // Azure region
	Subscription string         // where workspaces are made unless they say otherwise
	Group        string         // resource group of shared services
	Facts        map[string]any // what templates are told of the core network and its zones: parameter platform
}

// StackOf is where a resource's stack is: workspaces at the subscription's
// scope, all others in their workspace's group, shared services in the core's.
// within is the workspace the resource is in; of a workspace, itself.
func (p Platform) StackOf(r, within Resource) Stack {
	s := Stack{Subscription: p.subscription(within), Name: "tre-" + Suffix(p.TRE, r.ID, r.Generation)}
	switch r.Kind {
	case Workspace:
		s.Location = p.location(r)
	case SharedService:
		s.Subscription, s.Group = p.Subscription, p.Group
	case Service, UserResource:
		s.Group = p.groupOf(within)
	}
	return s
}

// Holds tells whether a machine lies in the resource group that the resource is
// in, or is: an output of a template names it, and the engine, which may act on
// all machines, acts on no other workspace's for that.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func (p Platform) Holds(r, within Resource, m Machine) bool {
	s := p.StackOf(r, within)
	if r.Kind == Workspace {
		s.Group = p.groupOf(r)
	}
	name, ok := strings.CutPrefix(strings.ToLower(string(m)),
		strings.ToLower("/subscriptions/"+s.Subscription+"/resourceGroups/"+s.Group+"/providers/Microsoft.Compute/virtualMachines/"))
	return ok && name != "" && !strings.ContainsAny(name, "/?#%")
}

func (p Platform) subscription(r Resource) string {
	if r.Subscription != "" {
		return r.Subscription
	}
	return p.Subscription
}

func (p Platform) location(r Resource) string {
	if r.Location != "" {
		return r.Location
	}
	return p.Location
}

// groupOf is the resource group of a workspace.
func (p Platform) groupOf(w Resource) string {
	return fmt.Sprintf("rg-%s-ws-%s", p.TRE, Suffix(p.TRE, w.ID, w.Generation))
}

// Tags are AzureTRE's, by which costs are told apart.
// https://github.com/microsoft/AzureTRE/blob/main/docs/azure-tre-overview/cost-reporting.md
func (p Platform) Tags(r Resource) map[string]string {
	tags := map[string]string{"tre_id": p.TRE}
	switch r.Kind {
	case Workspace:
		tags["tre_workspace_id"] = r.ID
	case Service:
		tags["tre_workspace_id"], tags["tre_workspace_service_id"] = r.Workspace, r.ID
	case UserResource:
		tags["tre_workspace_id"], tags["tre_workspace_service_id"], tags["tre_user_resource_id"] = r.Workspace, r.Service, r.ID
	case SharedService:
		tags["tre_shared_service_id"] = r.ID
	}
	return tags
}
