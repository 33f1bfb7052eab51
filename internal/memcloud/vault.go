package memcloud

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// secret is one secret of the vault.
type secret struct {
	id, value string
	reads     int
	created   time.Time
}

// base is where ids of secrets are.
const base = "https://vault.memcloud.example/secrets/"

// secret finds one by its id; nil when it is not there.
func (c *Cloud) secret(id string) *secret {
	name, _, _ := strings.Cut(strings.TrimPrefix(id, base), "/")
	if s := c.secrets[name]; s != nil && s.id == id {
		return s
	}
	return nil
}

// vault is the port.
type vault struct{ c *Cloud }

// allowed is Key Vault's own rule.
// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#vault-name-and-object-name
var allowed = regexp.MustCompile(`^[0-9a-zA-Z-]{1,127}$`)

// Put keeps a secret. A name is for one value.
func (p vault) Put(ctx context.Context, name, value string) (string, error) {
	return do(ctx, p.c, Put, name, func(fate) (string, error) {
		if !allowed.MatchString(name) {
			return "", Trouble(400, "InvalidRequest", fmt.Sprintf("secret %q: the name is not 1 to 127 letters, digits and -", name))
		}
		if s := p.c.secrets[name]; s != nil {
			return s.id, nil
		}
		p.c.tokens++
		s := &secret{id: fmt.Sprintf("%s%s/%032x", base, name, p.c.tokens), value: value, created: p.c.config.Now()}
		p.c.secrets[name] = s
		return s.id, nil
	})
}

// Forget deletes a secret.
func (p vault) Forget(ctx context.Context, id string) error {
	name, _, _ := strings.Cut(strings.TrimPrefix(id, base), "/")
	_, err := do(ctx, p.c, Forget, name, func(fate) (struct{}, error) {
		if !strings.HasPrefix(id, base) {
			return struct{}{}, Trouble(400, "InvalidRequest", "secret: not one of this vault")
		}
		delete(p.c.secrets, name)
		return struct{}{}, nil
	})
	return err
}

// Kept lists what the vault keeps.
func (p vault) Kept(ctx context.Context) ([]workspace.Secret, error) {
	return do(ctx, p.c, Kept, "", func(fate) ([]workspace.Secret, error) {
		var all []workspace.Secret
		for name, s := range p.c.secrets {
			all = append(all, workspace.Secret{ID: base + name, Created: s.created})
		}
		return all, nil
	})
}

// Read returns the value of a secret, as only the engine may.
func (c *Cloud) Read(ctx context.Context, id string) (string, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(id, base), "/")
	return do(ctx, c, Read, name, func(fate) (string, error) {
		s := c.secret(id)
		if s == nil {
			return "", Trouble(404, "SecretNotFound", "A secret with this name was not found in this vault.")
		}
		s.reads++
		return s.value, nil
	})
}

// Kept is what the vault holds: name → value.
func (c *Cloud) Kept() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]string{}
	for name, s := range c.secrets {
		all[name] = s.value
	}
	return all
}

// Reads counts how often a secret's value was read.
func (c *Cloud) Reads(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.secrets[name]; s != nil {
		return s.reads
	}
	return 0
}

var (
	_ workspace.Stacks   = stacks{}
	_ workspace.Machines = machines{}
	_ workspace.Vault    = vault{}
	_ workspace.Register = vault{}
)
