package resources

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// styleOf is how a status looks: what went well, what did not, what goes on.
func styleOf(s workspace.Status) console.Style {
	switch {
	case s.Failed():
		return console.Red
	case s == workspace.Deleted:
		return console.Dim
	case s.Ended():
		return console.Green
	}
	return console.Cyan
}

func statusCell(s string) cli.Cell {
	return cli.Cell{Text: s, Style: styleOf(workspace.Status(s))}
}

// enabled says of a resource that it is disabled.
func enabled(is bool) cli.Cell {
	if is {
		return cli.Cell{Text: "yes"}
	}
	return cli.Cell{Text: "no", Style: console.Yellow}
}

// power is a machine's power state.
func power(r api.Resource) string {
	if r.AzureStatus == nil {
		return ""
	}
	return strings.TrimPrefix(r.AzureStatus.PowerState, "VM ")
}

// drawList draws resources of a kind.
func (k *kind) drawList(c *cli.Context, all []api.Resource) {
	t := &cli.Table{Empty: "None here.", Columns: []cli.Column{{Name: "id"}, {Name: "name", Grow: true}, {Name: "template", Grow: true}, {Name: "version"}, {Name: "status"}, {Name: "enabled"}}}
	if k == owned {
		t.Columns = append(t.Columns, cli.Column{Name: "power"})
	}
	for _, r := range all {
		row := []cli.Cell{cli.ID(r.ID), {Text: display(r)}, {Text: r.TemplateName}, {Text: r.TemplateVersion}, statusCell(r.Status), enabled(r.Enabled)}
		if k == owned {
			row = append(row, cli.Cell{Text: power(r)})
		}
		t.Row(row...)
	}
	c.Draw(t)
}

// drawOne draws all of one resource; more are facts that its kind adds.
func drawOne(c *cli.Context, r api.Resource, more ...cli.Detail) {
	text := func(name string) string { s, _ := r.Properties[name].(string); return s }
	disabled := ""
	if !r.Enabled {
		disabled = "no: nothing new can be made in it, and it can be deleted"
	}
	facts := []cli.Detail{
		{Name: "Name", Text: display(r), Style: console.Bold},
		{Name: "Description", Text: text("description")},
		{Name: "Id", Text: r.ID},
		{Name: "Status", Text: r.Status, Style: styleOf(workspace.Status(r.Status))},
		{Name: "Message", Text: r.StatusMessage},
		{Name: "Power", Text: power(r)},
		{Name: "Enabled", Text: disabled, Style: console.Yellow},
		{Name: "Under way", Text: r.Operation, Style: console.Cyan},
		{Name: "Template", Text: strings.TrimSpace(r.TemplateName + " " + r.TemplateVersion)},
		{Name: "Upgrades", Text: upgrades(r.Upgrades)},
		{Name: "Connect", Text: text("connection_uri")},
		{Name: "Owner", Text: r.OwnerID},
		{Name: "Made", Text: by(c, r.CreatedBy, r.CreatedWhen)},
		{Name: "Changed", Text: by(c, r.User, r.UpdatedWhen)},
	}
	c.Details(append(facts, more...)...)
	drawProperties(c, r.Properties)
}

// told are the properties that stand among the facts, or are the same in every
// resource.
var told = []string{"display_name", "description", "connection_uri", "client_id", "scope_id"}

// drawProperties draws properties by name, a line each.
func drawProperties(c *cli.Context, properties map[string]any) {
	t := &cli.Table{Columns: []cli.Column{{Name: "property"}, {Name: "value", Grow: true}}}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if value := properties[name]; value != "" && value != nil && !slices.Contains(told, name) {
			t.Row(cli.Cells(name, cli.Flat(value))...)
		}
	}
	if t.Len() > 0 {
		c.Title("Properties")
		c.Draw(t)
	}
}

// shownUpgrades is how many versions are listed.
const shownUpgrades = 5

func upgrades(all []api.Upgrade) string {
	var texts []string
	for _, u := range all[:min(len(all), shownUpgrades)] {
		text := u.Version
		if u.Force {
			text += " (with --force-version-update)"
		}
		texts = append(texts, text)
	}
	if len(all) > shownUpgrades {
		texts = append(texts, "…")
	}
	return strings.Join(texts, ", ")
}

func by(c *cli.Context, who *api.User, when float64) string {
	text := c.Stamp(cli.Unix(when))
	if who != nil && who.Name != "" {
		text += " by " + who.Name
	}
	return strings.TrimSpace(text)
}

// drawOperations draws a list of operations.
func drawOperations(c *cli.Context, all []api.Operation, empty string) {
	t := &cli.Table{Empty: empty, Columns: []cli.Column{{Name: "id"}, {Name: "action"}, {Name: "status"}, {Name: "of", Grow: true}, {Name: "ordered"}, {Name: "message", Grow: true}}}
	for _, o := range all {
		t.Row(cli.ID(o.ID), cli.Cell{Text: string(o.Action)}, statusCell(string(o.Status)), cli.Cell{Text: mainTitle(o), Whole: o.ResourcePath},
			c.Time(cli.Unix(o.CreatedWhen)), cli.Cell{Text: o.Message})
	}
	c.Draw(t)
}

// mainTitle is what an operation does, in the words of the step that is about
// its own resource.
func mainTitle(o api.Operation) string {
	for _, s := range o.Steps {
		if s.ResourceID == o.ResourceID {
			return s.Title
		}
	}
	return string(o.Action)
}

// drawOperation draws all of one operation; without its steps where these are on
// the terminal already.
func drawOperation(c *cli.Context, o api.Operation, steps bool) {
	stopped := ""
	if o.Cancel != nil {
		stopped = by(c, &o.Cancel.By, o.Cancel.When)
		if o.Cancel.Reason != "" {
			stopped += ": " + o.Cancel.Reason
		}
	}
	c.Details(
		cli.Detail{Name: "Operation", Text: o.ID},
		cli.Detail{Name: "Action", Text: string(o.Action)},
		cli.Detail{Name: "Status", Text: string(o.Status), Style: styleOf(o.Status)},
		cli.Detail{Name: "Message", Text: o.Message},
		cli.Detail{Name: "Resource", Text: o.ResourcePath},
		cli.Detail{Name: "Ordered", Text: by(c, &o.User, o.CreatedWhen)},
		cli.Detail{Name: "Changed", Text: c.Stamp(cli.Unix(o.UpdatedWhen))},
		cli.Detail{Name: "Retry of", Text: o.RetryOf},
		cli.Detail{Name: "To stop", Text: stopped, Style: console.Yellow},
	)
	if !steps {
		return
	}
	c.Title("Steps")
	t := &cli.Table{Columns: []cli.Column{{Name: "step", Grow: true}, {Name: "status"}, {Name: "took"}, {Name: "message", Grow: true}}}
	for i, s := range o.Steps {
		t.Row(cli.Cell{Text: s.Title}, statusCell(string(s.Status)), cli.Cell{Text: took(spent(o, i, c.Now()))}, cli.Cell{Text: s.Message})
	}
	c.Draw(t)
}

// spent is how long a step takes, or took: since the one before ended. 0 means
// that it has not begun.
func spent(o api.Operation, i int, now time.Time) time.Duration {
	s := o.Steps[i]
	from := cli.Unix(o.CreatedWhen)
	if i > 0 {
		before := o.Steps[i-1]
		if !before.Status.Ended() {
			return 0
		}
		from = cli.Unix(before.UpdatedWhen)
	}
	switch {
	case s.Status.Ended():
		return max(cli.Unix(s.UpdatedWhen).Sub(from), 0)
	case o.Status.Ended() || s.UpdatedWhen == 0:
		return 0
	}
	return max(now.Sub(from), 0)
}

func took(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return console.Took(d)
}
