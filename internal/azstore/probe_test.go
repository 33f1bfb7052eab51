package azstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

// TestProbeBlobs writes and reads, also where there is no container yet, and
// says when it cannot.
func TestProbeBlobs(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for range 2 {
		if err := s.ProbeBlobs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	away, err := azstore.Open(azstore.Config{ConnectionString: "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;" +
		"BlobEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := away.ProbeBlobs(ctx); err == nil || aztrace.Class(err) == "error" {
		t.Errorf("nobody answers: %v, class %s", err, aztrace.Class(err))
	}
}
