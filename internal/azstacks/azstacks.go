// Package azstacks deploys templates as Azure deployment stacks.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks
//
// The app's identity needs the role Azure Deployment Stack Owner where stacks
// are made, and the rights to all that their templates make.
package azstacks

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// RunTag is the stack's tag that names the try which made it so.
const RunTag = "tre_run"

// maxExcluded is how many principals a stack can exclude from its deny
// settings.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks#protect-managed-resources
const maxExcluded = 5

// Config says how Resource Manager is reached, and what all stacks share.
type Config struct {
	azarm.Config
	VaultID  string   // ARM id of the TRE's Key Vault, where parameters' secrets are
	Excluded []string // object ids that may delete what stacks made, the engine's own first; at most 5
}

// Stacks implements [workspace.Stacks]. It is safe for concurrent use.
type Stacks struct {
	link     azarm.Link
	arm      *arm.Client // for what the stacks' client lacks
	vault    string
	excluded []*string
	clients  sync.Map // of subscriptions: string → *armdeploymentstacks.Client
}

var _ workspace.Stacks = (*Stacks)(nil)

// New returns the Stacks of c. It does not use the network.
func New(c Config) (*Stacks, error) {
	if len(c.Excluded) > maxExcluded {
		return nil, fmt.Errorf("stacks: %d principals excluded from deny settings, at most %d", len(c.Excluded), maxExcluded)
	}
	if c.VaultID != "" {
		id, err := arm.ParseResourceID(c.VaultID)
		if err != nil || !strings.EqualFold(id.ResourceType.String(), "Microsoft.KeyVault/vaults") {
			return nil, fmt.Errorf("stacks: %q is no id of a Key Vault", c.VaultID)
		}
	}
	link, err := c.Open()
	if err != nil {
		return nil, fmt.Errorf("stacks: %w", err)
	}
	client, err := link.Client()
	if err != nil {
		return nil, fmt.Errorf("stacks: %w", err)
	}
	s := &Stacks{link: link, arm: client, vault: c.VaultID}
	for _, id := range c.Excluded {
		s.excluded = append(s.excluded, &id)
	}
	return s, nil
}

// Deploy starts to make or update a stack. What is no longer in the template is
// deleted with it.
func (s *Stacks) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	body, err := s.body(d)
	if err != nil {
		return "", err
	}
	at, err := s.scope(d.Stack)
	if err != nil {
		return "", err
	}
	call, cancel := s.link.Call(ctx)
	defer cancel()
	op, err := at.deploy(call, body, "")
	if azarm.Is(err, http.StatusConflict) && s.underway(call, at, d.Run) {
		return "", nil // what was asked for is being done
	}
	if err != nil {
		return "", azarm.Error(ctx, err)
	}
	return s.link.Seal(op, azarm.Token{Kind: deploying, About: at.id(), Run: d.Run}), nil
}

// underway tells whether the stack is being worked on for this run.
func (s *Stacks) underway(ctx context.Context, at scope, run string) bool {
	stack, err := at.get(ctx)
	return err == nil && state(stack) == workspace.InProgress && !removed(stack) && value(stack.Tags[RunTag]) == run
}

// Remove starts to delete a stack with everything it made.
func (s *Stacks) Remove(ctx context.Context, stack workspace.Stack) (string, error) {
	at, err := s.scope(stack)
	if err != nil {
		return "", err
	}
	call, cancel := s.link.Call(ctx)
	defer cancel()
	op, err := at.remove(call, "")
	switch {
	case azarm.Gone(err):
		return "", nil
	case azarm.Is(err, http.StatusConflict):
		if there, again := at.get(call); again == nil && deletes(there) {
			return "", nil // it is being deleted already
		}
	}
	if err != nil {
		return "", azarm.Error(ctx, err)
	}
	return s.link.Seal(op, azarm.Token{Kind: removing, About: at.id()}), nil
}

// cancelVersion is the version of the API of deployments.
// https://learn.microsoft.com/rest/api/resources/deployments/cancel
const cancelVersion = "2021-04-01"

// Cancel asks the deployment of a stack to stop, where one is under way.
func (s *Stacks) Cancel(ctx context.Context, stack workspace.Stack) error {
	at, err := s.scope(stack)
	if err != nil {
		return err
	}
	call, cancel := s.link.Call(ctx)
	defer cancel()
	there, err := at.get(call)
	if azarm.Gone(err) {
		return nil
	}
	if err != nil {
		return azarm.Error(ctx, err)
	}
	if there.Properties == nil || there.Properties.DeploymentID == nil || state(there) != workspace.InProgress || removed(there) {
		return nil
	}
	return azarm.Error(ctx, s.stop(call, stack, *there.Properties.DeploymentID))
}

// deployment is the id of a deployment, at a subscription or in a group.
var deployment = regexp.MustCompile(`(?i)^/subscriptions/([^/?#]+)(/resourceGroups/[^/?#]+)?/providers/Microsoft\.Resources/deployments/[^/?#]+$`)

func (s *Stacks) stop(ctx context.Context, stack workspace.Stack, id string) error {
	if at := deployment.FindStringSubmatch(id); at == nil || !strings.EqualFold(at[1], stack.Subscription) {
		return azarm.Refuse("stack %q: its deployment is of another subscription", stack.Name)
	}
	req, err := runtime.NewRequest(ctx, http.MethodPost, runtime.JoinPaths(s.arm.Endpoint(), id, "cancel"))
	if err != nil {
		return err
	}
	query := req.Raw().URL.Query()
	query.Set("api-version", cancelVersion)
	req.Raw().URL.RawQuery = query.Encode()
	resp, err := s.arm.Pipeline().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return nil
	case http.StatusNotFound, http.StatusConflict: // it ended meanwhile
		return nil
	}
	return runtime.NewResponseError(resp)
}

// client returns the client of a subscription.
func (s *Stacks) client(subscription string) (*armdeploymentstacks.Client, error) {
	if c, ok := s.clients.Load(subscription); ok {
		return c.(*armdeploymentstacks.Client), nil
	}
	c, err := armdeploymentstacks.NewClient(subscription, s.link.Credential, detaching(s.link))
	if err != nil {
		return nil, azarm.Refuse("subscription %q: %v", subscription, err)
	}
	kept, _ := s.clients.LoadOrStore(subscription, c)
	return kept.(*armdeploymentstacks.Client), nil
}
