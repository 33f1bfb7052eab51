package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Details are how the system is, for administrators.
type Details struct {
	Level    Level        `json:"verdict" enum:"ok,warn,bad" doc:"the worst of all below"`
	At       time.Time    `json:"at" doc:"when this was asked" example:"2026-11-22T09:00:00Z"`
	Version  string       `json:"version" doc:"of the app that answers" example:"1.4.0"`
	Parts    []Part       `json:"services" doc:"every part, as /health names them, and why"`
	Queues   []QueueState `json:"queues" doc:"every queue of orders"`
	Work     []WorkState  `json:"unfinishedWork" doc:"workspaces with requests that do not move"`
	Accounts []Part       `json:"workspaceStorage" doc:"storage accounts that did not answer"`
	Sources  []State      `json:"sources" doc:"who was last heard of when, over all instances"`
	Apps     []AppState   `json:"apps" doc:"versions of the apps that were heard of within the hour"`
}

// QueueState is how one queue is.
type QueueState struct {
	Queue  string `json:"queue" doc:"its name" example:"airlockadvance"`
	Depth  int    `json:"depth" doc:"messages, about"`
	Oldest int64  `json:"oldestSeconds" doc:"age of the first message that can be seen, seconds"`
	Poison int    `json:"poison" doc:"messages in its poison queue, about"`
	Level  Level  `json:"verdict" enum:"ok,warn,bad" doc:"by depth, age and poison"`
}

// WorkState is the work of one workspace that is past its time.
type WorkState struct {
	Workspace string    `json:"workspaceId" doc:"the workspace" example:"2f1b6c3e-0000-5000-8000-000000000000"`
	Overdue   int       `json:"overdue" doc:"requests"`
	More      bool      `json:"more,omitempty" doc:"there are more than were counted"`
	Since     time.Time `json:"oldestDue" doc:"when the longest waiting was due" example:"2026-11-22T09:00:00Z"`
	Level     Level     `json:"verdict" enum:"ok,warn,bad" doc:"by the number of requests"`
}

// State is what is known of one source.
type State struct {
	Source   string           `json:"source" doc:"who is meant" example:"sweep"`
	At       *time.Time       `json:"lastWell,omitempty" doc:"when it last went well" example:"2026-11-22T09:00:00Z"`
	FailedAt *time.Time       `json:"lastFailed,omitempty" doc:"when it last failed" example:"2026-11-22T09:00:00Z"`
	Failures int              `json:"failuresInARow" doc:"failures since it last went well"`
	Class    string           `json:"lastError,omitempty" doc:"its class, never its text"`
	Detail   string           `json:"detail,omitempty" doc:"what it last was, such as the class of a verdict" example:"clean"`
	Counts   map[string]int64 `json:"counts,omitempty" doc:"what the last run found"`
}

// AppState is a version of an app that was heard of within the hour.
type AppState struct {
	App       string    `json:"app" doc:"front or engine" example:"engine"`
	Version   string    `json:"version" doc:"its version" example:"1.4.0"`
	Instances int       `json:"instances" doc:"processes"`
	Last      time.Time `json:"last" doc:"when it was last heard of" example:"2026-11-22T09:00:00Z"`
}

// Details asks every part, the queues and the work of every workspace.
func (m *Monitor) Details(ctx context.Context) Details {
	d := Details{At: m.Now().UTC(), Version: m.Version}
	var all sync.WaitGroup
	var asked []Part
	for _, do := range []func(){
		func() { asked = m.parts(ctx) }, func() { d.Queues = m.queues(ctx) },
		func() { d.Work = m.overdue(ctx) }, func() { d.Accounts = m.storage(ctx) },
	} {
		all.Go(do)
	}
	all.Wait()
	j, err := m.judge(ctx)
	d.Parts = asked
	if err == nil {
		d.Parts = append(d.Parts, j.all()...)
		d.Sources, d.Apps = j.sources(), j.apps()
	}
	d.Level = d.worst()
	return d
}

// parts asks the parts that answer for themselves.
func (m *Monitor) parts(ctx context.Context) []Part {
	checks := m.Checks()
	checks = checks[:len(checks)-len(rules)]
	parts := make([]Part, len(checks))
	_ = airlock.Each(len(checks), parallel, func(i int) error { // each tells its own error
		parts[i] = m.part(checks[i].Service, checks[i].Probe(ctx))
		return nil
	})
	return parts
}

func (m *Monitor) part(name string, err error) Part {
	switch {
	case err == nil:
		return Part{Name: name, Level: OK}
	case errors.Is(err, ErrUnknown):
		return Part{Name: name, Level: Warn, Message: ErrUnknown.Error() + ": " + m.Class(err)}
	}
	return Part{Name: name, Level: Bad, Message: m.Class(err)}
}

func (m *Monitor) queues(ctx context.Context) []QueueState {
	states := make([]QueueState, len(m.Names))
	_ = airlock.Each(len(m.Names), parallel, func(i int) error { // one that does not answer is bad
		q, err := m.Ports.Queues.Look(ctx, m.Names[i])
		s := QueueState{Queue: m.Names[i], Depth: q.Depth, Poison: q.Poison, Level: Bad}
		if !q.Oldest.IsZero() {
			s.Oldest = int64(m.Now().Sub(q.Oldest) / time.Second)
		}
		if err == nil {
			s.Level = worse(number(q.Depth, m.Limits.Depth/2, m.Limits.Depth), number(q.Poison, 1, m.Limits.Poison))
			s.Level = worse(s.Level, age(time.Duration(s.Oldest)*time.Second, m.Limits.Age))
		}
		states[i] = s
		return nil
	})
	return states
}

// overdue counts what does not move in every workspace, a page of each.
func (m *Monitor) overdue(ctx context.Context) []WorkState {
	all, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return m.Ports.Workspaces.Workspaces(ctx, p)
	})
	if err != nil {
		return nil // told as a part
	}
	states := make([]WorkState, len(all))
	_ = airlock.Each(len(all), parallel, func(i int) error { // told with its workspace
		states[i] = m.late(ctx, all[i].ID)
		return nil
	})
	return slices.DeleteFunc(states, func(s WorkState) bool { return s.Level == OK })
}

func (m *Monitor) late(ctx context.Context, workspace string) WorkState {
	s := WorkState{Workspace: workspace, Level: OK}
	rows, next, err := m.Ports.Work.Due(ctx, workspace, m.Now().Add(-m.Limits.Overdue), airlock.Page{})
	if err != nil {
		s.Level = Bad
		return s
	}
	for _, o := range rows {
		if o.Rests { // retain's business, once an hour
			continue
		}
		s.Overdue++
		if s.Since.IsZero() || o.Due.Before(s.Since) {
			s.Since = o.Due.UTC()
		}
	}
	s.More, s.Level = next != "", number(s.Overdue, 1, m.Limits.Late)
	return s
}

// storage asks every workspace's account and lists those that do not answer.
func (m *Monitor) storage(ctx context.Context) []Part {
	accounts, err := m.accounts(ctx)
	if err != nil {
		return nil // told as a part
	}
	parts := make([]Part, len(accounts))
	_ = airlock.Each(len(accounts), parallel, func(i int) error { // told with its account
		err := m.Ports.Reach(ctx, accounts[i])
		m.turn.note(accounts[i], err)
		parts[i] = m.part(accounts[i], err)
		return nil
	})
	return slices.DeleteFunc(parts, func(p Part) bool { return p.Level == OK })
}

func (d Details) worst() Level {
	level := OK
	for _, p := range slices.Concat(d.Parts, d.Accounts) {
		level = worse(level, p.Level)
	}
	for _, q := range d.Queues {
		level = worse(level, q.Level)
	}
	for _, w := range d.Work {
		level = worse(level, w.Level)
	}
	return level
}

// sources are all sources but those that only serve other questions.
func (j judge) sources() []State {
	var names []string
	for _, h := range j.beats {
		if h.Source != Probe && h.Source != Front && h.Source != Engine && !slices.Contains(names, h.Source) {
			names = append(names, h.Source)
		}
	}
	slices.Sort(names)
	states := make([]State, len(names))
	for i, name := range names {
		h := j.of(name)
		states[i] = State{Source: name, At: known(h.At), FailedAt: known(h.FailedAt), Failures: h.Failures, Class: h.Class,
			Detail: h.Detail, Counts: h.Counts}
	}
	return states
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// apps are the versions that were heard of within the hour.
func (j judge) apps() []AppState {
	found := map[string]AppState{}
	for _, h := range j.beats {
		if h.Source != Front && h.Source != Engine || j.now.Sub(h.At) > time.Hour {
			continue
		}
		key := fmt.Sprintf("%s %s", h.Source, h.Detail)
		a := found[key]
		a.App, a.Version, a.Instances = h.Source, h.Detail, a.Instances+1
		if h.At.After(a.Last) {
			a.Last = h.At
		}
		found[key] = a
	}
	all := make([]AppState, 0, len(found))
	for _, a := range found {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b AppState) int {
		return cmp.Or(cmp.Compare(a.App, b.App), cmp.Compare(a.Version, b.Version))
	})
	return all
}
