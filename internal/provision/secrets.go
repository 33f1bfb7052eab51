package provision

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// secretDigits is the length of a secret that is made here: 32 of 64 different
// characters are 192 bits.
const secretDigits = 32

// kinds of characters. Windows wants three of the four in a password, and no
// program has to escape any of these.
// https://learn.microsoft.com/azure/virtual-machines/windows/faq#what-are-the-password-requirements-when-creating-a-vm-
var kinds = []string{"abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-_.+*~"}

// random makes a secret with characters of every kind.
func random() (string, error) {
	all := strings.Join(kinds, "")
	for {
		made := make([]byte, secretDigits)
		for i := range made {
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(all))))
			if err != nil {
				return "", fmt.Errorf("random secret: %w", err)
			}
			made[i] = all[n.Int64()]
		}
		if !slices.ContainsFunc(kinds, func(kind string) bool { return !strings.ContainsAny(string(made), kind) }) {
			return string(made), nil
		}
	}
}

// secretName names a value in the vault: the same for a repeat of the call, and
// for no other value. Azure takes 127 letters, digits and hyphens.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftkeyvault
func secretName(resource, pointer, operation string) string {
	short := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:8]) }
	return resource + "-" + short(pointer) + "-" + short(operation)
}

// keep puts secrets into the vault, before the row that names them is written.
// A call that is refused afterwards leaves them there unnamed.
func (b *Builder) keep(ctx context.Context, resource, operation string, secrets map[string]string) (map[string]string, error) {
	ids := make(map[string]string, len(secrets))
	for _, pointer := range slices.Sorted(maps.Keys(secrets)) {
		id, err := b.Ports.Vault.Put(ctx, secretName(resource, pointer, operation), secrets[pointer])
		if err != nil {
			return nil, fmt.Errorf("secret %s of resource %s: vault: %w", clip(pointer), resource, err)
		}
		ids[pointer] = id
	}
	return ids, nil
}

// generate makes the secrets of the template that the resource lacks: once a
// resource.
func (b *Builder) generate(ctx context.Context, t template.Template, resource, operation string, has map[string]string) (map[string]string, error) {
	made := map[string]string{}
	for _, name := range t.GeneratedSecrets {
		pointer := "/" + strings.ToLower(name)
		if has[pointer] != "" {
			continue
		}
		value, err := random()
		if err != nil {
			return nil, err
		}
		made[pointer] = value
	}
	return b.keep(ctx, resource, operation, made)
}

// former is what a secret that was replaced is filed under, so that it is
// deleted with its resource: nothing else tells that it is in the vault.
func former(pointer, operation string) string { return "former:" + pointer + ":" + operation }

// replaced are a resource's secrets after a change: those of the properties that
// the patch writes anew are its own from then on, or former ones. A mark in the
// patch stands for the secret that is there.
func replaced(has, fresh map[string]string, patch, masked map[string]any, operation string) map[string]string {
	now := maps.Clone(has)
	if now == nil {
		now = map[string]string{}
	}
	for pointer, id := range has {
		if !strings.HasPrefix(pointer, "/") || fresh[pointer] == id {
			continue
		}
		_, touched := patch[first(pointer)]
		if touched && (fresh[pointer] != "" || at(masked, pointer) != workspace.Redacted) {
			delete(now, pointer)
			now[former(pointer, operation)] = id
		}
	}
	maps.Copy(now, fresh)
	return now
}

// marked are the secrets of a resource for which the mark stands in its
// properties: what somebody wrote in the place of one is none of them.
func marked(r workspace.Resource) map[string]string {
	kept := map[string]string{}
	for pointer, id := range r.Secrets {
		if at(r.Properties, pointer) == workspace.Redacted {
			kept[pointer] = id
		}
	}
	return kept
}

// at is the value that a JSON pointer points to; nil for none.
func at(properties map[string]any, pointer string) any {
	var v any = properties
	for _, token := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		v = member(v, unescape(token))
	}
	return v
}

func member(v any, token string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// put writes a value where a JSON pointer points to, in properties that are the
// caller's own.
func put(properties map[string]any, pointer string, value any) map[string]any {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	last := len(tokens) - 1
	var v any = properties
	for _, token := range tokens[:last] {
		v = member(v, unescape(token))
	}
	switch v := v.(type) {
	case map[string]any:
		v[unescape(tokens[last])] = value
	case []any:
		if i, err := strconv.Atoi(tokens[last]); err == nil && i >= 0 && i < len(v) {
			v[i] = value
		}
	}
	return properties
}
