package arm_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// tre is the subscription that the first-party templates' typical parameters name.
const tre = "11111111-1111-4111-8111-111111111111"

// read reads a file of a first-party template.
func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"../../../infra/templates"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// typical is a deployment of a template with the parameters of one of its snapshots; secrets come from a vault.
func typical(t *testing.T, name, snapshot string, at workspace.Stack) workspace.Deployment {
	t.Helper()
	d := workspace.Deployment{Stack: at, Run: "op.1", Template: read(t, name, "main.json"), Parameters: map[string]workspace.Parameter{}}
	var main struct {
		Parameters map[string]struct{ Type string }
	}
	var given struct {
		Parameters map[string]struct{ Value any }
	}
	if err := errors.Join(json.Unmarshal(d.Template, &main), json.Unmarshal(read(t, name, "snapshots", snapshot+".parameters.json"), &given)); err != nil {
		t.Fatal(err)
	}
	for p, v := range given.Parameters {
		d.Parameters[p] = workspace.Parameter{Value: v.Value}
		if strings.EqualFold(main.Parameters[p].Type, "secureString") {
			d.Parameters[p] = workspace.Parameter{Secret: "https://kv-tre.vault.azure.net/secrets/" + strings.ReplaceAll(p, "_", "-")}
		}
	}
	return d
}

// TestAWorkspaceOfOurOwn makes a workspace, a service and a machine of the first-party templates, as the product does,
// and takes all of it away again.
func TestAWorkspaceOfOurOwn(t *testing.T) {
	t.Parallel()
	secrets := 0
	r := start(t, arm.Config{Secret: func(string, string, string) (string, error) { secrets++; return "s3cret", nil }})
	for _, g := range []string{"rg-heart", "rg-heart-workspaces"} { // what the deployment of the TRE has made
		r.Put(groupOf(g))
	}
	stacks, err := azstacks.New(azstacks.Config{Config: link(r), Excluded: []string{engine},
		VaultID: "/subscriptions/" + tre + "/resourceGroups/rg-heart/providers/Microsoft.KeyVault/vaults/kv-tre"})
	if err != nil {
		t.Fatal(err)
	}
	group := "rg-heart-ws-w2w3w4w5w6w7wawbwcwd"
	made := []workspace.Deployment{
		typical(t, "tre-workspace-base", "small", workspace.Stack{Subscription: tre, Name: "ws", Location: "uksouth"}),
		typical(t, "tre-service-guacamole", "internal", workspace.Stack{Subscription: tre, Group: group, Name: "service"}),
		typical(t, "tre-service-guacamole-linuxvm", "usual", workspace.Stack{Subscription: tre, Group: group, Name: "linux"}),
		typical(t, "tre-service-guacamole-windowsvm", "usual", workspace.Stack{Subscription: tre, Group: group, Name: "windows"}),
	}
	made[3].Parameters["suffix"] = workspace.Parameter{Value: "u9u3u4u5u6u7uaubucud"} // another machine than the one before
	for _, d := range made {
		token, err := stacks.Deploy(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		seen := end(t, stacks, d.Stack, token)
		if seen.Progress != workspace.Complete || len(seen.Outputs) == 0 {
			t.Fatalf("%s: %s, error %v", d.Stack.Name, seen.Progress, seen.Err)
		}
		if text, _ := json.Marshal(seen); strings.Contains(string(text), "s3cret") {
			t.Errorf("%s tells a secret", d.Stack.Name)
		}
	}
	if all, err := r.machines.NewListAllPager(nil).NextPage(t.Context()); err != nil || len(all.Value) != 2 {
		t.Errorf("machines: %d, %v", len(all.Value), err)
	}
	if secrets != 2 {
		t.Errorf("%d secrets were read, want one a machine", secrets)
	}
	for i := len(made) - 1; i >= 0; i-- {
		token, err := stacks.Remove(t.Context(), made[i].Stack)
		if err != nil {
			t.Fatal(err)
		}
		if seen := end(t, stacks, made[i].Stack, token); seen.Progress != workspace.Absent {
			t.Fatalf("%s: %s, error %v", made[i].Stack.Name, seen.Progress, seen.Err)
		}
	}
	if diff := cmp.Diff([]string{"rg-heart", "rg-heart-workspaces"}, r.names()); diff != "" {
		t.Error(diff)
	}
}

// end looks until the work has ended.
func end(t *testing.T, stacks *azstacks.Stacks, at workspace.Stack, token string) workspace.Seen {
	t.Helper()
	for range 1000 {
		seen, err := stacks.Look(t.Context(), at, token)
		if err != nil {
			t.Fatal(err)
		}
		if seen.Progress != workspace.InProgress {
			return seen
		}
	}
	t.Fatal("still under way")
	return workspace.Seen{}
}
