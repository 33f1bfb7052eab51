// Package azuritetest gives tests an Azurite: the one of the whole test run when TREFOIL_AZURITE names it, else
// one for each test binary, which ends with the binary. Tests share it, so they take fresh names from here.
package azuritetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

var shared = sync.OnceValues(func() (azurite.Endpoints, error) {
	if value := os.Getenv(azurite.EnvName); value != "" {
		return azurite.ParseEndpoints(value)
	}
	// Nobody stops this server: its standard input closes when the test binary ends, and that ends it.
	server, err := azurite.Start(context.Background(), azurite.Config{})
	if err != nil {
		return azurite.Endpoints{}, err
	}
	return server.Endpoints, nil
})

// Start returns a running Azurite with azurite.DefaultAccounts. It fails the test when none can be had.
func Start(t testing.TB) azurite.Endpoints {
	t.Helper()
	endpoints, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return endpoints
}

// TableName is a table name that nobody else uses.
func TableName(t testing.TB) string { return "t" + Suffix(t) }

// QueuePrefix is the beginning of queue names that nobody else uses; it ends in a dash.
func QueuePrefix(t testing.TB) string { return "q" + Suffix(t) + "-" }

// Suffix is sixteen lower-case letters and digits that nobody else uses, for container names and the like.
func Suffix(t testing.TB) string {
	t.Helper()
	random := make([]byte, 8)
	rand.Read(random) // never fails
	return hex.EncodeToString(random)
}
