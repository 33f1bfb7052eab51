package cli

import (
	"strings"

	"github.com/trefoil-tre/trefoil/internal/console"
)

// Detail is one fact of one thing.
type Detail struct {
	Name, Text string
	Style      console.Style
}

// Details writes facts, one below the other, without those that are empty. Off
// a terminal each is one line, name and text apart by a tab.
func (c *Context) Details(facts ...Detail) {
	wide := 0
	for _, fact := range facts {
		if fact.Text != "" {
			wide = max(wide, console.Width(fact.Name))
		}
	}
	for _, fact := range facts {
		switch {
		case fact.Text == "":
		case !c.Terminal.Out:
			c.Page.Line("%s\t%s", fact.Name, oneLine(fact.Text))
		default:
			first := c.Page.Paint(console.Dim, console.Fit(fact.Name, wide)) + "  "
			c.Page.Text(fact.Style, first, strings.Repeat(" ", wide+2), oneLine(fact.Text))
		}
	}
}

// Gap writes an empty line between two things, on a terminal.
func (c *Context) Gap() {
	if c.Terminal.Out {
		c.Page.Line("")
	}
}

// Title writes a line above what follows, on a terminal.
func (c *Context) Title(text string) {
	if c.Terminal.Out {
		c.Page.Line("")
		c.Page.Line("%s", c.Page.Paint(console.Bold, text))
	}
}

// Say tells on the way what was done; with --output none nothing.
func (c *Context) Say(style console.Style, text string) {
	if c.Options.Output != formatNone {
		c.Screen.Text(style, "", "", clean(text))
	}
}
