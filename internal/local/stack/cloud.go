package stack

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
	"github.com/trefoil-tre/trefoil/internal/local/background"
	"github.com/trefoil-tre/trefoil/internal/local/vault"
)

// What there is in Azure before the first workspace: the names are those of
// templates.Sample, which the templates are told as their platform.
const (
	Subscription    = "11111111-1111-4111-8111-111111111111"
	coreGroup       = "rg-heart"
	workspacesGroup = "rg-heart-workspaces"
	region          = "westeurope"
	addressSpace    = "10.0.0.0/12"
	coreSpace       = "10.0.0.0/22"
	vaultID         = "/subscriptions/" + Subscription + "/resourceGroups/" + coreGroup + "/providers/Microsoft.KeyVault/vaults/kv-heart"
	vaultAudience   = "https://vault.azure.net"
)

// The apps' managed identities, as templates.Sample names them.
const (
	engineIdentity = "00000000-0000-4000-8000-00000000000e"
	frontIdentity  = "00000000-0000-4000-8000-00000000000f"
)

// TRE is the id of this TRE. Stacks that share an Azurite differ in it, so that
// their workspaces' accounts do.
func (s *Stack) TRE() string { return cmp.Or(s.cfg.Prefix, "tre") }

// startCloud starts Resource Manager and the Key Vault, and tells each who the
// apps are: the front may put secrets and see which there are, and reads none.
func (s *Stack) startCloud(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // Close is what ends them
	work := background.New()
	s.onClose(func() error { work.Close(); return nil })
	var err error
	s.Vault, err = vault.Start(ctx, vault.Config{Listen: loopback(again(0, s.kept.Vault)), ID: vaultID, Certificate: s.Grid.Certificate(), Resource: vaultAudience, Now: s.cfg.Now,
		Authorize: func(token string) (string, bool) { return s.Directory.Principal(token, vaultAudience) },
		Allow: func(principal, action string) bool {
			return action == "set" || action == "list" || principal == engineIdentity && action != "purge"
		}})
	if err != nil {
		return err
	}
	s.onClose(s.Vault.Close)
	s.kept.Vault = portOf(s.Vault.URL()) // stands in the ids of secrets
	s.made = newMade(s, work)
	s.ARM, err = arm.Start(ctx, arm.Config{Pace: s.cfg.Pace.ARM, Unkind: s.cfg.ARM, Secret: s.Vault.Secret, OnEvent: s.made.hear, Now: s.cfg.Now, Log: s.cfg.Log,
		Authorize: func(token string) (string, bool) { return s.Directory.Principal(token, s.ARM.URL()) }})
	if err != nil {
		return err
	}
	s.onClose(s.ARM.Close)
	s.front = s.Directory.Identity(frontIdentity, vaultAudience)
	s.engine = s.Directory.Identity(engineIdentity, s.ARM.URL(), vaultAudience)
	for _, group := range []string{coreGroup, workspacesGroup} {
		s.ARM.Put(template.Resource{ID: "/subscriptions/" + Subscription + "/resourceGroups/" + group, Type: "Microsoft.Resources/resourceGroups", Name: group,
			Body: map[string]any{"location": region}})
	}
	return nil
}

// cloudSettings are what both apps are told of Azure.
func (s *Stack) cloudSettings() (map[string]string, error) {
	var platform bytes.Buffer
	if err := json.Compact(&platform, templates.Sample); err != nil {
		return nil, err
	}
	return map[string]string{
		"TRE_ID":                 s.TRE(),
		"TRE_LOCATION":           region,
		"TRE_SUBSCRIPTION":       Subscription,
		"TRE_CORE_GROUP":         coreGroup,
		"TRE_VAULT_URL":          s.Vault.URL(),
		"TRE_LOOK_FIRST":         "1s",
		"TRE_LOOK_MOST":          "5s",
		"TRE_PLATFORM":           platform.String(),
		"TRE_VAULT_ID":           vaultID,
		"TRE_ARM_ENDPOINT":       s.ARM.URL(),
		"TRE_ARM_TOPICS":         "/subscriptions/" + Subscription,
		"TRE_ENGINE_PRINCIPAL":   engineIdentity,
		"TRE_TOKEN_KEYS":         s.kept.Tokens,
		"TRE_STORAGE_TOPICS":     accountIDs + "*," + s.madeIDs() + "*",
		"TRE_STEP_TRIES":         "5",
		"TRE_STOP_WARNING":       "5s", // nobody here has anything to save
		"TRE_ADDRESS_SPACE":      addressSpace,
		"TRE_CORE_ADDRESS_SPACE": coreSpace,
	}, nil
}

// trust writes the authorities that the handlers have to trust into one file:
// Event Grid's, which the vault's certificate is of too, and the mail server's.
func (s *Stack) trust() error {
	trusted := bytes.Join([][]byte{s.Grid.CA(), s.Inbox.CA()}, []byte("\n"))
	return os.WriteFile(s.caFile(), trusted, 0o600)
}

// errNoSecrets means that what is seeded has no secrets, so that no vault is
// asked for them.
var errNoSecrets = errors.New("what is seeded has no secrets")

type noSecrets struct{}

// Put implements provision.Secrets.
func (noSecrets) Put(context.Context, string, string) (string, error) { return "", errNoSecrets }
