package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// people are everybody who uses the airlock, and what they are after.
type people struct {
	w       *World
	desk    *desk.Desk
	home    airlock.Workspace // where requests are made
	abroad  airlock.Workspace // whose people have no business at home
	errands []*errand
	calm    bool            // they finish what they began
	gone    bool            // they do nothing any more
	fickle  map[string]bool // object ids of those whose role changed
}

func person(n int, name string, roles ...access.Role) access.Person {
	return access.Person{OID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: name,
		Email: map[bool]string{true: deadEnd, false: fmt.Sprintf("p%d@tre.example", n)}[name == "Moe"], Roles: append(roles, access.TREUser)}
}

// Who there is.
var (
	anna   = person(1, "Anna")
	rolf   = person(2, "Rolf") // a researcher who is also an airlock manager
	olga   = person(3, "Olga")
	mia    = person(4, "Mia")
	marc   = person(5, "Marc")
	moe    = person(6, "Moe") // gets no mail
	berta  = person(7, "Berta")
	bob    = person(8, "Bob")
	adam   = person(9, "Adam", access.TREAdmin)
	nobody = person(10, "Nobody")

	reviewers = []access.Person{mia, marc, moe, rolf}
)

func (p *people) init(w *World) {
	p.w, p.fickle = w, map[string]bool{}
	p.home = airlock.Workspace{ID: "11111111-1111-4111-8111-111111111111", DisplayName: "Home", StorageAccount: "stwshome",
		Deployed: true, EnableAirlock: true, Policy: w.set.Policy}
	p.abroad = airlock.Workspace{ID: "22222222-2222-4222-8222-222222222222", DisplayName: "Abroad", StorageAccount: "stwsabroad",
		Deployed: true, EnableAirlock: true, Policy: w.set.Policy}
	ctx := context.Background()
	for _, ws := range []airlock.Workspace{p.home, p.abroad} {
		_ = w.store.PutWorkspace(ctx, ws) // memory does not fail
	}
	for _, m := range []struct {
		who  access.Person
		in   airlock.Workspace
		role access.Role
	}{
		{anna, p.home, access.WorkspaceResearcher}, {rolf, p.home, access.WorkspaceResearcher}, {rolf, p.home, access.AirlockManager},
		{olga, p.home, access.WorkspaceOwner}, {mia, p.home, access.AirlockManager}, {marc, p.home, access.AirlockManager},
		{moe, p.home, access.AirlockManager}, {berta, p.abroad, access.WorkspaceResearcher}, {bob, p.abroad, access.AirlockManager},
		{bob, p.abroad, access.WorkspaceOwner},
	} {
		p.join(m.who, m.in.ID, m.role)
	}
	for range w.errands() {
		p.errands = append(p.errands, newErrand(w))
	}
}

func (p *people) join(who access.Person, workspace string, role access.Role) {
	_ = p.w.store.PutMember(context.Background(), access.Membership{Workspace: workspace, OID: who.OID, Name: who.Name,
		Email: who.Email, Role: role})
}

// begin puts everybody's first step on the agenda.
func (p *people) begin() {
	for _, e := range p.errands {
		p.w.later(p.w.between(0, 10*time.Minute), "", func() { p.turn(e) })
	}
	p.w.later(p.w.between(0, 20*time.Minute), "", p.trouble)
}

// errDied is what a person sees who got no answer.
var errDied = errors.New("no answer")

// call is what somebody asks of the desk.
type call func(context.Context, desk.Caller) error

// ask makes one call of a person. The host repeats a call whose process died,
// twice at most, as the same call.
func (p *people) ask(who access.Person, what string, do call, then func(error)) {
	a := &asking{p: p, what: who.Name + " " + what, as: desk.Caller{Person: who, Operation: p.w.id()}, do: do, then: then}
	a.again()
}

// asking is a call under way.
type asking struct {
	p    *people
	what string
	as   desk.Caller
	try  int
	do   call
	then func(error)
}

func (a *asking) again() {
	a.try++
	w := a.p.w
	var err error
	w.start(&proc{name: a.what, app: "front",
		body: func(ctx context.Context) {
			err = a.do(azfunc.WithCall(ctx, azfunc.Call{Function: "api", Invocation: a.as.Operation}), a.as)
		},
		end: func(dead bool) {
			switch dead = dead || w.storm && w.chance(w.weather.dieAtEnd); {
			case dead && a.try < 3:
				a.again()
				return
			case dead:
				err = errDied
			}
			w.tracef("%s: %s", a.what, errText(err))
			a.then(err)
		}})
}

// turn is the next step of an errand, and the one after it.
func (p *people) turn(e *errand) {
	if p.gone {
		return
	}
	switch {
	case !e.made:
		p.make(e)
	default:
		e.step(p.w)
		if p.w.chance(0.15) {
			p.intrude(e)
		}
		e.tryLinks(p.w)
	}
	if e.turns++; p.calm && e.rests(p.w) {
		if e.idle++; e.idle > 12 {
			return
		}
	}
	p.w.later(p.w.between(20*time.Second, 12*time.Minute), "", func() { p.turn(e) })
}

// make creates the request.
func (p *people) make(e *errand) {
	if e.busy {
		return
	}
	e.busy = true
	p.ask(e.by, "creates", func(ctx context.Context, c desk.Caller) error {
		v, err := p.desk.Create(ctx, c, p.home.ID, desk.New{Type: e.kind, Title: "T", Justification: "J"})
		if err == nil {
			e.key, e.made = v.Request.Key(), true
			if v.Link != nil {
				e.link(*v.Link)
			}
		}
		return err
	}, func(error) { e.busy = false })
}

// intrude has somebody try what they may not do.
func (p *people) intrude(e *errand) {
	w, key := p.w, e.key
	who := pick(w, []access.Person{berta, bob, nobody, adam})
	if w.chance(0.5) {
		key.Workspace = p.abroad.ID // the other workspace's path, with this request's id
	}
	tries := map[string]call{
		"gets": func(ctx context.Context, c desk.Caller) error { _, err := p.desk.Get(ctx, c, key); return err },
		"lists files": func(ctx context.Context, c desk.Caller) error {
			_, err := p.desk.Files(ctx, c, key, airlock.Page{})
			return err
		},
		"gets link": func(ctx context.Context, c desk.Caller) error { _, err := p.desk.Link(ctx, c, key); return err },
		"approves": func(ctx context.Context, c desk.Caller) error {
			_, err := p.desk.Decide(ctx, c, key, desk.Word{Verb: airlock.VerbApprove, Reason: "mine"})
			return err
		},
		"cancels": func(ctx context.Context, c desk.Caller) error {
			_, err := p.desk.Cancel(ctx, c, key, "mine")
			return err
		},
		"submits": func(ctx context.Context, c desk.Caller) error { _, err := p.desk.Submit(ctx, c, key); return err },
		"revokes": func(ctx context.Context, c desk.Caller) error {
			_, err := p.desk.Revoke(ctx, c, key, "mine")
			return err
		},
	}
	names := []string{"gets", "lists files", "gets link", "approves", "cancels", "submits", "revokes"}
	what := pick(w, names)
	p.ask(who, "(a stranger) "+what, tries[what], func(err error) {
		switch {
		case err == nil:
			w.fail("I5 strangers are refused", "%s %s request %s of another workspace", who.Name, what, key.Request)
		case errors.Is(err, airlock.ErrNotFound), errors.Is(err, airlock.ErrRefused), w.storm, errors.Is(err, errDied), isTrouble(err):
		default:
			w.fail("I5 strangers are refused", "%s %s: %v", who.Name, what, err)
		}
		if key.Workspace == p.abroad.ID && (who.OID == bob.OID && what != "submits") && !w.storm && !isTrouble(err) && !errors.Is(err, errDied) &&
			!errors.Is(err, airlock.ErrNotFound) {
			w.fail("I5 objects of another workspace are 404", "%s %s: %v", who.Name, what, err)
		}
	})
}

// trouble changes roles and forges events, now and then.
func (p *people) trouble() {
	w := p.w
	if p.gone || p.calm {
		for _, m := range reviewers { // everybody is back at their desk
			p.suspend(m, false)
			p.join(m, p.home.ID, access.AirlockManager)
		}
		return
	}
	if w.chance(w.weather.roles * 5) {
		who := pick(w, reviewers)
		p.fickle[who.OID] = true
		switch ctx := context.Background(); w.rng.IntN(3) {
		case 0:
			p.suspend(who, !w.suspended(who.OID))
		case 1: // the role ends this very moment
			_ = w.store.PutMember(ctx, access.Membership{Workspace: p.home.ID, OID: who.OID, Name: who.Name, Email: who.Email,
				Role: access.AirlockManager, Expires: w.now})
		default:
			if w.store.DeleteMember(ctx, p.home.ID, who.OID, access.AirlockManager) != nil {
				p.join(who, p.home.ID, access.AirlockManager)
			}
		}
		w.tracef("%s's role changes", who.Name)
	}
	made := slices.DeleteFunc(slices.Clone(p.errands), func(e *errand) bool { return !e.made })
	if len(made) > 0 && w.chance(0.5) {
		p.forge(pick(w, made))
	}
	w.later(w.between(time.Minute, 20*time.Minute), "", p.trouble)
}
