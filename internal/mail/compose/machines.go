package compose

import (
	"fmt"
	"time"
)

// Machine is what there is to tell one person of a machine that is going to be
// stopped. Its name is taken as hostile: its owner chose it.
type Machine struct {
	Recipient string // display name, "" if not known
	Owner     bool   // the machine is the recipient's
	Name      string // display name of the machine
	Workspace string // display name of the workspace
	Person    string // display name of the owner
	Scheduled bool   // because its schedule says so, not because nobody uses it
	Stop      time.Time
	Link      string // absolute address of the page on which it can be put off
	When      time.Time
	Product   string // what the TRE calls itself; default Trefoil
}

// RenderMachine composes the warning that a machine is going to be stopped. It
// fails for a link that is no web address.
func RenderMachine(m Machine) (Content, error) {
	if err := checkLink(m.Link); err != nil {
		return Content{}, err
	}
	whose, because := "Your machine", "the machine is yours, in "
	if !m.Owner {
		whose, because = "A machine in your workspace", "the owner of the machine could not be told, and you look after "
	}
	why := "Nobody has used it for a while. Work with it again, or put the stop off."
	if m.Scheduled {
		why = "Its schedule says so. If it is still needed, put the stop off."
	}
	word := Wording{"Stops soon", whose + " is going to be stopped", why + " What is not saved when it stops is lost; its disks are kept, and it can be started again at any time.", "Put the stop off", warn}
	n := Notice{Recipient: m.Recipient, Workspace: m.Workspace, Title: m.Name, RequestedBy: m.Person, Link: m.Link, Product: m.Product}.clean()
	facts := []fact{{"Machine", n.Title}, {"Workspace", n.Workspace}}
	if n.RequestedBy != "" {
		facts = append(facts, fact{"Owner", n.RequestedBy})
	}
	facts = append(facts, fact{"Stops", m.Stop.UTC().Format(minutes)}, fact{"Warned", m.When.UTC().Format(minutes)})
	v := view{Notice: n, Wording: word, Facts: facts, Because: "You get this mail because " + because + n.Product + "."}
	c, err := v.render(fmt.Sprintf("%s: machine “%s”, %s", word.Label, cut(n.Title, 80), m.Stop.UTC().Format("15:04 UTC")))
	if err != nil {
		return Content{}, fmt.Errorf("machine that stops: %w", err)
	}
	return c, nil
}

// minutes is how times are told.
const minutes = "2 January 2006, 15:04 UTC"
