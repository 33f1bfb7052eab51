package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// values are properties that a line gives one by one.
type values []string

func (v *values) flag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP((*[]string)(v), "property", "p", nil, "property as name=value; lists and objects as JSON; may be given again")
}

// into puts the values into properties, each as the type that the form says.
func (v values) into(properties map[string]any, form template.Template) (map[string]any, error) {
	out := maps.Clone(properties)
	if out == nil {
		out = map[string]any{}
	}
	for _, pair := range v {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, cli.Misused("--property: %q is no name=value", name)
		}
		value, err := typed(form.Field(name), text)
		if err != nil {
			return nil, cli.Misused("--property %s: %w", name, err)
		}
		out[name] = value
	}
	return out, nil
}

// typed is a value as its property's type takes it. What it is may be a secret,
// so that errors do not say.
func typed(f template.Field, text string) (any, error) {
	if f.Type == "string" || f.Type == "" {
		return text, nil
	}
	value, err := decoded(text)
	if err != nil {
		return nil, fmt.Errorf("it has to be %s", article(f.Type))
	}
	return value, nil
}

// decoded is one JSON value, its numbers as they are written.
func decoded(text string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var value any
	if err := dec.Decode(&value); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, fmt.Errorf("there is more after the first value")
	}
	return value, nil
}

func article(kind string) string {
	switch kind {
	case "boolean":
		return "true or false"
	case "integer", "array", "object":
		return map[string]string{"integer": "an integer", "array": "a list, in JSON", "object": "an object, in JSON"}[kind]
	}
	return "a " + kind
}

// shelf is the address of the templates of a kind, to read one; a user
// resource's are below the template of its service.
func (k *kind) shelf(ctx context.Context, t target) (string, error) {
	if k != owned {
		return "/" + k.name + "-templates", nil
	}
	service, _, _ := strings.Cut(t.path, "/"+owned.list)
	_, in, err := services.get(ctx, t.caller, service)
	if err != nil {
		return "", err
	}
	return "/workspace-service-templates/" + url.PathEscape(in.TemplateName) + "/user-resource-templates", nil
}

// form is the template of a resource, in the version that it is to have; "" is
// the one that it has.
func (k *kind) form(ctx context.Context, t target, now api.Resource, version string) (template.Template, error) {
	if version == "" {
		version = now.TemplateVersion
	}
	shelf, err := k.shelf(ctx, t)
	if err != nil {
		return template.Template{}, err
	}
	return formAt(ctx, t.caller, shelf, now.TemplateName, version)
}

// formAt reads a template; version "" is the current one.
func formAt(ctx context.Context, caller *client.Client, shelf, name, version string) (template.Template, error) {
	path := shelf + "/" + url.PathEscape(name)
	if version != "" {
		path += "?" + url.Values{"version": {version}}.Encode()
	}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
	if err != nil {
		return template.Template{}, fmt.Errorf("template %s: %w", name, err)
	}
	t, err := template.Read(answer.Body)
	if err != nil {
		return t, fmt.Errorf("template %s: %w", name, err)
	}
	return t, nil
}

// offered are the templates that the caller may take where the line says: the
// address of the list differs from the shelf's, which has those of everybody.
func (k *kind) offered(ctx context.Context, t target) ([]api.TemplateEntry, error) {
	shelf, err := k.shelf(ctx, t)
	if err != nil {
		return nil, err
	}
	path := shelf + "?authorized_only=true"
	if k.parent != nil { // by the caller's roles in the workspace
		in, _, _ := strings.Cut(t.path, "/"+services.list)
		path = in + shelf
	}
	var list api.TemplateEntries
	err = t.caller.Do(ctx, http.MethodGet, path, nil, &list)
	return list.Templates, err
}

// ask asks for what the form demands and nothing gave, one property after the
// other, and checks each answer before the next question.
func ask(ctx context.Context, c *cli.Context, form template.Template, properties map[string]any) (map[string]any, error) {
	properties = maps.Clone(properties)
	for {
		wanting := form.Wanting(form.Defaults(properties))
		if len(wanting) == 0 {
			return properties, nil
		}
		f := wanting[0]
		value, err := question(ctx, c, f)
		if err != nil {
			return nil, err
		}
		properties[f.Name] = value
		if wrong := faults(form, properties, f.Name); wrong != "" {
			c.Screen.Line("%s", wrong)
			delete(properties, f.Name)
		}
	}
}

// question asks for one property until the answer is of its type.
func question(ctx context.Context, c *cli.Context, f template.Field) (any, error) {
	q := cli.Question{Flag: "property " + f.Name, Text: f.Name, Secret: f.Sensitive}
	if f.Title != "" {
		q.Text = f.Title
	}
	for _, choice := range f.Choices {
		q.Choices = append(q.Choices, cli.Flat(choice))
	}
	if f.Type == "boolean" && len(q.Choices) == 0 {
		q.Choices = []string{"true", "false"}
	}
	if f.Description != "" {
		c.Say(console.Dim, f.Description)
	}
	for {
		text, err := c.Ask(ctx, "", q)
		if err != nil {
			return nil, err
		}
		if i := slices.Index(q.Choices, text); i >= 0 && i < len(f.Choices) {
			return f.Choices[i], nil
		}
		value, err := typed(f, text)
		if err == nil {
			return value, nil
		}
		c.Screen.Line("%s", "No: "+err.Error())
	}
}

// faults are what the form says of one property; "" when it is content.
func faults(form template.Template, properties map[string]any, name string) string {
	invalid, ok := form.Validate(form.Defaults(properties)).(*template.Invalid) //nolint:errorlint // Validate returns nothing else
	if !ok {
		return ""
	}
	for _, f := range invalid.Faults {
		if at := strings.TrimPrefix(f.Pointer, "/"); at == name || strings.HasPrefix(at, name+"/") {
			return "No: it " + f.Message
		}
	}
	return ""
}
