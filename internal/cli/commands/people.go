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
	"github.com/trefoil-tre/trefoil/internal/cli/signin"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// person is what is shown of somebody everywhere.
type person struct {
	ID        string     `json:"id"`
	Name      string     `json:"displayName"`
	Email     string     `json:"email"`
	UPN       string     `json:"userPrincipalName"`
	Training  *time.Time `json:"training"`
	Agreement *time.Time `json:"agreement"`
	Suspended *struct {
		When   time.Time `json:"when"`
		Reason string    `json:"reason"`
		By     struct {
			Name string `json:"name"`
		} `json:"by"`
	} `json:"suspended"`
	Held string `json:"heldBack"`
}

func newPeople(c *cli.Context) *cobra.Command {
	cmd := cli.Family("people", "A person in all workspaces: expiries, suspension", newPersonShow(c), newExpiries(c),
		newSuspend(c, "suspend", "Suspend a person everywhere, from the next call on", "The person is suspended."), newSuspend(c, "reinstate", "Lift a suspension", "The suspension is lifted."))
	cmd.Long = "A person in all workspaces: expiries, suspension.\n\nA person is named by object id; `tre users find NAME` shows ids in full. `me` is whoever is signed in."
	return cmd
}

// onPerson makes a command one about the person that its argument names.
func onPerson(c *cli.Context, cmd *cobra.Command, do func(ctx context.Context, caller *client.Client, path string) error) *cobra.Command {
	cmd.Use += " PERSON"
	cmd.Args = cli.Args(cobra.ExactArgs(1))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, id := cmd.Context(), args[0]
		conn, err := c.Connect(ctx)
		if err != nil {
			return err
		}
		if id == "me" {
			token, err := conn.Token(ctx)
			if err != nil {
				return err
			}
			if id = signin.Who(token).OID; id == "" {
				return cli.Misused("the token does not say who you are: give an object id")
			}
		}
		if !cli.IsID(id) {
			return cli.Misused("%q is no object id: `tre users find NAME` shows ids in full", id)
		}
		return do(ctx, c.Client(conn), "/people/"+url.PathEscape(strings.ToLower(id)))
	}
	return cmd
}

func newPersonShow(c *cli.Context) *cobra.Command {
	return onPerson(c, &cobra.Command{Use: "show", Short: "Show what is kept of a person"}, func(ctx context.Context, caller *client.Client, path string) error {
		answer, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: path})
		if err != nil {
			return err
		}
		return showPerson(c, answer.Body)
	})
}

func showPerson(c *cli.Context, answer []byte) error {
	var p person
	if err := json.Unmarshal(answer, &p); err != nil {
		return fmt.Errorf("person: %w", err)
	}
	return c.Show(answer, func(*console.Screen) {
		suspended := ""
		if s := p.Suspended; s != nil {
			suspended = strings.TrimSpace(c.Stamp(s.When) + " by " + orElse(s.By.Name, "an administrator") + ": " + s.Reason)
		}
		c.Details(cli.Detail{Name: "Name", Text: p.Name, Style: console.Bold}, cli.Detail{Name: "Id", Text: p.ID},
			cli.Detail{Name: "Mail", Text: orElse(p.Email, p.UPN)},
			cli.Detail{Name: "Training until", Text: end(c, p.Training)}, cli.Detail{Name: "Agreement until", Text: end(c, p.Agreement)},
			cli.Detail{Name: "Suspended", Text: suspended, Style: console.Red}, cli.Detail{Name: "Held back", Text: p.Held, Style: console.Yellow})
	})
}

func end(c *cli.Context, t *time.Time) string {
	if t == nil {
		return "no end"
	}
	return both(c, *t)
}

func newExpiries(c *cli.Context) *cobra.Command {
	var training, agreement, reason string
	cmd := onPerson(c, &cobra.Command{
		Use: "expiries", Short: "Enter when a person's training and agreement end; past that no role of theirs counts",
		Example: "  tre people expiries 8f1d… --training 2027-01-31 --agreement never",
	}, func(ctx context.Context, caller *client.Client, path string) error {
		if training == "" && agreement == "" {
			return cli.Misused("nothing to enter: give --training or --agreement, a date or never")
		}
		body := map[string]string{"reason": reason}
		var now person
		if err := caller.Do(ctx, http.MethodGet, path, nil, &now); err != nil {
			return err
		}
		for name, kept := range map[string]struct {
			given string
			now   *time.Time
		}{"training": {training, now.Training}, "agreement": {agreement, now.Agreement}} {
			if err := checkDate(c, name, kept.given); err != nil {
				return err
			}
			switch {
			case kept.given == "" && kept.now != nil: // the call enters both: this one stays
				body[name] = kept.now.Format(time.RFC3339Nano)
			case kept.given != "" && kept.given != "never":
				body[name] = kept.given
			}
		}
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		answer, err := caller.Send(ctx, client.Call{Method: http.MethodPut, Path: path + "/expiries", Body: text})
		if err != nil {
			return err
		}
		return showPerson(c, answer.Body)
	})
	f := cmd.Flags()
	f.StringVar(&training, "training", "", "date on which the training ends, or never; stays as it is where absent")
	f.StringVar(&agreement, "agreement", "", "date on which the agreement ends, or never; stays as it is where absent")
	f.StringVar(&reason, "reason", "", "why, for the audit trail")
	return cmd
}

func newSuspend(c *cli.Context, name, short, said string) *cobra.Command {
	var reason string
	cmd := onPerson(c, &cobra.Command{Use: name, Short: short}, func(ctx context.Context, caller *client.Client, path string) error {
		why, err := c.Ask(ctx, reason, cli.Question{Flag: "reason", Text: "Why? It is kept in the audit trail"})
		if err != nil {
			return err
		}
		return change(ctx, c, caller, http.MethodPost, path+"/"+name, map[string]string{"reason": why}, said)
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is kept in the audit trail")
	return cmd
}
