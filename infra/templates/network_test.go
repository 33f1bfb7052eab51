package templates_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// network is what the tests read of a network, a rule set, an endpoint.
type network struct {
	AddressSpace struct{ AddressPrefixes []string }
	Subnets      []struct {
		Name       string
		Properties struct {
			AddressPrefix        string
			DefaultOutbound      *bool `json:"defaultOutboundAccess"`
			NetworkSecurityGroup struct{ ID string }
		}
	}
	SecurityRules []struct {
		Name       string
		Properties rule
	}
	Subnet              struct{ ID string }
	PublicNetworkAccess string
	SiteConfig          struct {
		IPSecurityRestrictions []struct{ Action, IPAddress string }
	}
}

// rule is a rule of a network security group.
type rule struct {
	Priority                                      int
	Direction, Access, Protocol                   string
	SourceAddressPrefix, DestinationAddressPrefix string
	SourcePortRange, DestinationPortRange         string
	SourceAddressPrefixes, DestinationPortRanges  []string
	DestinationApplicationSecurityGroups          []struct{ ID string }
}

func parse(t *testing.T, r made) network {
	t.Helper()
	var n network
	if err := json.Unmarshal(r.Properties, &n); err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	return n
}

func TestRulesDenyWhatTheyDoNotAllow(t *testing.T) {
	eachMade(t, func(t *testing.T, r made, _ []made) {
		if r.Type != "Microsoft.Network/networkSecurityGroups" {
			return
		}
		last := map[string]rule{}
		for _, one := range parse(t, r).SecurityRules {
			p := one.Properties
			if p.Priority > last[p.Direction].Priority {
				last[p.Direction] = p
			}
			if p.Access == "Allow" && (p.Protocol != "Tcp" || p.DestinationAddressPrefix == "*" || p.DestinationPortRange == "*") {
				t.Errorf("%s: %s allows too much", r.Name, one.Name)
			}
			if p.Access == "Allow" && slices.Contains([]string{"Internet", "VirtualNetwork", "Storage"}, p.DestinationAddressPrefix) {
				t.Errorf("%s: %s leads to all of %s", r.Name, one.Name, p.DestinationAddressPrefix)
			}
		}
		for _, direction := range []string{"Inbound", "Outbound"} {
			want := rule{Priority: 4096, Direction: direction, Access: "Deny", Protocol: "*", SourceAddressPrefix: "*", DestinationAddressPrefix: "*",
				SourcePortRange: "*", DestinationPortRange: "*"}
			if got := last[direction]; !same(got, want) {
				t.Errorf("%s: %s ends with %+v", r.Name, direction, got)
			}
		}
	})
}

// same compares rules that name no groups.
func same(a, b rule) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

func TestSubnetsHaveRulesAndNoWayOut(t *testing.T) {
	eachMade(t, func(t *testing.T, r made, _ []made) {
		if r.Type != "Microsoft.Network/virtualNetworks" {
			return
		}
		n := parse(t, r)
		whole := netip.MustParsePrefix(n.AddressSpace.AddressPrefixes[0])
		for _, s := range n.Subnets {
			if s.Properties.DefaultOutbound == nil || *s.Properties.DefaultOutbound || s.Properties.NetworkSecurityGroup.ID == "" {
				t.Errorf("%s: %s is open", r.Name, s.Name)
			}
			part := netip.MustParsePrefix(s.Properties.AddressPrefix)
			if !whole.Contains(part.Addr()) || part.Bits() != whole.Bits()+1 {
				t.Errorf("%s: %s is not half of %s", r.Name, part, whole)
			}
		}
	})
}

func TestTheAirlockAccountHasTwoEndpoints(t *testing.T) {
	t.Parallel()
	all := load[struct{ PredictedResources []made }](t, "tre-workspace-base", "snapshots", "small.snapshot.json").PredictedResources
	zones := map[string]string{}
	for _, r := range all {
		if r.Type == "Microsoft.Network/privateEndpoints" && strings.HasPrefix(r.Name, "pe-airlock") {
			subnet := parse(t, r).Subnet.ID
			zones[subnet[strings.LastIndexByte(subnet, '/')+1:]] = zoneOf(t, all, r.Name)
		}
	}
	for subnet, group := range map[string]string{"snet-services": "/rg-heart-workspaces/", "snet-pe": "/rg-heart/"} {
		if !strings.Contains(zones[subnet], group) {
			t.Errorf("the endpoint in %s has its record in %q, want a zone of %s", subnet, zones[subnet], group)
		}
	}
}

// zoneOf is the zone that the record of an endpoint is in.
func zoneOf(t *testing.T, all []made, endpoint string) string {
	t.Helper()
	for _, r := range all {
		if r.Name == endpoint+"/default" {
			return at(r.Properties, []string{"privateDnsZoneConfigs"})
		}
	}
	return ""
}

func TestWhatPeopleUseWritesToTheLog(t *testing.T) {
	logged := []string{"Microsoft.KeyVault/vaults", "Microsoft.Storage/storageAccounts/blobServices", "Microsoft.Storage/storageAccounts/fileServices",
		"Microsoft.Network/virtualNetworks", "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/networkInterfaces",
		"Microsoft.EventGrid/systemTopics", "Microsoft.Web/sites"}
	eachMade(t, func(t *testing.T, r made, all []made) {
		if !slices.Contains(logged, r.Type) {
			return
		}
		if !slices.ContainsFunc(all, func(o made) bool {
			return o.ID == r.ID+"/providers/Microsoft.Insights/diagnosticSettings/workspace-log" &&
				strings.Contains(at(o.Properties, []string{"workspaceId"}), "/workspaces/log-")
		}) {
			t.Errorf("%s %s writes to no log", r.Type, r.Name)
		}
	})
}

func TestDesktopsAreReachedFromAdmittedRangesOrNotThroughTheInternet(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		access    string
		ranges    []string
		endpoints int
	}{
		"internal": {access: "Disabled", endpoints: 1},
		"exposed":  {access: "Enabled", ranges: []string{"192.0.2.0/24", "198.51.100.16/28"}},
	} {
		var endpoints int
		all := load[struct{ PredictedResources []made }](t, "tre-service-guacamole", "snapshots", name+".snapshot.json").PredictedResources
		for _, r := range all {
			switch r.Type {
			case "Microsoft.Network/privateEndpoints":
				endpoints++
			case "Microsoft.Web/sites":
				site := parse(t, r)
				var ranges []string
				for _, rule := range site.SiteConfig.IPSecurityRestrictions {
					ranges = append(ranges, rule.IPAddress)
				}
				if site.PublicNetworkAccess != want.access || !slices.Equal(ranges, want.ranges) {
					t.Errorf("%s: access %s from %v, want %s from %v", name, site.PublicNetworkAccess, ranges, want.access, want.ranges)
				}
			}
		}
		if endpoints != want.endpoints {
			t.Errorf("%s: %d endpoints, want %d", name, endpoints, want.endpoints)
		}
	}
}
