package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// creation is a request that is to be made, with AzureTRE's names.
type creation struct {
	Type          string         `json:"type"`
	Title         string         `json:"title,omitempty"`
	Justification string         `json:"businessJustification"`
	Properties    map[string]any `json:"properties,omitempty"`
}

func newNew(c *cli.Context) *cobra.Command {
	var (
		p    place
		d    cli.Definition
		want creation
	)
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Make a request, from flags or by asking",
		Long: "Makes a request in draft. On a terminal it asks for what no flag says.\n\n" +
			"Then upload files (`tre airlock upload`, or any tool that takes the link) and hand it in (`tre airlock submit`).",
		Example: "  tre airlock new --type export --title \"Figures for the paper\" --justification \"Aggregates only, no cell below 10\"\n" +
			"  tre airlock new --definition-file request.json --output json --query airlockRequest.id",
		Args: cli.Args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := want
			want = creation{}
			if err := d.Read(c, &want); err != nil {
				return err
			}
			want.Type, want.Title, want.Justification = orElse(given.Type, want.Type), orElse(given.Title, want.Title), orElse(given.Justification, want.Justification)
			return create(cmd.Context(), c, p, want)
		},
	}
	f := cmd.Flags()
	f.StringVar(&want.Type, "type", "", "import (into the workspace) or export (out of it)")
	f.StringVar(&want.Title, "title", "", "title")
	f.StringVar(&want.Justification, "justification", "", "why, for who reviews it")
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions([]string{"import", "export"}, cobra.ShellCompDirectiveNoFileComp))
	d.Flags(cmd)
	return p.flag(c, cmd)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// create asks for what is missing, and makes the request. The key keeps one call
// from making two.
func create(ctx context.Context, c *cli.Context, p place, want creation) error {
	workspace, err := c.Workspace(ctx, p.workspace)
	if err != nil {
		return err
	}
	caller, err := c.API(ctx)
	if err != nil {
		return err
	}
	for _, ask := range []struct {
		value *string
		q     cli.Question
	}{
		{&want.Type, cli.Question{Flag: "type", Text: "Into the workspace or out of it?", Choices: []string{"import", "export"}}},
		{&want.Title, cli.Question{Flag: "title", Text: "Title", Default: "Airlock Request"}},
		{&want.Justification, cli.Question{Flag: "justification", Text: "Why? Reviewers read this"}},
	} {
		if *ask.value, err = c.Ask(ctx, *ask.value, ask.q); err != nil {
			return err
		}
	}
	body, err := json.Marshal(want)
	if err != nil {
		return err
	}
	answer, err := caller.Send(ctx, client.Call{Method: http.MethodPost, Path: client.Requests(workspace), Body: body,
		Header: http.Header{"Idempotency-Key": {uuid.NewString()}}})
	if err != nil {
		return err
	}
	var made api.WithActions
	if err := json.Unmarshal(answer.Body, &made); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if err := c.Show(answer.Body, func(*console.Screen) { drawRequest(c, made) }); err != nil {
		return err
	}
	if c.Plain() && c.Terminal.Out {
		short := cli.ID(made.Request.ID).Text
		c.Say(console.Dim, fmt.Sprintf("Next: `tre airlock upload PATH... --request %s`, then `tre airlock submit %s`.", short, short))
	}
	return nil
}
