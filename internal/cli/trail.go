package cli

import (
	"fmt"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// ShowTrail prints an audit trail and says what is to be said of its chain: the
// lines are hashed here, and must end where the object that they are about says.
func (c *Context) ShowTrail(trail api.Trail) error {
	if err := c.ShowValue(trail, func(*console.Screen) { c.drawTrail(trail.Lines) }); err != nil {
		return err
	}
	err := audit.Verify(trail.Lines, trail.Head)
	switch {
	case err != nil:
		c.Say(console.Red, "broken: "+err.Error())
		return Exit(Failed)
	case !trail.Verified:
		c.Say(console.Red, "broken: the API itself found the trail broken")
		return Exit(Failed)
	}
	c.Say(console.Green, fmt.Sprintf("unbroken: %d lines, the last is %s", len(trail.Lines), trail.Head.Hash))
	return nil
}

// Moves is how a line's object came from one status to another.
func Moves(l audit.Line) string {
	if l.From != "" && l.From != l.To {
		return l.From + " → " + l.To
	}
	return l.To
}

func (c *Context) drawTrail(lines []audit.Line) {
	t := &Table{Empty: "No lines.", Columns: []Column{{Name: "#"}, {Name: "time"}, {Name: "who", Grow: true}, {Name: "did"},
		{Name: "state", Grow: true}, {Name: "reason", Grow: true}}}
	for _, l := range lines {
		t.Row(Cell{Text: strconv.Itoa(l.Seq)}, c.Time(l.At), Cell{Text: l.Actor.Name}, Cell{Text: l.Action}, Cell{Text: Moves(l)}, Cell{Text: l.Reason})
	}
	c.Draw(t)
}
