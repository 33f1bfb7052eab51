package azstacks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// small deploys at a subscription and in a group alike: one role assignment.
const small = `{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
	"resources": [{"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": "[guid('reader')]",
		"properties": {"roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'acdd72a7-3385-48ef-bd42-f606fba81ae7')]", "principalId": "` + engine + `"}}],
	"outputs": {"key_vault_id": {"type": "string", "value": "kv"}}}`

// local is the stand-in of Resource Manager over HTTP, with the group of
// services in it.
func local(t *testing.T, c arm.Config) *arm.Server {
	t.Helper()
	s, err := arm.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Put(template.Resource{ID: "/subscriptions/" + subscription + "/resourceGroups/" + group.Group, Type: "Microsoft.Resources/resourceGroups", Name: group.Group,
		Body: map[string]any{"location": "westeurope"}})
	return s
}

func dial(t *testing.T, s *arm.Server) *azstacks.Stacks {
	t.Helper()
	stacks, err := azstacks.New(azstacks.Config{Config: azarm.Config{Endpoint: s.URL(), Plain: true, Credential: identity{}, Pause: time.Millisecond, Sealer: box{}},
		VaultID: vaultID, Excluded: []string{engine}})
	if err != nil {
		t.Fatal(err)
	}
	return stacks
}

// ticks is a clock whose ticks let real time pass between two looks.
func ticks(t *testing.T) func() {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	t.Cleanup(ticker.Stop)
	return func() { <-ticker.C }
}

// TestTokenOverHTTP: the operation of a deletion is asked by its token when the
// stack has gone, and a lost one costs nothing.
func TestTokenOverHTTP(t *testing.T) {
	t.Parallel()
	s := local(t, arm.Config{})
	stacks, pass := dial(t, s), ticks(t)
	look := func(token string) workspace.Progress {
		for range 1000 {
			seen, err := stacks.Look(t.Context(), at, token)
			if err != nil {
				t.Fatal(err)
			}
			if seen.Progress != workspace.InProgress {
				return seen.Progress
			}
			pass()
		}
		return workspace.InProgress
	}
	for _, forget := range []bool{false, true} {
		token, err := stacks.Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(small)})
		if err != nil || token == "" {
			t.Fatalf("token %q, error %v", token, err)
		}
		if got := look(token); got != workspace.Complete {
			t.Errorf("%s, want complete", got)
		}
		if token, err = stacks.Remove(t.Context(), at); err != nil || token == "" {
			t.Fatalf("token %q, error %v", token, err)
		}
		if forget {
			s.Forget()
		}
		if got := look(token); got != workspace.Absent {
			t.Errorf("%s, want absent", got)
		}
	}
}

// TestLostAnswers: what was done though the answer says otherwise is found, and
// doing it again is harmless.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, kind := range []arm.Kind{arm.ThenBroken, arm.ThenDrop, arm.ThenVanish} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := local(t, arm.Config{Pace: arm.Pace{Resource: 300 * time.Millisecond}})
			s.Script(arm.Fault{Kind: kind, Times: 1, Match: func(c arm.Call) bool { return strings.HasPrefix(c.Operation, "Client.BeginCreateOrUpdate") }})
			stacks, pass := dial(t, s), ticks(t)
			if _, err := stacks.Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1", Template: []byte(small)}); err != nil {
				t.Errorf("the second try of the client: %v", err)
			}
			for range 1000 {
				seen, err := stacks.Look(t.Context(), at, "")
				if err != nil {
					t.Fatal(err)
				}
				if seen.Progress == workspace.Complete && seen.Run == "op.1" {
					return
				}
				pass()
			}
			t.Error("not deployed")
		})
	}
}

// TestInventory: stacks are listed at their scope alone, groups by the tag of
// their TRE, and a group that is not there holds nothing.
func TestInventory(t *testing.T) {
	t.Parallel()
	s := local(t, arm.Config{})
	s.Put(template.Resource{ID: "/subscriptions/" + subscription + "/resourceGroups/rg-ours", Type: "Microsoft.Resources/resourceGroups", Name: "rg-ours",
		Body: map[string]any{"location": "westeurope", "tags": map[string]any{"tre_id": "ours", "tre_workspace_id": "w"}}})
	stacks, pass := dial(t, s), ticks(t)
	for _, place := range []workspace.Stack{at, group} {
		if _, err := stacks.Deploy(t.Context(), workspace.Deployment{Stack: place, Run: "op.1", Template: []byte(small)}); err != nil {
			t.Fatal(err)
		}
		for range 1000 {
			if seen, err := stacks.Look(t.Context(), place, ""); err != nil || seen.Progress != workspace.InProgress {
				break
			}
			pass()
		}
		held, err := stacks.Held(t.Context(), place.Subscription, place.Group)
		if err != nil || len(held) != 1 || held[0].Stack.Name != place.Name || held[0].Stack.Group != place.Group || !strings.EqualFold(held[0].State, "succeeded") || held[0].ID == "" {
			t.Errorf("%+v, %v", held, err)
		}
	}
	groups, err := stacks.Groups(t.Context(), subscription, "ours")
	if err != nil || len(groups) != 1 || groups[0].Name != "rg-ours" || groups[0].Tags["tre_workspace_id"] != "w" {
		t.Errorf("%+v, %v", groups, err)
	}
	if held, err := stacks.Held(t.Context(), subscription, "rg-nowhere"); err != nil || len(held) != 0 {
		t.Errorf("a group that is not there: %+v, %v", held, err)
	}
	if _, err := stacks.Groups(t.Context(), subscription, "x' or '1"); err == nil {
		t.Error("a TRE id that is more than that")
	}
	if _, err := stacks.Held(t.Context(), "../x", ""); err == nil {
		t.Error("a subscription that leads elsewhere")
	}
}
