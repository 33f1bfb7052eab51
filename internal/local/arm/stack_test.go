package arm_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
)

const stackID = "/subscriptions/" + subscription + "/providers/Microsoft.Resources/deploymentStacks/ws"

func TestAStackMakesUpdatesAndDeletesWhatItsTemplateSays(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	st, err := r.deploy(t, "ws", aWorkspace(t, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if *st.Properties.ProvisioningState != armdeploymentstacks.DeploymentStackProvisioningStateSucceeded || len(st.Properties.Resources) != 4 {
		t.Errorf("state = %s with %d resources", *st.Properties.ProvisioningState, len(st.Properties.Resources))
	}
	outputs := map[string]any{"blob_endpoint": map[string]any{"type": "String", "value": "https://sta.blob.core.windows.net/"},
		"resource_group_name": map[string]any{"type": "String", "value": "rg-a"}}
	if diff := cmp.Diff(outputs, st.Properties.Outputs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"default", "kva", "rg-a", "sta"}, r.names()); diff != "" {
		t.Error(diff)
	}
	// The next deployment has no vault any more.
	st, err = r.deploy(t, "ws", aWorkspace(t, "a", func(s *armdeploymentstacks.DeploymentStack) {
		s.Properties.Parameters["vault"] = &armdeploymentstacks.DeploymentParameter{Value: false}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"default", "rg-a", "sta"}, r.names()); diff != "" {
		t.Error(diff)
	}
	if len(st.Properties.DeletedResources) != 1 || !strings.HasSuffix(*st.Properties.DeletedResources[0].ID, "/kva") {
		t.Errorf("deleted resources = %v", st.Properties.DeletedResources)
	}
	if err := r.delete(t, "ws"); err != nil {
		t.Fatal(err)
	}
	if names := r.names(); len(names) > 0 || len(r.Stacks()) > 0 {
		t.Errorf("%v and stacks %v are left", names, r.Stacks())
	}
	if diff := cmp.Diff([]string{"ResourceWriteSuccess", "ResourceWriteSuccess", "ResourceDeleteSuccess"}, r.told(stackID)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsDetachedStays(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	p, err := r.stacks.BeginDeleteAtSubscription(t.Context(), "ws", nil)
	if _, err := done(t, p, err); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"default", "kva", "rg-a", "sta"}, r.names()); diff != "" {
		t.Error(diff)
	}
}

func TestAnOperationOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Pace: arm.Pace{Resource: 20 * time.Millisecond, RetryAfter: time.Second}})
	p, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := p.ResumeToken()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil); err == nil {
		t.Error("a second call while the first one works passed")
	} else if status, c := code(t, err); status != http.StatusConflict || c != "DeploymentStackInNonTerminalState" {
		t.Errorf("a second call: %d %s", status, c)
	}
	again, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", armdeploymentstacks.DeploymentStack{},
		&armdeploymentstacks.ClientBeginCreateOrUpdateAtSubscriptionOptions{ResumeToken: token})
	res, err := done(t, again, err)
	if err != nil {
		t.Fatal(err)
	}
	if *res.Properties.ProvisioningState != armdeploymentstacks.DeploymentStackProvisioningStateSucceeded {
		t.Errorf("state = %s", *res.Properties.ProvisioningState)
	}
}

func TestPollsNeedTheSignedAddress(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Pace: arm.Pace{Resource: time.Hour, RetryAfter: 15 * time.Second}})
	p, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.Poll(t.Context())
	if err != nil || res.Header.Get("Retry-After") != "15" {
		t.Errorf("poll: %v, Retry-After = %q", err, res.Header.Get("Retry-After"))
	}
	token, _ := p.ResumeToken()
	address := regexp.MustCompile(`http://[^"\\]*deploymentStackOperationStatus/[0-9a-f-]+`).FindString(token)
	if res := request(t, http.MethodGet, address+"?api-version=1", engine); res.StatusCode != http.StatusNotFound {
		t.Errorf("without its secret: %d", res.StatusCode)
	}
}

func TestDenySettingsKeepOthersFromDeleting(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	account := "/subscriptions/" + subscription + "/resourceGroups/rg-a/providers/Microsoft.Storage/storageAccounts/sta"
	other := r.as(t, stranger)
	_, err := other.resources.BeginDeleteByID(t.Context(), account, "2024-01-01", nil)
	if status, c := code(t, err); status != http.StatusForbidden || c != "DenyAssignmentAuthorizationFailed" {
		t.Errorf("a stranger deletes: %d %s", status, c)
	}
	if _, err := other.groups.BeginDelete(t.Context(), "rg-a", nil); err == nil {
		t.Error("a stranger may delete the group")
	}
	p, err := r.resources.BeginDeleteByID(t.Context(), account, "2024-01-01", nil)
	if _, err := done(t, p, err); err != nil {
		t.Fatal(err)
	}
	if names := r.names(); slices.Contains(names, "sta") || slices.Contains(names, "default") {
		t.Errorf("the account or its part is left: %v", names)
	}
}

func TestLimitsOfStacks(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	for _, tc := range []struct {
		name   string
		change func(*armdeploymentstacks.DeploymentStack)
		status int
		code   string
	}{
		{"no deny settings", func(s *armdeploymentstacks.DeploymentStack) { s.Properties.DenySettings = nil }, 400, "DeploymentStackInvalid"},
		{"no location", func(s *armdeploymentstacks.DeploymentStack) { s.Location = nil }, 400, "DeploymentStackInvalid"},
		{"too many principals", func(s *armdeploymentstacks.DeploymentStack) {
			s.Properties.DenySettings.ExcludedPrincipals = slices.Repeat([]*string{to.Ptr(engine)}, 6)
		}, 400, "DeploymentStackInvalid"},
		{"no template", func(s *armdeploymentstacks.DeploymentStack) { s.Properties.Template = nil }, 400, "DeploymentStackInvalid"},
		{"a parameter too many", func(s *armdeploymentstacks.DeploymentStack) {
			s.Properties.Parameters["x"] = &armdeploymentstacks.DeploymentParameter{Value: 1}
		}, 400, "InvalidTemplate"},
		{"a template beyond 4 MB", func(s *armdeploymentstacks.DeploymentStack) {
			s.Properties.Template.(map[string]any)["metadata"] = strings.Repeat("x", 4<<20)
		}, 413, "RequestContentTooLarge"},
	} {
		_, err := r.deploy(t, "ws", aWorkspace(t, "a", tc.change))
		if err == nil {
			t.Errorf("%s: passed", tc.name)
			continue
		}
		if status, c := code(t, err); status != tc.status || c != tc.code {
			t.Errorf("%s: %d %s, want %d %s", tc.name, status, c, tc.status, tc.code)
		}
	}
	if n := len(r.Stacks()) + len(r.names()); n > 0 {
		t.Errorf("%d things were made of what was refused", n)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	st, err := r.deploy(t, "ws", aWorkspace(t, "a", func(s *armdeploymentstacks.DeploymentStack) {
		s.Properties.Parameters["password"] = &armdeploymentstacks.DeploymentParameter{Value: "s3cret"}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if p := st.Properties.Parameters["password"]; p == nil || p.Value != nil {
		t.Errorf("the password is shown as %v", p)
	}
}

func TestWhoHasNoTokenIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Authorize: func(token string) (string, bool) { return token, token == engine }})
	path := r.URL() + "/subscriptions/" + subscription + "/resourcegroups?api-version=2021-04-01"
	for token, want := range map[string]int{"": 401, stranger: 401, engine: 200} {
		if res := request(t, http.MethodGet, path, token); res.StatusCode != want {
			t.Errorf("token %q: %d, want %d", token, res.StatusCode, want)
		}
	}
	if res := request(t, http.MethodGet, strings.SplitN(path, "?", 2)[0], engine); res.StatusCode != http.StatusBadRequest {
		t.Errorf("without api-version: %d", res.StatusCode)
	}
}
