// Package templates are the commands about what resources are made from:
// AzureTRE's lists, and what is ours beside them: a folder that is checked and
// registered, and one that is started from a skeleton.
package templates

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// address is where templates are: those of a kind, of user resources below the
// template of their service.
func address(kind workspace.Kind, parent string) string {
	if kind == workspace.UserResource {
		return address(workspace.Service, "") + "/" + url.PathEscape(parent) + "/user-resource-templates"
	}
	return "/" + string(kind) + "-templates"
}

// shelf is where a command's templates are.
type shelf func(cmd *cobra.Command) (string, error)

// Lists are AzureTRE's commands: for each kind one about all of its templates,
// one about one, and one that completes names.
func Lists(c *cli.Context) []*cobra.Command {
	var all []*cobra.Command
	for _, kind := range []workspace.Kind{workspace.Workspace, workspace.Service, workspace.SharedService} {
		on := func(*cobra.Command) (string, error) { return address(kind, ""), nil }
		many, one, complete := family(c, kind, "template", on)
		if kind == workspace.Service {
			below := func(cmd *cobra.Command) (string, error) {
				parent, _ := cmd.Flags().GetString("template")
				if parent == "" {
					return "", cli.Misused("of which service? Say `%s`", cli.Called(cmd))
				}
				return address(workspace.UserResource, parent), nil
			}
			manyOwn, oneOwn, completeOwn := family(c, workspace.UserResource, "name", below)
			one.AddCommand(manyOwn, oneOwn, completeOwn)
		}
		all = append(all, many, one, complete)
	}
	return all
}

// family is the commands about the templates of a kind; flag holds the name in
// the middle.
func family(c *cli.Context, kind workspace.Kind, flag string, on shelf) (many, one, complete *cobra.Command) {
	what := strings.ReplaceAll(string(kind), "-", " ")
	many = cli.Family(string(kind)+"-templates", "Templates of "+what+"s", newList(c, on), newRegister(c, on))
	one = cli.Middle(cli.Family(string(kind)+"-template", "One template of "+what+"s", newShow(c, flag, on)), flag)
	complete = cli.Completing(string(kind)+"-template", c.Completer(func(ctx context.Context, cmd *cobra.Command) ([]cli.Named, error) {
		path, err := on(cmd)
		if err != nil {
			return nil, err
		}
		_, entries, err := read(ctx, c, path)
		var names []cli.Named
		for _, e := range entries {
			names = append(names, cli.Named{ID: e.Name, Name: e.Title})
		}
		return names, err
	}))
	return many, one, complete
}

// read reads a list of templates.
func read(ctx context.Context, c *cli.Context, path string) ([]byte, []api.TemplateEntry, error) {
	caller, err := c.API(ctx)
	if err != nil {
		return nil, nil, err
	}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
	if err != nil {
		return nil, nil, err
	}
	var list api.TemplateEntries
	if err := json.Unmarshal(answer.Body, &list); err != nil {
		return nil, nil, fmt.Errorf("templates: %w", err)
	}
	return answer.Body, list.Templates, nil
}

func newList(c *cli.Context, on shelf) *cobra.Command {
	var mine bool
	cmd := &cobra.Command{Use: "list", Short: "List the templates, the current version of each", Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := on(cmd)
			if err != nil {
				return err
			}
			if mine {
				path += "?authorized_only=true"
			}
			answer, all, err := read(cmd.Context(), c, path)
			if err != nil {
				return err
			}
			return c.Show(answer, func(*console.Screen) {
				t := &cli.Table{Empty: "No templates.", Columns: []cli.Column{{Name: "name"}, {Name: "version"}, {Name: "title", Grow: true}, {Name: "description", Grow: true}, {Name: "for", Grow: true}}}
				for _, e := range all {
					t.Row(cli.Cells(e.Name, e.Version, e.Title, e.Description, strings.Join(e.Roles, ", "))...)
				}
				c.Draw(t)
			})
		}}
	cmd.Flags().BoolVar(&mine, "authorized-only", false, "only those that my roles may use")
	return cmd
}

func newShow(c *cli.Context, flag string, on shelf) *cobra.Command {
	var version string
	cmd := &cobra.Command{Use: "show", Short: "Show a template: what it asks for, and what can be done with what is made of it", Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			path, err := on(cmd)
			if err != nil {
				return err
			}
			name, _ := cmd.Flags().GetString(flag) // "" where none was given
			if name == "" {
				return cli.Misused("which template? Say `%s`", cli.Called(cmd))
			}
			path += "/" + url.PathEscape(name)
			if version != "" {
				path += "?" + url.Values{"version": {version}}.Encode()
			}
			caller, err := c.API(ctx)
			if err != nil {
				return err
			}
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
			if err != nil {
				return err
			}
			return show(c, answer.Body)
		}}
	cmd.Flags().StringVar(&version, "version", "", "version (default the current one)")
	return cmd
}

// show shows a template as the API gives it.
func show(c *cli.Context, answer []byte) error {
	t, err := template.Read(answer)
	if err != nil {
		return err
	}
	return c.Show(answer, func(*console.Screen) { draw(c, t) })
}

// draw draws a template: facts, its form, its actions.
func draw(c *cli.Context, t template.Template) {
	current := "no"
	if t.Current {
		current = "yes"
	}
	c.Details(
		cli.Detail{Name: "Template", Text: t.Name, Style: console.Bold},
		cli.Detail{Name: "Version", Text: t.Version},
		cli.Detail{Name: "Current", Text: current},
		cli.Detail{Name: "Digest", Text: t.Digest},
		cli.Detail{Name: "Title", Text: t.Title},
		cli.Detail{Name: "Description", Text: t.Description},
		cli.Detail{Name: "Kind", Text: string(t.Kind)},
		cli.Detail{Name: "Of service", Text: t.Parent},
		cli.Detail{Name: "For", Text: strings.Join(t.Roles, ", ")},
	)
	c.Title("Properties")
	table := &cli.Table{Columns: []cli.Column{{Name: "property"}, {Name: "type"}, {Name: "needed"}, {Name: "default", Grow: true}, {Name: "title", Grow: true}}}
	defaults := t.Defaults(map[string]any{})
	wanting := t.Wanting(defaults)
	names := t.Properties()
	t.InOrder(names)
	for _, name := range names {
		f := t.Field(name)
		needed := ""
		if slices.ContainsFunc(wanting, func(w template.Field) bool { return w.Name == name }) {
			needed = "yes"
		}
		table.Row(cli.Cells(name, f.Type, needed, cli.Flat(defaults[name]), f.Title)...)
	}
	c.Draw(table)
	if len(t.CustomActions) > 0 {
		c.Title("Actions")
		table := &cli.Table{Columns: []cli.Column{{Name: "action"}, {Name: "description", Grow: true}}}
		for _, a := range t.CustomActions {
			table.Row(cli.Cells(a.Name, a.Description)...)
		}
		c.Draw(table)
	}
}

// newRegister is AzureTRE's way to register a template: its body, which has to
// hold the ARM template besides.
func newRegister(c *cli.Context, on shelf) *cobra.Command {
	var d cli.Definition
	cmd := &cobra.Command{Use: "new", Short: "Register a template from the body that the API takes; a folder is registered by template push", Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := on(cmd)
			if err != nil {
				return err
			}
			if !d.Given() {
				return cli.Misused("give --definition or --definition-file; a folder is registered by `tre template push`")
			}
			var body map[string]json.RawMessage
			if err := d.Read(c, &body); err != nil {
				return err
			}
			return register(cmd.Context(), c, path, maps.Clone(body))
		}}
	d.Flags(cmd)
	return cmd
}

// register sends a registration and shows what was registered.
func register(ctx context.Context, c *cli.Context, path string, body any) error {
	text, err := encode(body)
	if err != nil {
		return err
	}
	caller, err := c.API(ctx)
	if err != nil {
		return err
	}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodPost, Path: path, Body: text, Header: http.Header{"Idempotency-Key": {uuid.NewString()}}})
	if err != nil {
		return err
	}
	t, err := template.Read(answer.Body)
	if err != nil {
		return err
	}
	if err := c.Show(answer.Body, func(*console.Screen) { drawRegistered(c, t) }); err != nil {
		return err
	}
	c.Say(console.Green, "Registered.")
	return nil
}

func drawRegistered(c *cli.Context, t template.Template) {
	current := "no: another version is taken unless this one is asked for"
	if t.Current {
		current = "yes"
	}
	c.Details(cli.Detail{Name: "Template", Text: t.Name, Style: console.Bold}, cli.Detail{Name: "Version", Text: t.Version}, cli.Detail{Name: "Kind", Text: string(t.Kind)},
		cli.Detail{Name: "Current", Text: current}, cli.Detail{Name: "Digest", Text: t.Digest})
}
