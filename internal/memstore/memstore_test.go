package memstore_test

import (
	"testing"

	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Store { return new(memstore.Store) })
}
