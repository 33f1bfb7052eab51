package azstore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// making is a change that makes a workspace and n operations on it, with their
// audit lines and rows of open work.
func making(n int) workspace.Change {
	r := workspace.Resource{ID: uuid.NewString(), Kind: workspace.Workspace}
	c := workspace.Change{Partition: workspace.System, Card: &airlock.Workspace{ID: r.ID}}
	c.Resource(r, audit.Line{At: now, Action: "create"})
	for range n {
		c.Operation(workspace.Operation{ID: uuid.NewString(), Resource: r.Key()}, now, audit.Line{At: now, Action: "ask"})
	}
	return c
}

// closed changes the resource of a change and closes the open work of these
// operations of it.
func closed(c workspace.Change, operations ...int) workspace.Change {
	next := workspace.Change{Partition: c.Partition}
	next.Resource(c.Resources[0], audit.Line{At: now, Action: "close"})
	for _, i := range operations {
		next.Closed = append(next.Closed, c.Operations[i].ID)
	}
	return next
}

func changed(t *testing.T, s *azstore.Store, c workspace.Change) workspace.Change {
	t.Helper()
	saved, err := s.CommitChange(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func TestChangeThatLostItsAnswerSucceeds(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	c := changed(t, s, making(3))
	for name, c := range map[string]workspace.Change{"create": making(2), "replace and close": closed(c, 0, 2)} {
		w.losing(1)
		got := changed(t, s, c)
		stored, err := s.Resource(t.Context(), c.Resources[0].Key())
		if diff := cmp.Diff(stored, got.Resources[0]); err != nil || diff != "" {
			t.Errorf("%s: %v, (-stored +got):\n%s", name, err, diff)
		}
		for i, o := range got.Operations {
			if stored, err := s.Operation(t.Context(), o.Key()); err != nil || stored.Version != o.Version {
				t.Errorf("%s: operation %d has version %q, stored %q, %v", name, i, o.Version, stored.Version, err)
			}
		}
		lines, _, err := s.Trail(t.Context(), c.Partition, stored.ID, airlock.Page{})
		if err := errors.Join(err, audit.Verify(lines, stored.Head)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	open, _, err := s.Due(t.Context(), workspace.System, now, airlock.Page{})
	if err != nil || len(open) != 3 {
		t.Errorf("%d rows of open work, %v; want 1 of the first and 2 of the second", len(open), err)
	}
}

func TestChangeWithoutAnswerIsLeftToBeTriedAgain(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 0)
	first := changed(t, s, making(2))
	for name, c := range map[string]workspace.Change{"create": making(1), "replace": closed(first, 1)} {
		w.losing(1)
		_, err := s.CommitChange(t.Context(), c)
		if !errors.Is(err, errLost) || errors.Is(err, airlock.ErrConflict) || errors.Is(err, airlock.ErrNotFound) {
			t.Errorf("%s: %v, want the error itself", name, err)
		}
		if got := changed(t, s, c); got.Resources[0].Head != c.Resources[0].Head { // as the handler's repeat does
			t.Errorf("%s: head %v, want %v", name, got.Resources[0].Head, c.Resources[0].Head)
		}
	}
}

func TestRegistrationThatLostItsAnswerSucceeds(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	for i, version := range []string{"1.0.0", "1.1.0", "1.1.0"} {
		r := workspace.Registered{Kind: workspace.Service, Name: "x", Version: version, Digest: version, Current: true}
		w.losing(1)
		got, err := s.Register(t.Context(), r, audit.Line{At: now, Action: "register", Detail: version})
		if err != nil || !got.Current {
			t.Errorf("registration %d: %+v, %v", i, got, err)
		}
	}
	w.losing(0)
	lines, err := s.StrangeLines(t.Context())
	if err != nil || len(lines) != 2 {
		t.Errorf("%d lines, %v; want one a version", len(lines), err)
	}
}

func TestChangeCalls(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	const batch = "POST $batch"
	var c workspace.Change
	step := func(next workspace.Change) func() error {
		return func() (err error) {
			saved, err := s.CommitChange(t.Context(), next)
			c.Resources = saved.Resources
			return err
		}
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"the first change of all", func() (err error) { c, err = s.CommitChange(t.Context(), making(4)); return }, []string{batch, "POST Tables", batch}},
		{"one that closes nothing", func() error { return step(closed(c))() }, []string{batch}},
		{"one that closes what is open", func() error { return step(closed(c, 0, 1))() }, []string{batch}},
		{"one that closes what is closed", func() error { return step(closed(c, 0))() }, []string{batch, "GET", batch}},
		{"one that closes some of both", func() error { return step(closed(c, 0, 2, 1, 3))() },
			[]string{batch, "GET", "GET", "GET", "GET", batch}},
		{"one that is invalid", func() error {
			if err := step(workspace.Change{Partition: "elsewhere", Resources: c.Resources})(); !errors.Is(err, airlock.ErrInvalid) {
				return fmt.Errorf("%w, want ErrInvalid", err)
			}
			return nil
		}, nil},
		{"a resource", func() error { _, err := s.Resource(t.Context(), c.Resources[0].Key()); return err }, []string{"GET"}},
		{"a page", func() error {
			_, _, err := s.Resources(t.Context(), workspace.System, airlock.Page{})
			return err
		}, []string{"GET"}},
	} {
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, w.taken()); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRowThatIsGoneIsAConflict(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	c := changed(t, s, making(2))
	w.taken()
	lost := closed(c, 0, 1)
	lost.Resources[0].ID = uuid.NewString()
	if _, err := s.CommitChange(t.Context(), lost); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("commit: %v, want ErrConflict", err)
	}
	open, _, err := s.Due(t.Context(), workspace.System, now, airlock.Page{})
	if err != nil || len(open) != 2 {
		t.Errorf("%d rows of open work, %v; want both", len(open), err)
	}
}

func TestChangeLargerThanATransaction(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 0)
	c := making(9)
	for i := range c.Operations {
		c.Operations[i].Message = strings.Repeat("x", workspace.MaxRow-10_000)
	}
	_, err := s.CommitChange(t.Context(), c)
	if !errors.Is(err, airlock.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "at most") {
		t.Errorf("commit: %v, want ErrInvalid that names the limit", err)
	}
	if calls := w.taken(); len(calls) != 0 {
		t.Errorf("calls = %v, want none", calls)
	}
	c.Operations = c.Operations[:8]
	c.Lines, c.Open = c.Lines[:9], c.Open[:8]
	changed(t, s, c)
}
