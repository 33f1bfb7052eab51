package workspace_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// world is what is stored and what the cloud holds, driven as the engine does:
// load, ask Next, do it, save.
type world struct {
	t     testing.TB
	at    time.Time
	rows  map[workspace.Key]workspace.Resource
	op    workspace.Operation
	cloud map[workspace.Key]workspace.Seen
	fails map[workspace.Key]*workspace.CloudError // what the cloud answers with
	begun []string                                // runs that were started, in order
	slow  bool                                    // the cloud has not ended yet
}

var (
	start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ada   = access.Person{OID: "11111111-1111-4111-8111-111111111111", Name: "An Owner"}
)

const (
	opID = "22222222-2222-4222-8222-222222222222"
	wsID = "33333333-3333-4333-8333-333333333333"
)

func newWorld(t testing.TB) *world {
	return &world{t: t, at: start, rows: map[workspace.Key]workspace.Resource{}, cloud: map[workspace.Key]workspace.Seen{},
		fails: map[workspace.Key]*workspace.CloudError{}}
}

// resource is one that is there, disabled so that it may be deleted.
func (w *world) resource(kind workspace.Kind, id string, status workspace.Status) workspace.Resource {
	r := workspace.Resource{ID: id, Kind: kind, Status: status, Installed: true, Generation: 1, Version: "1", CreatedAt: start.Add(-time.Hour),
		Properties: map[string]any{"display_name": id}}
	if kind == workspace.Service || kind == workspace.UserResource {
		r.Workspace = wsID
	}
	w.rows[r.Key()] = r
	return r
}

// begin orders an operation of a resource.
func (w *world) begin(r workspace.Resource, o workspace.Order) {
	w.t.Helper()
	r, op, err := r.Begin(workspace.Act{By: ada, At: w.at, Operation: opID, Call: "call"}, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.rows[r.Key()], w.op = r, op
}

// step does what is next, once, and tells what it was.
func (w *world) step() workspace.Do {
	w.t.Helper()
	i, ok := w.op.Current()
	if !ok {
		return workspace.Rest
	}
	target, own := w.rows[w.op.Steps[i].Target], w.rows[w.op.Resource]
	do, i := w.op.Next(target)
	switch do {
	case workspace.Rest, workspace.Hold:
	case workspace.Take:
		op, r, err := w.op.Take(i, target, nil, w.at)
		if err != nil {
			w.op, target, own = w.op.Refuse(i, err.Error(), target, own, w.at)
			w.save(target, own)
			return workspace.Refuse
		}
		w.op = op
		w.save(r)
	case workspace.Start:
		w.start(target)
	case workspace.Look:
		w.look(target)
	case workspace.Settle:
		w.op, target, own = w.op.Settle(i, target, own, w.at)
		w.save(target, own)
	case workspace.Refuse:
		w.op, target, own = w.op.Refuse(i, "refused", target, own, w.at)
		w.save(target, own)
	}
	return do
}

func (w *world) look(target workspace.Resource) {
	if w.op.Cancel != nil && !target.Job.Cancelled {
		target = target.Stopping()
	}
	seen, ok := w.cloud[target.Key()]
	switch {
	case !ok:
		seen.Progress = workspace.Absent
	case seen.Progress == workspace.InProgress && !w.slow:
		seen = w.end(target)
		w.cloud[target.Key()] = seen
	}
	r, _ := target.Judge(seen, w.at, workspace.DefaultCadence)
	w.save(r)
}

func (w *world) start(target workspace.Resource) {
	w.begun = append(w.begun, target.Job.Run)
	seen := w.end(target)
	if w.slow {
		seen.Progress = workspace.InProgress
	}
	w.cloud[target.Key()] = seen
	w.save(target.Began("", w.at, workspace.DefaultCadence))
}

// end is how the cloud ends a job.
func (w *world) end(target workspace.Resource) workspace.Seen {
	seen := workspace.Seen{Progress: workspace.Complete, Run: target.Job.Run, Outputs: map[string]any{"made_by": target.Job.Run}}
	if target.Job.Action == workspace.Uninstall {
		seen = workspace.Seen{Progress: workspace.Absent}
	}
	if err := w.fails[target.Key()]; err != nil {
		seen = workspace.Seen{Progress: workspace.Broken, Run: target.Job.Run, Err: err}
	}
	return seen
}

func (w *world) save(all ...workspace.Resource) {
	for _, r := range all {
		if r.ID != "" {
			w.rows[r.Key()] = r
		}
	}
}

// run drives the operation to its end.
func (w *world) run() {
	w.t.Helper()
	for range 200 {
		if w.step() == workspace.Rest {
			return
		}
		w.at = w.at.Add(time.Minute)
	}
	w.t.Fatalf("operation does not end: %+v", w.op)
}

// final is what the cloud says that nobody can mend by waiting.
func final(message string) *workspace.CloudError {
	return &workspace.CloudError{Class: workspace.Final, Status: 400, Code: "QuotaExceeded", Message: message}
}

// pipeline is a service whose install has a step before its own and one after.
func (w *world) pipeline(action workspace.Action) (own workspace.Resource, targets []workspace.Key) {
	ws := w.resource(workspace.Workspace, wsID, workspace.Deployed)
	firewall := w.resource(workspace.SharedService, "44444444-4444-4444-8444-444444444444", workspace.Deployed)
	own = w.resource(workspace.Service, "55555555-5555-4555-8555-555555555555", workspace.Deployed)
	if action == workspace.Install {
		own.Status, own.Version, own.Installed = "", "", false
	}
	step := func(r workspace.Resource, title string) workspace.Step {
		return workspace.Step{TemplateID: title, Title: title, Target: r.Key(), Kind: r.Kind, Source: own.ID, Action: workspace.Upgrade}
	}
	w.begin(own, workspace.Order{Action: action, Before: []workspace.Step{step(ws, "network")}, After: []workspace.Step{step(firewall, "firewall")}})
	return own, []workspace.Key{ws.Key(), own.Key(), firewall.Key()}
}

// statuses are the operation's steps in short.
func (w *world) statuses() string {
	var all []string
	for _, s := range w.op.Steps {
		all = append(all, string(s.Status))
	}
	return fmt.Sprint(all)
}

var errAway = errors.New("connection reset")

// free tells whether no resource is held by an operation any more.
func (w *world) free() bool {
	return !slices.ContainsFunc(w.all(), func(r workspace.Resource) bool { return r.Operation != "" || r.Job != nil })
}

func (w *world) all() []workspace.Resource {
	var all []workspace.Resource
	for _, r := range w.rows {
		all = append(all, r)
	}
	return all
}
