package azdesk_test

import (
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azdesk"
)

// TestReach: whoever holds a desk has three verbs and nothing else.
func TestReach(t *testing.T) {
	t.Parallel()
	desk := reflect.TypeFor[*azdesk.Desk]()
	var methods []string
	for i := range desk.NumMethod() {
		methods = append(methods, desk.Method(i).Name)
	}
	if diff := cmp.Diff([]string{"Create", "List", "Sign"}, methods); diff != "" {
		t.Error(diff)
	}
	for _, field := range reflect.VisibleFields(desk.Elem()) {
		if field.IsExported() {
			t.Errorf("field %s can be reached", field.Name)
		}
	}
	deps, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(deps)) {
		if slices.Contains([]string{"azfiles", "resourcemanager"}, dep[strings.LastIndexByte(dep, '/')+1:]) || strings.Contains(dep, "resourcemanager") {
			t.Errorf("depends on %s", dep)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	accounts, err := azblobs.New(azblobs.Config{
		AirlockConnection:    "AccountName=stairlock;AccountKey=a2V5;BlobEndpoint=https://stairlock.blob.core.windows.net",
		WorkspaceConnections: []string{"AccountName=stone;AccountKey=a2V5;BlobEndpoint=https://stone.blob.core.windows.net"},
		Now:                  func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	desk := azdesk.New(accounts)
	for access, letters := range map[airlock.Access]string{airlock.WriteOnly: "sp=cwl&", airlock.ReadOnly: "sp=rl&"} {
		link, err := desk.Sign(t.Context(), airlock.Place{Account: "stone", Container: "draft"}, access, now.Add(time.Hour))
		if err != nil || !strings.HasPrefix(link, "https://stone.blob.core.windows.net/draft?") || !strings.Contains(link, letters) || !strings.Contains(link, "sr=c&") {
			t.Errorf("%s link of %d bytes, %v", access, len(link), err)
		}
	}
	for _, place := range []airlock.Place{{Account: "sttwo", Container: "draft"}, {}} {
		if _, err := desk.Sign(t.Context(), place, airlock.ReadOnly, now.Add(time.Hour)); err == nil {
			t.Errorf("link to %v", place)
		}
		if err := desk.Create(t.Context(), place); err == nil {
			t.Errorf("container at %v", place)
		}
		if _, _, err := desk.List(t.Context(), place, airlock.Page{}); err == nil {
			t.Errorf("list of %v", place)
		}
	}
}
