package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// member is what is shown of somebody in a workspace. AzureTRE's roles are
// names; ours say until when.
type member struct {
	ID    string     `json:"id"`
	Name  string     `json:"displayName"`
	Email string     `json:"email"`
	UPN   string     `json:"userPrincipalName"`
	Roles []roleHeld `json:"roles"`
	Group bool       `json:"group"`
	Held  string     `json:"heldBack"`
}

type roleHeld struct {
	Name    string     `json:"displayName"`
	Expires *time.Time `json:"expires"`
}

// UnmarshalJSON takes a bare name too.
func (r *roleHeld) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &r.Name) == nil {
		return nil
	}
	type fields roleHeld
	return json.Unmarshal(text, (*fields)(r))
}

func newUsers(c *cli.Context) *cobra.Command {
	cmd := cli.Family("users", "Members of a workspace, and their roles", newUsersList(c), newUsersAdd(c), newUsersRemove(c), newUsersUpdate(c), newUsersFind(c))
	cmd.Aliases = []string{"members"}
	cmd.Long = "Members of a workspace, and their roles.\n\nA person is named by object id, name or address, or by the beginning of one; `tre users find` looks people up who are not members yet."
	return cmd
}

func newUsersList(c *cli.Context) *cobra.Command {
	return onWorkspace(c, &cobra.Command{Use: "list", Short: "List the members of a workspace"},
		func(ctx context.Context, caller *client.Client, path string, _ []string) error {
			answer, err := caller.Whole(ctx, path+"/users", "users")
			if err != nil {
				return err
			}
			all, err := membersOf(answer)
			if err != nil {
				return err
			}
			return c.Show(answer, func(*console.Screen) { drawMembers(c, all) })
		})
}

func membersOf(answer []byte) ([]member, error) {
	var list struct {
		Users []member `json:"users"`
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, fmt.Errorf("members: %w", err)
	}
	return list.Users, nil
}

func drawMembers(c *cli.Context, all []member) {
	t := &cli.Table{Empty: "Nobody.", Columns: []cli.Column{{Name: "id"}, {Name: "name", Grow: true}, {Name: "mail", Grow: true}, {Name: "role"}, {Name: "until"}, {Name: "held back", Grow: true}}}
	for _, m := range all {
		for _, r := range m.Roles {
			until := cli.Cell{}
			if r.Expires != nil {
				until = c.Time(*r.Expires)
			}
			t.Row(cli.ID(m.ID), cli.Cell{Text: m.Name}, cli.Cell{Text: orElse(m.Email, m.UPN)}, cli.Cell{Text: r.Name}, until, cli.Cell{Text: m.Held, Style: console.Yellow})
		}
	}
	c.Draw(t)
}

// roleNames are what a person may type for a role.
var roleNames = map[string]string{"owner": "WorkspaceOwner", "researcher": "WorkspaceResearcher", "manager": "AirlockManager"}

// grant is what a membership is given with.
type grant struct{ role, expires, reason string }

func (g *grant) flags(cmd *cobra.Command, more bool) {
	f := cmd.Flags()
	f.StringVar(&g.role, "role", "", "owner, researcher or manager; or the role's name or id")
	if more {
		f.StringVar(&g.expires, "expires", "", "date after which the role ends, such as 2027-01-31; never where it is absent")
	}
	f.StringVar(&g.reason, "reason", "", "why, for the audit trail")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"owner", "researcher", "manager"}, cobra.ShellCompDirectiveNoFileComp))
}

// roleID is the role as the API takes it: its name is as good as its id.
func (g *grant) roleID(ctx context.Context, c *cli.Context) (string, error) {
	role, err := c.Ask(ctx, g.role, cli.Question{Flag: "role", Text: "Role", Choices: []string{"researcher", "owner", "manager"}})
	if name, ok := roleNames[strings.ToLower(role)]; ok {
		return name, err
	}
	return role, err
}

// checkDate returns an error unless text is a date or a time.
func checkDate(c *cli.Context, flag, text string) error {
	if text == "" || text == "never" {
		return nil
	}
	if _, err := moment(text, c.Zone); err != nil {
		return cli.Misused("--%s: %w", flag, err)
	}
	return nil
}

func newUsersAdd(c *cli.Context) *cobra.Command {
	var g grant
	cmd := onWorkspace(c, &cobra.Command{
		Use: "add PERSON...", Short: "Give people a role in a workspace", Args: cli.Args(cobra.MinimumNArgs(1)),
		Example: "  tre users add someone@example.org --role researcher --expires 2027-01-31",
	}, func(ctx context.Context, caller *client.Client, path string, args []string) error {
		if err := checkDate(c, "expires", g.expires); err != nil {
			return err
		}
		role, err := g.roleID(ctx, c)
		if err != nil {
			return err
		}
		var ids []string
		for _, name := range args {
			id, err := find(ctx, caller, path, name)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		body := map[string]any{"role_id": role, "user_ids": ids}
		for name, value := range map[string]string{"expires": g.expires, "reason": g.reason} {
			if value != "" && value != "never" {
				body[name] = value
			}
		}
		return change(ctx, c, caller, http.MethodPost, path+"/users/assign", body, "Given the role "+role+".")
	})
	g.flags(cmd, true)
	return cmd
}

func newUsersRemove(c *cli.Context) *cobra.Command {
	var g grant
	cmd := onWorkspace(c, &cobra.Command{Use: "remove PERSON", Short: "Take a role in a workspace away; it counts from the next call on", Args: cli.Args(cobra.ExactArgs(1))},
		func(ctx context.Context, caller *client.Client, path string, args []string) error {
			m, role, err := g.of(ctx, c, caller, path, args[0])
			if err != nil {
				return err
			}
			q := url.Values{"user_id": {m.ID}, "role_id": {role}}
			if g.reason != "" {
				q.Set("reason", g.reason)
			}
			return change(ctx, c, caller, http.MethodDelete, path+"/users/assign?"+q.Encode(), nil, "Taken the role "+role+" from "+m.Name+".")
		})
	g.flags(cmd, false)
	return cmd
}

func newUsersUpdate(c *cli.Context) *cobra.Command {
	var (
		g       grant
		instead string
	)
	cmd := onWorkspace(c, &cobra.Command{Use: "update PERSON", Short: "Change when a role ends, or give another in its place", Args: cli.Args(cobra.ExactArgs(1))},
		func(ctx context.Context, caller *client.Client, path string, args []string) error {
			if err := checkDate(c, "expires", g.expires); err != nil {
				return err
			}
			if g.expires == "" && instead == "" {
				return cli.Misused("nothing to change: give --expires (or never) or --new-role")
			}
			m, role, err := g.of(ctx, c, caller, path, args[0])
			if err != nil {
				return err
			}
			body := map[string]any{"role_id": role}
			if g.expires != "" {
				body["expires"] = strings.TrimPrefix(g.expires, "never") // none: it never ends
			}
			if instead != "" {
				body["new_role_id"] = orElse(roleNames[strings.ToLower(instead)], instead)
			}
			if g.reason != "" {
				body["reason"] = g.reason
			}
			return change(ctx, c, caller, http.MethodPatch, path+"/users/"+url.PathEscape(m.ID), body, "Changed the membership of "+m.Name+".")
		})
	g.flags(cmd, true)
	cmd.Flags().StringVar(&instead, "new-role", "", "role to have in place of --role")
	return cmd
}
