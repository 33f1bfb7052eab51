package azstore_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestPackageThatWasChangedIsNotLoaded(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	files := map[string][]byte{"main.json": []byte("{}")}
	digest := template.Sum(files)
	if err := s.SavePackage(t.Context(), digest, files); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`{"main.json":"e30h"}`, `{"main.json":"e30=","more":""}`, `{}`, `null`, `not JSON`} {
		blob := s.Packages.NewBlockBlobClient(digest + ".json")
		if _, err := blob.Upload(t.Context(), streaming.NopCloser(bytes.NewReader([]byte(text))), nil); err != nil {
			t.Fatal(err)
		}
		if files, err := s.LoadPackage(t.Context(), digest); !errors.Is(err, airlock.ErrInvalid) || files != nil {
			t.Errorf("%s: %v, %v; want ErrInvalid", text, files, err)
		}
	}
}

func TestPackageTooLargeIsNotSaved(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	files := map[string][]byte{"main.json": bytes.Repeat([]byte("x"), 9<<20)}
	err := s.SavePackage(t.Context(), template.Sum(files), files)
	if !errors.Is(err, airlock.ErrInvalid) || !strings.Contains(err.Error(), "at most") {
		t.Errorf("save: %v, want ErrInvalid that names the limit", err)
	}
}
