package resourcestep

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// maxOutputs bounds what is kept of a stack's outputs: they are merged into
// the properties, and a row holds 480,000 characters of everything.
const maxOutputs = 100_000

// accountName is a storage account's.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftstorage
var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// checked is what was seen, or, where the outputs of a good end cannot be worked
// with, the failure that this is: an end that looks good and is none would be
// noticed by whoever needs them first.
func (s *step) checked(ctx context.Context, within workspace.Resource, seen workspace.Seen) (workspace.Seen, error) {
	r := s.target
	if seen.Progress != workspace.Complete || r.Job.Action == workspace.Uninstall || r.Job.Action.Custom() && seen.Outputs == nil {
		return seen, nil
	}
	why := s.f.flaw(r, within, seen)
	if why == "" {
		var err error
		if why, err = s.f.stray(ctx, r, seen.Outputs); err != nil {
			return seen, err
		}
	}
	if why != "" {
		return workspace.Seen{Progress: workspace.Broken, Run: seen.Run, Err: &workspace.CloudError{Class: workspace.Final, Status: 400, Code: "BadOutputs", Message: why}}, nil
	}
	return seen, nil
}

func (f Function) flaw(r, within workspace.Resource, seen workspace.Seen) string {
	outputs := seen.Outputs
	text, err := json.Marshal(outputs)
	switch {
	case err != nil:
		return "the outputs of the template are no JSON"
	case len(text) > maxOutputs:
		return fmt.Sprintf("the outputs of the template are %d bytes, at most %d are kept", len(text), maxOutputs)
	}
	for name := range outputs {
		if r.Secrets["/"+name] != "" {
			return fmt.Sprintf("output %q of the template has the name of a secret", name)
		}
	}
	m, _ := outputs["azure_resource_id"].(string) // of whatever kind; only machines are acted on
	if strings.Contains(strings.ToLower(m), "/virtualmachines/") && !f.Platform.Holds(r, within, workspace.Machine(m)) {
		return fmt.Sprintf("output azure_resource_id of the template names no machine of the resource's workspace: %.300q", m)
	}
	if r.Kind == workspace.Workspace {
		return foreign(r, seen)
	}
	return ""
}

// accountType is ARM's.
const accountType = "Microsoft.Storage/storageAccounts"

// foreign tells why the account that a workspace's template names is none that
// the airlock may use: one that the workspace's stack did not make is somebody
// else's, and the engine, which has rights on all of the TRE's accounts, would put
// files there.
func foreign(r workspace.Resource, seen workspace.Seen) string {
	switch name, _ := seen.Outputs[account].(string); {
	case airlocked(r) && !accountName.MatchString(name):
		return "output storage_account_name of the template: no name of a storage account, which the airlock needs (or set enable_airlock to false)"
	case name != "" && !seen.Holds(accountType, name):
		return fmt.Sprintf("output storage_account_name of the template is %.24q, an account that the workspace's stack did not make", name)
	}
	return ""
}

// account is the output by which a workspace's template tells the account that
// the airlock works in.
const account = "storage_account_name"

// stray tells why the account that a template names cannot be the airlock's:
// drafts and released files are in another one, or it is another workspace's.
func (f Function) stray(ctx context.Context, r workspace.Resource, outputs map[string]any) (why string, err error) {
	name, _ := outputs[account].(string)
	if r.Kind != workspace.Workspace || name == "" {
		return "", nil
	}
	cards, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) { return f.Ports.Cards.Workspaces(ctx, p) })
	if err != nil {
		return "", fmt.Errorf("workspaces: %w", err)
	}
	for _, c := range cards {
		switch {
		case c.ID == r.ID && c.StorageAccount != "" && c.StorageAccount != name:
			return fmt.Sprintf("output %s of the template is %.24q, but drafts and released files of the workspace are in %s: an account is not exchanged", account, name, c.StorageAccount), nil
		case c.ID != r.ID && !c.Gone && c.StorageAccount == name:
			return fmt.Sprintf("output %s of the template is %.24q, the account of another workspace", account, name), nil
		}
	}
	return "", nil
}

// airlocked tells whether a workspace is to have an airlock.
func airlocked(r workspace.Resource) bool {
	enabled, told := r.Properties["enable_airlock"].(bool)
	return enabled || !told
}
