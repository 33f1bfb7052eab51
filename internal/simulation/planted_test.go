package simulation

import (
	"github.com/trefoil-tre/trefoil/internal/mail"
)

// within is how many seeds a planted mistake may take to be caught.
const within = 400

// mistake is one made by a port that does not do what it should, or by a
// setting.
type mistake struct {
	name  string
	shown uint64 // the seed that showed it first, when last all were tried; 0 for one of the first
	alter func(*World, Ports) Ports
	tune  func(*Settings)
	brew  func(*weather)

	rebuild func(*World, estatePorts) estatePorts // as alter, of workspaces
}

// planted are classic mistakes. None of them is in the product.
var planted = []mistake{
	{name: "orders are obeyed before the state is saved", shown: 14, alter: func(w *World, p Ports) Ports {
		p.Requests = eager{p.Requests, w}
		return p
	}, brew: func(t *weather) { *t = weather{others: 0.3} }},
	{name: "saved without the ETag", shown: 14, alter: func(w *World, p Ports) Ports {
		p.Requests = blind{p.Requests, w}
		return p
	}},
	{name: "copied without the source's ETag", shown: 4, alter: func(w *World, p Ports) Ports {
		p.Vault = careless{p.Vault, w}
		return p
	}},
	{name: "a submit writes the rows of its record before it commits", shown: 53, alter: func(_ *World, p Ports) Ports {
		p.Manifests = hasty{p.Manifests, p.Files}
		return p
	}},
	{name: "a file without a verdict passes", alter: func(_ *World, p Ports) Ports {
		p.Files = trusting{p.Files}
		return p
	}},
	{name: "purges have no open-work row", alter: func(_ *World, p Ports) Ports {
		p.Requests = forgetful{p.Requests}
		return p
	}},
	{name: "there is no sweep", tune: func(s *Settings) { s.NoSweep = true }},
	{name: "a mail that was not sent counts as sent", shown: 12, tune: func(s *Settings) {
		s.Mail = func(to mail.Sender) mail.Sender { return hopeful{to} }
	}},
	{name: "every try of a mail has an id of its own", shown: 5, tune: func(s *Settings) {
		s.Mail = func(to mail.Sender) mail.Sender { return &renaming{to: to} }
	}},
	{name: "the check of a delivery reads the source while a byte flips", alter: func(w *World, p Ports) Ports {
		p.Vault = flipping{p.Vault, w}
		return p
	}},
	{name: "a decision is counted twice", alter: func(w *World, p Ports) Ports {
		p.Requests = doubling{p.Requests, w}
		return p
	}, tune: func(s *Settings) { s.Policy.Reviewers = 2 }, brew: func(t *weather) { *t = weather{} }},
	{name: "tombstones are ignored", shown: 39, alter: func(_ *World, p Ports) Ports {
		p.Files = undead{p.Files}
		return p
	}},
	{name: "a late slice overwrites the row of a newer version", shown: 23, alter: func(w *World, p Ports) Ports {
		p.Files = nameless{p.Files, w}
		return p
	}, brew: func(t *weather) { *t = weather{others: 0.6, freeze: 0.1, factLost: 0.4} }},
	{name: "a late slice makes the container again", shown: 6, alter: func(w *World, p Ports) Ports {
		p.Vault = making{p.Vault, w}
		return p
	}, tune: func(s *Settings) { s.Cadence.Settle = 1 },
		brew: func(t *weather) { *t = weather{others: 0.1, slowCopy: 0.6} }},
	{name: "approvals of somebody who lost the role", shown: 4, alter: func(_ *World, p Ports) Ports {
		p.Members = &remembering{to: p.Members}
		p.Requests = unheld{p.Requests}
		return p
	}, tune: func(s *Settings) { s.Policy.Reviewers = 2 }, brew: func(t *weather) { *t = weather{roles: 0.2} }},
	{name: "an id is looked up in every workspace", alter: func(w *World, p Ports) Ports {
		p.Requests = everywhere{p.Requests, w}
		return p
	}},
	{name: "audit lines are written later", alter: func(_ *World, p Ports) Ports {
		p.Requests = unaudited{p.Requests}
		return p
	}},
}
