package commands_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

const noDrift = `{"when":1795345200,"stacks":2,"resourceGroups":1,"machines":1,"findings":[],"left":0,"problems":[]}`

const someDrift = `{"when":1795345300,"stacks":3,"resourceGroups":1,"machines":1,"left":0,"problems":[],"findings":[
 {"kind":"orphan_stack","azureId":"/subscriptions/s/providers/Microsoft.Resources/deploymentStacks/tre-abc","detail":"it is succeeded","advice":"Delete it, if nobody needs it"},
 {"kind":"missing_machine","resourcePath":"/workspaces/w","name":"Ann's machine","azureId":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vmx","detail":"","advice":"Update the resource"}]}`

func TestDrift(t *testing.T) {
	t.Parallel()
	good := newFake(t, map[string]answer{"GET /drift": {body: noDrift}})
	w := newWorld(t).at(good.Server)
	w.terminal.Out = true
	if got := w.must("admin", "drift"); !strings.Contains(got.err, "Nothing differs.") || !strings.Contains(got.out, "2 stacks") {
		t.Errorf("%+v", got)
	}
	bad := newFake(t, map[string]answer{"GET /drift": {body: noDrift, then: []string{someDrift}}, "POST /drift": {status: http.StatusAccepted, body: `{"orderedWhen":1795345250}`}})
	w = newWorld(t).at(bad.Server)
	w.terminal.Out = true
	got := w.run("admin", "drift", "--fresh")
	golden(t, "drift", got.out)
	if want := "POST /drift {}\nGET /drift\nGET /drift\n"; got.code != cli.Failed || bad.asked() != want {
		t.Errorf("exit code %d, asked %s, said %s", got.code, bad.asked(), got.err)
	}
	none := newFake(t, map[string]answer{"GET /drift": {status: http.StatusForbidden, body: "no"}})
	if got := newWorld(t).at(none.Server).run("admin", "drift"); got.code != cli.NotAllowed {
		t.Errorf("%+v", got)
	}
}
