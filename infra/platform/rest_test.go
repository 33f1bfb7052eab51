package platform_test

import (
	"slices"
	"strings"
	"testing"
)

// hourly begin the types of resource that bill while nobody works.
// https://azure.microsoft.com/pricing/
var hourly = []string{"Microsoft.ServiceBus/", "Microsoft.DocumentDB/", "Microsoft.Compute/", "Microsoft.ContainerRegistry/", "Microsoft.ContainerInstance/",
	"Microsoft.Cache/", "Microsoft.Sql/", "Microsoft.Network/applicationGateways", "Microsoft.Network/azureFirewalls", "Microsoft.Network/bastionHosts",
	"Microsoft.Network/natGateways", "Microsoft.Network/virtualNetworkGateways", "Microsoft.Network/publicIPAddresses"}

// Nothing of the platform bills by the hour but what its page of costs names: no
// gateway, firewall, bus, database or machine, and plans that are paid for by call.
func TestNothingIsPaidForByTheHour(t *testing.T) {
	t.Parallel()
	type plan struct {
		Type, Name string
		SKU        struct{ Name string }
	}
	for part, cases := range parts {
		for _, name := range cases {
			all := load[struct{ PredictedResources []plan }](t, part, "snapshots", name+".snapshot.json").PredictedResources
			for _, r := range all {
				if slices.ContainsFunc(hourly, func(begin string) bool { return strings.HasPrefix(r.Type, begin) }) {
					t.Errorf("%s/%s: %s %s", part, name, r.Type, r.Name)
				}
				if r.Type == "Microsoft.Web/serverfarms" && r.SKU.Name != "FC1" {
					t.Errorf("%s/%s: plan %s is %s", part, name, r.Name, r.SKU.Name)
				}
			}
			if n := len(slices.DeleteFunc(all, func(r plan) bool { return r.Type != "Microsoft.Web/serverfarms" })); part == "core" && n != 2 {
				t.Errorf("%s/%s: %d plans", part, name, n)
			}
		}
	}
}
