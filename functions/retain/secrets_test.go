package retain_test

import (
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// named is who names a secret of a test.
type named struct {
	kind    workspace.Kind
	status  workspace.Status
	request workspace.RequestStatus
}

// vaulted is a world with a secret in the vault, which is named so, or not.
func vaulted(t testing.TB, by named) *roomtest.Estate {
	t.Helper()
	e := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	id, err := e.Secrets.Put(t.Context(), serviceID+"-a-b", "hush")
	e.Must(err)
	w := workspace.Resource{ID: roomtest.Here, Kind: workspace.Workspace, Status: workspace.Deployed}
	all := []workspace.Resource{w}
	secrets := map[string]string{"/p": id}
	switch by.kind {
	case "":
	case workspace.Workspace:
		all[0].Status, all[0].Secrets = by.status, secrets
	default:
		all = append(all, workspace.Resource{ID: serviceID, Kind: by.kind, Workspace: roomtest.Here, Status: by.status, Secrets: secrets})
	}
	for _, r := range all {
		c := workspace.Change{Partition: r.Key().Partition}
		c.Resource(r, audit.Line{At: e.Now(), Action: "asked"})
		_, err = e.Store.CommitChange(t.Context(), c)
		e.Must(err)
	}
	if by.request != "" {
		c := workspace.Change{Partition: workspace.System}
		c.Request(workspace.Request{ID: roomtest.NobodysID, Status: by.request, Secrets: secrets}, e.Now(), audit.Line{At: e.Now(), Action: "asked"})
		_, err = e.Store.CommitChange(t.Context(), c)
		e.Must(err)
	}
	return e
}

// Each row is a sentence: a secret is forgotten, with an audit line, or stays.
func TestSecrets(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		by    named
		after time.Duration
		stays bool
	}{
		"nobody names it":                       {named{}, day, false},
		"it is of a call that may commit yet":   {named{}, day - time.Second, true},
		"a workspace names it":                  {named{kind: workspace.Workspace, status: workspace.Deployed}, 100 * day, true},
		"a service in a workspace names it":     {named{kind: workspace.Service, status: workspace.DeploymentFailed}, 100 * day, true},
		"a shared service names it":             {named{kind: workspace.SharedService, status: workspace.Updating}, 100 * day, true},
		"a machine that was deleted names it":   {named{kind: workspace.UserResource, status: workspace.Deleted}, day, false},
		"a machine that is being deleted does":  {named{kind: workspace.UserResource, status: workspace.Deleting}, day, true},
		"a request that waits names it":         {named{request: workspace.Asked}, 20 * day, true},
		"a request that was rejected names it":  {named{request: workspace.Declined}, day, false},
		"the workspace of a request is deleted": {named{request: workspace.Granted}, day, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := vaulted(t, tt.by)
			e.Pass(tt.after)
			for range 2 {
				e.Must(run(e))
			}
			said := slices.ContainsFunc(e.Strange(), func(l audit.Line) bool { return l.Action == "forget" && l.Detail == "secret "+serviceID+"-a-b" })
			if kept := len(e.Cloud.Kept()) == 1; kept != tt.stays || said == tt.stays {
				t.Errorf("kept %t, want %t; the trail tells of it: %t", kept, tt.stays, said)
			}
		})
	}
}

// Where not everything can be read, nothing is forgotten.
func TestSecretsUnderFaults(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		e := vaulted(t, named{kind: workspace.Service, status: workspace.Deployed})
		e.Pass(2 * day)
		e.Faults.Fail(n, false)
		err := run(e)
		if len(e.Cloud.Kept()) != 1 {
			t.Errorf("the %d. call fails (%v), and a secret that is named is forgotten", n, err)
		}
		if n > len(e.Faults.Calls()) {
			return
		}
	}
}
