package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	fine := desk.New{Type: airlock.Import, Title: "t", Justification: "j"}
	with := func(change func(*desk.New)) desk.New { n := fine; change(&n); return n }
	tests := []struct {
		name  string
		who   access.Person
		where string
		what  desk.New
		err   error
	}{
		{"researcher", ann, here, fine, nil},
		{"owner", olga, here, fine, nil},
		{"manager", mia, here, fine, airlock.ErrRefused},
		{"administrator", adam, here, fine, airlock.ErrRefused},
		{"no role here", sam, here, fine, airlock.ErrNotFound},
		{"no role anywhere", nobod, here, fine, airlock.ErrNotFound},
		{"roles claimed in the token", liar, here, fine, airlock.ErrNotFound},
		{"no such workspace", ann, "33333333-3333-4333-8333-333333333333", fine, airlock.ErrNotFound},
		{"no id", ann, "../" + here, fine, airlock.ErrNotFound},
		{"upper-case id", ann, strings.ToUpper("aaaaaaaa-1111-4111-8111-111111111111"), fine, airlock.ErrNotFound},
		{"no type", ann, here, with(func(n *desk.New) { n.Type = "" }), airlock.ErrInvalid},
		{"other type", ann, here, with(func(n *desk.New) { n.Type = "both" }), airlock.ErrInvalid},
		{"no title", ann, here, with(func(n *desk.New) { n.Title = " " }), nil},
		{"longest title", ann, here, with(func(n *desk.New) { n.Title = strings.Repeat("ü", 200) }), nil},
		{"long title", ann, here, with(func(n *desk.New) { n.Title = strings.Repeat("ü", 201) }), airlock.ErrInvalid},
		{"title of two lines", ann, here, with(func(n *desk.New) { n.Title = "a\nb" }), airlock.ErrInvalid},
		{"title not UTF-8", ann, here, with(func(n *desk.New) { n.Title = "a\xff" }), airlock.ErrInvalid},
		{"no justification", ann, here, with(func(n *desk.New) { n.Justification = "\n " }), airlock.ErrInvalid},
		{"long justification", ann, here, with(func(n *desk.New) { n.Justification = strings.Repeat("x", 2001) }), airlock.ErrInvalid},
		{"lines in the justification", ann, here, with(func(n *desk.New) { n.Justification = "a\n\tb\r\nc" }), nil},
		{"control character", ann, here, with(func(n *desk.New) { n.Justification = "a\x00" }), airlock.ErrInvalid},
		{"properties", ann, here, with(func(n *desk.New) { n.Properties = map[string]any{"a": []any{1.0, "b"}} }), nil},
		{"large properties", ann, here, with(func(n *desk.New) { n.Properties = map[string]any{"a": strings.Repeat("x", 8192)} }), airlock.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			view, err := b.Create(t.Context(), as(tt.who, "op"), tt.where, tt.what)
			wantError(t, err, tt.err)
			if err == nil && (view.Request.Stage != airlock.Draft || view.Request.Title == "" || view.Link == nil || len(view.Actions) != 2) {
				t.Errorf("made %+v", view)
			}
			if err != nil && (b.snapshot()["containers airlock"].([]string) != nil || len(b.orders.facts) > 0) {
				t.Error("a refused call left something behind")
			}
		})
	}
}

func TestCreateWhereThereIsNoAirlock(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*airlock.Workspace)
		want   error
	}{
		"disabled":     {func(w *airlock.Workspace) { w.EnableAirlock = false }, desk.ErrDisabled},
		"not deployed": {func(w *airlock.Workspace) { w.Deployed = false }, desk.ErrNotDeployed},
	} {
		b := newBench(t, tt.change)
		_, err := b.Create(t.Context(), as(ann, ""), here, desk.New{Type: airlock.Import, Justification: "j"})
		if wantError(t, err, tt.want); !strings.Contains(desk.Text(err), "workspace") {
			t.Errorf("%s: says %q", name, desk.Text(err))
		}
	}
}

// TestOperations: the same call is one request, another call, person or
// workspace is another.
func TestOperations(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := map[string]string{}
	for name, c := range map[string]desk.Caller{"ann 1": as(ann, "1"), "ann 1 again": as(ann, "1"), "ann 2": as(ann, "2"),
		"olga 1": as(olga, "1"), "ann without": as(ann, ""), "ann without again": as(ann, "")} {
		view, err := b.Create(t.Context(), c, here, desk.New{Type: airlock.Import, Justification: "j"})
		b.must(err)
		ids[name] = view.Request.ID
	}
	if ids["ann 1"] != ids["ann 1 again"] {
		t.Error("a repeat made another request")
	}
	distinct := map[string]bool{}
	for _, id := range ids {
		distinct[id] = true
	}
	if len(distinct) != 5 {
		t.Errorf("%d requests: %v", len(distinct), ids)
	}
}

// lists are what people see of two requests of Ann's and two of Bob's.
var lists = []struct {
	name   string
	who    access.Person
	filter desk.Filter
	want   string
	err    error
}{
	{"an owner sees all", olga, desk.Filter{}, "c a b d", nil},
	{"a manager sees what was submitted", mia, desk.Filter{}, "a b", nil},
	{"a researcher sees the own drafts", ann, desk.Filter{}, "c a b", nil},
	{"the latest first", olga, desk.Filter{Descending: true}, "d b a c", nil},
	{"by title", olga, desk.Filter{OrderBy: "title"}, "a b c d", nil},
	{"by creator", olga, desk.Filter{OrderBy: "createdBy.name", Descending: true, Type: airlock.Import}, "b c", nil},
	{"of one creator", olga, desk.Filter{Creator: bob.OID}, "b d", nil},
	{"of one status", olga, desk.Filter{Statuses: []airlock.Status{airlock.StatusSubmitted}}, "a b", nil},
	{"all filters", olga, desk.Filter{Statuses: []airlock.Status{airlock.StatusDraft}, Type: airlock.Export, Creator: bob.OID}, "d", nil},
	{"by what there is not", olga, desk.Filter{OrderBy: "c.title; DROP"}, "", airlock.ErrInvalid},
	{"of no status", olga, desk.Filter{Statuses: []airlock.Status{"gone"}}, "", airlock.ErrInvalid},
	{"of two statuses", olga, desk.Filter{Statuses: []airlock.Status{airlock.StatusSubmitted, airlock.StatusDraft}}, "c a b d", nil},
	{"of a title, whatever the case", olga, desk.Filter{Title: "A"}, "a", nil},
	{"of no type", olga, desk.Filter{Type: "both"}, "", airlock.ErrInvalid},
	{"elsewhere", sam, desk.Filter{}, "", airlock.ErrNotFound},
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	make := func(who access.Person, title string, kind airlock.Type, submit bool) {
		b.pass(time.Minute)
		view, err := b.Create(t.Context(), as(who, title), here, desk.New{Type: kind, Title: title, Justification: "j"})
		b.must(err)
		if key := view.Request.Key(); submit {
			b.drop(key, "a", "x", nil)
			_, err := b.Submit(t.Context(), as(who, ""), key)
			b.must(err)
		}
	}
	make(ann, "c", airlock.Import, false)
	make(ann, "a", airlock.Export, true)
	make(bob, "b", airlock.Import, true)
	make(bob, "d", airlock.Export, false)
	for _, tt := range lists {
		l, err := b.List(t.Context(), as(tt.who, ""), here, tt.filter)
		wantError(t, err, tt.err)
		if got := titles(l.Views); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	var paged []string
	for page := (airlock.Page{Limit: 3}); ; {
		l, err := b.List(t.Context(), as(olga, ""), here, desk.Filter{Page: page})
		b.must(err)
		paged = append(paged, titles(l.Views))
		if page.After = l.Next; l.Next == "" {
			break
		}
	}
	if !cmp.Equal(paged, []string{"c a b", "d"}) {
		t.Errorf("pages: %q", paged)
	}
}

func titles(views []desk.View) string {
	var all []string
	for _, v := range views {
		all = append(all, v.Request.Title)
	}
	return strings.Join(all, " ")
}

func TestMine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: there, OID: ann.OID, Role: access.WorkspaceResearcher}))
	for _, workspace := range []string{here, there} {
		b.pass(time.Minute)
		_, err := b.Create(t.Context(), as(ann, "op"), workspace, desk.New{Type: airlock.Import, Title: workspace[:1], Justification: "j"})
		b.must(err)
	}
	b.pass(time.Minute)
	b.inReview(airlock.Import)
	for _, tt := range []struct {
		who     access.Person
		managed bool
		want    string
		err     error
	}{
		{ann, false, "1 2 t", nil}, {ann, true, "", nil}, {mia, false, "", nil}, {mia, true, "t", nil}, {bob, false, "", nil},
		{sam, true, "2", nil}, {adam, false, "", nil}, {access.Person{OID: ann.OID}, false, "", airlock.ErrRefused},
	} {
		l, err := b.Mine(t.Context(), as(tt.who, ""), tt.managed, desk.Filter{})
		wantError(t, err, tt.err)
		if got := titles(l.Views); got != tt.want {
			t.Errorf("%s, managed %v: %q, want %q", tt.who.Name, tt.managed, got, tt.want)
		}
	}
}

// TestAdministrator: may retry and audit, and learns nothing of what it is about.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key, _ := b.draft(airlock.Import)
	b.drop(key, "a", "x", nil)
	_, err := b.Submit(t.Context(), as(ann, ""), key)
	b.must(err)
	b.engine(key, airlock.Broke)
	_, err = b.Get(t.Context(), as(adam, ""), key)
	wantError(t, err, airlock.ErrRefused)
	view, err := b.Retry(t.Context(), as(adam, ""), key)
	b.must(err)
	files, err := b.Record(t.Context(), view)
	b.must(err)
	if view.Request.Stage != airlock.Sealing || view.Request.Title+view.Request.Justification != "" || len(files) != 0 {
		t.Errorf("the administrator got %s %q with %d files", view.Request.Stage, view.Request.Title, len(files))
	}
	trail, err := b.Audit(t.Context(), as(adam, ""), key, airlock.Page{Limit: 2})
	b.must(err)
	if !trail.Verified || len(trail.Lines) != 2 || trail.Next == "" {
		t.Errorf("trail: %d lines, verified %v, next %q", len(trail.Lines), trail.Verified, trail.Next)
	}
	rest, err := b.Audit(t.Context(), as(adam, ""), key, airlock.Page{After: trail.Next})
	b.must(err)
	var actions []string
	for _, line := range slices.Concat(trail.Lines, rest.Lines) {
		actions = append(actions, line.Action)
	}
	if !cmp.Equal(actions, []string{"create", "submit", "broke", "retry_seal"}) {
		t.Errorf("trail: %v", actions)
	}
}
