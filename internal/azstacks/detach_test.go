package azstacks_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// A secret of a vault cannot be deleted by Azure, and a machine's stack holds
// one: the stack says that such things are left to what they belong to, and
// nothing of the template changes on the way.
func TestWhatCannotBeDeletedIsLeft(t *testing.T) {
	t.Parallel()
	for _, stack := range []workspace.Stack{at, group} {
		s := start()
		stacks := open(t, s, nil)
		template := `{"resources":[],"variables":{"long":12345678901234567890,"text":"a<b"}}`
		if _, err := stacks.Deploy(t.Context(), workspace.Deployment{Stack: stack, Run: "r", Template: []byte(template)}); err != nil {
			t.Fatal(err)
		}
		sent := s.sent[len(s.sent)-1]
		for _, want := range []string{`"resourcesWithoutDeleteSupport":"detach"`, `"resources":"delete"`, "12345678901234567890", `"mode":"denyDelete"`} {
			if !strings.Contains(sent, want) {
				t.Errorf("%s: sent without %s: %s", stack.Name, want, sent)
			}
		}
		for seen, err := stacks.Look(t.Context(), stack, ""); seen.Progress != workspace.Complete; seen, err = stacks.Look(t.Context(), stack, "") {
			if err != nil {
				t.Fatal(err)
			}
			s.pass()
		}
		if _, err := stacks.Remove(t.Context(), stack); err != nil {
			t.Fatal(err)
		}
		made, gone := false, false
		for _, asked := range s.asked {
			made = made || strings.HasPrefix(asked, "PUT") && strings.Contains(asked, "api-version=2025-07-01")
			gone = gone || strings.HasPrefix(asked, "DELETE") && strings.Contains(asked, "unmanageAction.ResourcesWithoutDeleteSupport=detach")
		}
		if !made || !gone {
			t.Errorf("%s: asked %v", stack.Name, s.asked)
		}
	}
}
