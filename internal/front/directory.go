package front

import (
	"context"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/azgraph"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// newDirectory is Microsoft Graph, or nil where the settings say that there is
// no directory. It asks nobody yet.
func newDirectory(c config.Directory) (*azgraph.Graph, error) {
	if c.Endpoint == "" {
		return nil, nil
	}
	return azgraph.New(azgraph.Config{Endpoint: string(c.Endpoint), Timeout: c.Timeout, Retries: c.Retries, Pause: c.Pause})
}

// newGroups remembers for a short time which groups the directory says people
// are in; nil without a directory.
func newGroups(c config.Directory, graph *azgraph.Graph) (api.Groups, error) {
	if graph == nil {
		return nil, nil
	}
	return identity.NewGroups(graph, identity.GroupSettings{Life: c.GroupLife, Pause: c.GroupRetry, Most: c.GroupsOf, Now: time.Now})
}

// inGroups puts people into their groups for the portal; nil without a
// directory.
func inGroups(groups api.Groups, log *slog.Logger) func(context.Context, access.Person) access.Person {
	if groups == nil {
		return nil
	}
	return func(ctx context.Context, p access.Person) access.Person { return api.InGroups(ctx, p, groups, log) }
}
