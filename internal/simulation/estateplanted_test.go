package simulation

import (
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

type auditLine = audit.Line

// estateMistakes are classic ones with workspaces. None of them is in the
// product.
var estateMistakes = []mistake{
	{name: "a late look writes over an end", shown: 14, rebuild: committing(overwrites), brew: func(t *weather) { *t = weather{others: 0.3, repeat: 0.3, freeze: 0.03} }},
	{name: "ranges are free before the deletion is committed", rebuild: committing(earlyRelease)},
	{name: "a deleted workspace keeps its ranges", rebuild: committing(noRelease)},
	{name: "a deleted service keeps its range", shown: 47, rebuild: committing(noReturn)},
	{name: "a standing approval is counted after the grant", shown: 12, rebuild: committing(lateCount)},
	{name: "a failure of the last step is told as success", shown: 4, rebuild: committing(goodEnds)},
	{name: "a cascade marks the wrong resource", shown: 26, rebuild: committing(nextFails), brew: func(t *weather) { *t = weather{} }},
	{name: "audit lines of resources are written later", rebuild: committing(silent)},
	{name: "an event that comes twice makes two workspaces", shown: 9, tune: func(s *Settings) {
		s.Ask = func(w *World, r workspace.Request) workspace.Request {
			r.ID = w.id()
			return r
		}
	}},
	{name: "a cancelled operation begins its next step", shown: 12, rebuild: func(w *World, p estatePorts) estatePorts {
		p.Store = unasked{p.Store, w}
		return p
	}, brew: func(t *weather) { *t = weather{} }},
	{name: "what the cloud does not know counts as done", shown: 3, rebuild: func(_ *World, p estatePorts) estatePorts {
		p.Stacks = easygoing{p.Stacks, map[string]bool{}}
		return p
	}},
	{name: "the end of another run is taken for one's own", rebuild: func(_ *World, p estatePorts) estatePorts {
		p.Stacks = runless{p.Stacks}
		return p
	}},
	{name: "the vault's error quotes the secret", shown: 11, rebuild: func(_ *World, p estatePorts) estatePorts {
		p.Vault = quoting{p.Vault}
		return p
	}, brew: func(t *weather) { t.fail = 0.1 }},
	{name: "there is no sweep of operations", tune: func(s *Settings) { s.NoSweep = true }},
}
