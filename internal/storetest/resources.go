package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var resourceRules = []rule{
	{"absent is not found", resourceAbsent},
	{"every field comes back", resourceRoundTrip},
	{"nothing is shared with callers", resourceAliasing},
	{"resources come in pages in the order of ids", resourcePages},
	{"operations of a resource come in pages in the order of ids", operationPages},
	{"history comes in pages, the newest last", historyPages},
	{"of another partition is not found", resourceElsewhere},
	{"properties beyond 64 KiB come back", resourceLarge},
	{"ids are data", resourceHostileIDs},
	{"a cursor leads to nothing else", resourceCursors},
}

func resourceAbsent(t *testing.T, s Store) {
	absent := func(key workspace.Key) {
		t.Helper()
		_, err := s.Resource(t.Context(), key)
		_, opErr := s.Operation(t.Context(), workspace.OperationKey{Partition: key.Partition, Resource: key.ID, ID: uuid.NewString()})
		for _, err := range []error{err, opErr} {
			if !errors.Is(err, airlock.ErrNotFound) {
				t.Errorf("%v, want ErrNotFound", err)
			}
		}
		equal(t, estate(t, s, key.Partition), kept{})
	}
	absent(workspace.Key{Partition: workspace.System, ID: uuid.NewString()})
	change(t, s, made(newResource(uuid.NewString())))
	absent(workspace.Key{Partition: uuid.NewString(), ID: uuid.NewString()})
}

// fullChange has a resource, an operation and a snapshot without a zero field.
func fullChange() workspace.Change {
	r := newResource("")
	r.Properties = map[string]any{"display_name": "<título & 'quote'> \u2028", "n": 1.5, "deep": map[string]any{"list": []any{"x", true, nil}}}
	r.Outputs = map[string]any{"hostname": "h", "list": []any{"y"}}
	r.Secrets = map[string]string{"/admin_password": "id"}
	r.Service, r.Workspace = "", ""
	r = filled(r)
	r.Kind, r.Workspace, r.Service = workspace.Workspace, "", ""
	o := newOperation(r.Key())
	o.Parameters = map[string]string{"size": "large"}
	o = filled(o)
	h := filled(workspace.Snapshot{ID: uuid.NewString(), Resource: r.Key(), Properties: map[string]any{"a": "b"}})
	return workspace.Change{Partition: workspace.System, Resources: []workspace.Resource{r}, Operations: []workspace.Operation{o}, History: []workspace.Snapshot{h}}
}

func resourceRoundTrip(t *testing.T, s Store) {
	want := fullChange()
	got := change(t, s, want)
	want.Resources[0].Version, want.Operations[0].Version = got.Resources[0].Version, got.Operations[0].Version
	equal(t, got, want)
	r, err := s.Resource(t.Context(), want.Resources[0].Key())
	check(t, err)
	equal(t, r, want.Resources[0])
	o, err := s.Operation(t.Context(), want.Operations[0].Key())
	check(t, err)
	equal(t, o, want.Operations[0])
	equal(t, estate(t, s, workspace.System).History, want.History)
}

func resourceAliasing(t *testing.T, s Store) {
	spoil := func(c workspace.Change) {
		r, o := c.Resources[0], c.Operations[0]
		r.Properties["display_name"], r.Properties["deep"].(map[string]any)["list"].([]any)[0] = "spoiled", "spoiled"
		r.Outputs["hostname"], r.Secrets["/admin_password"], r.Addresses[0], r.Results[0].Message = "spoiled", "spoiled", "spoiled", "spoiled"
		r.Job.Token, o.Steps[0].Message, o.Cancel.Reason, o.Members[0].Name = "spoiled", "spoiled", "spoiled", "spoiled"
		o.Parameters["size"], o.Steps[0].Properties[0].Name = "spoiled", "spoiled"
	}
	given := fullChange()
	spoil(change(t, s, given))
	want := estate(t, s, workspace.System)
	spoil(given)
	for range 2 {
		k := estate(t, s, workspace.System)
		equal(t, k, want)
		spoil(workspace.Change{Resources: k.Resources, Operations: k.Operations})
	}
	if want.Resources[0].Outputs["hostname"] != "h" || want.Operations[0].Parameters["size"] != "large" {
		t.Error("spoiling what was returned reached the store")
	}
}

func resourcePages(t *testing.T, s Store) {
	ws := uuid.NewString()
	var want []workspace.Resource
	for range 7 {
		want = append(want, change(t, s, made(newResource(ws))).Resources...)
	}
	change(t, s, made(newResource(uuid.NewString())))
	slices.SortFunc(want, func(a, b workspace.Resource) int { return strings.Compare(a.ID, b.ID) })
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]workspace.Resource, string, error) { return s.Resources(t.Context(), ws, p) }), want)
	})
}

func operationPages(t *testing.T, s Store) {
	r := newResource("")
	c := made(r)
	for range 6 {
		c.Operation(newOperation(r.Key()), at, told("ask"))
	}
	want := change(t, s, c).Operations
	change(t, s, made(newResource("")))
	like := newResource("")
	like.ID = r.ID + "0" // a name that begins alike
	change(t, s, made(like))
	slices.SortFunc(want, func(a, b workspace.Operation) int { return strings.Compare(a.ID, b.ID) })
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]workspace.Operation, string, error) {
			return s.Operations(t.Context(), r.Key(), p)
		}), want)
	})
}

func historyPages(t *testing.T, s Store) {
	key := newResource("").Key()
	var want []workspace.Snapshot
	for revision := 8; revision < 13; revision++ {
		want = append(want, workspace.Snapshot{ID: uuid.NewString(), Resource: key, Revision: revision, At: at})
	}
	change(t, s, workspace.Change{Partition: key.Partition, History: []workspace.Snapshot{want[4], want[0], want[2]}})
	change(t, s, workspace.Change{Partition: key.Partition, History: []workspace.Snapshot{want[1], want[3]}})
	change(t, s, workspace.Change{Partition: key.Partition, History: []workspace.Snapshot{{Resource: newResource("").Key()}}})
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]workspace.Snapshot, string, error) {
			return s.History(t.Context(), key, p)
		}), want)
	})
}

func resourceElsewhere(t *testing.T, s Store) {
	ws := uuid.NewString()
	c := change(t, s, made(newResource(ws)))
	for _, partition := range []string{uuid.NewString(), workspace.System, ws + "'", ws + "/", strings.ToUpper(ws)} {
		_, err := s.Resource(t.Context(), workspace.Key{Partition: partition, ID: c.Resources[0].ID})
		key := c.Operations[0].Key()
		key.Partition = partition
		_, opErr := s.Operation(t.Context(), key)
		for _, err := range []error{err, opErr} {
			if !errors.Is(err, airlock.ErrNotFound) {
				t.Errorf("partition %q: %v, want ErrNotFound", partition, err)
			}
		}
		equal(t, estate(t, s, partition), kept{})
	}
	key := c.Operations[0].Key()
	key.Resource = uuid.NewString()
	if _, err := s.Operation(t.Context(), key); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("under another resource: %v, want ErrNotFound", err)
	}
}

func resourceLarge(t *testing.T, s Store) {
	c := made(newResource(""))
	for _, text := range []string{strings.Repeat("é", 70_000), "short", "x" + strings.Repeat("\U0001F600", 50_000), strings.Repeat("\"<\u2028\\", 10_000)} {
		c.Resources[0].Properties = map[string]any{"text": text} // nothing of a longer one before may stay
		c = change(t, s, c)
		c.Lines, c.Open = nil, nil
		r, err := s.Resource(t.Context(), c.Resources[0].Key())
		check(t, err)
		if r.Properties["text"] != text {
			t.Errorf("a text of %d bytes came back otherwise", len(text))
		}
	}
}

func resourceHostileIDs(t *testing.T, s Store) {
	ws := "ws' or PartitionKey ne '"
	ids := []string{"' or RowKey ne '", "a/b", `a\b`, "a#b", "a?b=c", "a.b", "a", `a"`, "%2e", "\x00\n", "é", "~", strings.Repeat("long", 500)}
	for _, id := range ids {
		r := newResource(ws)
		r.ID = id
		want := change(t, s, made(r))
		got, err := s.Resource(t.Context(), r.Key())
		check(t, err)
		equal(t, got, want.Resources[0])
		operations, _, err := s.Operations(t.Context(), r.Key(), airlock.Page{})
		check(t, err)
		equal(t, operations, want.Operations)
		lines, _, err := s.Trail(t.Context(), ws, id, airlock.Page{})
		check(t, err)
		equal(t, len(lines), 1)
	}
	all, _, err := s.Resources(t.Context(), ws, airlock.Page{})
	check(t, err)
	equal(t, len(all), len(ids))
}

func resourceCursors(t *testing.T, s Store) {
	ws := uuid.NewString()
	c := change(t, s, made(newResource(ws)))
	change(t, s, made(newResource(uuid.NewString())))
	for _, after := range []string{"~", "' or RowKey ne '", "zzz", "\u00ff"} {
		rows, next, err := s.Resources(t.Context(), ws, airlock.Page{After: after})
		if len(rows) > 1 || next != "" || len(rows) == 1 && rows[0].ID != c.Resources[0].ID {
			t.Errorf("cursor %q: %d rows, %q, %v", after, len(rows), next, err)
		}
	}
}
