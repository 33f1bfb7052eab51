// Package azvault keeps secrets in the TRE's Key Vault.
// https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
//
// Who keeps secrets needs the data actions setSecret, readMetadata and delete,
// and recover for a name that was deleted before; a [Register] needs readMetadata
// and delete; only who wires a [Reader], the engine, needs getSecret.
package azvault

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/aztrace"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Config says which vault, and as whom.
type Config struct {
	URL        string                 // such as https://kv-mytre.vault.azure.net
	Credential azcore.TokenCredential // nil means azidentity's default, which asks nobody before the first call
	Roots      *x509.CertPool         // authorities of its certificate; nil means the system's
	TRE        string                 // id of the TRE whose secrets these are: the tag tre_id of each, so that one vault may serve several
	AnyDomain  bool                   // the vault may ask for a token of another domain than its own: one machine only
	Timeout    time.Duration          // of one call with its retries; 0 means 30 s
	Pause      time.Duration          // before the first retry, growing; 0 means 800 ms
	Transport  policy.Transporter     // for tests; nil means HTTP
}

// Vault implements [workspace.Vault]. It reads no value. It is safe for
// concurrent use.
type Vault struct {
	client  *azsecrets.Client
	host    string
	tre     string
	timeout time.Duration
}

var _ workspace.Vault = (*Vault)(nil)

// New returns the vault of c. It does not use the network.
func New(c Config) (*Vault, error) {
	base, err := url.Parse(strings.TrimRight(c.URL, "/"))
	if err != nil || base.Scheme != "https" || base.Host == "" || base.Path != "" || base.User != nil || base.RawQuery != "" {
		return nil, fmt.Errorf("vault: %q is no address such as https://kv-mytre.vault.azure.net", c.URL)
	}
	if c.Credential == nil {
		if c.Credential, err = azidentity.NewDefaultAzureCredential(nil); err != nil {
			return nil, fmt.Errorf("vault: identity: %w", err)
		}
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	o := &azsecrets.ClientOptions{ClientOptions: aztrace.Options("vault"), DisableChallengeResourceVerification: c.AnyDomain}
	o.Retry = azarm.Retries(c.Timeout, c.Pause)
	if o.Transport = c.Transport; o.Transport == nil {
		o.Transport = azarm.Transport(c.Roots)
	}
	client, err := azsecrets.NewClient(base.String(), c.Credential, o)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return &Vault{client: client, host: base.Host, tre: c.TRE, timeout: c.Timeout}, nil
}

// mine marks the secrets that are ours, so that one which somebody else keeps
// under a name is not taken for it.
const mine = "application/vnd.trefoil.secret"

// tag is the tag of a secret that says which TRE keeps it.
const tag = "tre_id"

// maxValue is the longest secret, in bytes.
// https://learn.microsoft.com/azure/key-vault/secrets/about-secrets
const maxValue = 25_000

// names of secrets, and how long they may be.
// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#vault-name-and-object-name
var names = regexp.MustCompile(`^[0-9a-zA-Z-]+$`)

const maxName = 127

func isName(s string) bool { return len(s) <= maxName && names.MatchString(s) }

// Put keeps a secret. A name is for one value: what is kept under it already
// stays as it is.
func (v *Vault) Put(ctx context.Context, name, value string) (string, error) {
	switch {
	case !isName(name):
		return "", azarm.Refuse("secret %.140q: the name is not 1 to 127 letters, digits and -", name)
	case len(value) > maxValue:
		return "", azarm.Refuse("secret %q: %d bytes, at most %d", name, len(value), maxValue)
	}
	call, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	id, err := v.newest(call, name)
	if err != nil {
		return "", azarm.Error(ctx, err)
	}
	if id != "" {
		return id, nil
	}
	kept, err := v.client.SetSecret(call, name, azsecrets.SetSecretParameters{Value: &value, ContentType: to.Ptr(mine), Tags: map[string]*string{tag: &v.tre}}, nil)
	if err != nil {
		return "", azarm.Without(v.deleted(ctx, name, err), value)
	}
	if kept.ID == nil {
		return "", azarm.Error(ctx, fmt.Errorf("secret %q: the vault told no id", name))
	}
	return string(*kept.ID), nil
}

// newest is the id of the secret that is kept under a name; "" when there is
// none. Versions are told without their values.
func (v *Vault) newest(ctx context.Context, name string) (string, error) {
	var id string
	var at time.Time
	for pages := v.client.NewListSecretPropertiesVersionsPager(name, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if azarm.Is(err, http.StatusNotFound) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		for _, p := range page.Value {
			if p == nil || p.ID == nil || p.ContentType == nil || *p.ContentType != mine || p.Attributes == nil || p.Attributes.Enabled != nil && !*p.Attributes.Enabled {
				continue
			}
			if created := p.Attributes.Created; id == "" || created != nil && created.After(at) {
				id = string(*p.ID)
				if created != nil {
					at = *created
				}
			}
		}
	}
	return id, nil
}

// recovering is how long a vault takes to give a deleted secret back.
const recovering = 10 * time.Second

// deleted asks for a secret back that was deleted under this name, which is the
// same value: until it is there, the vault is busy with it. Other errors are
// told as they are.
func (v *Vault) deleted(ctx context.Context, name string, err error) error {
	told := azarm.Error(ctx, err)
	e, ok := told.(*workspace.CloudError) //nolint:errorlint // made in the line above
	if !ok || e.Status != http.StatusConflict || e.Code != "ObjectIsDeletedButRecoverable" {
		return told
	}
	call, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	if _, err := v.client.RecoverDeletedSecret(call, name, nil); err != nil && !azarm.Is(err, http.StatusConflict) {
		return azarm.Error(ctx, err)
	}
	e.After = recovering
	return e
}

// Forget deletes a secret with all its versions; one that is gone is fine.
func (v *Vault) Forget(ctx context.Context, id string) error {
	name, _, err := v.parse(id)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()
	_, err = v.client.DeleteSecret(call, name, nil)
	if azarm.Is(err, http.StatusNotFound) {
		return nil
	}
	told := azarm.Error(ctx, err)
	if e, ok := told.(*workspace.CloudError); ok && (e.Code == "ObjectIsBeingDeleted" || e.Code == "ObjectIsDeletedButRecoverable") { //nolint:errorlint // made in the line above
		return nil
	}
	return told
}

// parse takes an id of ours apart: https://VAULT/secrets/NAME/VERSION.
func (v *Vault) parse(id string) (name, version string, err error) {
	u, err := url.Parse(id)
	if err != nil || u.Scheme != "https" || !strings.EqualFold(u.Host, v.host) || u.User != nil {
		return "", "", azarm.Refuse("secret: not one of the vault %s", v.host)
	}
	rest, ok := strings.CutPrefix(u.Path, "/secrets/")
	name, version, _ = strings.Cut(rest, "/")
	if !ok || !isName(name) || version != "" && !isName(version) {
		return "", "", azarm.Refuse("secret: no id of a secret of the vault %s", v.host)
	}
	return name, version, nil
}

// Reader reads secrets. It is a type of its own so that one sees in the wiring
// who can.
type Reader struct{ vault *Vault }

// NewReader returns a Reader of the vault of c. It does not use the network.
func NewReader(c Config) (*Reader, error) {
	v, err := New(c)
	if err != nil {
		return nil, err
	}
	return &Reader{v}, nil
}

// Read returns the value of a secret by the id that Put returned.
func (r *Reader) Read(ctx context.Context, id string) (string, error) {
	name, version, err := r.vault.parse(id)
	if err != nil {
		return "", err
	}
	call, cancel := context.WithTimeout(ctx, r.vault.timeout)
	defer cancel()
	found, err := r.vault.client.GetSecret(call, name, version, nil)
	if err != nil {
		return "", azarm.Error(ctx, err)
	}
	if found.Value == nil {
		return "", azarm.Refuse("secret %q: it has no value", name)
	}
	return *found.Value, nil
}
