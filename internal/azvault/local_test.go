package azvault_test

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/local/vault"
)

// dial starts the stand-in of Key Vault, and opens it over TLS.
func dial(t *testing.T, c vault.Config) (*vault.Server, *azvault.Vault, *azvault.Reader) {
	t.Helper()
	s, err := vault.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CA()) {
		t.Fatal("no authority")
	}
	v, r := open(t, nil, func(c *azvault.Config) {
		c.URL, c.Roots, c.AnyDomain, c.Transport, c.Pause = s.URL(), roots, true, nil, time.Millisecond
	})
	return s, v, r
}

// TestLeastRights: who keeps secrets needs no right to read one.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	s, v, r := dial(t, vault.Config{Allow: func(_, action string) bool { return action != "get" }})
	id, err := v.Put(t.Context(), "ws-1", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(t.Context(), id); err == nil {
		t.Error("read without the right to")
	}
	if err := v.Forget(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	// Kept again it is asked back, and there at the second try.
	if _, err := v.Put(t.Context(), "ws-1", "hunter2"); err == nil {
		t.Error("kept under a name that was deleted")
	}
	if again, err := v.Put(t.Context(), "ws-1", "hunter2"); err != nil || again != id {
		t.Errorf("id %q, error %v, want %q", again, err, id)
	}
	if len(s.Reads()) != 0 {
		t.Errorf("%d values were read", len(s.Reads()))
	}
}
