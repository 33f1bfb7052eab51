package resources

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// creation is a resource that is to be made, with AzureTRE's names; the last two
// are of workspaces alone.
type creation struct {
	Template   string         `json:"templateName"`
	Version    string         `json:"templateVersion,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
	Members    []api.Invited  `json:"members,omitempty"`
	Reason     string         `json:"reason,omitempty"`
}

// making is one use of a command that makes a resource.
type making struct {
	waiting
	k          *kind
	definition cli.Definition
	given      values
	flags      creation
	name       string // of the resource
	about      string
	members    []string
}

func (k *kind) newNew(c *cli.Context) *cobra.Command {
	m := &making{k: k}
	cmd := k.in(c, &cobra.Command{Use: "new", Short: "Make a " + k.what + ", from flags or by asking"}, func(ctx context.Context, t target) error { return m.run(ctx, c, t) })
	cmd.Long = "Makes a " + k.what + " from a template. On a terminal it asks for the template and for what the template demands and no flag\n" +
		"says. What the template does not take is refused before anything is sent. Secrets are better given in a file or\n" +
		"when asked than with --property, where others on this machine could read them."
	f := cmd.Flags()
	f.StringVar(&m.flags.Template, "template", "", "name of the template")
	f.StringVar(&m.flags.Version, "template-version", "", "version of the template (default the current one)")
	f.StringVar(&m.name, "display-name", "", "what people call it")
	f.StringVar(&m.about, "description", "", "what it is for")
	m.given.flag(cmd)
	m.definition.Flags(cmd)
	if k == workspaces {
		f.StringArrayVar(&m.members, "member", nil, "who gets a role in it, as OBJECTID=ROLE with owner, researcher or manager; may be given again")
		f.StringVar(&m.flags.Reason, "reason", "", "why, for the administrator who decides")
		cmd.Short = "Ask for a workspace, from flags or by asking; an administrator's is made at once"
		cmd.Long += "\n\nAn administrator's workspace is made at once. Anybody else's waits until an administrator has granted it."
	}
	_ = cmd.RegisterFlagCompletionFunc("template", k.templates(c)) // fails only for unknown flags
	m.waiting.flags(cmd)
	return cmd
}

// templates completes names of templates.
func (k *kind) templates(c *cli.Context) cobra.CompletionFunc {
	return c.Completer(func(ctx context.Context, cmd *cobra.Command) ([]cli.Named, error) {
		path, err := k.collection(ctx, c, cmd)
		if err != nil {
			return nil, err
		}
		caller, err := c.API(ctx)
		if err != nil {
			return nil, err
		}
		entries, err := k.offered(ctx, target{cmd: cmd, caller: caller, path: path})
		var all []cli.Named
		for _, e := range entries {
			all = append(all, cli.Named{ID: e.Name, Name: e.Title})
		}
		return all, err
	})
}

func (m *making) run(ctx context.Context, c *cli.Context, t target) error {
	want, err := m.wanted(c)
	if err != nil {
		return err
	}
	if want.Template == "" {
		if want.Template, err = m.choose(ctx, c, t); err != nil {
			return err
		}
	}
	shelf, err := m.k.shelf(ctx, t)
	if err != nil {
		return err
	}
	form, err := formAt(ctx, t.caller, shelf, want.Template, want.Version)
	if err != nil {
		return err
	}
	if want.Properties, err = m.filled(ctx, c, form, want.Properties); err != nil {
		return err
	}
	body, err := json.Marshal(want)
	if err != nil {
		return err
	}
	call := client.Call{Method: http.MethodPost, Path: t.path, Body: body, Header: http.Header{"Idempotency-Key": {uuid.NewString()}}}
	answer, err := t.caller.Send(ctx, call)
	if err != nil {
		return err
	}
	var asked api.WorkspaceAsked
	if err := json.Unmarshal(answer.Body, &asked); err != nil {
		return fmt.Errorf("%s: %w", m.k.what, err)
	}
	if asked.Request != nil {
		return ShowAsked(c, answer.Body, *asked.Request)
	}
	o, err := client.OrderOf(answer)
	if err != nil {
		return err
	}
	return m.until(ctx, c, t.caller, o)
}

// wanted is what the definition says, and the flags, which win.
func (m *making) wanted(c *cli.Context) (creation, error) {
	var want creation
	if err := m.definition.Read(c, &want); err != nil {
		return want, err
	}
	want.Template, want.Version = cmp.Or(m.flags.Template, want.Template), cmp.Or(m.flags.Version, want.Version)
	want.Reason = cmp.Or(m.flags.Reason, want.Reason)
	if want.Properties == nil {
		want.Properties = map[string]any{}
	}
	for name, text := range map[string]string{"display_name": m.name, "description": m.about} {
		if text != "" {
			want.Properties[name] = text
		}
	}
	for _, text := range m.members {
		member, err := invited(text)
		if err != nil {
			return want, err
		}
		want.Members = append(want.Members, member)
	}
	return want, nil
}

// choose asks which template to take.
func (m *making) choose(ctx context.Context, c *cli.Context, t target) (string, error) {
	q := cli.Question{Flag: "template", Text: "Template"}
	if !c.May() {
		return c.Ask(ctx, "", q)
	}
	entries, err := m.k.offered(ctx, t)
	if err != nil {
		return "", err
	}
	if len(entries) == 0 {
		return "", &cli.Error{Code: cli.NotAllowed, Err: fmt.Errorf("there is no template of a %s that you may use", m.k.what)}
	}
	for _, e := range entries {
		q.Choices = append(q.Choices, e.Name)
		c.Screen.Text("", "", "  ", fmt.Sprintf("%s: %s", e.Name, e.Title))
	}
	if len(entries) == 1 {
		q.Default = entries[0].Name
	}
	return c.Ask(ctx, "", q)
}

// filled are the properties with what was asked for, held against the form.
func (m *making) filled(ctx context.Context, c *cli.Context, form template.Template, properties map[string]any) (map[string]any, error) {
	properties, err := m.given.into(properties, form)
	if err != nil {
		return nil, err
	}
	if c.May() {
		if properties, err = ask(ctx, c, form, properties); err != nil {
			return nil, err
		}
	}
	if err := form.Validate(form.Defaults(properties)); err != nil {
		return nil, &cli.Error{Code: cli.Usage, Err: err, Hint: fmt.Sprintf("the template says what it takes: `tre %s-template %s show`", m.k.name, form.Name)}
	}
	return properties, nil
}

// roles are what a person may type for a role.
var roles = map[string]string{"owner": "WorkspaceOwner", "researcher": "WorkspaceResearcher", "manager": "AirlockManager",
	"WorkspaceOwner": "WorkspaceOwner", "WorkspaceResearcher": "WorkspaceResearcher", "AirlockManager": "AirlockManager"}

// invited is a member as a flag names one.
func invited(text string) (api.Invited, error) {
	id, role, _ := strings.Cut(text, "=")
	if !cli.IsID(id) || roles[role] == "" {
		return api.Invited{}, cli.Misused("--member: %q is no object id with =owner, =researcher or =manager; `tre users find` shows object ids", text)
	}
	return api.Invited{ID: id, Role: roles[role]}, nil
}
