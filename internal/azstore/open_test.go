package azstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
)

func TestOpenByConnectionString(t *testing.T) {
	t.Parallel()
	s, err := azstore.Open(azstore.Config{
		ConnectionString: azuritetest.Start(t).ConnectionString(account),
		Table:            azuritetest.TableName(t), Manifests: "m" + azuritetest.Suffix(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	key := draft().Key()
	err = errors.Join(s.PutWorkspace(t.Context(), airlock.Workspace{ID: key.Workspace}), s.SaveManifest(t.Context(), key, "d", []byte("{}")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Workspace(t.Context(), key.Workspace)
	text, loadErr := s.LoadManifest(t.Context(), key, "d")
	if err := errors.Join(err, loadErr); err != nil || string(text) != "{}" {
		t.Errorf("manifest %q, %v", text, err)
	}
}

func TestOpenNeverQuotesTheKey(t *testing.T) {
	t.Parallel()
	_, err := azstore.Open(azstore.Config{ConnectionString: "AccountName=a;AccountKey=c2VjcmV0;;broken"})
	if err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("open: %v, want an error without the key", err)
	}
}
