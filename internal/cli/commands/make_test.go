package commands_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
)

// TestMakingAsksForWhatTheTemplateDemands, and checks each answer by the
// template's own rules before the next question.
func TestMakingAsksForWhatTheTemplateDemands(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		args  []string
		types []string
		want  string   // the last call
		said  []string // on the way
	}{
		{"the template, a name, and what it is for", []string{"workspaces", "new"}, []string{"", "Lung study", "Trials"},
			`POST /workspaces {"templateName":"tre-workspace-base","properties":{"description":"Trials","display_name":"Lung study"}}`,
			[]string{"tre-workspace-base: Base Workspace", "[tre-workspace-base]", "Name for the workspace"}},
		{"what a choice brings along", []string{"workspaces", "new", "--template", "tre-workspace-base", "--display-name", "L", "--description", "d", "-p", "address_space_size=custom"}, []string{"10.9.0.0/24"},
			`POST /workspaces {"templateName":"tre-workspace-base","properties":{"address_space":"10.9.0.0/24","address_space_size":"custom","description":"d","display_name":"L"}}`, []string{"Address space", "Range of the workspace's network as CIDR"}},
		{"again where the answer will not do", []string{"workspaces", "new", "--template", "tre-workspace-base", "--display-name", "L", "--description", "d", "-p", "deploy_to_another_subscription=true"},
			[]string{"mine", "b0000000-0000-4000-8000-000000000001"},
			`POST /workspaces {"templateName":"tre-workspace-base","properties":{"deploy_to_another_subscription":true,"description":"d","display_name":"L","workspace_subscription_id":"b0000000-0000-4000-8000-000000000001"}}`, []string{"No: it "}},
		{"in a workspace, of the templates that one may use there", []string{"workspace", "heart", "workspace-services", "new"}, []string{"", "Desktops", "d"},
			"POST " + onHeart + `/workspace-services {"templateName":"tre-service-guacamole","properties":{"description":"d","display_name":"Desktops"}}`, []string{"Virtual desktops"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := orders(t, nil)
			got := newWorld(t).at(server.Server).person(tc.types...).run(append(tc.args, "--no-wait")...)
			last := server.last()
			if line := strings.TrimSpace(last.line + " " + last.body); got.code != cli.Done || line != tc.want {
				t.Errorf("exit code %d, the last call is\n%s\nwant\n%s\n%s", got.code, line, tc.want, got.err)
			}
			for _, want := range tc.said {
				if !strings.Contains(got.err, want) {
					t.Errorf("not said: %s, but\n%s", want, got.err)
				}
			}
		})
	}
}

func TestWrongLinesAboutWorkspaces(t *testing.T) {
	t.Parallel()
	server := orders(t, map[string]answer{"GET /workspace-templates/none": {status: http.StatusNotFound, body: "template none does not exist"},
		"GET /operations": {body: `{"operations":[` + operationAnswer(deploying, "deploying", "", ended("deploying", "")) + `,` + operationAnswer(failed, "deploying", "", ended("deploying", "")) + `]}`}})
	base := []string{"workspaces", "new", "--template", "tre-workspace-base", "--display-name", "L", "--description", "d"}
	for _, tc := range []struct {
		name string
		args []string
		code cli.Code
		said string
	}{
		{"a property that is none", append(base[:8:8], "-p", "shoe_size=44"), cli.Usage, "shoe_size"},
		{"a value of another type", append(base[:8:8], "-p", "shared_storage_quota=much"), cli.Usage, "an integer"},
		{"a value out of its limits", append(base[:8:8], "-p", "shared_storage_quota=0"), cli.Usage, "shared_storage_quota"},
		{"a value that is none of the choices", append(base[:8:8], "-p", "address_space_size=huge"), cli.Usage, "address_space_size"},
		{"no name=value", append(base[:8:8], "-p", "shared"), cli.Usage, "name=value"},
		{"something is missing, and nobody can be asked", base[:6], cli.Usage, "description"},
		{"no template, and nobody can be asked", base[:2], cli.Usage, "--template is missing"},
		{"a template that is none", []string{"workspaces", "new", "--template", "none"}, cli.NotAllowed, "template none"},
		{"a member without a role", append(base[:8:8], "--member", "a0000000-0000-4000-8000-000000000002"), cli.Usage, "tre users find"},
		{"a definition with an unknown field", []string{"workspaces", "new", "--definition", `{"template":"x"}`}, cli.Usage, "template"},
		{"nothing to change", []string{"workspace", "heart", "update"}, cli.Usage, "nothing to change"},
		{"neither on nor off", []string{"workspace", "heart", "set-enabled"}, cli.Usage, "enable disable"},
		{"both on and off", []string{"workspace", "heart", "set-enabled", "--enable", "--disable"}, cli.Usage, "enable disable"},
		{"deleted, and nobody can be asked", []string{"workspace", "heart", "delete", "--ensure-disabled"}, cli.Usage, "--yes"},
		{"a service that is none", []string{"workspace", "heart", "workspace-service", "zzz", "show"}, cli.NotAllowed, `"zzz"`},
		{"no service", []string{"workspace", "heart", "workspace-service", "show"}, cli.Usage, "tre workspace WORKSPACE workspace-service SERVICE show"},
		{"no operation", []string{"workspace", "heart", "operation", "show"}, cli.Usage, "operation OPERATION show"},
		{"two operations at once", []string{"operation", "show", "777"}, cli.Usage, "fits 2"},
		{"an operation that is not mine", []string{"operation", "retry", "12345678"}, cli.NotAllowed, "/workspaces/ID/operations/ID"},
		{"a size that is not said", []string{"workspace", "heart", "workspace-service", "desk", "user-resource", "ann", "resize"}, cli.Usage, "size"},
		{"a status of requests that is none", []string{"workspace-requests", "list", "--status", "done"}, cli.Usage, "in_review"},
		{"rejected, and nobody can be asked", []string{"workspace-requests", "reject", "8888"}, cli.Usage, "--reason is missing"},
		{"approved beforehand without an end", []string{"standing-approvals", "new", "--most", "1", "--template", "t"}, cli.Usage, "--until is missing"},
		{"approved beforehand without a number", []string{"standing-approvals", "new", "--template", "t"}, cli.Usage, "--most"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := newWorld(t).at(server.Server).run(tc.args...); got.code != tc.code || !strings.Contains(got.err, tc.said) || got.out != "" {
				t.Errorf("exit code %d, want %d; said %q, printed %q", got.code, tc.code, got.err, got.out)
			}
		})
	}
	for _, c := range server.calls {
		if !strings.HasPrefix(c.line, "GET ") {
			t.Errorf("something was sent: %s %s", c.line, c.body)
		}
	}
}

// TestValuesAreNotRepeated: what a property holds may be a secret.
func TestValuesAreNotRepeated(t *testing.T) {
	t.Parallel()
	got := newWorld(t).at(orders(t, nil).Server).run("workspaces", "new", "--template", "tre-workspace-base", "--display-name", "L", "--description", "d", "-p", "shared_storage_quota="+secret)
	if got.code != cli.Usage || strings.Contains(got.err+got.out, secret) {
		t.Errorf("%+v", got)
	}
}

// TestDeletingDisablesFirst where that is asked for, and waits until it is done.
func TestDeletingDisablesFirst(t *testing.T) {
	t.Parallel()
	server := orders(t, nil)
	newWorld(t).at(server.Server).must("workspace", heart, "delete", "--yes", "--ensure-disabled")
	operation := "GET " + onHeart + "/operations/" + deploying + "\n"
	want := "GET " + onHeart + "\nPATCH " + onHeart + " {\"isEnabled\":false}\n" + operation + "DELETE " + onHeart + "\n" + operation
	if got := server.asked(); got != want {
		t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
	broken := orders(t, map[string]answer{"GET " + onHeart + "/operations/" + deploying: {body: `{"operation":` + operationAnswer(deploying, "updating_failed", "no", ended("updating_failed", "no")) + `}`}})
	if got := newWorld(t).at(broken.Server).run("workspace", heart, "delete", "--yes", "--ensure-disabled"); got.code != cli.Failed || strings.Contains(broken.asked(), "DELETE") {
		t.Errorf("exit code %d, asked %s", got.code, broken.asked())
	}
}

// TestDeletingWhatIsEnabled is told before anybody is asked whether they are sure,
// with what to do.
func TestDeletingWhatIsEnabled(t *testing.T) {
	t.Parallel()
	server := orders(t, nil)
	for _, sure := range [][]string{{}, {"--yes"}} {
		got := newWorld(t).at(server.Server).run(append([]string{"workspace", heart, "delete"}, sure...)...)
		if got.code != cli.Conflict || !strings.Contains(got.err, "the workspace is enabled") || !strings.Contains(got.err, "--ensure-disabled") || strings.Contains(got.err, "--yes") {
			t.Errorf("%v: %+v", sure, got)
		}
	}
	if strings.Contains(server.asked(), "DELETE") {
		t.Errorf("asked %s", server.asked())
	}
}

// TestFollowingOutlivesTrouble: the operation goes on meanwhile.
func TestFollowingOutlivesTrouble(t *testing.T) {
	t.Parallel()
	busy := 0
	server := orders(t, nil)
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/operations/"+deploying) && busy < 2 {
			busy++
			http.Error(w, "upgrading", http.StatusBadGateway)
			return
		}
		inner.ServeHTTP(w, r)
	})
	got := newWorld(t).at(server.Server).must("workspace", heart, "set-enabled", "--enable")
	if strings.Count(got.err, "Nobody answers") != 1 || busy != 2 {
		t.Errorf("troubled %d times, said %s", busy, got.err)
	}
}

// TestInterruptedFollowingSaysHowToGoOn.
func TestInterruptedFollowingSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	server := orders(t, map[string]answer{"GET " + onHeart + "/operations/" + deploying: {body: `{"operation":` + operationAnswer(deploying, "deploying", "", ended("deploying", "")) + `}`}})
	w := newWorld(t).at(server.Server)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, context.Canceled)
	defer cancel()
	w.saw = func(line string) {
		if strings.Contains(line, "deploying") {
			cancel()
		}
	}
	got := w.within(ctx, "workspace", heart, "set-enabled", "--enable")
	if got.code != cli.Interrupted || !strings.Contains(got.err, "tre watch "+onHeart+"/operations/"+deploying) {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

func TestNamesInTheMiddleOfTheEstate(t *testing.T) {
	t.Parallel()
	root := commands.Root(&cli.Context{Getenv: func(string) string { return "" }})
	for _, tc := range []struct{ line, want string }{
		{"workspace W workspace-service S user-resource U stop", "workspace workspace-service user-resource stop --workspace=W --service=S --resource=U"},
		{"workspace W operation O show", "workspace operation show --workspace=W --operation=O"},
		{"workspace W workspace-service S operation O cancel --reason x", "workspace workspace-service operation cancel --reason x --workspace=W --service=S --operation=O"},
		{"shared-service M operations list", "shared-service operations list --shared=M"},
		{"operation cancel O", "operation cancel O"},
		{"__complete workspace W update --template-version 1", "__complete workspace update --workspace=W --template-version 1"},
		{"__complete workspace W workspace-service S", "__complete workspace workspace-service-id --workspace=W S"},
	} {
		if got := strings.Join(commands.Arrange(root, strings.Fields(tc.line)), " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.line, got, tc.want)
		}
	}
}

func TestCompletionOfTheEstate(t *testing.T) {
	t.Parallel()
	server := orders(t, nil)
	for line, want := range map[string]string{
		"workspace heart workspace-service |":                                      desktops + "\tDesktops",
		"workspace heart workspace-service desk user-resource |":                   machine + "\tAnn's machine",
		"workspace heart workspace-service desk user-resource ann st":              "start\tStart the machine",
		"workspace heart operation |":                                              failed,
		"operation retry |":                                                        deploying + "\tDeploy Heart study",
		"shared-service |":                                                         mirror,
		"workspace-requests show |":                                                wanted,
		"standing-approvals end |":                                                 standing,
		"workspaces new --template |":                                              "tre-workspace-base\tBase Workspace",
		"workspace heart workspace-services new --template |":                      "tre-service-guacamole",
		"workspace heart workspace-service desk user-resource ann invoke-action |": "reset_password",
	} {
		args := append([]string{"__complete"}, strings.Fields(strings.TrimSuffix(line, "|"))...)
		if strings.HasSuffix(line, "|") {
			args = append(args, "")
		}
		if got := newWorld(t).at(server.Server).must(args...); !strings.Contains(got.out, want) {
			t.Errorf("%s: %s%s", line, got.out, got.err)
		}
	}
}
