package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/client"
)

// Named is something with an id and a name that people give it.
type Named struct{ ID, Name, Also string } // Also: another name, such as an address

// Pick finds the one thing that text names: by its whole id or name, else by
// the beginning of one, whatever the case. what says what it is, in the plural.
func Pick(what, text string, all []Named) (Named, error) {
	var exact, begins []Named
	for _, n := range all {
		switch {
		case strings.EqualFold(n.ID, text), strings.EqualFold(n.Name, text), strings.EqualFold(n.Also, text):
			exact = append(exact, n)
		case hasPrefixFold(n.ID, text), hasPrefixFold(n.Name, text), hasPrefixFold(n.Also, text):
			begins = append(begins, n)
		}
	}
	found := exact
	if len(found) == 0 {
		found = begins
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return Named{}, &Error{Code: NotAllowed, Err: fmt.Errorf("none of the %s is called %q, or has an id that begins so", what, text)}
	}
	return Named{}, &Error{Code: Usage, Err: fmt.Errorf("%q fits %d %s: %s", text, len(found), what, candidates(found)), Hint: "give more of the id"}
}

func hasPrefixFold(text, prefix string) bool {
	return prefix != "" && len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// maxCandidates is how many an error lists.
const maxCandidates = 10

func candidates(all []Named) string {
	var texts []string
	for _, n := range all[:min(len(all), maxCandidates)] {
		texts = append(texts, fmt.Sprintf("%s (%s)", n.ID, oneLine(n.Name)))
	}
	if len(all) > maxCandidates {
		texts = append(texts, "…")
	}
	return strings.Join(texts, ", ")
}

// IsID tells whether text is a whole id.
func IsID(text string) bool { return len(text) == 36 && uuid.Validate(text) == nil }

// Workspaces are those that the caller may see.
func Workspaces(ctx context.Context, c *client.Client) ([]Named, error) {
	var answer struct {
		Workspaces []struct {
			ID         string `json:"id"`
			Properties struct {
				Name string `json:"display_name"`
			} `json:"properties"`
		} `json:"workspaces"`
	}
	if err := c.Do(ctx, http.MethodGet, "/workspaces", nil, &answer); err != nil {
		return nil, fmt.Errorf("workspaces: %w", err)
	}
	var all []Named
	for _, w := range answer.Workspaces {
		all = append(all, Named{ID: w.ID, Name: w.Properties.Name})
	}
	return all, nil
}

// Workspace is the id of the workspace that a person names by id, by name, or
// by the beginning of either; without a name the one in use, see `tre use`.
func (c *Context) Workspace(ctx context.Context, name string) (string, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = conn.Workspace
	}
	if name == "" {
		return "", &Error{Code: Usage, Err: fmt.Errorf("which workspace?"),
			Hint: "give --workspace, or choose one for good with `tre use`; `tre workspaces list` shows yours"}
	}
	if IsID(name) {
		return strings.ToLower(name), nil
	}
	all, err := Workspaces(ctx, c.Client(conn))
	if err != nil {
		return "", err
	}
	found, err := Pick("workspaces", name, all)
	return found.ID, err
}

// Request is the key of the request that a person names by id, by title, or by
// the beginning of either: in the workspace that is named or in use, else among
// the person's own requests and those waiting for their review.
func (c *Context) Request(ctx context.Context, workspace, name string) (airlock.Key, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return airlock.Key{}, err
	}
	if IsID(name) && (workspace != "" || conn.Workspace != "") {
		workspace, err = c.Workspace(ctx, workspace)
		return airlock.Key{Workspace: workspace, Request: strings.ToLower(name)}, err
	}
	known, err := c.known(ctx, workspace)
	if err != nil {
		return airlock.Key{}, err
	}
	var all []Named
	in := map[string]string{}
	for _, r := range known {
		if _, twice := in[r.ID]; !twice {
			all = append(all, Named{ID: r.ID, Name: r.Title})
		}
		in[r.ID] = r.WorkspaceID
	}
	found, err := Pick("requests", name, all)
	return airlock.Key{Workspace: in[found.ID], Request: found.ID}, err
}

// known are the requests that a name may stand for.
func (c *Context) known(ctx context.Context, workspace string) ([]api.Request, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if workspace == "" && conn.Workspace == "" {
		return Mine(ctx, c.Client(conn))
	}
	if workspace, err = c.Workspace(ctx, workspace); err != nil {
		return nil, err
	}
	return inWorkspace(ctx, c.Client(conn), workspace)
}

// Mine are the caller's requests, and those of the workspaces whose airlock
// manager the caller is.
func Mine(ctx context.Context, c *client.Client) ([]api.Request, error) {
	var all []api.Request
	for _, manager := range []string{"false", "true"} {
		var some []api.Request
		if err := c.Do(ctx, http.MethodGet, "/requests?airlock_manager="+manager, nil, &some); err != nil {
			return nil, fmt.Errorf("requests: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func inWorkspace(ctx context.Context, c *client.Client, workspace string) ([]api.Request, error) {
	var answer api.Requests
	if err := c.Do(ctx, http.MethodGet, "/workspaces/"+url.PathEscape(workspace)+"/requests", nil, &answer); err != nil {
		return nil, fmt.Errorf("requests: %w", err)
	}
	var all []api.Request
	for _, r := range answer.Requests {
		all = append(all, r.Request)
	}
	return all, nil
}
