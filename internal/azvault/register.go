package azvault

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Register lists secrets and deletes them. It reads no value, and is a type of
// its own so that one sees in the wiring who can.
type Register struct{ vault *Vault }

var _ workspace.Register = (*Register)(nil)

// NewRegister returns a Register of the vault of c. It does not use the network.
func NewRegister(c Config) (*Register, error) {
	v, err := New(c)
	if err != nil {
		return nil, err
	}
	return &Register{v}, nil
}

// Kept lists the secrets of the TRE that are ours; what somebody else keeps in
// the vault is passed over. Versions of one are one.
func (r *Register) Kept(ctx context.Context) ([]workspace.Secret, error) {
	var all []workspace.Secret
	for pages := r.vault.client.NewListSecretPropertiesPager(nil); pages.More(); {
		call, cancel := context.WithTimeout(ctx, r.vault.timeout)
		page, err := pages.NextPage(call)
		cancel()
		if err != nil {
			return nil, azarm.Error(ctx, err)
		}
		for _, p := range page.Value {
			if p == nil || p.ID == nil || p.ContentType == nil || *p.ContentType != mine || p.Attributes == nil || p.Attributes.Created == nil {
				continue
			}
			if of := p.Tags[tag]; of != nil && *of == r.vault.tre {
				all = append(all, workspace.Secret{ID: string(*p.ID), Created: *p.Attributes.Created})
			}
		}
	}
	return all, nil
}

// Forget deletes a secret with all its versions; one that is gone is fine.
func (r *Register) Forget(ctx context.Context, id string) error { return r.vault.Forget(ctx, id) }
