package walk_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/walk"
)

// TestWalkThrough walks through everything, as `make run` does, and reads what
// is shown.
func TestWalkThrough(t *testing.T) {
	t.Parallel()
	var calls walk.Calls
	rig, err := stacktest.Start(t.Context(), func(c *stack.Config) { c.OnInvocation = calls.Add })
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := walk.Config{Info: rig.Info(), World: rig.Stack, Calls: &calls, Screen: &console.Screen{Out: &out}, Now: time.Now}
	err = walk.Run(t.Context(), c)
	if closed := rig.Close(); err != nil || closed != nil {
		t.Fatalf("%v, %v\n%s", err, closed, out.String())
	}
	shown := out.String()
	for _, want := range []string{"Import: files cross", "Export: a result leaves", "✓ in_review", "✓ approved", "✓ blocked_by_scan", "✓ rejected",
		"✓ cancelled", "✓ revoked", "kept, clean", "心電図 01.png", "400: ", "403: ", "422: ", "404 ContainerNotFound",
		"✓ deployed", "✓ action_succeeded", "Stops soon: machine “My machine”", "nothing differs", "1 difference", "orphan_group rg-", "✓ updated", "✓ deleted", "Delete Kidney study", "the standing approval covers it", "404: workspace does not exist",
		"airlockdeliver", "an unbroken chain", "draft → submitted_sealing", "“Sent with the wrong consent form”"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not shown", want)
		}
	}
	if strings.Contains(shown, "sig=") || strings.Contains(shown, "\x1b") {
		t.Error("a link or an escape is shown")
	}
	for line := range strings.Lines(shown) {
		if console.Width(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("%d columns: %s", console.Width(line), line)
		}
	}
	if t.Failed() {
		t.Log(shown)
	}
}

// TestAStepThatFailsIsShownAndEndsTheWalk walks where nothing answers.
func TestAStepThatFailsIsShownAndEndsTheWalk(t *testing.T) {
	t.Parallel()
	const nowhere = "http://127.0.0.1:1"
	info := stack.Info{API: nowhere, Portal: nowhere, Issuer: nowhere, Mail: nowhere}
	for _, p := range stack.People {
		info.Users = append(info.Users, stack.UserInfo{Key: p.Key, Name: p.Name, Token: stack.TokenInfo{URL: (&url.URL{Scheme: "http", Host: "127.0.0.1:1"}).String()}})
	}
	for _, w := range stack.Seed {
		info.Workspaces = append(info.Workspaces, stack.WorkspaceInfo{ID: w.ID, Members: w.Members})
	}
	var out bytes.Buffer
	err := walk.Run(t.Context(), walk.Config{Info: info, Calls: &walk.Calls{}, Screen: &console.Screen{Out: &out}, Now: time.Now,
		Trouble: func() []string { return []string{"the log's last words"} }})
	if !errors.Is(err, walk.ErrStep) {
		t.Fatalf("error %v", err)
	}
	shown := out.String()
	if !strings.Contains(shown, "1  ✗ Heart Researcher makes an import request") || !strings.Contains(shown, "the log's last words") {
		t.Errorf("shown:\n%s", shown)
	}
	if strings.Contains(shown, "✓") || strings.Contains(shown, "Export") {
		t.Errorf("something that did not happen is shown:\n%s", shown)
	}
	if err := walk.Run(t.Context(), walk.Config{Screen: &console.Screen{Out: &out}, Now: time.Now}); !errors.Is(err, walk.ErrStep) {
		t.Errorf("without people: %v", err)
	}
}
