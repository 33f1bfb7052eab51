package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// of is the member that a person names, and the role that is meant: the only
// one where no flag says which.
func (g *grant) of(ctx context.Context, c *cli.Context, caller *client.Client, path, name string) (member, string, error) {
	answer, err := caller.Whole(ctx, path+"/users", "users")
	if err != nil {
		return member{}, "", err
	}
	all, err := membersOf(answer)
	if err != nil {
		return member{}, "", err
	}
	m, err := pickMember("members of this workspace", name, all)
	if err != nil {
		return m, "", err
	}
	if g.role == "" && len(m.Roles) == 1 {
		return m, m.Roles[0].Name, nil
	}
	role, err := g.roleID(ctx, c)
	return m, role, err
}

// pickMember finds somebody by object id, name or address.
func pickMember(what, name string, all []member) (member, error) {
	var known []cli.Named
	for _, m := range all {
		known = append(known, cli.Named{ID: m.ID, Name: m.Name, Also: orElse(m.Email, m.UPN)})
	}
	found, err := cli.Pick(what, name, known)
	for _, m := range all {
		if m.ID == found.ID && err == nil {
			return m, nil
		}
	}
	return member{}, err
}

// lookedUp is how many people a search of the directory gives.
const lookedUp = 20

// assignable looks people up in the directory.
func assignable(ctx context.Context, caller *client.Client, path, name string) ([]byte, []member, error) {
	q := url.Values{"filter": {name}, "maxResultCount": {strconv.Itoa(lookedUp)}}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path + "/assignable-users?" + q.Encode()})
	if err != nil {
		return nil, nil, err
	}
	var list struct {
		Users []member `json:"assignable_users"`
	}
	if err := json.Unmarshal(answer.Body, &list); err != nil {
		return nil, nil, fmt.Errorf("people: %w", err)
	}
	return answer.Body, list.Users, nil
}

// find is the object id of somebody in the directory.
func find(ctx context.Context, caller *client.Client, path, name string) (string, error) {
	if cli.IsID(name) {
		return name, nil
	}
	_, all, err := assignable(ctx, caller, path, name)
	if err != nil {
		return "", err
	}
	m, err := pickMember("people in the directory", name, all)
	return m.ID, err
}

func newUsersFind(c *cli.Context) *cobra.Command {
	return onWorkspace(c, &cobra.Command{Use: "find NAME", Short: "Look people up who can be given a role", Args: cli.Args(cobra.ExactArgs(1))},
		func(ctx context.Context, caller *client.Client, path string, args []string) error {
			answer, all, err := assignable(ctx, caller, path, args[0])
			if err != nil {
				return err
			}
			return c.Show(answer, func(*console.Screen) {
				t := &cli.Table{Empty: "Nobody is called so.", Columns: []cli.Column{{Name: "id"}, {Name: "name", Grow: true}, {Name: "mail", Grow: true}}}
				for _, m := range all {
					t.Row(cli.Cell{Text: m.ID}, cli.Cell{Text: m.Name}, cli.Cell{Text: orElse(m.Email, m.UPN)})
				}
				c.Draw(t)
			})
		})
}

func newRoles(c *cli.Context) *cobra.Command {
	return onWorkspace(c, &cobra.Command{Use: "roles", Short: "List the roles that a workspace has"},
		func(ctx context.Context, caller *client.Client, path string, _ []string) error {
			answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path + "/roles"})
			if err != nil {
				return err
			}
			var list struct {
				Roles []struct {
					ID   string `json:"id"`
					Name string `json:"displayName"`
				} `json:"roles"`
			}
			if err := json.Unmarshal(answer.Body, &list); err != nil {
				return fmt.Errorf("roles: %w", err)
			}
			return c.Show(answer.Body, func(*console.Screen) {
				t := &cli.Table{Columns: []cli.Column{{Name: "id"}, {Name: "role"}}}
				for _, r := range list.Roles {
					t.Row(cli.Cell{Text: r.ID}, cli.Cell{Text: r.Name})
				}
				c.Draw(t)
			})
		})
}
