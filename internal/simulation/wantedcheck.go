package simulation

import (
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// checkRequests: who asked was told, by one mail an event, and standing
// approvals were used by what they covered. One reference is one workspace.
func (e *estate) checkRequests() {
	w, used, same := e.w, map[string]int{}, map[string]int{}
	for _, r := range e.seen.requests {
		if r.Decided != nil && r.Decided.Approval != "" {
			used[r.Decided.Approval]++
		}
		if r.Source == workspace.FromEvent {
			same[r.Reference]++
		}
		if len(r.Notices) > 0 {
			w.fail("everybody is told", "%d notices wait: %v", len(r.Notices), r.Notices)
		}
		if (r.Status == workspace.Granted) != (e.resource(workspace.Key{Partition: workspace.System, ID: r.ID}).ID != "") {
			w.fail("what is granted is made", "a request is %s", r.Status)
		}
		if left := r.Left(); len(left) > 0 {
			w.fail("secrets go with what they are of", "%d of a request that is %s", len(left), r.Status)
		}
		for _, n := range e.seen.notices[r.ID] {
			e.checkNotice(r, n)
		}
		e.checkChain(workspace.System, r.Chain(), string(r.Status), r.Head)
	}
	for _, a := range e.seen.approvals {
		if a.Used != used[a.ID] {
			w.fail("standing approvals are used as often as they say", "it says %d, %d requests were granted by it", a.Used, used[a.ID])
		}
	}
	for reference, n := range same {
		if n > 1 {
			w.fail("the same reference is the same workspace", "%q is %d requests", reference, n)
		}
	}
}

// checkNotice: a notice came to whom it concerns.
func (e *estate) checkNotice(r workspace.Request, n workspace.Notice) {
	to := []access.Person{r.Requester}
	if n.Event == workspace.EventAsked {
		to = []access.Person{{Email: "adam@tre.example"}}
	}
	id := fmt.Sprintf("system.%s.%d.%s.", r.ID, n.Seq, n.Event)
	for _, p := range to {
		times := 0
		for got := range e.w.mail.inbox[p.Email] {
			if strings.HasPrefix(got, id) {
				times++
			}
		}
		if times != 1 {
			e.w.fail("everybody is told once", "%s: %d mails of %s", p.Email, times, n.Event)
		}
	}
}
