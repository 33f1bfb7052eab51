package templates_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/infra/templates"
)

// untagged are the types of resource that take no tags, because they are parts of another or settings of it.
var untagged = []string{
	"Microsoft.Authorization/roleAssignments",
	"Microsoft.EventGrid/systemTopics/eventSubscriptions",
	"Microsoft.Insights/diagnosticSettings",
	"Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
	"Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers",
	"Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
	"Microsoft.Resources/deployments",
	"Microsoft.Security/defenderForStorageSettings",
	"Microsoft.Storage/storageAccounts/blobServices",
	"Microsoft.Storage/storageAccounts/fileServices",
	"Microsoft.Storage/storageAccounts/fileServices/shares",
	"Microsoft.Web/sites/basicPublishingCredentialsPolicies",
	"Microsoft.Web/sites/config",
}

// opening are words that have no place in a closed workspace, in lower case.
var opening = []string{"publicipaddress", "virtualnetworkpeerings", "natgateway", "listkeys", "listsecrets", "listcredentials", "listaccountsas"}

func TestNothingOpensAWorkspace(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		text, err := os.ReadFile(filepath.Join(name, "main.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range opening {
			if bytes.Contains(bytes.ToLower(text), []byte(word)) {
				t.Errorf("main.json speaks of %s", word)
			}
		}
	})
}

func TestWhatCostsIsTagged(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		a := load[arm](t, name, "main.json")
		a.walk(t, func(part *arm) {
			for _, r := range part.Resources {
				if r.Tags == nil && !slices.Contains(untagged, r.Type) {
					t.Errorf("%s %s has no tags", r.Type, r.Name)
				}
			}
		})
	})
}

func TestNoOutputReadsASecret(t *testing.T) {
	lists := regexp.MustCompile(`(?i)\blist\w*\(`)
	each(t, func(t *testing.T, name string) {
		a := load[arm](t, name, "main.json")
		a.walk(t, func(part *arm) {
			for output, o := range part.Outputs {
				if strings.HasPrefix(strings.ToLower(o.Type), "secure") || reads(o.Value, part.secure()) || lists.Match(o.Value) {
					t.Errorf("output %s tells a secret: %s", output, o.Value)
				}
			}
		})
	})
}

func TestSecretsHaveNoDefaultAndStaySecret(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		a := load[arm](t, name, "main.json")
		a.walk(t, func(part *arm) {
			for _, parameter := range part.secure() {
				if part.Parameters[parameter].DefaultValue != nil {
					t.Errorf("secret %s has a default", parameter)
				}
			}
			for _, r := range part.Resources {
				inner := r.nested(t)
				for passed, p := range inner.Parameters {
					if reads(p, part.secure()) && !slices.Contains(inner.Template.secure(), passed) {
						t.Errorf("%s: a secret is passed as %s, which is none", r.Name, passed)
					}
				}
			}
		})
	})
}

func TestOrderThatMatters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, template, kind, ends, after string }{
		{"Defender makes a system topic of its own where there is none yet", "tre-workspace-base", "Microsoft.Security/defenderForStorageSettings", "current", "Microsoft.EventGrid/systemTopics"},
		{"the container learns where secrets lie once sign-in is demanded", "tre-service-guacamole", "Microsoft.Web/sites/config", "'appsettings')]", "'authsettingsV2')]"},
	} {
		var seen bool
		a := load[arm](t, tt.template, "main.json")
		a.walk(t, func(part *arm) {
			for _, r := range part.Resources {
				if r.Type == tt.kind && strings.HasSuffix(r.Name, tt.ends) {
					seen = true
					if !slices.ContainsFunc(r.DependsOn, func(on string) bool { return strings.Contains(on, tt.after) }) {
						t.Errorf("%s: it waits for %v alone", tt.name, r.DependsOn)
					}
				}
			}
		})
		if !seen {
			t.Errorf("%s: there is no %s", tt.name, tt.kind)
		}
	}
}

// made is a resource that a snapshot says would be made.
type made struct {
	ID, Type, Name string
	Tags           map[string]string
	Properties     json.RawMessage
}

// eachMade calls test for every resource in every snapshot, with its properties as a tree.
func eachMade(t *testing.T, test func(t *testing.T, r made, all []made)) {
	t.Helper()
	t.Parallel()
	for _, name := range templates.Names() {
		snapshots, err := filepath.Glob(filepath.Join(name, "snapshots", "*.snapshot.json"))
		if err != nil || len(snapshots) == 0 {
			t.Fatalf("%s: %d snapshots (%v)", name, len(snapshots), err)
		}
		for _, path := range snapshots {
			t.Run(filepath.ToSlash(path), func(t *testing.T) {
				t.Parallel()
				all := load[struct{ PredictedResources []made }](t, path).PredictedResources
				for _, r := range all {
					test(t, r, all)
				}
			})
		}
	}
}

// closed says what the properties of a type have to be, by their path.
var closed = map[string]map[string]string{
	"Microsoft.Storage/storageAccounts": {
		"allowSharedKeyAccess": `false`, "allowBlobPublicAccess": `false`, "allowCrossTenantReplication": `false`,
		"publicNetworkAccess": `"Disabled"`, "minimumTlsVersion": `"TLS1_2"`, "allowedCopyScope": `"PrivateLink"`,
		"isHnsEnabled": `false`, "isLocalUserEnabled": `false`, "isSftpEnabled": `false`, "isNfsV3Enabled": `false`,
		"supportsHttpsTrafficOnly": `true`, "networkAcls.defaultAction": `"Deny"`, "networkAcls.bypass": `"None"`,
	},
	"Microsoft.Storage/storageAccounts/blobServices": {
		"isVersioningEnabled": `false`, "deleteRetentionPolicy.enabled": `false`, "containerDeleteRetentionPolicy.enabled": `true`,
	},
	"Microsoft.KeyVault/vaults": {
		"enableRbacAuthorization": `true`, "enablePurgeProtection": `true`, "publicNetworkAccess": `"Disabled"`, "networkAcls.defaultAction": `"Deny"`,
	},
	"Microsoft.Security/defenderForStorageSettings": {
		"malwareScanning.onUpload.isEnabled":                      `true`,
		"malwareScanning.onUpload.filters.excludeBlobsWithPrefix": `["sealed-","released-"]`,
		"malwareScanning.blobScanResultsOptions":                  `"None"`, "sensitiveDataDiscovery.isEnabled": `false`,
	},
	"Microsoft.EventGrid/systemTopics/eventSubscriptions": {
		"destination.endpointType": `"AzureFunction"`, "retryPolicy.maxDeliveryAttempts": `30`, "retryPolicy.eventTimeToLiveInMinutes": `1440`,
		"deadLetterWithResourceIdentity.deadLetterDestination.endpointType": `"StorageBlob"`,
	},
	"Microsoft.Compute/virtualMachines": {
		"securityProfile.securityType": `"TrustedLaunch"`, "securityProfile.encryptionAtHost": `true`, "diagnosticsProfile.bootDiagnostics.enabled": `false`,
		"osProfile.adminPassword": `"[parameters('admin_password')]"`,
	},
	"Microsoft.Web/sites": {
		"httpsOnly": `true`, "siteConfig.ftpsState": `"Disabled"`, "siteConfig.ipSecurityRestrictionsDefaultAction": `"Deny"`,
		"siteConfig.scmIpSecurityRestrictionsDefaultAction": `"Deny"`, "siteConfig.remoteDebuggingEnabled": `false`,
	},
	"Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": `false`},
}

func TestWhatIsMadeIsClosed(t *testing.T) {
	eachMade(t, func(t *testing.T, r made, _ []made) {
		for path, want := range closed[r.Type] {
			if got := at(r.Properties, strings.Split(path, ".")); got != want {
				t.Errorf("%s: %s is %s, want %s", r.Name, path, got, want)
			}
		}
	})
}

// at is what lies at a path of a JSON object, compact; empty if nothing does.
func at(text json.RawMessage, path []string) string {
	if len(path) == 0 {
		var b bytes.Buffer
		if json.Compact(&b, text) != nil {
			return ""
		}
		return b.String()
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil {
		return ""
	}
	return at(object[path[0]], path[1:])
}
