package azarm_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/identity/seal"
)

func codec(t *testing.T, now func() time.Time) azarm.Codec {
	t.Helper()
	keys, err := seal.New(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32)), now)
	if err != nil {
		t.Fatal(err)
	}
	return azarm.Codec{Keys: keys}
}

// noise is text that does not shrink, as a signature.
func noise(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		sum := sha256.Sum256(fmt.Append(nil, i))
		b.WriteString(base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	return b.String()[:size]
}

// TestSealFits: a token as Azure makes them: two addresses with a signature of
// 2,000 signs.
func TestSealFits(t *testing.T) {
	t.Parallel()
	c := codec(t, time.Now)
	address := "https://management.azure.com/subscriptions/a3c1f0de-0000-4000-8000-000000000001/providers/Microsoft.Resources/locations/westeurope/%s/1?api-version=2024-03-01&t=639&c=" + noise(2000)
	token, err := json.Marshal(map[string]string{"asyncURL": fmt.Sprintf(address, "deploymentStackOperationStatus"), "locURL": fmt.Sprintf(address, "deploymentStackOperationResults")})
	if err != nil {
		t.Fatal(err)
	}
	sealed := c.Seal(token)
	if sealed == "" || strings.Contains(sealed, "management") {
		t.Fatalf("%d bytes are sealed in %d", len(token), len(sealed))
	}
	if got, err := c.Open(sealed); err != nil || !bytes.Equal(got, token) {
		t.Errorf("opened %q, error %v", got, err)
	}
	if got := c.Seal([]byte(noise(20_000))); got != "" {
		t.Errorf("what is too long has %d bytes", len(got))
	}
}

// TestSealBomb: what grows beyond all bounds when it is unpacked is refused.
func TestSealBomb(t *testing.T) {
	t.Parallel()
	c := codec(t, time.Now)
	if _, err := c.Open(c.Seal(make([]byte, 1<<20))); err == nil {
		t.Error("a megabyte was unpacked")
	}
}

func TestSealEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	c := codec(t, func() time.Time { return now })
	sealed := c.Seal([]byte("token"))
	now = now.Add(6 * 24 * time.Hour)
	if _, err := c.Open(sealed); err != nil {
		t.Errorf("after six days: %v", err)
	}
	now = now.Add(2 * 24 * time.Hour)
	if _, err := c.Open(sealed); err == nil {
		t.Error("after eight days: still open")
	}
	cookie, err := c.Keys.Seal("session", []byte("x"), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Open(cookie); err == nil {
		t.Error("a cookie was taken for a token")
	}
}

func TestSealRoundTrip(t *testing.T) {
	t.Parallel()
	c := codec(t, time.Now)
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "value")
		got, err := c.Open(c.Seal(value))
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("got %x, %v", got, err)
		}
	})
}
