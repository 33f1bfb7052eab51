package arm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
)

func TestAStackOutOfSyncNeedsAPerson(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	r.LoseSync(stackID)
	_, err := r.deploy(t, "ws", aWorkspace(t, "a"))
	if _, c := code(t, err); c != "DeploymentStackOutOfSync" {
		t.Errorf("code = %s", c)
	}
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a", func(s *armdeploymentstacks.DeploymentStack) {
		s.Properties.BypassStackOutOfSyncError = to.Ptr(true)
	})); err != nil {
		t.Error(err)
	}
}

func TestASecretMustExist(t *testing.T) {
	t.Parallel()
	asked := 0
	r := start(t, arm.Config{Secret: func(vault, name, _ string) (string, error) {
		if asked++; name == "known" && strings.HasSuffix(vault, "/vaults/kv") {
			return "s3cret", nil
		}
		return "", errors.New("SecretNotFound")
	}})
	refer := func(name string) func(*armdeploymentstacks.DeploymentStack) {
		return func(s *armdeploymentstacks.DeploymentStack) {
			s.Properties.Parameters["password"] = &armdeploymentstacks.DeploymentParameter{Reference: &armdeploymentstacks.KeyVaultParameterReference{
				KeyVault: &armdeploymentstacks.KeyVaultReference{ID: to.Ptr("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv")}, SecretName: to.Ptr(name)}}
		}
	}
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a", refer("known"))); err != nil {
		t.Error(err)
	}
	_, err := r.deploy(t, "ws", aWorkspace(t, "a", refer("unknown")))
	if err == nil || !strings.Contains(err.Error(), "KeyVaultParameterReferenceSecretRetrieveFailed") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error = %v", err)
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestADeploymentIsCanceled(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Pace: arm.Pace{Resource: 30 * time.Millisecond}})
	p, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := r.stacks.GetAtSubscription(t.Context(), "ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	name := (*st.Properties.DeploymentID)[strings.LastIndexByte(*st.Properties.DeploymentID, '/')+1:]
	if _, err := r.deployments.CancelAtSubscriptionScope(t.Context(), name, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := done(t, p, nil); err == nil {
		t.Error("a canceled deployment succeeds")
	}
	st, err = r.stacks.GetAtSubscription(t.Context(), "ws", nil)
	if err != nil || *st.Properties.ProvisioningState != armdeploymentstacks.DeploymentStackProvisioningStateCanceled {
		t.Errorf("state = %v, %v", *st.Properties.ProvisioningState, err)
	}
	if _, err := r.deployments.CancelAtSubscriptionScope(t.Context(), name, nil); err == nil {
		t.Error("what has ended is canceled")
	}
}

func TestListsFollowGroupsTypesAndTags(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]int{"": 2, "resourceType eq 'Microsoft.KeyVault/vaults'": 1, "tagName eq 'tre_id' and tagValue eq 'none'": 0} {
		page, err := r.resources.NewListPager(&armresources.ClientListOptions{Filter: optional(filter)}).NextPage(t.Context())
		if err != nil || len(page.Value) != want {
			t.Errorf("%q: %d resources, %v, want %d", filter, len(page.Value), err, want)
		}
	}
	for filter, want := range map[string]int{"tagName eq 'tre_id' and tagValue eq 'heart'": 1, "tagName eq 'tre_id' and tagValue eq 'none'": 0} {
		page, err := r.groups.NewListPager(&armresources.ResourceGroupsClientListOptions{Filter: optional(filter)}).NextPage(t.Context())
		if err != nil || len(page.Value) != want {
			t.Errorf("%q: %d groups, %v, want %d", filter, len(page.Value), err, want)
		}
	}
	if g, err := r.groups.Get(t.Context(), "rg-a", nil); err != nil || *g.Tags["tre_id"] != "heart" {
		t.Errorf("group: %v", err)
	}
	if found, err := r.groups.CheckExistence(t.Context(), "none", nil); err != nil || found.Success {
		t.Errorf("a group that does not exist: %v, %v", found.Success, err)
	}
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func TestSomeResourcesCannotBeDeletedByThemselves(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	secret := func(s *armdeploymentstacks.DeploymentStack) {
		template := s.Properties.Template.(map[string]any)
		template["resources"] = append(template["resources"].([]any), map[string]any{"type": "Microsoft.KeyVault/vaults/secrets", "apiVersion": "2024-11-01",
			"name": "kvx/pw", "properties": map[string]any{"value": "s3cret"}})
	}
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a", secret)); err != nil {
		t.Fatal(err)
	}
	_, err := r.deploy(t, "ws", aWorkspace(t, "a"))
	if _, c := code(t, err); c != "DeploymentStackDeleteResourcesFailed" {
		t.Errorf("code = %s", c)
	}
	st, err := r.stacks.GetAtSubscription(t.Context(), "ws", nil)
	if err != nil || len(st.Properties.FailedResources) != 1 || *st.Properties.FailedResources[0].Error.Code != "DeletionFailed" {
		t.Errorf("failed resources: %v, %v", st.Properties.FailedResources, err)
	}
}

func TestAServerThatClosesTellsOfNoEnd(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Pace: arm.Pace{Resource: time.Hour}})
	if _, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if events := r.told(stackID); len(events) > 0 {
		t.Errorf("events = %v", events)
	}
}
