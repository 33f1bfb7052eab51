package compose

import (
	"cmp"
	"fmt"
	"time"
)

// Operation is what there is to tell an administrator of an operation on a
// resource that is stuck. Names are taken as hostile: people chose them.
type Operation struct {
	Recipient string // display name, "" if not known
	ID        string
	Path      string // of the resource in the API
	Action    string // what is done to it, such as install
	Resource  string // display name, "" if not known
	Person    string // display name of who asked for it
	Link      string // absolute address of the page that shows it
	When      time.Time
	Product   string // what the TRE calls itself; default Trefoil
}

// RenderOperation composes the notice that an operation is stuck. It fails for a
// link that is no web address.
func RenderOperation(o Operation) (Content, error) {
	if err := checkLink(o.Link); err != nil {
		return Content{}, err
	}
	word := Wording{"Needs attention", "An operation is stuck", "The engine could not handle the orders about it, and tries again by itself. Nothing is lost. The engine's log says why; the operation can be cancelled.", "See the operation", warn}
	n := Notice{Recipient: o.Recipient, Title: cmp.Or(o.Resource, o.ID), RequestedBy: o.Person, Link: o.Link, Product: o.Product}.clean()
	var known []fact
	for _, f := range []fact{{"Resource", tidy(o.Resource)}, {"Action", tidy(o.Action)}, {"Requested by", n.RequestedBy}, {"Operation id", tidy(o.ID)}, {"Path", tidy(o.Path)}, {"When", o.When.UTC().Format(minutes)}} {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	v := view{Notice: n, Wording: word, Facts: known, Because: "You get this mail because you are an administrator of " + n.Product + "."}
	c, err := v.render(fmt.Sprintf("%s: %s of “%s”", word.Label, cut(tidy(o.Action), 40), cut(n.Title, 80)))
	if err != nil {
		return Content{}, fmt.Errorf("operation that is stuck: %w", err)
	}
	return c, nil
}
