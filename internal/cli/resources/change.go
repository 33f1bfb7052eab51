package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
)

// patching is a change of a resource.
type patching struct {
	waiting
	etag  string
	force bool
}

func (p *patching) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.etag, "etag", "", "change it only if it still has this _etag (default: the one it has now); * for whichever")
	p.waiting.flags(cmd)
}

// patch sends a change of the version that the line names, else of the one that
// there is now.
func (p *patching) patch(t target, now api.Resource, body api.Patching) (client.Call, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return client.Call{}, err
	}
	etag := p.etag
	if etag == "" {
		etag = now.ETag
	}
	path := t.path
	if p.force {
		path += "?force_version_update=true"
	}
	return client.Call{Method: http.MethodPatch, Path: path, Body: text, Header: http.Header{"ETag": {etag}}}, nil
}

// newUpdate is AzureTRE's update; ours beside it take single properties and a
// version.
func (k *kind) newUpdate(c *cli.Context) *cobra.Command {
	var (
		p     patching
		d     cli.Definition
		given values
		to    string
	)
	cmd := k.on(c, &cobra.Command{Use: "update", Short: "Change properties of the " + k.what + ", or bring it to another version of its template"},
		func(ctx context.Context, t target) error {
			var body api.Patching
			if err := d.Read(c, &body); err != nil {
				return err
			}
			if to != "" {
				body.TemplateVersion = to
			}
			_, now, err := k.get(ctx, t.caller, t.path)
			if err != nil {
				return err
			}
			if len(given) > 0 {
				form, err := k.form(ctx, t, now, body.TemplateVersion)
				if err != nil {
					return err
				}
				if body.Properties, err = given.into(body.Properties, form); err != nil {
					return err
				}
			}
			if body.Enabled == nil && body.TemplateVersion == "" && len(body.Properties) == 0 {
				return cli.Misused("nothing to change: give --property, --template-version, or a definition")
			}
			call, err := p.patch(t, now, body)
			if err != nil {
				return err
			}
			return p.order(ctx, c, t.caller, call)
		})
	d.Flags(cmd)
	given.flag(cmd)
	cmd.Flags().StringVar(&to, "template-version", "", "version of the template to upgrade to")
	cmd.Flags().BoolVar(&p.force, "force-version-update", false, "upgrade to a higher major version, or go back to a lower version")
	p.flags(cmd)
	return cmd
}

// newSetEnabled is AzureTRE's set-enabled.
func (k *kind) newSetEnabled(c *cli.Context) *cobra.Command {
	var (
		p           patching
		enable, not bool
	)
	cmd := k.on(c, &cobra.Command{Use: "set-enabled", Short: "Enable or disable the " + k.what + "; disabled with all that is in it, it can be deleted"},
		func(ctx context.Context, t target) error {
			_, now, err := k.get(ctx, t.caller, t.path)
			if err != nil {
				return err
			}
			call, err := p.patch(t, now, api.Patching{Enabled: &enable})
			if err != nil {
				return err
			}
			return p.order(ctx, c, t.caller, call)
		})
	cmd.Flags().BoolVar(&enable, "enable", false, "enable it")
	cmd.Flags().BoolVar(&not, "disable", false, "disable it")
	cmd.MarkFlagsMutuallyExclusive("enable", "disable")
	cmd.MarkFlagsOneRequired("enable", "disable")
	p.flags(cmd)
	return cmd
}

// newDelete is AzureTRE's delete.
func (k *kind) newDelete(c *cli.Context) *cobra.Command {
	var (
		w           waiting
		yes, ensure bool
	)
	cmd := k.on(c, &cobra.Command{Use: "delete", Short: "Delete the " + k.what + " with all that is in it"}, func(ctx context.Context, t target) error {
		_, now, err := k.get(ctx, t.caller, t.path)
		if err != nil {
			return err
		}
		if now.Enabled && !ensure { // before the question, which would be for nothing
			return &cli.Error{Code: cli.Conflict, Err: fmt.Errorf("the %s is enabled, and only what is disabled can be deleted", k.what), Hint: "say --ensure-disabled to have it disabled first"}
		}
		if err := c.Sure(ctx, yes, fmt.Sprintf("Delete the %s %q (%s) with all that is in it?", k.what, display(now), now.ID)); err != nil {
			return err
		}
		if ensure && now.Enabled {
			if err := k.disable(ctx, c, t, now); err != nil {
				return err
			}
		}
		return w.order(ctx, c, t.caller, client.Call{Method: http.MethodDelete, Path: t.path})
	})
	cmd.Flags().BoolVar(&ensure, "ensure-disabled", false, "disable it first where it is not disabled yet")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	w.flags(cmd)
	return cmd
}

// disable disables a resource and waits until it is.
func (k *kind) disable(ctx context.Context, c *cli.Context, t target, now api.Resource) error {
	var p patching
	off := false
	call, err := p.patch(t, now, api.Patching{Enabled: &off})
	if err != nil {
		return err
	}
	o, err := t.caller.Order(ctx, call)
	if err != nil {
		return fmt.Errorf("disable: %w", err)
	}
	last, err := followed(ctx, &Progress{C: c}, t.caller, o)
	if err != nil {
		return err
	}
	if last.Operation.Status.Failed() {
		return judge(c, last)
	}
	return nil
}

// newInvoke is AzureTRE's invoke-action.
func (k *kind) newInvoke(c *cli.Context) *cobra.Command {
	var (
		w          waiting
		parameters map[string]string
	)
	cmd := k.on(c, &cobra.Command{Use: "invoke-action ACTION", Short: "Do one of the template's own actions to the " + k.what, Args: cli.Args(cobra.ExactArgs(1))},
		func(ctx context.Context, t target) error { return invoke(ctx, c, &w, t, t.args[0], parameters) })
	cmd.ValidArgsFunction = k.actions(c)
	cmd.Flags().StringToStringVar(&parameters, "parameter", nil, "what the action is told, as name=value; may be given again")
	w.flags(cmd)
	return cmd
}

// invoke orders a custom action.
func invoke(ctx context.Context, c *cli.Context, w *waiting, t target, action string, parameters map[string]string) error {
	body, err := json.Marshal(map[string]map[string]string{"parameters": parameters})
	if err != nil {
		return err
	}
	return w.order(ctx, c, t.caller, client.Call{Method: http.MethodPost, Path: t.path + "/invoke-action?" + url.Values{"action": {action}}.Encode(), Body: body})
}

// actions completes the names of the custom actions of a resource.
func (k *kind) actions(c *cli.Context) cobra.CompletionFunc {
	return c.Completer(func(ctx context.Context, cmd *cobra.Command) ([]cli.Named, error) {
		path, err := k.address(ctx, c, cmd)
		if err != nil {
			return nil, err
		}
		caller, err := c.API(ctx)
		if err != nil {
			return nil, err
		}
		t := target{cmd: cmd, caller: caller, path: path}
		_, now, err := k.get(ctx, caller, path)
		if err != nil {
			return nil, err
		}
		form, err := k.form(ctx, t, now, now.TemplateVersion)
		var all []cli.Named
		for _, a := range form.CustomActions {
			all = append(all, cli.Named{ID: a.Name, Name: a.Description})
		}
		return all, err
	})
}
