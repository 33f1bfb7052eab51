package front

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/trefoil-tre/trefoil/internal/azgraph"
)

// anybody is a credential that everybody has.
type anybody struct{}

func (anybody) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// TestAnswers: the check of the directory asks it, and tells when it does not
// answer or may not be asked.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for status, well := range map[int]bool{http.StatusNotFound: true, http.StatusForbidden: false, http.StatusServiceUnavailable: false} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, `{"error":{"code":"said"}}`)
		}))
		graph, err := azgraph.New(azgraph.Config{Endpoint: s.URL, Credential: anybody{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := answers(graph)(t.Context()); (err == nil) != well || asked != 1 {
			t.Errorf("status %d: asked %d times, error %v", status, asked, err)
		}
		s.Close()
	}
}
