package cloudtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Vault is a vault that is tested. It holds nothing yet.
type Vault struct {
	Port     workspace.Vault
	Read     func(ctx context.Context, id string) (string, error)
	Register workspace.Register
}

// RunVault tests the vault that open returns, once per rule.
func RunVault(t *testing.T, open func(*testing.T) Vault) {
	run(t, open, []rule[Vault]{
		{"kept and read", vaultKept},
		{"the same again", vaultAgain},
		{"forgotten", vaultForgotten},
		{"listed", vaultListed},
		{"names that no vault takes", vaultNames},
		{"ids of another vault", vaultElsewhere},
		{"the caller has gone", vaultEnded},
	})
}

// awkward is a value that nobody may change on the way.
const awkward = "p\"a'ss\\w&<ö>rd €\t"

func (c Vault) put(t *testing.T, name, value string) string {
	t.Helper()
	id, err := c.Port.Put(t.Context(), name, value)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func vaultKept(t *testing.T, c Vault) {
	one, two := c.put(t, "ws-1-a", awkward), c.put(t, "ws-1-b", "other")
	for id, want := range map[string]string{one: awkward, two: "other"} {
		if got, err := c.Read(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: read %q, error %v, want %q", id, got, err, want)
		}
		if strings.Contains(id, want) {
			t.Errorf("the id %q tells the value", id)
		}
	}
}

func vaultAgain(t *testing.T, c Vault) {
	first := c.put(t, "ws-1", awkward)
	if again := c.put(t, "ws-1", awkward); again != first {
		t.Errorf("id %q, then %q", first, again)
	}
	if got, err := c.Read(t.Context(), first); err != nil || got != awkward {
		t.Errorf("read %q, error %v", got, err)
	}
}

func vaultForgotten(t *testing.T, c Vault) {
	gone, kept := c.put(t, "ws-1", awkward), c.put(t, "ws-2", "other")
	for range 2 {
		if err := c.Port.Forget(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Read(t.Context(), gone)
	if e := told(t, err, workspace.Final); e.Status != 404 {
		t.Errorf("status %d, want 404", e.Status)
	}
	if got, err := c.Read(t.Context(), kept); err != nil || got != "other" {
		t.Errorf("read %q, error %v", got, err)
	}
}

func vaultListed(t *testing.T, c Vault) {
	want := map[string]bool{}
	for i := range 30 { // more than a page of Key Vault's
		name := fmt.Sprintf("ws-%d", i)
		c.put(t, name, awkward)
		want[name] = true
	}
	gone := c.put(t, "gone", awkward)
	if err := c.Register.Forget(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	all, err := c.Register.Kept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		name := workspace.SecretName(s.ID)
		if !want[name] || s.Created.IsZero() || strings.Contains(s.ID, awkward) {
			t.Errorf("listed is %+v, named %q", s, name)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
	classed(t, c.Register.Forget(t.Context(), "https://elsewhere.example/secrets/ws-1"), workspace.Final)
	_, err = c.Register.Kept(ended(t))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the caller's end", err)
	}
}

func vaultNames(t *testing.T, c Vault) {
	for _, name := range []string{"", "a_b", "a/b", "../x", "ä", "a b", strings.Repeat("a", 128)} {
		_, err := c.Port.Put(t.Context(), name, awkward)
		if strings.Contains(told(t, err, workspace.Final).Message, awkward) {
			t.Errorf("%q: the value is told", name)
		}
	}
	c.put(t, strings.Repeat("a", 127), "x")
}

func vaultElsewhere(t *testing.T, c Vault) {
	for _, id := range []string{"", "x", "https://elsewhere.example/secrets/ws-1/1", "https://elsewhere.example/keys/ws-1"} {
		_, err := c.Read(t.Context(), id)
		classed(t, err, workspace.Final)
		classed(t, c.Port.Forget(t.Context(), id), workspace.Final)
	}
}

func vaultEnded(t *testing.T, c Vault) {
	id := c.put(t, "ws-1", awkward)
	ctx := ended(t)
	_, err1 := c.Port.Put(ctx, "ws-2", "x")
	_, err2 := c.Read(ctx, id)
	for _, err := range []error{err1, err2, c.Port.Forget(ctx, id)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the caller's end", err)
		}
	}
}
