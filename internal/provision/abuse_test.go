package provision_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// whatever size is named beside it, or that the template gives.
func TestNamedRangeIsNotCovered(t *testing.T) {
	t.Parallel()
	for _, size := range []any{"small", nil} {
		b := newBed(t)
		open := newPack("workspace", "open", "0.1.0", object{"address_space_size": text(nil), "address_space": text(nil)})
		b.push(open)
		p, err := b.Approve(t.Context(), because(adam, "the registry"), workspace.Approval{ID: id(), Template: "open", Most: 3, Sizes: []string{"small"}, Until: now.AddDate(0, 1, 0)})
		b.must(err)
		properties := named(map[string]any{"address_space": "10.8.0.0/14"})
		if size != nil {
			properties["address_space_size"] = size
		}
		r := asked(nil)
		r.Template, r.Properties = "open", properties
		r, err = b.Ask(t.Context(), r)
		b.must(err)
		if p, err = b.store.Approval(t.Context(), p.ID); err != nil || r.Status != workspace.Asked || p.Used != 0 {
			t.Errorf("size %v with a range of /14: %s, used %d, %v", size, r.Status, p.Used, err)
		}
	}
}

// so any more.
func TestRetryOfWhatIsPast(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	m := b.machine(w, s)
	m, first, err := b.Invoke(t.Context(), by(rita), m.Key(), "resize", map[string]string{"size": "Standard_D8s_v6"})
	b.must(err)
	m, first = b.failed(m, first)
	m, second, err := b.Invoke(t.Context(), by(rita), m.Key(), "resize", map[string]string{"size": "Standard_D4s_v6"})
	b.must(err)
	m, second = b.failed(m, second)
	_, _, err = b.Retry(t.Context(), by(rita), first.Key())
	wrong(t, "the first one", err, airlock.ErrIllegal)
	_, third, err := b.Retry(t.Context(), by(rita), second.Key())
	b.must(err)
	_, third = b.failed(b.load(m.Key()), third)
	_, _, err = b.Retry(t.Context(), by(rita), second.Key())
	wrong(t, "what was retried", err, airlock.ErrIllegal)
	if _, _, err = b.Retry(t.Context(), by(rita), third.Key()); err != nil {
		t.Errorf("the last one: %v", err)
	}
}

// long. One that would not fit into its row then is not begun.
func TestOperationHasRoom(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	for i := range 3 {
		s := b.service(w)
		s.Enabled = false
		s.Properties["display_name"] = fmt.Sprint(i, strings.Repeat("x", 90_000)) // a template's outputs may say so
		c := workspace.Change{Partition: w.ID}
		c.Quietly(s)
		_, err := b.store.CommitChange(t.Context(), c)
		b.must(err)
	}
	w = b.disabled(w)
	_, o, err := b.Delete(t.Context(), by(adam), w.Key())
	b.must(err)
	if n := len(asText(o)); n > 10_000 {
		t.Errorf("the operation has %d characters", n)
	}
	rules := make([]any, 0, 40)
	for range 40 {
		rules = append(rules, object{"stepId": id(), "resourceType": "workspace", "resourceAction": "upgrade", "stepTitle": "t",
			"properties": []any{object{"name": "rules", "type": "string", "value": strings.Repeat("y", 10_000)}}})
	}
	p := guacamole("0.9.0")
	p.schema["pipeline"] = object{"install": append(rules, object{"stepId": "main"})}
	if _, err := b.Register(t.Context(), by(adam), p.files(), true); err != nil {
		t.Fatal(err)
	}
	other := b.workspace()
	_, _, err = b.Service(t.Context(), by(rita), id(), other, provision.New{Template: "guacamole", Properties: named(nil)})
	wrong(t, "an operation of 400,000 characters", err, airlock.ErrIllegal)
}

// Who belongs to a new workspace is given their roles by whichever operation
// makes it: also by an update, where the first one was cancelled before it gave
// any.
func TestMembersOfALaterOperation(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil), Owner: rita})
	b.must(err)
	o, w, _ = o.Refuse(0, "cancelled", w, w, now)
	c := workspace.Change{Partition: workspace.System}
	c.Resource(w, lineOf("engine"))
	c.Operation(o, now, lineOf("engine"))
	_, err = b.store.CommitChange(t.Context(), c)
	b.must(err)
	w, next, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*"})
	b.must(err)
	if len(next.Members) != 1 || next.Members[0].OID != rita.OID {
		t.Errorf("members %+v", next.Members)
	}
	failed := func(w workspace.Resource, o workspace.Operation, err error) workspace.Resource {
		b.must(err)
		o, w, _ = o.Refuse(0, "cancelled", w, w, now)
		c := workspace.Change{Partition: workspace.System}
		c.Resource(w, lineOf("engine"))
		c.Operation(o, now, lineOf("engine"))
		saved, err := b.store.CommitChange(t.Context(), c)
		b.must(err)
		return saved.Resources[0]
	}
	off := false
	later := func(minutes int) workspace.Act {
		act := by(adam)
		act.At = now.Add(time.Duration(minutes) * time.Minute)
		return act
	}
	w = failed(w, next, nil)
	w = failed(b.Update(t.Context(), later(1), w.Key(), provision.Patch{Match: "*", Enabled: &off}))
	w = failed(b.Delete(t.Context(), later(2), w.Key()))
	w, next, err = b.Update(t.Context(), later(3), w.Key(), provision.Patch{Match: "*"})
	b.must(err)
	if len(next.Members) != 1 || next.Members[0].OID != rita.OID {
		t.Errorf("after a deletion that failed: members %+v", next.Members)
	}
	w = b.deployed(w, next)
	if _, last, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*"}); err != nil || len(last.Members) > 0 {
		t.Errorf("once it is there: members %+v, %v", last.Members, err)
	}
}

// TestNameOfBlanks: nobody finds again in a list what has no name that can be
// read, so that nothing is made or changed so.
func TestNameOfBlanks(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	for _, name := range []string{"", "  ", "\u00a0\t"} {
		_, _, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(map[string]any{"display_name": name}), Owner: adam})
		wrong(t, "made", err, airlock.ErrInvalid)
		_, err = b.Ask(t.Context(), asked(map[string]any{"display_name": name}))
		wrong(t, "asked for", err, airlock.ErrInvalid)
		_, _, err = b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*", Properties: map[string]any{"display_name": name}})
		wrong(t, "changed", err, airlock.ErrInvalid)
	}
	if now := b.load(w.Key()); len(b.all(workspace.System)) != 1 || now.Version != w.Version {
		t.Error("what was refused changed something")
	}
}
