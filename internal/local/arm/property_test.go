package arm_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// numbered makes a group and the accounts of a list, by a loop.
const numbered = `{"contentVersion": "1.0.0.0", "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "parameters": {"names": {"type": "array"}}, "resources": [{"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2024-01-01",
  "name": "[parameters('names')[copyIndex()]]", "copy": {"name": "each", "count": "[length(parameters('names'))]"}}]}`

// TestTheLastSuccessfulCallDecides plays deployments, deletions and cancellations of some stacks in any order, some
// of which fail, and some of which overlap with the one before: in the end there is what the last call that succeeded
// says, beside what calls made that failed or were canceled after it.
func TestTheLastSuccessfulCallDecides(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{Pace: arm.Pace{Resource: 200 * time.Microsecond, Delete: 200 * time.Microsecond}})
	rapid.Check(t, func(t *rapid.T) {
		round := fmt.Sprintf("r%d", time.Now().UnixNano())
		r.Put(groupOf(round))
		r.SetUnkind(arm.Unkind{Seed: rapid.Uint64().Draw(t, "seed"), Faults: []arm.Fault{{Kind: arm.Quota, At: arm.Write, Probability: 0.1}, {Kind: arm.InUse, Probability: 0.1}}})
		certain := map[string][]string{}
		extra := map[string]map[string]bool{"x": {}, "y": {}}
		for range rapid.IntRange(1, 8).Draw(t, "calls") {
			name := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "stack")
			if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
				if r.deleteIn(t, round, name) == nil {
					certain[name], extra[name] = nil, map[string]bool{}
					continue
				}
				for _, n := range certain[name] {
					extra[name][n] = true // a deletion that failed may have deleted it
				}
				certain[name] = nil
				continue
			}
			names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{name + "1", name + "2", name + "3"}), 0, 3, rapid.ID).Draw(t, "names")
			if r.deployIn(t, round, name, names, rapid.Bool().Draw(t, "cancel")) == nil {
				certain[name], extra[name] = names, map[string]bool{}
				continue
			}
			for _, n := range append(slices.Clone(names), certain[name]...) {
				extra[name][n] = true // a call that failed may have made it, or deleted it
			}
			certain[name] = nil
		}
		var got, want []string
		for _, res := range r.Resources(subscription, round) {
			n := res.ID[strings.LastIndexByte(res.ID, '/')+1:]
			if !extra[n[:1]][n] {
				got = append(got, n)
			}
		}
		for name, names := range certain {
			for _, n := range names {
				if !extra[name][n] {
					want = append(want, n)
				}
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		r.Remove("/subscriptions/" + subscription + "/resourceGroups/" + round)
	})
}

// TestAThousandStacksAreSmall: memory stays within what a laptop has to spare, and a scope takes 800.
func TestAThousandStacksAreSmall(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	for name, stacks := range map[string]int{"full": 800, "half": 200} {
		r.Put(groupOf(name))
		for i := range stacks {
			if err := r.deployIn(t, name, fmt.Sprintf("s%d", i), []string{fmt.Sprintf("x%d", i)}, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, c := code(t, r.deployIn(t, "full", "one-more", []string{}, false)); c != "DeploymentStackQuotaExceeded" {
		t.Errorf("the 801st: %s", c)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if mb := m.HeapAlloc >> 20; mb > 200 {
		t.Errorf("%d MB for 1,000 stacks", mb)
	}
	pages, listed := 0, 0
	for pager := r.stacks.NewListAtResourceGroupPager("full", nil); pager.More(); pages++ {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		listed += len(page.Value)
	}
	if listed != 800 || pages != 8 {
		t.Errorf("%d stacks on %d pages", listed, pages)
	}
}

// tester is what a test and a check of a property have in common.
type tester interface {
	Context() context.Context
	Helper()
	Fatal(args ...any)
}

func groupOf(name string) template.Resource {
	return template.Resource{ID: "/subscriptions/" + subscription + "/resourceGroups/" + name, Type: "Microsoft.Resources/resourceGroups", Name: name,
		Body: map[string]any{"location": "westeurope"}}
}

// deployIn deploys accounts as a stack at a group; the call may be canceled right away.
func (r *rig) deployIn(t tester, group, name string, accounts []string, cancel bool) error {
	body := aWorkspace(t, "")
	body.Location = nil
	body.Properties.Template = decode(t, numbered)
	body.Properties.Parameters = map[string]*armdeploymentstacks.DeploymentParameter{"names": {Value: accounts}}
	p, err := r.stacks.BeginCreateOrUpdateAtResourceGroup(t.Context(), group, name, body, nil)
	if err != nil {
		return err
	}
	if cancel {
		st, err := r.stacks.GetAtResourceGroup(t.Context(), group, name, nil)
		if err != nil {
			t.Fatal(err)
		}
		deployment := (*st.Properties.DeploymentID)[strings.LastIndexByte(*st.Properties.DeploymentID, '/')+1:]
		_, _ = r.deployments.Cancel(t.Context(), group, deployment, nil) // too late is fine: then it succeeds
	}
	_, err = done(t, p, nil)
	return err
}

func (r *rig) deleteIn(t tester, group, name string) error {
	p, err := r.stacks.BeginDeleteAtResourceGroup(t.Context(), group, name, &armdeploymentstacks.ClientBeginDeleteAtResourceGroupOptions{
		UnmanageActionResources: everything.UnmanageActionResources})
	_, err = done(t, p, err)
	return err
}
