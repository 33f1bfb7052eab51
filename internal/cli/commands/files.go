package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

func newFiles(c *cli.Context) *cobra.Command {
	return onRequest(c, &cobra.Command{Use: "files", Short: "List the files of a request with what was found in them"},
		func(ctx context.Context, caller *client.Client, key airlock.Key) error {
			all, err := caller.Files(ctx, key.Workspace, key.Request)
			if err != nil {
				return err
			}
			if all == nil {
				all = []api.File{}
			}
			return c.ShowValue(api.Files{Files: all, Count: len(all), Bytes: total(all)}, func(*console.Screen) { drawFiles(c, all) })
		})
}

func total(all []api.File) int64 {
	var bytes int64
	for _, f := range all {
		bytes += f.Size
	}
	return bytes
}

func drawFiles(c *cli.Context, all []api.File) {
	t := &cli.Table{Empty: "No files yet.", Columns: []cli.Column{{Name: "name", Grow: true}, {Name: "size"}, {Name: "type", Grow: true},
		{Name: "scan"}, {Name: "sha-256"}, {Name: "findings", Grow: true}}}
	slices.SortFunc(all, func(a, b api.File) int { return strings.Compare(a.Name, b.Name) }) // sealed ones come by their digest
	for _, f := range all {
		found, style := "", console.Style("")
		for i, finding := range f.Findings {
			if i > 0 {
				found += "; "
			}
			found += finding.Text
		}
		switch {
		case f.Refused:
			style = console.Red
		case found != "":
			style = console.Yellow
		}
		t.Row(cli.Cell{Text: f.Name}, cli.Cell{Text: console.Size(f.Size), Whole: fmt.Sprint(f.Size)}, cli.Cell{Text: f.Type},
			cli.Cell{Text: string(f.Verdict)}, cli.ID(f.SHA256), cli.Cell{Text: found, Style: style})
	}
	c.Draw(t)
}

func newRemoveFile(c *cli.Context) *cobra.Command {
	var name string
	cmd := onRequest(c, &cobra.Command{Use: "remove-file", Short: "Take a file out of a draft"},
		func(ctx context.Context, caller *client.Client, key airlock.Key) error {
			if name == "" {
				return cli.Misused("--file is missing: `tre airlock files` lists names")
			}
			err := caller.Do(ctx, http.MethodPost, client.Request(key.Workspace, key.Request)+"/files/remove", map[string]string{"name": name}, nil)
			if err == nil {
				c.Say("", "Removed "+console.Clean(name)+".")
			}
			return err
		})
	cmd.Flags().StringVar(&name, "file", "", "name of the file, as 'tre airlock files' lists it")
	return cmd
}

// newLink prints a link; AzureTRE calls the command get-url.
func newLink(c *cli.Context, use string) *cobra.Command {
	var sealed bool
	cmd := onRequest(c, &cobra.Command{
		Use:   use,
		Short: "Get a link to the files of a request, for other tools",
		Long: "Prints a link to the container with the files: to write into a draft, to read what is under review or was released.\n" +
			"Who has the link has its permission until it ends, so keep it to yourself.",
	}, func(ctx context.Context, caller *client.Client, key airlock.Key) error {
		path := client.Request(key.Workspace, key.Request) + "/link"
		if sealed {
			path = client.Request(key.Workspace, key.Request) + "/sealed-link"
		}
		answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
		if err != nil {
			return err
		}
		var l api.Link
		if err := json.Unmarshal(answer.Body, &l); err != nil {
			return fmt.Errorf("link: %w", err)
		}
		return c.Show(answer.Body, func(s *console.Screen) { s.Line("%s", l.ContainerURL) })
	})
	cmd.Flags().BoolVar(&sealed, "sealed", false, "to the sealed files, to read them")
	return cmd
}
