package arm_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
)

func TestAFailedResourceFailsTheStack(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		fault     arm.Fault
		innermost string
	}{
		{arm.Fault{Kind: arm.Quota, Name: "sta"}, "OperationNotAllowed"},
		{arm.Fault{Kind: arm.Policy, Name: "sta"}, "RequestDisallowedByPolicy"},
		{arm.Fault{Kind: arm.NoCapacity, Name: "st*"}, "AllocationFailed"},
		{arm.Fault{Kind: arm.Denied, Match: func(c arm.Call) bool { return c.Type == "Microsoft.KeyVault/vaults" }}, "LinkedAuthorizationFailed"},
		{arm.Fault{Kind: arm.BrokenResource, At: arm.Write}, "InternalServerError"},
		{arm.Fault{Kind: arm.DeletedVault}, "ConflictError"},
		{arm.Fault{Kind: arm.Quota, Error: &arm.Error{Code: "MyError", Message: "mine"}, Name: "kva"}, "MyError"},
	} {
		t.Run(string(tc.fault.Kind)+" "+tc.innermost, func(t *testing.T) {
			t.Parallel()
			r := start(t, arm.Config{})
			r.Script(tc.fault)
			_, err := r.deploy(t, "ws", aWorkspace(t, "a"))
			if _, c := code(t, err); c != "DeploymentStackDeploymentFailed" {
				t.Errorf("code = %s", c)
			}
			if !strings.Contains(err.Error(), `"code": "`+tc.innermost+`"`) {
				t.Errorf("%s is not told: %v", tc.innermost, err)
			}
			st, err := r.stacks.GetAtSubscription(t.Context(), "ws", nil)
			if err != nil {
				t.Fatal(err)
			}
			if *st.Properties.ProvisioningState != armdeploymentstacks.DeploymentStackProvisioningStateFailed || len(st.Properties.FailedResources) != 1 {
				t.Errorf("state = %s, failed resources = %d", *st.Properties.ProvisioningState, len(st.Properties.FailedResources))
			}
			if events := r.told(stackID); len(events) != 1 || events[0] != "ResourceWriteFailure" {
				t.Errorf("events = %v", events)
			}
			// The next try succeeds: the fault is gone with its script.
			r.SetUnkind(arm.Unkind{})
			if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestErrorsNestAsInAzure keeps the whole error of a failed module under review.
func TestErrorsNestAsInAzure(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	r.Script(arm.Fault{Kind: arm.Quota, Name: "sta"})
	_, err := r.deploy(t, "ws", aWorkspace(t, "a"))
	if err == nil {
		t.Fatal("deployed")
	}
	st, err := r.stacks.GetAtSubscription(t.Context(), "ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "stack-error.json", st.Properties.Error)
	name := (*st.Properties.DeploymentID)[strings.LastIndexByte(*st.Properties.DeploymentID, '/')+1:]
	d, err := r.deployments.GetAtSubscriptionScope(t.Context(), name, nil)
	if err != nil || d.Properties.Error == nil {
		t.Fatalf("deployment: %v", err)
	}
	page, err := r.operations.NewListAtSubscriptionScopePager(name, nil).NextPage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, op := range page.Value {
		states = append(states, *op.Properties.TargetResource.ResourceName+" "+*op.Properties.ProvisioningState+" "+*op.Properties.StatusCode)
	}
	if diff := cmp.Diff([]string{"rg-a Succeeded OK", "sta Failed Conflict"}, states); diff != "" {
		t.Error(diff)
	}
}

func TestRequestsFailOnDemand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind   arm.Kind
		status int
		code   string
		made   bool // whether the work was done all the same
	}{
		{arm.Throttled, 429, "TooManyRequests", false},
		{arm.Forbidden, 403, "AuthorizationFailed", false},
		{arm.Conflict, 409, "AnotherOperationInProgress", false},
		{arm.Broken, 500, "InternalServerError", false},
		{arm.OutOfSync, 409, "DeploymentStackOutOfSync", false},
		{arm.ThenBroken, 500, "InternalServerError", true},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			t.Parallel()
			r := start(t, arm.Config{})
			r.Script(arm.Fault{Kind: tc.kind, Times: 1, Delay: 7 * time.Second})
			_, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil)
			if status, c := code(t, err); status != tc.status || c != tc.code {
				t.Errorf("%d %s, want %d %s", status, c, tc.status, tc.code)
			}
			var refused *azcore.ResponseError
			if errors.As(err, &refused); tc.kind == arm.Throttled && refused.RawResponse.Header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After = %q", refused.RawResponse.Header.Get("Retry-After"))
			}
			if made := len(r.Stacks()) == 1; made != tc.made {
				t.Errorf("made = %v, want %v", made, tc.made)
			}
		})
	}
}

func TestAnAnswerGetsLost(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	r.Script(arm.Fault{Kind: arm.ThenDrop, Times: 1})
	if _, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), "ws", aWorkspace(t, "a"), nil); err == nil {
		t.Error("an answer came")
	}
	if len(r.Stacks()) != 1 {
		t.Error("the work was not done")
	}
}

func TestAnOperationVanishes(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	r.Script(arm.Fault{Kind: arm.ThenVanish, Times: 1})
	_, err := r.deploy(t, "ws", aWorkspace(t, "a"))
	if status, c := code(t, err); status != http.StatusNotFound || c != "OperationNotFound" {
		t.Errorf("%d %s", status, c)
	}
}

func TestDeletionsFailAndAreTriedAgain(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	r.Script(arm.Fault{Kind: arm.VaultNotEmpty, Name: "kva", Times: 1})
	err := r.delete(t, "ws")
	if _, c := code(t, err); c != "DeploymentStackDeleteFailed" {
		t.Errorf("code = %s: %v", c, err)
	}
	st, err := r.stacks.GetAtSubscription(t.Context(), "ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := st.Properties.FailedResources; len(f) != 1 || *f[0].Error.Code != "ServiceResourceNotEmptyWithBackendMessage" {
		text, _ := json.Marshal(f)
		t.Errorf("failed resources = %s", text)
	}
	if err := r.delete(t, "ws"); err != nil {
		t.Error(err)
	}
	if names := r.names(); len(names) > 0 {
		t.Errorf("%v are left", names)
	}
}

func TestADeletedVaultKeepsItsName(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	if err := r.delete(t, "ws"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err == nil || !strings.Contains(err.Error(), "ConflictError") {
		t.Errorf("the same name again: %v", err)
	}
	r.Purge("kva")
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Errorf("after the purge: %v", err)
	}
}

func TestAYoungGroupRefusesItsFirstCalls(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Unkind: arm.Unkind{Young: 2}})
	if _, err := r.deploy(t, "ws", aWorkspace(t, "a")); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{403, 403, 200} {
		_, err := r.resources.NewListByResourceGroupPager("rg-a", nil).NextPage(t.Context())
		got := 200
		if err != nil {
			got, _ = code(t, err)
		}
		if got != want {
			t.Errorf("call %d: %d, want %d", i, got, want)
		}
	}
}

func TestRatesAreSeeded(t *testing.T) {
	t.Parallel()
	count := func(seed uint64) (out []bool) {
		r := start(t, arm.Config{Unkind: arm.Unkind{Seed: seed, Faults: []arm.Fault{{Kind: arm.Broken, Probability: 0.3}}}})
		for range 40 {
			_, err := r.groups.NewListPager(nil).NextPage(t.Context())
			out = append(out, err == nil)
		}
		return out
	}
	first := count(7)
	if diff := cmp.Diff(first, count(7)); diff != "" {
		t.Errorf("the same seed differs: %s", diff)
	}
	if cmp.Equal(first, count(8)) {
		t.Error("another seed is the same")
	}
}
