package commands_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

func TestWrongArgumentsAreToldHowTheCommandIsCalled(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		"airlock show":       "`tre airlock show REQUEST`; arguments given: 0",
		"airlock show a b":   "`tre airlock show REQUEST`; arguments given: 2",
		"audit verify a":     "`tre audit verify WORKSPACE REQUEST`; arguments given: 1",
		"airlock upload a":   `required flag(s) "request" not set`,
		"airlock download":   "see `tre airlock download --help`",
		"use a b":            "`tre use [WORKSPACE]`; arguments given: 2",
		"airlock list x":     `unknown command "x" for "tre airlock list"`,
		"workspaces nothing": `unknown command "nothing" for "tre workspaces"`,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			if got := newWorld(t).run(strings.Fields(call)...); got.code != cli.Usage || !strings.Contains(got.err, want) {
				t.Errorf("exit code %d: %s", got.code, got.err)
			}
		})
	}
}
