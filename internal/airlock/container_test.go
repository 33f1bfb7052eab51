package airlock_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// azureName is Azure's rule for containers, also: no two hyphens in a row.
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
var azureName = regexp.MustCompile(`^[a-z0-9](?:-?[a-z0-9])*$`)

var kinds = []airlock.Kind{airlock.DraftFiles, airlock.SealedFiles, airlock.ReleasedFiles, airlock.RescanFiles}

func TestContainerRoundTrip(t *testing.T) {
	t.Parallel()
	id := rapid.Custom(func(t *rapid.T) string {
		var u uuid.UUID
		copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		return u.String()
	})
	seen := map[string]airlock.Container{}
	rapid.Check(t, func(t *rapid.T) {
		c := airlock.Container{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
			Key:    airlock.Key{Workspace: id.Draw(t, "workspace"), Request: id.Draw(t, "request")},
			Number: rapid.IntRange(1, airlock.MaxNumber).Draw(t, "number")}
		name := c.String()
		if len(name) < 3 || len(name) > 63 || !azureName.MatchString(name) {
			t.Fatalf("%s (%d) is no name for Azure", name, len(name))
		}
		if back, err := airlock.ParseContainer(name); err != nil || back != c {
			t.Fatalf("%s is read as %+v, %v", name, back, err)
		}
		if other, taken := seen[name]; taken && other != c {
			t.Fatalf("%+v and %+v are both %s", c, other, name)
		}
		seen[name] = c
	})
}

func TestContainerExtremes(t *testing.T) {
	t.Parallel()
	const (
		least = "00000000-0000-0000-0000-000000000000"
		most  = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	)
	tests := []struct {
		c    airlock.Container
		want string
	}{
		{airlock.Container{Kind: airlock.ReleasedFiles, Key: airlock.Key{Workspace: most, Request: least}, Number: 99},
			"released-f5lxx1zz5pnorynqglhzmsp33-0000000000000000000000000-99"},
		{airlock.Container{Kind: airlock.DraftFiles, Key: airlock.Key{Workspace: least, Request: strings.ToUpper(most)}, Number: 1},
			"draft-0000000000000000000000000-f5lxx1zz5pnorynqglhzmsp33-1"},
	}
	for _, tt := range tests {
		if got := tt.c.String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	if got := len(tests[0].want); got != 63 {
		t.Errorf("the longest name has %d characters", got)
	}
}

func TestParseContainerRefuses(t *testing.T) {
	t.Parallel()
	good := airlock.Container{Kind: airlock.SealedFiles, Key: airlock.Key{Workspace: workspaceID, Request: requestID}, Number: 7}.String()
	ws, req := strings.Split(good, "-")[1], strings.Split(good, "-")[2]
	tests := map[string]string{
		"empty": "", "only a kind": "draft", "three parts": "draft-" + ws + "-" + req, "five parts": good + "-1",
		"no kind": "-" + ws + "-" + req + "-1", "another kind": "backup-" + ws + "-" + req + "-1", "kind in capitals": "Sealed-" + ws + "-" + req + "-7",
		"number 0": "sealed-" + ws + "-" + req + "-0", "number 100": "sealed-" + ws + "-" + req + "-100", "padded number": "sealed-" + ws + "-" + req + "-07",
		"signed number": "sealed-" + ws + "-" + req + "-+7", "no number": "sealed-" + ws + "-" + req + "-", "hex number": "sealed-" + ws + "-" + req + "-0x7",
		"huge number": "sealed-" + ws + "-" + req + "-99999999999999999999", "arabic number": "sealed-" + ws + "-" + req + "-٧",
		"short id": "sealed-" + ws[1:] + "-" + req + "-7", "long id": "sealed-0" + ws + "-" + req + "-7", "id in capitals": "sealed-" + strings.ToUpper(ws) + "-" + req + "-7",
		"id too large": "sealed-" + strings.Repeat("z", 25) + "-" + req + "-7", "one too large": "sealed-f5lxx1zz5pnorynqglhzmsp34-" + req + "-7",
		"signed id": "sealed-+" + ws[1:] + "-" + req + "-7", "id with a low line": "sealed-_" + ws[1:] + "-" + req + "-7",
		"plain UUIDs": "sealed-" + workspaceID + "-" + requestID + "-7", "invalid ids": airlock.Container{Kind: airlock.DraftFiles, Number: 1}.String(),
		"white space": " " + good, "line feed": good + "\n", "path": good + "/a", "azure's own": "$web", "logs": "azure-webjobs-hosts",
	}
	for name, in := range tests {
		if c, err := airlock.ParseContainer(in); !errors.Is(err, airlock.ErrName) || c != (airlock.Container{}) {
			t.Errorf("%s: %q is read as %+v, %v", name, in, c, err)
		}
	}
	if _, err := airlock.ParseContainer(good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func FuzzParseContainer(f *testing.F) {
	f.Add("draft-0000000000000000000000000-f5lxx1zz5pnorynqglhzmsp33-1")
	f.Add("released-f5lxx1zz5pnorynqglhzmsp34-0-99")
	f.Fuzz(func(t *testing.T, name string) {
		if c, err := airlock.ParseContainer(name); err == nil && c.String() != name {
			t.Errorf("%q is read as %q", name, c)
		}
	})
}

func TestPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		direction airlock.Type
		kind      airlock.Kind
		want      string
	}{
		{airlock.Import, airlock.DraftFiles, "airlock"}, {airlock.Import, airlock.SealedFiles, "airlock"},
		{airlock.Import, airlock.RescanFiles, "airlock"}, {airlock.Import, airlock.ReleasedFiles, "stwsone"},
		{airlock.Export, airlock.DraftFiles, "stwsone"}, {airlock.Export, airlock.SealedFiles, "stwsone"},
		{airlock.Export, airlock.RescanFiles, "stwsone"}, {airlock.Export, airlock.ReleasedFiles, "airlock"},
	}
	for _, tt := range tests {
		r := fresh()
		r.Type = tt.direction
		got := r.Place(tt.kind, 3)
		c, err := airlock.ParseContainer(got.Container)
		if err != nil || got.Account != tt.want || c != (airlock.Container{Kind: tt.kind, Key: r.Key(), Number: 3}) {
			t.Errorf("%s %s: %+v, %v; want account %s", tt.direction, tt.kind, got, err, tt.want)
		}
	}
}
