package platform_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// rule is a rule of a network security group.
type rule struct {
	Priority                                      int
	Direction, Access, Protocol                   string
	SourceAddressPrefix, DestinationAddressPrefix string
	SourcePortRange, DestinationPortRange         string
	SourceAddressPrefixes                         []string
}

// rules are those of a group, by name.
func rules(t *testing.T, r made) map[string]rule {
	t.Helper()
	all := map[string]rule{}
	for _, one := range read[struct {
		SecurityRules []struct {
			Name       string
			Properties rule
		}
	}](t, r).SecurityRules {
		all[one.Name] = one.Properties
	}
	return all
}

func TestRulesDenyWhatTheyDoNotAllow(t *testing.T) {
	each(t, func(t *testing.T, r made, _ []made) {
		if r.Type != "Microsoft.Network/networkSecurityGroups" {
			return
		}
		for name, p := range rules(t, r) {
			if p.Access == "Allow" && (p.Protocol != "Tcp" || p.DestinationAddressPrefix == "*" || p.DestinationPortRange == "*" || p.SourceAddressPrefix == "*") {
				t.Errorf("%s: %s allows too much", r.Name, name)
			}
			if p.Access == "Allow" && slices.Contains([]string{"VirtualNetwork", "Storage", "AzureCloud"}, p.DestinationAddressPrefix) {
				t.Errorf("%s: %s leads to all of %s", r.Name, name, p.DestinationAddressPrefix)
			}
		}
		for _, direction := range []string{"Inbound", "Outbound"} {
			want := rule{Priority: 4096, Direction: direction, Access: "Deny", Protocol: "*", SourceAddressPrefix: "*", DestinationAddressPrefix: "*",
				SourcePortRange: "*", DestinationPortRange: "*"}
			x, _ := json.Marshal(rules(t, r)["deny-"+strings.ToLower(direction)])
			if y, _ := json.Marshal(want); string(x) != string(y) {
				t.Errorf("%s: %s ends with %s", r.Name, direction, x)
			}
		}
	})
}

// Each row is where an app may go: the front has no way to Azure Resource Manager and sends no mail.
func TestWhereTheAppsMayGo(t *testing.T) {
	t.Parallel()
	all := snapshot(t, "core", "usual")
	for group, want := range map[string][]string{
		"nsg-vnet-heart-front":     {"10.0.0.0/23:443", "AzureActiveDirectory:443", "AzureFrontDoor.FirstParty:443", "AzureMonitor:443"},
		"nsg-vnet-heart-engine":    {"10.0.0.0/23:443", "AzureActiveDirectory:443", "AzureFrontDoor.FirstParty:443", "AzureMonitor:443", "AzureResourceManager:443", "Internet:587"},
		"nsg-vnet-heart-endpoints": nil,
	} {
		var got []string
		for _, p := range rules(t, find(t, all, "Microsoft.Network/networkSecurityGroups", group)) {
			if p.Access == "Allow" && p.Direction == "Outbound" {
				got = append(got, p.DestinationAddressPrefix+":"+p.DestinationPortRange)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", group, got, want)
		}
	}
	in := rules(t, find(t, all, "Microsoft.Network/networkSecurityGroups", "nsg-vnet-heart-endpoints"))["endpoints-from-apps"]
	if want := []string{"10.0.2.0/25", "10.0.2.128/25"}; !slices.Equal(in.SourceAddressPrefixes, want) || in.DestinationPortRange != "443" {
		t.Errorf("endpoints are reached from %v, port %s", in.SourceAddressPrefixes, in.DestinationPortRange)
	}
}

func TestSubnetsAreApartAndHaveRules(t *testing.T) {
	t.Parallel()
	for name, most := range map[string]int{"usual": 23, "full": 22} {
		n := read[struct {
			AddressSpace struct{ AddressPrefixes []netip.Prefix }
			Subnets      []struct {
				Name       string
				Properties struct {
					AddressPrefix                  netip.Prefix
					PrivateEndpointNetworkPolicies string
					NetworkSecurityGroup           struct{ ID string }
					Delegations                    []struct{ Properties struct{ ServiceName string } }
				}
			}
		}](t, find(t, snapshot(t, "core", name), "Microsoft.Network/virtualNetworks", "vnet-"))
		for i, s := range n.Subnets {
			p := s.Properties
			if !n.AddressSpace.AddressPrefixes[0].Contains(p.AddressPrefix.Addr()) || p.NetworkSecurityGroup.ID == "" {
				t.Errorf("%s: %s is outside or has no rules", name, s.Name)
			}
			for _, other := range n.Subnets[:i] {
				if p.AddressPrefix.Overlaps(other.Properties.AddressPrefix) {
					t.Errorf("%s: %s lies in %s", name, s.Name, other.Name)
				}
			}
			if endpoints := s.Name == "snet-endpoints"; endpoints && (p.AddressPrefix.Bits() != most || p.PrivateEndpointNetworkPolicies != "Enabled") ||
				!endpoints && (len(p.Delegations) != 1 || p.Delegations[0].Properties.ServiceName != "Microsoft.App/environments") {
				t.Errorf("%s: %s: %+v", name, s.Name, p)
			}
		}
		if len(n.Subnets) != 3 {
			t.Errorf("%s: %d subnets", name, len(n.Subnets))
		}
	}
}

// Each row is what has a private endpoint, for which of its services.
func TestEverythingThatIsUsedHasAnEndpointInTheCore(t *testing.T) {
	t.Parallel()
	zones := map[string]string{"blob": "privatelink.blob.core.windows.net", "queue": "privatelink.queue.core.windows.net",
		"table": "privatelink.table.core.windows.net", "vault": "privatelink.vaultcore.azure.net", "topic": "privatelink.eventgrid.azure.net"}
	want := []string{"evgt topic", "kv-app vault", "kv-ws vault", "stairlock blob", "staudit blob", "sthoste blob", "sthoste queue", "sthoste table",
		"sthostf blob", "sthostf queue", "sthostf table", "ststate blob", "ststate queue", "ststate table"}
	for _, name := range parts["core"] {
		all := snapshot(t, "core", name)
		var got []string
		for _, r := range kinds(all, "Microsoft.Network/privateEndpoints") {
			p := read[struct {
				Subnet                        struct{ ID string }
				PrivateLinkServiceConnections []struct {
					Properties struct {
						PrivateLinkServiceID string
						GroupIDs             []string
					}
				}
			}](t, r)
			to := p.PrivateLinkServiceConnections[0].Properties
			target := to.PrivateLinkServiceID[strings.LastIndexByte(to.PrivateLinkServiceID, '/')+1:]
			part := to.GroupIDs[0]
			got = append(got, strings.TrimSuffix(target[:len(target)-13], "-")+" "+part)
			if !strings.HasSuffix(p.Subnet.ID, "/snet-endpoints") {
				t.Errorf("%s stands in %s", r.Name, p.Subnet.ID)
			}
			record := all[slices.IndexFunc(all, func(o made) bool { return o.ID == r.ID+"/privateDnsZoneGroups/default" })]
			if zone := at(record.Properties, "privateDnsZoneConfigs"); !strings.Contains(zone, "/"+zones[part]+`"`) || strings.Contains(zone, "-workspaces/") {
				t.Errorf("%s has its record in %s", r.Name, zone)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// The zones of the workspaces are theirs: the core does not resolve by them, and nothing of the core has a record there.
func TestZonesOfWorkspacesAreApart(t *testing.T) {
	t.Parallel()
	all := snapshot(t, "core", "usual")
	zones, links := map[string]int{}, map[string]int{}
	for _, r := range all {
		group := strings.Split(r.ID, "/")[min(4, strings.Count(r.ID, "/"))]
		switch r.Type {
		case "Microsoft.Network/privateDnsZones":
			zones[group]++
		case "Microsoft.Network/privateDnsZones/virtualNetworkLinks":
			links[group]++
		}
	}
	if zones["rg-heart"] != 6 || links["rg-heart"] != 6 || zones["rg-heart-workspaces"] != 3 || links["rg-heart-workspaces"] != 0 {
		t.Errorf("zones %v, links %v", zones, links)
	}
}

func TestWhatHappensIsLogged(t *testing.T) {
	logged := []string{"Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts/blobServices", "Microsoft.Network/virtualNetworks",
		"Microsoft.EventGrid/topics", "Microsoft.Web/sites"}
	kept := []string{"kv-", "stairlock", "ststate"} // also where nobody changes it
	each(t, func(t *testing.T, r made, all []made) {
		if !slices.Contains(logged, r.Type) {
			return
		}
		has := func(name, path, part string) bool {
			return slices.ContainsFunc(all, func(o made) bool {
				return o.ID == r.ID+"/providers/Microsoft.Insights/diagnosticSettings/"+name && strings.Contains(at(o.Properties, path), part)
			})
		}
		if !has("platform-log", "workspaceId", "/workspaces/log-heart") {
			t.Errorf("%s %s writes to no log", r.Type, r.Name)
		}
		if slices.ContainsFunc(kept, func(begin string) bool { return strings.HasPrefix(r.Name, begin) }) && !has("audit", "storageAccountId", "/staudit") {
			t.Errorf("%s %s has no record that cannot be changed", r.Type, r.Name)
		}
	})
}
