package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

var templateRules = []rule{
	{"an unknown template is not found", templateAbsent},
	{"every field comes back", templateRoundTrip},
	{"the first version is current, a later one where it is asked for", templateCurrent},
	{"a version never changes, and is registered again without effect", templateAgain},
	{"kinds and parents are apart", templateApart},
	{"come in pages in the order of parent, name and version", templatePages},
	{"registered at once, each is there, and one is current", templateRace},
	{"packages are kept by their digest, again and again", packageKept},
}

// version is a registration of one template.
func version(v string, current bool) workspace.Registered {
	return workspace.Registered{Kind: workspace.Service, Name: "tre-service-x", Version: v, Digest: "digest of " + v, Current: current, At: at}
}

// enter registers and says what is kept of it then.
func enter(t *testing.T, s Store, r workspace.Registered) workspace.Registered {
	t.Helper()
	got, err := s.Register(t.Context(), r, audit.Line{Workspace: workspace.System, At: at, Action: "register", Detail: fmt.Sprint(r.Kind, r.Name, r.Version, r.Current)})
	check(t, err)
	return got
}

// registry lists the versions of a kind; the current ones have a star.
func registry(t *testing.T, s Store, kind workspace.Kind, limit int) []string {
	t.Helper()
	var names []string
	for _, r := range pages(t, limit, func(p airlock.Page) ([]workspace.Registered, string, error) { return s.Templates(t.Context(), kind, p) }) {
		name := r.Parent + "/" + r.Name + "@" + r.Version
		if r.Current {
			name += "*"
		}
		names = append(names, name)
		one, err := s.Template(t.Context(), kind, r.Parent, r.Name, r.Version)
		check(t, err)
		equal(t, one, r)
	}
	return names
}

func templateAbsent(t *testing.T, s Store) {
	for range 2 {
		for _, v := range []string{"", "9.9.9"} {
			if got, err := s.Template(t.Context(), workspace.Workspace, "", "tre-service-x", v); !errors.Is(err, airlock.ErrNotFound) {
				t.Errorf("version %q: %+v, %v; want ErrNotFound", v, got, err)
			}
		}
		equal(t, registry(t, s, workspace.Workspace, 0), []string{})
		enter(t, s, version("1.0.0", true))
	}
}

func templateRoundTrip(t *testing.T, s Store) {
	want := filled(version("1.2.3-rc.1+build", true))
	equal(t, enter(t, s, want), want)
	for _, v := range []string{"", want.Version} {
		got, err := s.Template(t.Context(), want.Kind, want.Parent, want.Name, v)
		check(t, err)
		equal(t, got, want)
		got.Roles[0] = "spoiled"
	}
}

func templateCurrent(t *testing.T, s Store) {
	for _, step := range []struct {
		add  workspace.Registered
		want []string
	}{
		{version("1.0.0", false), []string{"/tre-service-x@1.0.0*"}},
		{version("1.1.0", false), []string{"/tre-service-x@1.0.0*", "/tre-service-x@1.1.0"}},
		{version("0.9.0", true), []string{"/tre-service-x@0.9.0*", "/tre-service-x@1.0.0", "/tre-service-x@1.1.0"}},
		{version("1.1.0", true), []string{"/tre-service-x@0.9.0", "/tre-service-x@1.0.0", "/tre-service-x@1.1.0*"}},
	} {
		got := enter(t, s, step.add)
		equal(t, registry(t, s, workspace.Service, 1), step.want)
		stored, err := s.Template(t.Context(), workspace.Service, "", "tre-service-x", step.add.Version)
		check(t, err)
		equal(t, got, stored)
	}
	current, err := s.Template(t.Context(), workspace.Service, "", "tre-service-x", "")
	check(t, err)
	equal(t, current.Version, "1.1.0")
	equal(t, len(query(t, s, workspace.System, airlock.AuditFilter{Action: "register"}, 0)), 4)
}

func templateAgain(t *testing.T, s Store) {
	first := enter(t, s, version("1.0.0", true))
	enter(t, s, version("2.0.0", true))
	lines := query(t, s, workspace.System, airlock.AuditFilter{}, 0)
	again := version("1.0.0", false)
	again.Title, again.By = "another title", "another person"
	first.Current = false
	equal(t, enter(t, s, again), first)
	other := version("1.0.0", true)
	other.Digest = "another"
	if _, err := s.Register(t.Context(), other, audit.Line{Action: "register", Detail: "another"}); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("register: %v, want ErrConflict", err)
	}
	equal(t, registry(t, s, workspace.Service, 0), []string{"/tre-service-x@1.0.0", "/tre-service-x@2.0.0*"})
	equal(t, query(t, s, workspace.System, airlock.AuditFilter{}, 0), lines)
}

func templateApart(t *testing.T, s Store) {
	for _, kind := range workspace.Kinds {
		for _, parent := range []string{"", "a", "a.b", "a!b"} {
			r := version("1.0.0", true)
			r.Kind, r.Parent, r.Digest = kind, parent, string(kind)+parent
			enter(t, s, r)
		}
	}
	for _, kind := range workspace.Kinds {
		equal(t, len(registry(t, s, kind, 0)), 4)
		for _, parent := range []string{"", "a", "a.b", "a!b"} {
			got, err := s.Template(t.Context(), kind, parent, "tre-service-x", "")
			check(t, err)
			equal(t, got.Digest, string(kind)+parent)
		}
	}
}

func templatePages(t *testing.T, s Store) {
	want := []string{"p/a@0.10.0*", "p/a@0.9.0", "p/a-b@0.1.0*", "p/ab@0.1.0*", "p-q/a@1.0.0*", "p-q/a@1.0.0-rc.1", "pq/a@1.0.0*"}
	for _, i := range []int{0, 3, 1, 2, 6, 4, 5} {
		var r workspace.Registered
		rest, _, _ := bytes.Cut([]byte(want[i]), []byte("*"))
		parent, rest, _ := bytes.Cut(rest, []byte("/"))
		name, number, _ := bytes.Cut(rest, []byte("@"))
		r.Kind, r.Parent, r.Name, r.Version = workspace.UserResource, string(parent), string(name), string(number)
		enter(t, s, r)
	}
	eachLimit(t, func(t *testing.T, limit int) { equal(t, registry(t, s, workspace.UserResource, limit), want) })
}

func templateRace(t *testing.T, s Store) {
	var wait sync.WaitGroup
	for i := range 6 {
		wait.Go(func() {
			r := version(fmt.Sprintf("1.0.%d", i), i%2 == 0)
			_, err := s.Register(t.Context(), r, audit.Line{Action: "register", Detail: r.Version})
			if err != nil {
				t.Errorf("register: %v", err)
			}
		})
	}
	wait.Wait()
	names := registry(t, s, workspace.Service, 0)
	current := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n[len(n)-1] != '*' })
	if len(names) != 6 || len(current) != 1 {
		t.Errorf("registered %v", names)
	}
}

func packageKept(t *testing.T, s Store) {
	files := map[string][]byte{"template.json": []byte(`{"name":"x"}`), "main.json": bytes.Repeat([]byte("\x00\xff{}"), 500_000), "README.md": {}}
	want := map[string][]byte{}
	for name, content := range files {
		want[name] = bytes.Clone(content)
	}
	digest := template.Sum(files)
	for range 2 {
		if _, err := s.LoadPackage(t.Context(), "unknown"); !errors.Is(err, airlock.ErrNotFound) {
			t.Errorf("unknown: %v, want ErrNotFound", err)
		}
		check(t, s.SavePackage(t.Context(), digest, files))
	}
	files["main.json"][0] = '!'
	if err := s.SavePackage(t.Context(), digest, files); !errors.Is(err, airlock.ErrInvalid) {
		t.Errorf("files of another digest: %v, want ErrInvalid", err)
	}
	for range 2 {
		got, err := s.LoadPackage(t.Context(), digest)
		check(t, err)
		if !maps.EqualFunc(got, want, bytes.Equal) {
			t.Fatal("the package came back changed")
		}
		got["main.json"][0] = '!'
	}
}
