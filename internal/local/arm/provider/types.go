package provider

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

func storageAccount(_ template.Resource, own string, properties map[string]any) {
	endpoints := map[string]any{}
	for _, service := range []string{"blob", "file", "queue", "table", "dfs", "web"} {
		endpoints[service] = "https://" + own + "." + service + ".core.windows.net/"
	}
	properties["primaryEndpoints"] = endpoints
	properties["statusOfPrimary"] = "available"
}

func vault(_ template.Resource, own string, properties map[string]any) {
	properties["vaultUri"] = "https://" + own + ".vault.azure.net/"
}

// secret hides the value, which Azure never shows again.
func secret(r template.Resource, own string, properties map[string]any) {
	delete(properties, "value")
	vault, _, _ := strings.Cut(r.Name, "/")
	properties["secretUri"] = "https://" + vault + ".vault.azure.net/secrets/" + own
	properties["secretUriWithVersion"] = properties["secretUri"].(string) + "/" + strings.ReplaceAll(UUID(r.ID, "version"), "-", "")
}

func network(r template.Resource, _ string, properties map[string]any) {
	properties["resourceGuid"] = UUID(r.ID, "guid")
	children(r.ID, properties, "subnets")
}

func endpoint(r template.Resource, own string, properties map[string]any) {
	group, _, _ := strings.Cut(r.ID, "/providers/")
	name, _ := properties["customNetworkInterfaceName"].(string)
	if name == "" {
		name = own + ".nic"
	}
	properties["networkInterfaces"] = []any{map[string]any{"id": group + "/providers/Microsoft.Network/networkInterfaces/" + name}}
	properties["customDnsConfigs"] = []any{map[string]any{"fqdn": own + ".local", "ipAddresses": []any{address(r.ID)}}}
	children(r.ID, properties, "privateLinkServiceConnections")
}

// address is a private address that belongs to a resource.
func address(id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.ToLower(id))) // never fails
	sum := h.Sum32()
	return fmt.Sprintf("10.%d.%d.%d", sum>>16&0xff, sum>>8&0xff, 4+sum%250)
}

func networkInterface(r template.Resource, _ string, properties map[string]any) {
	for _, c := range children(r.ID, properties, "ipConfigurations") {
		inner := c["properties"].(map[string]any)
		if inner["privateIPAddress"] == nil {
			inner["privateIPAddress"] = address(r.ID)
		}
	}
	properties["macAddress"] = "00-0D-3A-00-00-01"
}

// machine hides the password, which Azure never shows again.
func machine(r template.Resource, _ string, properties map[string]any) {
	properties["vmId"] = UUID(r.ID, "vm")
	if os, ok := properties["osProfile"].(map[string]any); ok {
		delete(os, "adminPassword")
		delete(os, "customData")
	}
}

func logs(r template.Resource, _ string, properties map[string]any) {
	properties["customerId"] = UUID(r.ID, "customer")
}

func insights(r template.Resource, _ string, properties map[string]any) {
	key := UUID(r.ID, "key")
	properties["AppId"], properties["InstrumentationKey"] = UUID(r.ID, "app"), key
	properties["ConnectionString"] = "InstrumentationKey=" + key
}

func site(_ template.Resource, own string, properties map[string]any) {
	properties["defaultHostName"] = own + ".azurewebsites.net"
	properties["state"] = "Running"
	properties["customDomainVerificationId"] = strings.ToUpper(strings.ReplaceAll(UUID(own, "domain"), "-", ""))
	properties["outboundIpAddresses"] = address(own)
}

func identity(r template.Resource, _ string, properties map[string]any) {
	properties["principalId"], properties["clientId"] = UUID(r.ID, "principal"), UUID(r.ID, "client")
}

func topic(_ template.Resource, own string, properties map[string]any) {
	properties["endpoint"] = "https://" + own + ".local.eventgrid.azure.net/api/events"
}

// Keys answers functions such as listKeys with something that nobody can use.
func Keys(function, id string) (any, error) {
	key := UUID(id, function)
	if !strings.Contains(strings.ToLower(id), "/providers/") {
		return nil, fmt.Errorf("the resource id '%s' is not valid", id)
	}
	return map[string]any{"keys": []any{map[string]any{"keyName": "key1", "value": key}}, "key1": key, "primarySharedKey": key,
		"primaryKey": key, "default": key, "connectionString": key}, nil
}
