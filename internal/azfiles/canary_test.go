package azfiles_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfiles"
)

// TestATestFileCrossesAndLeavesNothing sends one into an account that is there,
// and into one that is not.
func TestATestFileCrossesAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	janitor := &azfiles.Janitor{Accounts: w.accounts}
	c := azfiles.Canary{Vault: &azfiles.Vault{Accounts: w.accounts, Now: time.Now}, Janitor: janitor}
	fresh := func() airlock.Key { return airlock.Key{Workspace: uuid.NewString(), Request: uuid.NewString()} }
	for range 2 {
		if err := c.Cross(t.Context(), w.other, fresh()); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Cross(t.Context(), "stnowhere", fresh()); err == nil {
		t.Error("it crossed into an account that nobody knows")
	}
	for _, account := range []string{airlock.AirlockAccount, w.other} {
		found, _, err := janitor.Containers(t.Context(), account, airlock.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if _, err := airlock.ParseContainer(f.Name); err == nil {
				t.Errorf("container %s stays in account %s", f.Name, account)
			}
		}
	}
}
