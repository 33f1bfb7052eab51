package stack

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// RunByHand has a function of the engine run now, as whoever runs an app in Azure
// can, and does not wait for its end.
// https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
func (s *Stack) RunByHand(ctx context.Context, function string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Engine.admin+function, strings.NewReader("{}"))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-functions-key", s.Engine.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("%s was not run by hand: %s", function, resp.Status)
	}
	return nil
}

// Orphan makes a resource group in Azure that looks like a workspace's and that no
// workspace has, and returns its name.
func (s *Stack) Orphan() string {
	name := "rg-" + s.TRE() + "-left-" + uuid.NewString()[:8]
	s.ARM.Put(template.Resource{ID: "/subscriptions/" + Subscription + "/resourceGroups/" + name, Type: "Microsoft.Resources/resourceGroups", Name: name,
		Body: map[string]any{"location": region, "tags": map[string]any{"tre_id": s.TRE(), "tre_workspace_id": uuid.NewString()}}})
	return name
}
