package commands_test

import (
	"encoding/json"
	"testing"

	templates "github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

const (
	desktops  = "44440000-0000-4000-8000-000000000001" // a service in the Heart study
	machine   = "55550000-0000-4000-8000-000000000001" // in it
	mirror    = "66660000-0000-4000-8000-000000000001" // a shared service
	deploying = "77770000-0000-4000-8000-000000000001" // an operation
	failed    = "77780000-0000-4000-8000-000000000002" // another one
	wanted    = "88880000-0000-4000-8000-000000000001" // a request for a workspace
	standing  = "99990000-0000-4000-8000-000000000001"

	inDesktops = "/workspaces/" + heart + "/workspace-services/" + desktops
	onMachine  = inDesktops + "/user-resources/" + machine
)

const heartAnswer = `{"workspace":{"id":"` + heart + `","resourceType":"workspace","resourcePath":"/workspaces/` + heart + `","templateName":"tre-workspace-base","templateVersion":"0.1.0",
 "isEnabled":true,"deploymentStatus":"deployed","_etag":"W/\"7\"","roles":["WorkspaceOwner"],"resourceVersion":3,"updatedWhen":1795345200,"user":{"name":"Heart Owner"},"createdWhen":1795341600,"createdBy":{"name":"TRE Administrator"},
 "availableUpgrades":[{"version":"0.2.0","forceUpdateRequired":false},{"version":"1.0.0","forceUpdateRequired":true}],
 "properties":{"display_name":"Heart study","description":"Outcomes of valve surgery","address_space_size":"small","address_spaces":["10.1.4.0/24"],"enable_airlock":true,"shared_storage_quota":50,"client_id":"x","overview":""}}}`

const machineAnswer = `{"id":"` + machine + `","resourceType":"user-resource","resourcePath":"` + onMachine + `","templateName":"tre-service-guacamole-linuxvm","templateVersion":"0.1.0","isEnabled":true,
 "deploymentStatus":"deployed","_etag":"W/\"4\"","ownerId":"a0000000-0000-4000-8000-000000000001","azureStatus":{"powerState":"VM deallocated"},"properties":{"display_name":"Ann's machine","vm_size":"2 CPU | 8GB RAM"}}`

const desktopsAnswer = `{"id":"` + desktops + `","resourceType":"workspace-service","templateName":"tre-service-guacamole","templateVersion":"0.1.0","isEnabled":false,
 "deploymentStatus":"updating_failed","statusMessage":"QuotaExceeded: no more cores in this region","_etag":"W/\"5\"","properties":{"display_name":"Desktops","connection_uri":"https://desktops.example.org"}}`

// steps are those of an operation, at noon's world: one is done, one goes on,
// one waits.
const steps = `[{"id":"s1","templateStepId":"fw","stepTitle":"Open the firewall","resourceId":"` + mirror + `","resourceAction":"upgrade","status":"updated","message":"","updatedWhen":1795348742},
 {"id":"s2","templateStepId":"main","stepTitle":"Deploy Heart study","resourceId":"` + heart + `","resourceAction":"install","status":"deploying","message":"3 of 12 resources","updatedWhen":1795348750},
 {"id":"s3","templateStepId":"dns","stepTitle":"Tell the mirror","resourceId":"` + mirror + `","resourceAction":"upgrade","status":"awaiting_update","message":"","updatedWhen":0}]`

// operationAnswer is an operation on the Heart study.
func operationAnswer(id, status, message, steps string) string {
	return `{"id":"` + id + `","resourceId":"` + heart + `","resourcePath":"/workspaces/` + heart + `","resourceVersion":0,"status":"` + status + `","action":"install","message":"` + message + `",
	 "createdWhen":1795348700,"updatedWhen":1795348760,"user":{"name":"TRE Administrator"},"steps":` + steps + `}`
}

// ended are the steps at the end.
func ended(status, message string) string {
	return `[{"id":"s2","templateStepId":"main","stepTitle":"Deploy Heart study","resourceId":"` + heart + `","resourceAction":"install","status":"` + status + `","message":"` + message + `","updatedWhen":1795348760}]`
}

const wantedAnswer = `{"id":"` + wanted + `","status":"in_review","templateName":"tre-workspace-base","templateVersion":"","properties":{"display_name":"Lung \u001b[31mtrial","description":"d","address_space_size":"small"},
 "reason":"Study 2026-0042, approved by the board","requester":{"name":"Ada Example"},"members":[{"id":"a0000000-0000-4000-8000-000000000002","name":"Ben","role":"WorkspaceResearcher"}],
 "source":"event","reference":"2026-0042","createdWhen":1795345200,"updatedWhen":1795345200,"decision":null}`

const standingAnswer = `{"id":"` + standing + `","templateName":"tre-workspace-base","addressSpaceSizes":["small"],"requesters":[],"most":10,"used":3,"until":"2027-02-01T00:00:00Z","reason":"Trials of the registry","by":{"name":"TRE Administrator"},"createdWhen":1795341600,"ended":null}`

// given is a first-party template as the API gives it.
func given(t *testing.T, name string) string {
	t.Helper()
	files, err := templates.Files(name)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := template.Parse(files, template.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(tpl.Enriched(false))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// estate is an API with a workspace, what is in it, and what is done to it.
func estate(t *testing.T) *fake {
	t.Helper()
	return newFake(t, map[string]answer{
		"GET /workspaces":                                  {body: workspacesAnswer},
		"GET /workspaces/" + heart:                         {body: heartAnswer},
		"GET /workspaces/" + heart + "/workspace-services": {body: `{"workspaceServices":[` + desktopsAnswer + `]}`},
		"GET " + inDesktops:                                {body: `{"workspaceService":` + desktopsAnswer + `}`},
		"GET " + inDesktops + "/user-resources":            {body: `{"userResources":[` + machineAnswer + `]}`},
		"GET " + onMachine:                                 {body: `{"userResource":` + machineAnswer + `}`},
		"GET /shared-services":                             {body: `{"sharedServices":[{"id":"` + mirror + `","templateName":"tre-shared-mirror","templateVersion":"1.0.0","isEnabled":true,"deploymentStatus":"deployed","properties":{"display_name":"Mirror"}}]}`},
		"GET /operations":                                  {body: `{"operations":[` + operationAnswer(deploying, "pipeline_running", "step 2 of 3: Deploy Heart study", steps) + `]}`},
		"GET /workspaces/" + heart + "/operations": {body: `{"operations":[` + operationAnswer(deploying, "pipeline_running", "step 2 of 3: Deploy Heart study", steps) + `,` +
			operationAnswer(failed, "deployment_failed", "QuotaExceeded: no more cores", ended("deployment_failed", "QuotaExceeded: no more cores")) + `]}`},
		"GET /workspaces/" + heart + "/operations/" + deploying:     {body: `{"operation":` + operationAnswer(deploying, "pipeline_running", "step 2 of 3: Deploy Heart study", steps) + `}`},
		"GET /workspaces/" + heart + "/operations/" + failed:        {body: `{"operation":` + operationAnswer(failed, "deployment_failed", "QuotaExceeded: no more cores", ended("deployment_failed", "QuotaExceeded: no more cores")) + `}`},
		"GET /workspaces/" + heart + "/history":                     {body: `{"resource_history":[{"id":"h","resourceId":"` + heart + `","isEnabled":true,"resourceVersion":2,"templateVersion":"0.1.0","properties":{},"updatedWhen":1795341600,"user":{"name":"TRE Administrator"}}]}`},
		"GET /workspace-requests":                                   {body: `{"workspaceRequests":[` + wantedAnswer + `]}`},
		"GET /workspace-requests/" + wanted:                         {body: `{"workspaceRequest":` + wantedAnswer + `}`},
		"GET /standing-approvals":                                   {body: `{"standingApprovals":[` + standingAnswer + `]}`},
		"GET /workspace-templates":                                  {body: `{"templates":[{"name":"tre-workspace-base","title":"Base Workspace","description":"A closed workspace","authorizedRoles":[],"version":"0.1.0"}]}`},
		"GET /workspace-templates?authorized_only=true":             {body: `{"templates":[{"name":"tre-workspace-base","title":"Base Workspace","description":"A closed workspace","authorizedRoles":[],"version":"0.1.0"}]}`},
		"GET /workspace-templates/tre-workspace-base":               {body: given(t, "tre-workspace-base")},
		"GET /workspace-templates/tre-workspace-base?version=0.1.0": {body: given(t, "tre-workspace-base")},
		"GET /workspaces/" + heart + "/workspace-service-templates": {body: `{"templates":[{"name":"tre-service-guacamole","title":"Virtual desktops","description":"Desktops in a browser","authorizedRoles":[],"version":"0.1.0"}]}`},
		"GET /workspace-service-templates/tre-service-guacamole":    {body: given(t, "tre-service-guacamole")},
		"GET /workspace-service-templates/tre-service-guacamole/user-resource-templates/tre-service-guacamole-linuxvm":               {body: given(t, "tre-service-guacamole-linuxvm")},
		"GET /workspace-service-templates/tre-service-guacamole/user-resource-templates/tre-service-guacamole-linuxvm?version=0.1.0": {body: given(t, "tre-service-guacamole-linuxvm")},
	})
}
