// Package provider knows what Azure's resource providers add to a resource when it exists: its state, endpoints,
// identities and the ids of its parts. Values are plausible and depend on the resource's id alone, so that the same
// template gives the same world.
package provider

import (
	"maps"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// namespace is that of the UUIDs that providers hand out here.
var namespace = uuid.MustParse("5f3f5b0e-6c3c-4c55-9a43-2d2e0a6d8d11")

// UUID is a UUID that belongs to a resource and a purpose.
func UUID(id, purpose string) string {
	return uuid.NewSHA1(namespace, []byte(strings.ToLower(id)+"#"+purpose)).String()
}

// complete adds to the properties of a resource; own is its name without its parents'.
type complete func(r template.Resource, own string, properties map[string]any)

// providers by lower-case type.
var providers = map[string]complete{
	"microsoft.storage/storageaccounts":                storageAccount,
	"microsoft.keyvault/vaults":                        vault,
	"microsoft.keyvault/vaults/secrets":                secret,
	"microsoft.network/virtualnetworks":                network,
	"microsoft.network/privateendpoints":               endpoint,
	"microsoft.network/networkinterfaces":              networkInterface,
	"microsoft.compute/virtualmachines":                machine,
	"microsoft.operationalinsights/workspaces":         logs,
	"microsoft.insights/components":                    insights,
	"microsoft.web/sites":                              site,
	"microsoft.managedidentity/userassignedidentities": identity,
	"microsoft.eventgrid/topics":                       topic,
}

// Whole is a resource as it is read once it exists.
func Whole(r template.Resource, tenant string) map[string]any {
	whole := maps.Clone(r.Body)
	if whole == nil {
		whole = map[string]any{}
	}
	own := r.Name[strings.LastIndexByte(r.Name, '/')+1:]
	whole["id"], whole["name"], whole["type"] = r.ID, own, r.Type
	if r.APIVersion != "" {
		whole["apiVersion"] = r.APIVersion
	}
	properties, _ := copied(r.Body["properties"]).(map[string]any)
	if properties == nil {
		properties = map[string]any{}
	}
	properties["provisioningState"] = "Succeeded"
	if add, ok := providers[strings.ToLower(r.Type)]; ok {
		add(r, own, properties)
	}
	whole["properties"] = properties
	if id, ok := r.Body["identity"].(map[string]any); ok {
		whole["identity"] = withPrincipals(r.ID, id, tenant)
	}
	return whole
}

// withPrincipals gives a resource's identities the principals that Entra would make.
func withPrincipals(id string, given map[string]any, tenant string) map[string]any {
	out := maps.Clone(given)
	if kind, _ := given["type"].(string); strings.Contains(kind, "SystemAssigned") {
		out["principalId"], out["tenantId"] = UUID(id, "principal"), tenant
	}
	if assigned, ok := given["userAssignedIdentities"].(map[string]any); ok {
		shown := map[string]any{}
		for identity := range assigned {
			shown[identity] = map[string]any{"principalId": UUID(identity, "principal"), "clientId": UUID(identity, "client")}
		}
		out["userAssignedIdentities"] = shown
	}
	return out
}

// copied is a deep copy of a decoded JSON value.
func copied(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = copied(v[k])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = copied(v[i])
		}
		return out
	default:
		return v
	}
}

// children gives the elements of a list their ids, types and states, as a provider does with a resource's parts.
func children(parent string, properties map[string]any, list string) []map[string]any {
	items, _ := properties[list].([]any)
	var out []map[string]any
	for _, item := range items {
		child, ok := item.(map[string]any)
		if !ok {
			continue
		}
		name, _ := child["name"].(string)
		child["id"] = parent + "/" + list + "/" + name
		inner, _ := child["properties"].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			child["properties"] = inner
		}
		inner["provisioningState"] = "Succeeded"
		out = append(out, child)
	}
	return out
}
