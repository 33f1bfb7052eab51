package platform_test

import (
	"slices"
	"strings"
	"testing"
)

// closed says what the properties of a type have to be, by their path.
var closed = map[string]map[string]string{
	"Microsoft.Storage/storageAccounts": {
		"allowSharedKeyAccess": `false`, "allowBlobPublicAccess": `false`, "allowCrossTenantReplication": `false`, "minimumTlsVersion": `"TLS1_2"`,
		"isHnsEnabled": `false`, "isLocalUserEnabled": `false`, "isSftpEnabled": `false`, "isNfsV3Enabled": `false`, "supportsHttpsTrafficOnly": `true`,
	},
	"Microsoft.Storage/storageAccounts/blobServices": {
		"isVersioningEnabled": `false`, "deleteRetentionPolicy.enabled": `false`, "containerDeleteRetentionPolicy.enabled": `true`,
	},
	"Microsoft.Storage/storageAccounts/blobServices/containers":                      {"publicAccess": `"None"`},
	"Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": {"allowProtectedAppendWrites": `true`},
	"Microsoft.KeyVault/vaults": {
		"enableRbacAuthorization": `true`, "enablePurgeProtection": `true`, "publicNetworkAccess": `"Disabled"`, "networkAcls.defaultAction": `"Deny"`,
	},
	"Microsoft.EventGrid/topics": {"disableLocalAuth": `true`, "minimumTlsVersionAllowed": `"1.2"`},
	"Microsoft.EventGrid/topics/eventSubscriptions": {
		"destination.endpointType": `"AzureFunction"`, "retryPolicy.maxDeliveryAttempts": `30`, "retryPolicy.eventTimeToLiveInMinutes": `1440`,
	},
	"Microsoft.EventGrid/systemTopics/eventSubscriptions": {
		"destination.endpointType": `"AzureFunction"`, "retryPolicy.maxDeliveryAttempts": `30`, "retryPolicy.eventTimeToLiveInMinutes": `1440`,
	},
	"Microsoft.Security/defenderForStorageSettings": {
		"isEnabled": `true`, "overrideSubscriptionLevelSettings": `true`, "malwareScanning.onUpload.isEnabled": `true`,
		"malwareScanning.onUpload.filters.excludeBlobsWithPrefix": `["sealed-","released-"]`,
		"malwareScanning.blobScanResultsOptions":                  `"None"`, "sensitiveDataDiscovery.isEnabled": `false`,
	},
	"Microsoft.Web/sites": {
		"httpsOnly": `true`, "siteConfig.ftpsState": `"Disabled"`, "siteConfig.minTlsVersion": `"1.2"`, "siteConfig.scmMinTlsVersion": `"1.2"`,
		"siteConfig.ipSecurityRestrictionsDefaultAction": `"Deny"`, "siteConfig.scmIpSecurityRestrictionsDefaultAction": `"Deny"`,
		"siteConfig.scmIpSecurityRestrictionsUseMain": `false`, "siteConfig.remoteDebuggingEnabled": `false`,
		"functionAppConfig.runtime.name": `"custom"`, "functionAppConfig.scaleAndConcurrency.alwaysReady": `[]`,
		"functionAppConfig.deployment.storage.authentication.type": `"SystemAssignedIdentity"`,
	},
	"Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": `false`},
	"Microsoft.OperationalInsights/workspaces":               {"features.disableLocalAuth": `true`},
	"Microsoft.Insights/components":                          {"DisableLocalAuth": `true`},
}

func TestWhatIsMadeIsClosed(t *testing.T) {
	each(t, func(t *testing.T, r made, _ []made) {
		for path, want := range closed[r.Type] {
			if got := at(r.Properties, strings.Split(path, ".")...); got != want {
				t.Errorf("%s: %s is %s, want %s", r.Name, path, got, want)
			}
		}
	})
}

// Each row is an account: where it is reached from, and whom it lets past its rules.
func TestOnlyTheAirlockIsReachedFromOutside(t *testing.T) {
	t.Parallel()
	type reach struct{ public, action, bypass, copies, ranges string }
	shut := reach{public: `"Disabled"`, action: `"Deny"`, bypass: `"None"`, copies: `"PrivateLink"`, ranges: `[]`}
	trusting := shut
	trusting.bypass = `"AzureServices"` // Event Grid's dead letters, Azure Monitor's records
	for name, airlock := range map[string]reach{
		"usual": {public: `"Enabled"`, action: `"Deny"`, bypass: `"None"`, copies: `"AAD"`,
			ranges: `[{"value":"192.0.2.0/24","action":"Allow"},{"value":"198.51.100.16/28","action":"Allow"}]`},
		"full": {public: `"Enabled"`, action: `"Allow"`, bypass: `"None"`, copies: `"AAD"`, ranges: `[]`},
	} {
		all := snapshot(t, "core", name)
		for begin, want := range map[string]reach{"sthostf": shut, "sthoste": shut, "ststate": trusting, "staudit": trusting, "stairlock": airlock} {
			p := find(t, all, "Microsoft.Storage/storageAccounts", begin).Properties
			got := reach{at(p, "publicNetworkAccess"), at(p, "networkAcls", "defaultAction"), at(p, "networkAcls", "bypass"), at(p, "allowedCopyScope"), at(p, "networkAcls", "ipRules")}
			if got != want {
				t.Errorf("%s: %s: %+v, want %+v", name, begin, got, want)
			}
			scanner := strings.Contains(at(p, "networkAcls", "resourceAccessRules"), "StorageDataScanner")
			if scanner != (begin == "stairlock") {
				t.Errorf("%s: the scanner reads %s: %v", name, begin, scanner)
			}
		}
		if n := len(kinds(all, "Microsoft.Storage/storageAccounts")); n != 5 {
			t.Errorf("%s: %d accounts, want 5", name, n)
		}
	}
}

// kinds are the resources of a type.
func kinds(all []made, kind string) []made {
	return slices.DeleteFunc(slices.Clone(all), func(r made) bool { return r.Type != kind })
}

func TestPagesOfThePortalMayUpload(t *testing.T) {
	t.Parallel()
	for name, origin := range map[string]string{"usual": "https://func-front-", "full": "https://tre.example.org"} {
		for _, r := range kinds(snapshot(t, "core", name), "Microsoft.Storage/storageAccounts/blobServices") {
			cors := at(r.Properties, "cors", "corsRules")
			switch airlock := strings.HasPrefix(r.Name, "stairlock"); {
			case airlock && !strings.Contains(cors, `"allowedOrigins":["`+origin):
				t.Errorf("%s: pages of %s may not upload: %s", name, origin, cors)
			case !airlock && cors != "[]", strings.Contains(cors, `"*"`):
				t.Errorf("%s: %s: pages of others may call: %s", name, r.Name, cors)
			}
		}
	}
}

// Each row is who calls an app.
func TestTheFrontIsCalledByPeopleAndEventGridAndTheEngineByNobody(t *testing.T) {
	t.Parallel()
	type site struct {
		PublicNetworkAccess string
		SiteConfig          struct {
			IPSecurityRestrictions, SCMIPSecurityRestrictions []struct{ Action, IPAddress, Tag string }
		}
	}
	for _, tt := range []struct {
		name, app, access string
		callers, deployed []string
	}{
		{"usual", "func-front-", "Enabled", []string{"ServiceTag AzureEventGrid", "ServiceTag ApplicationInsightsAvailability", "Default 192.0.2.0/24", "Default 198.51.100.16/28"}, nil},
		{"usual", "func-engine-", "Disabled", nil, nil},
		{"full", "func-front-", "Enabled", []string{"ServiceTag AzureEventGrid", "Default 192.0.2.0/24", "Default 203.0.113.7/32"}, []string{"Default 203.0.113.7/32"}},
		{"full", "func-engine-", "Enabled", nil, []string{"Default 203.0.113.7/32"}},
	} {
		got := read[site](t, find(t, snapshot(t, "core", tt.name), "Microsoft.Web/sites", tt.app))
		var callers, deployed []string
		for _, rule := range got.SiteConfig.IPSecurityRestrictions {
			callers = append(callers, rule.Tag+" "+rule.IPAddress)
		}
		for _, rule := range got.SiteConfig.SCMIPSecurityRestrictions {
			deployed = append(deployed, rule.Tag+" "+rule.IPAddress)
		}
		if got.PublicNetworkAccess != tt.access || !slices.Equal(callers, tt.callers) || !slices.Equal(deployed, tt.deployed) {
			t.Errorf("%s: %s is %s for %v, and for packages of %v", tt.name, tt.app, got.PublicNetworkAccess, callers, deployed)
		}
	}
}

func TestOurTopicIsReachedFromTheNetworkAndByPublishersThatAreNamed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"usual": {`"Disabled"`, `[]`},
		"full":  {`"Enabled"`, `[{"ipMask":"198.51.100.0/24","action":"Allow"}]`},
	} {
		for _, r := range kinds(snapshot(t, "core", name), "Microsoft.EventGrid/topics") {
			if got := [2]string{at(r.Properties, "publicNetworkAccess"), at(r.Properties, "inboundIpRules")}; !strings.HasPrefix(r.Name, "evgt-scans-") && got != want {
				t.Errorf("%s: %s: %v, want %v", name, r.Name, got, want)
			}
		}
	}
}
