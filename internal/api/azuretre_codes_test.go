package api_test

import (
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	ofShared    = "/api/shared-services/{shared_service_id}"
	ofNone      = "/api/workspaces/" + none
	noService   = ofWorkspaces + "/workspace-services/" + none
	noMachine   = ofService + "/user-resources/" + none
	unnamed     = "/api/workspaces/IAmNotEvenAGUID"
	twoOfOneID  = `"pipeline":{"install":[{"stepId":"main"},{"stepId":"1"}],"upgrade":[{"stepId":"main"},{"stepId":"1"}]},"type":"object"`
	twoMains    = `"pipeline":{"install":[{"stepId":"main"},{"stepId":"main"}]},"type":"object"`
	serviceBody = `{"templateName":"desktop","properties":{"display_name":"New","description":"For tests","quota":77}}`
	machineBody = `{"templateName":"machine","properties":{"display_name":"New","description":"For tests","quota":77}}`
	sharedBody  = `{"templateName":"other","properties":{"display_name":"New","description":"For tests","quota":77}}`
)

var registeringService = strings.Replace(registration("workspace-service-templates"), `"desktop"`, `"fresh"`, 1)

// registering is a registration of a template of workspaces, with more in it.
func registering(name, more string) string {
	body := strings.Replace(registration(""), `"base"`, `"`+name+`"`, 1)
	return strings.Replace(body, `"json_schema"`, more+`"json_schema"`, 1)
}

// piped is a registration whose form holds a pipeline.
func piped(pipeline string) string {
	return strings.Replace(registering("fresh", ""), `"type":"object"`, pipeline, 1)
}

var whichever = []string{"etag", "*"}

// tableOf are the rows that AzureTRE's tables have of every kind of resource: the
// same calls on a service, on a machine and on a shared service.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/tests_ma/test_api/test_routes/test_workspaces.py
// https://github.com/microsoft/AzureTRE/blob/main/api_app/tests_ma/test_api/test_routes/test_shared_services.py
func tableOf(what, path, who string, key workspace.Key) []codeRow {
	off := func(b *bench) { b.disable(key) }
	upgrade := func(version string) string { return `{"templateVersion":"` + version + `"}` }
	rows := []codeRow{
		{name: "is read", method: "GET", want: 200, says: key.ID},
		{name: "is changed", method: "PATCH", body: patch, headers: whichever, want: 202, says: `"resourceId":"` + key.ID + `"`},
		{name: "is disabled", method: "PATCH", body: `{"isEnabled":false}`, headers: whichever, want: 202},
		{name: "is changed without an etag", method: "PATCH", body: patch, want: 422, says: "etag"},
		{name: "is changed in another version", method: "PATCH", body: patch, headers: []string{"etag", "some-bad-etag-value"}, want: 409},
		{name: "is changed to what the schema refuses", method: "PATCH", body: `{"isEnabled":false,"properties":{"quota":77}}`, headers: whichever, want: 400, says: "/quota"},
		{name: "is changed where nothing can be changed", method: "PATCH", body: `{"properties":{"quota":2,"fixed":"x"}}`, headers: whichever, want: 400, says: "fixed"},
		{name: "is changed in what it has not", method: "PATCH", body: `{"properties":{"quota":2,"unexpected":"x"}}`, headers: whichever, want: 400, says: "unexpected"},
		{name: "is upgraded to the next version", method: "PATCH", body: upgrade("1.9.0"), headers: whichever, want: 202},
		{name: "is upgraded over a major version", method: "PATCH", body: upgrade("2.0.0"), headers: whichever, want: 400, says: "major"},
		{name: "is upgraded over a major version, forced", method: "PATCH", path: "?force_version_update=true", body: upgrade("2.0.0"), headers: whichever, want: 202},
		{name: "is downgraded", method: "PATCH", body: upgrade("1.0.0"), headers: whichever, want: 400, says: "downgrade"},
		{name: "is upgraded to no version", method: "PATCH", body: upgrade("9.9.9"), headers: whichever, want: 400, says: "9.9.9"},
		{name: "is deleted while it is enabled", method: "DELETE", want: 400, says: "disabled"},
		{name: "is deleted", method: "DELETE", change: off, want: 200, says: `"resourceId":"` + key.ID + `"`},
	}
	for i := range rows {
		change := rows[i].change
		rows[i].name, rows[i].path, rows[i].who = what+" "+rows[i].name, path+rows[i].path, who
		rows[i].change = func(b *bench) {
			b.versions(key)
			if change != nil {
				change(b)
			}
		}
	}
	return rows
}

// versions registers more versions of what a resource was made from, and
// disables what is in it.
func (b *bench) versions(key workspace.Key) {
	b.t.Helper()
	r, err := b.store.Resource(b.t.Context(), key)
	b.must(err)
	parent := map[workspace.Kind]string{workspace.UserResource: "desktop"}[r.Kind]
	b.shelf(r.Kind, r.Template.Name, parent, "1.0.0", "1.9.0", "2.0.0")
	if r.Kind == workspace.Service {
		b.disable(workspace.Key{Partition: here, ID: machineID})
	}
}

// azureTREsCodes are the rows of AzureTRE's tables that are of no kind alone.
var azureTREsCodes = []codeRow{
	{name: "a change of a workspace that is not there", method: "PATCH", path: ofNone, who: "adam", body: patch, headers: whichever, want: 404},
	{name: "a workspace that is not there", method: "GET", path: ofNone, who: "adam", want: 404},
	{name: "a workspace by no id (AzureTRE: 422)", method: "GET", path: unnamed, who: "adam", want: 404},
	{name: "a change of a workspace by no id (AzureTRE: 422)", method: "PATCH", path: unnamed, who: "adam", body: patch, headers: whichever, want: 404},
	{name: "a workspace, for a researcher in it", method: "GET", path: ofWorkspaces, who: "ann", want: 200, says: here},
	{name: "a change of a service that is not there", method: "PATCH", path: noService, who: "olga", body: patch, headers: whichever, want: 404},
	{name: "a change of a service in a workspace that is not there", method: "PATCH", path: ofNone + "/workspace-services/" + serviceID, who: "olga", body: patch, headers: whichever, want: 404},
	{name: "a service in a workspace that is not there", method: "GET", path: ofNone + "/workspace-services/" + serviceID, who: "olga", want: 404},
	{name: "a change of a service by no id (AzureTRE: 422)", method: "PATCH", path: ofWorkspaces + "/workspace-services/IAmNotEvenAGUID", who: "olga", body: patch, headers: whichever, want: 404},
	{name: "a change of a machine that is not there", method: "PATCH", path: noMachine, who: "olga", body: patch, headers: whichever, want: 404},
	{name: "a machine that is not there", method: "GET", path: noMachine, who: "ann", want: 404},
	{name: "a change of a machine in a workspace that is not there", method: "PATCH", path: ofNone + "/workspace-services/" + serviceID + "/user-resources/" + machineID, who: "olga", body: patch, headers: whichever, want: 404},
	{name: "a change of a machine by no id (AzureTRE: 422)", method: "PATCH", path: ofService + "/user-resources/IAmNotEvenAGUID", who: "olga", body: patch, headers: whichever, want: 404},
	{name: "a change of a shared service that is not there", method: "PATCH", path: "/api/shared-services/" + none, who: "adam", body: patch, headers: whichever, want: 404},
	{name: "a shared service that is not there", method: "GET", path: "/api/shared-services/" + none, who: "adam", want: 404},
	{name: "a change of a shared service by no id (AzureTRE: 422)", method: "PATCH", path: "/api/shared-services/IAmNotEvenAGUID", who: "adam", body: patch, headers: whichever, want: 404},
	{name: "services of a workspace", method: "GET", path: ofWorkspaces + "/workspace-services", who: "ann", want: 200, says: serviceID},

	{name: "a service that the schema refuses", method: "POST", path: ofWorkspaces + "/workspace-services", who: "olga", body: serviceBody, want: 400, says: "/quota"},
	{name: "a machine that the schema refuses", method: "POST", path: ofService + "/user-resources", who: "bob", body: machineBody, want: 400, says: "/quota"},
	{name: "a machine of no template", method: "POST", path: ofService + "/user-resources", who: "bob", body: making("none"), want: 400, says: "templateName"},
	{name: "a machine of a service's template", method: "POST", path: ofService + "/user-resources", who: "bob", body: making("desktop"), want: 400, says: "templateName"},
	{name: "a machine in a workspace that is not there", method: "POST", path: ofNone + "/workspace-services/" + serviceID + "/user-resources", who: "bob", body: making("machine"), want: 404},
	{name: "a machine in a service that is not there", method: "POST", path: noService + "/user-resources", who: "bob", body: making("machine"), want: 404},
	{name: "a machine in a workspace that is not deployed", method: "POST", path: ofService + "/user-resources", who: "bob", body: making("machine"), change: notDeployed, want: 409, says: "not deployed"},
	{name: "a machine in a service that is not deployed", method: "POST", path: ofService + "/user-resources", who: "bob", body: making("machine"), want: 409, says: "not deployed", change: func(b *bench) {
		b.alter(workspace.Key{Partition: here, ID: serviceID}, func(r *workspace.Resource) { r.Installed, r.Status = false, workspace.DeploymentFailed })
	}},
	{name: "a shared service that the schema refuses", method: "POST", path: "/api/shared-services", who: "adam", body: sharedBody, want: 400, says: "/quota"},
	{name: "a shared service of no template", method: "POST", path: "/api/shared-services", who: "adam", body: making("none"), want: 400, says: "templateName"},

	{name: "a registration of something else", method: "POST", path: "/api/workspace-templates", who: "adam", body: `{"blah":"blah"}`, want: 422},
	{name: "a registration of another version", method: "POST", path: "/api/workspace-templates", who: "adam", body: registering("base", ""), want: 201, says: `"current":false`},
	{name: "a registration of the first version, which is current whatever is said", method: "POST", path: "/api/workspace-templates", who: "adam", body: registering("fresh", ""), want: 201, says: `"current":true`},
	{name: "a registration, answered as a form", method: "POST", path: "/api/workspace-templates", who: "adam", body: registering("fresh", ""), want: 201, says: `"required":["display_name","description"]`},
	{name: "a registration without actions", method: "POST", path: "/api/workspace-templates", who: "adam", body: registering("fresh", ""), want: 201, says: `"customActions":[]`},
	{name: "a registration with an action", method: "POST", path: "/api/workspace-templates", who: "adam", body: registering("fresh", `"customActions":[{"name":"my-action","description":"Does it"}],`), want: 201, says: `"name":"my-action","description":"Does it"`},
	{name: "a registration whose kind is that of its address", method: "POST", path: "/api/workspace-service-templates", who: "adam", body: registeringService, want: 201, says: `"resourceType":"workspace-service"`},
	{name: "a registration with an id of a step twice", method: "POST", path: "/api/workspace-templates", who: "adam", body: piped(twoOfOneID), want: 422, says: "stands twice"},
	{name: "a registration with two steps main", method: "POST", path: "/api/workspace-templates", who: "adam", body: piped(twoMains), want: 422, says: "main once"},
	{name: "a form, with what every resource has", method: "GET", path: "/api/workspace-templates/base", who: "adam", want: 200, says: `"required":["display_name","description"]`},
	{name: "a form of user resources, which names its service", method: "GET", path: "/api/workspace-service-templates/desktop/user-resource-templates/machine", who: "adam", want: 200, says: `"parentWorkspaceService":"desktop"`},
}
