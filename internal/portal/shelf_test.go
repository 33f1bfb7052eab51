package portal_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// arm is an ARM template that makes nothing.
const arm = `{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","contentVersion":"1.0.0.0","parameters":{},"resources":[],"outputs":{}}`

// desktops is a template for services.
var desktops = map[string][]byte{
	"template.json":        []byte(`{"name":"desktops","version":"0.1.0","kind":"workspace-service"}`),
	"template_schema.json": []byte(`{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"Desktops <b>","description":"Desktops in the browser","required":[],"properties":{"public":{"type":"boolean","title":"Reached from the internet","default":false,"updateable":true}}}`),
	"main.json":            []byte(arm),
}

// machine is a template for machines in it.
var machine = map[string][]byte{
	"template.json": []byte(`{"name":"machine","version":"0.1.0","kind":"user-resource","parent":"desktops","customActions":[
		{"name":"start","description":"Starts it","kind":"machine"},{"name":"stop","description":"Stops it","kind":"machine"},{"name":"resize","kind":"machine"}]}`),
	"template_schema.json": []byte(machineSchema),
	"main.json":            []byte(strings.Replace(arm, `"outputs":{}`, `"outputs":{"azure_resource_id":{"type":"string","value":"x"}}`, 1)),
}

const machineSchema = `{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"Machine","description":"A machine","required":["vm_size","password"],"properties":{
	"vm_size":{"type":"string","title":"VM size","description":"How large it is","enum":["small | 2","large | 8"],"updateable":true},
	"password":{"type":"string","title":"Password","sensitive":true,"minLength":4,"updateable":true},
	"disk":{"type":"integer","title":"Disk","default":32,"minimum":8,"maximum":64,"updateable":true},
	"label":{"type":"string","title":"Label","pattern":"^[a-z-]*$","maxLength":8},
	"tags":{"type":"array","title":"Tags","items":{"type":"string","maxLength":5},"updateable":true},
	"night":{"type":"boolean","title":"Stop at night","default":false,"updateable":true}},
	"allOf":[{"if":{"properties":{"night":{"const":true}},"required":["night"]},"then":{"properties":{"hour":{"type":"integer","title":"Hour","maximum":23,"updateable":true}},"required":["hour"]}}]}`

// later is another version of it, which asks for more.
func later(version string) map[string][]byte {
	files := map[string][]byte{"main.json": machine["main.json"]}
	files["template.json"] = []byte(strings.Replace(string(machine["template.json"]), "0.1.0", version, 1))
	files["template_schema.json"] = []byte(strings.Replace(machineSchema, `"night":`, `"zone":{"type":"string","title":"Zone","enum":["one","two"],"updateable":true},"night":`, 1))
	return files
}

var (
	shownField = regexp.MustCompile(`name="shown" value="([^"]+)"`)
	hiddenForm = regexp.MustCompile(`name="(template|version|match|form)" value="([^"]*)"`)
	givenValue = regexp.MustCompile(`<(?:input type="(?:text|number)"|textarea)[^>]* name="([^"]+)"[^>]* value="([^"]*)"`)
	givenText  = regexp.MustCompile(`<textarea [^>]*name="([^"]+)"[^>]*>\n?([^<]*)</textarea>`)
	givenOne   = regexp.MustCompile(`(?s)<select [^>]*name="([^"]+)".*?</select>`)
	selected   = regexp.MustCompile(`<option value="([^"]*)" selected>`)
	ticked     = regexp.MustCompile(`<input type="checkbox" [^>]*name="([^"]+)" value="([^"]*)" checked`)
)

// filledIn is what a browser sends of a page's form, with fields written over;
// "-" sends nothing.
func filledIn(page string, over map[string]string) url.Values {
	_, page, _ = strings.Cut(page, "<main")
	v := url.Values{}
	for _, found := range shownField.FindAllStringSubmatch(page, -1) {
		v.Add("shown", html.UnescapeString(found[1]))
	}
	for _, of := range []*regexp.Regexp{hiddenForm, givenValue, givenText, ticked} {
		for _, found := range of.FindAllStringSubmatch(page, -1) {
			set := v.Set
			if strings.HasPrefix(found[1], "member-") {
				set = v.Add
			}
			set(html.UnescapeString(found[1]), html.UnescapeString(found[2]))
		}
	}
	for _, found := range givenOne.FindAllStringSubmatch(page, -1) {
		if chosen := selected.FindStringSubmatch(found[0]); chosen != nil {
			v.Set(found[1], html.UnescapeString(chosen[1]))
		}
	}
	for name, text := range over {
		if v.Set(name, text); text == "-" {
			v.Del(name)
		}
	}
	return v
}

// finish ends the operation that holds a resource well, with outputs of its
// stack.
func (b *bench) finish(key workspace.Key, outputs map[string]any) {
	b.t.Helper()
	r, err := b.store.Resource(b.t.Context(), key)
	b.must(err)
	op, err := b.store.Operation(b.t.Context(), workspace.OperationKey{Partition: key.Partition, Resource: key.ID, ID: r.Operation})
	b.must(err)
	op = op.Advance(0, op.Action.Status(workspace.Succeeded), "", b.now())
	r.Status, r.Operation, r.Job, r.Installed = op.Action.Status(workspace.Succeeded), "", nil, true
	for name, v := range outputs {
		r.Properties[name] = v
	}
	if outputs != nil {
		r.Outputs = outputs
	}
	c := workspace.Change{Partition: key.Partition}
	c.Resource(r, audit.Line{At: b.now(), Action: "ended"})
	c.Operation(op, b.now().Add(time.Hour), audit.Line{At: b.now(), Action: "ended"})
	_, err = b.store.CommitChange(b.t.Context(), c)
	b.must(err)
}

// resourcesIn are the resources of a partition, of a kind.
func (b *bench) resourcesIn(partition string, kind workspace.Kind) []workspace.Resource {
	b.t.Helper()
	var all []workspace.Resource
	some, _, err := b.store.Resources(b.t.Context(), partition, airlock.Page{})
	b.must(err)
	for _, r := range some {
		if r.Kind == kind && !r.Gone() {
			all = append(all, r)
		}
	}
	return all
}

// equip puts a workspace, desktops in it and a machine of Ann's there into the
// store, as its forms would.
func (b *bench) equip() (service, vm workspace.Resource) {
	b.t.Helper()
	made := func(r workspace.Resource, name string, properties map[string]any) workspace.Resource {
		r.Enabled, r.Installed, r.CreatedAt, r.UpdatedAt = true, true, b.now(), b.now()
		t, registered, err := b.builder.Template(b.t.Context(), r.Kind, "desktops", name, "")
		b.must(err)
		r.Template = workspace.TemplateRef{Name: name, Version: registered.Version, Digest: registered.Digest}
		r.Properties, _ = t.Mask(t.Defaults(properties))
		r.Status = workspace.Deployed
		c := workspace.Change{Partition: r.Key().Partition}
		c.Resource(r, audit.Line{At: b.now(), Action: "seeded"})
		c, err = b.store.CommitChange(b.t.Context(), c)
		b.must(err)
		return c.Resources[0]
	}
	made(workspace.Resource{ID: here, Kind: workspace.Workspace}, "study", map[string]any{"display_name": "Heart study", "description": "d"})
	service = made(workspace.Resource{ID: uuid.NewString(), Kind: workspace.Service, Workspace: here}, "desktops", map[string]any{"display_name": "Desktops", "description": "d"})
	vm = made(workspace.Resource{ID: machineID, Kind: workspace.UserResource, Workspace: here, Service: service.ID, Owner: people["ann"], Outputs: map[string]any{"azure_resource_id": vmARM},
		Secrets: map[string]string{"/password": "https://vault.example/secrets/p"}}, "machine",
		map[string]any{"display_name": "Ann's machine", "description": "d", "vm_size": "small | 2", "password": canary, "connection_uri": "https://desktops.example/?/client/1"})
	return service, vm
}

// rewrite stores a resource again, as it is now.
func (b *bench) rewrite(r workspace.Resource) {
	b.t.Helper()
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, audit.Line{At: b.now(), Action: "rewritten"})
	_, err := b.store.CommitChange(b.t.Context(), c)
	b.must(err)
}

// forgetTemplates lets the time pass for which versions are remembered.
func (b *bench) forgetTemplates() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ahead += time.Minute
}
