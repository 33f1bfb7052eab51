package commands_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

const onHeart = "/workspaces/" + heart

// accepted is the answer to an order: an operation that has begun.
func accepted(id string) answer {
	return answer{status: http.StatusAccepted, body: `{"operation":` + operationAnswer(id, "awaiting_deployment", "", ended("awaiting_deployment", "")) + `}`}
}

// orders is estate with answers to orders, each an operation that is there at
// once.
func orders(t *testing.T, more map[string]answer) *fake {
	t.Helper()
	known := estate(t)
	all := map[string]answer{}
	for _, line := range []string{"PATCH " + onHeart, "PATCH " + onHeart + "?force_version_update=true", "DELETE " + onHeart, "PATCH " + inDesktops, "DELETE " + inDesktops, "DELETE " + onMachine,
		"POST " + onHeart + "/workspace-services", "POST " + inDesktops + "/user-resources", "POST /workspaces", "POST /shared-services", "POST " + onHeart + "/operations/" + failed + "/retry", "POST " + onHeart + "/operations/" + deploying + "/cancel",
		"POST " + onHeart + "/invoke-action?action=rotate"} {
		all[line] = accepted(deploying)
	}
	for _, action := range []string{"start", "stop", "restart", "resize", "redeploy", "reset_password"} {
		all["POST "+onMachine+"/invoke-action?action="+action] = accepted(deploying)
	}
	all["GET "+onHeart+"/operations/"+deploying] = answer{body: `{"operation":` + operationAnswer(deploying, "deployed", "", ended("deployed", "")) + `}`}
	maps.Copy(all, more)
	f := newFake(t, all)
	f.otherwise = known.Config.Handler
	return f
}

func TestWhatTheAPIIsAskedOfWorkspaces(t *testing.T) {
	t.Parallel()
	inMachine := []string{"workspace", heart, "workspace-service", desktops, "user-resource", machine}
	on := func(args ...string) []string { return append(append([]string{}, inMachine...), args...) }
	for _, tc := range []struct {
		name string
		args []string
		want string // the change
		etag string
	}{
		{"an update from a definition", []string{"workspace", "heart", "update", "--definition", `{"properties":{"shared_storage_quota":60}}`}, "PATCH " + onHeart + ` {"properties":{"shared_storage_quota":60}}`, `W/"7"`},
		{"of a version that was seen", []string{"workspace", "heart", "update", "--definition", `{"properties":{"a":1}}`, "--etag", `W/"6"`}, "PATCH " + onHeart + ` {"properties":{"a":1}}`, `W/"6"`},
		{"of single properties, each as its type", []string{"workspace", "heart", "update", "-p", "shared_storage_quota=60", "-p", "enable_airlock=false", "-p", "description=1"}, "PATCH " + onHeart + ` {"properties":{"description":"1","enable_airlock":false,"shared_storage_quota":60}}`, `W/"7"`},
		{"an upgrade", []string{"workspace", "heart", "update", "--template-version", "1.0.0", "--force-version-update"}, "PATCH " + onHeart + `?force_version_update=true {"templateVersion":"1.0.0"}`, `W/"7"`},
		{"disabled", []string{"workspace", "heart", "set-enabled", "--disable"}, "PATCH " + onHeart + ` {"isEnabled":false}`, `W/"7"`},
		{"enabled", []string{"workspace", "heart", "workspace-service", "desk", "set-enabled", "--enable"}, "PATCH " + inDesktops + ` {"isEnabled":true}`, `W/"5"`},
		{"deleted", []string{"workspace", "heart", "workspace-service", "desk", "delete", "--yes", "--ensure-disabled"}, "DELETE " + inDesktops, ""},
		{"an action of the template", []string{"workspace", "heart", "invoke-action", "rotate", "--parameter", "key=two"}, "POST " + onHeart + `/invoke-action?action=rotate {"parameters":{"key":"two"}}`, ""},
		{"a machine stops", on("stop"), "POST " + onMachine + `/invoke-action?action=stop {"parameters":null}`, ""},
		{"a machine grows", on("resize", "--size", "4 CPU | 16GB RAM"), "POST " + onMachine + `/invoke-action?action=resize {"parameters":{"size":"4 CPU | 16GB RAM"}}`, ""},
		{"a machine gets its password", on("reset-password"), "POST " + onMachine + `/invoke-action?action=reset_password {"parameters":null}`, ""},
		{"an operation stops", []string{"operation", "cancel", "7777", "--reason", "wrong size"}, "POST " + onHeart + "/operations/" + deploying + `/cancel {"reason":"wrong size"}`, ""},
		{"an operation is tried again", []string{"workspace", "heart", "operation", failed, "retry"}, "POST " + onHeart + "/operations/" + failed + "/retry", ""},
		{"a workspace", []string{"workspaces", "new", "--template", "tre-workspace-base", "--display-name", "Lung", "--description", "d", "-p", "address_space_size=medium", "--reason", "why",
			"--member", "a0000000-0000-4000-8000-000000000002=researcher"}, `POST /workspaces {"templateName":"tre-workspace-base","properties":{"address_space_size":"medium","description":"d","display_name":"Lung"},"members":[{"id":"a0000000-0000-4000-8000-000000000002","role":"WorkspaceResearcher"}],"reason":"why"}`, ""},
		{"a service", []string{"workspace", "heart", "workspace-services", "new", "--definition", `{"templateName":"tre-service-guacamole","properties":{"display_name":"D","description":"d"}}`}, "POST " + onHeart + `/workspace-services {"templateName":"tre-service-guacamole","properties":{"description":"d","display_name":"D"}}`, ""},
		{"a machine, whose templates are those of its service", []string{"workspace", "heart", "workspace-service", "desk", "user-resources", "new", "--template", "tre-service-guacamole-linuxvm", "--display-name", "M", "--description", "d"},
			"POST " + inDesktops + `/user-resources {"templateName":"tre-service-guacamole-linuxvm","properties":{"description":"d","display_name":"M"}}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := orders(t, nil)
			got := newWorld(t).at(server.Server).run(append(tc.args, "--no-wait")...)
			if got.code != cli.Done {
				t.Fatalf("exit code %d: %s", got.code, got.err)
			}
			last := server.last()
			if line := strings.TrimSpace(last.line + " " + last.body); line != tc.want {
				t.Errorf("the last call is\n%s\nwant\n%s", line, tc.want)
			}
			if etag := last.header.Get("ETag"); etag != tc.etag {
				t.Errorf("ETag %s, want %s", etag, tc.etag)
			}
			if key := last.header.Get("Idempotency-Key"); (key != "") != strings.HasPrefix(tc.want, "POST") {
				t.Errorf("Idempotency-Key %q", key)
			}
			if !strings.Contains(got.out, deploying) || !strings.Contains(got.err, "tre watch") {
				t.Errorf("printed %q, said %q", got.out, got.err)
			}
		})
	}
}

func TestRequestsAndApprovalsAreAskedFor(t *testing.T) {
	t.Parallel()
	decided := answer{body: `{"workspaceRequest":` + wantedAnswer + `}`}
	one := answer{body: `{"standingApproval":` + standingAnswer + `}`}
	for _, tc := range []struct {
		name string
		args []string
		in   string
		want string
	}{
		{"approve", []string{"workspace-requests", "approve", "8888", "--reason", "the board agrees"}, "", "POST /workspace-requests/" + wanted + `/review {"approval":true,"decisionExplanation":"the board agrees"}`},
		{"reject asks why", []string{"workspace-requests", "reject", wanted}, "No room\n", "POST /workspace-requests/" + wanted + `/review {"approval":false,"decisionExplanation":"No room"}`},
		{"cancel asks", []string{"workspace-requests", "cancel", "2026-0042"}, "yes\n", "POST /workspace-requests/" + wanted + `/cancel {"reason":""}`},
		{"approve beforehand", []string{"standing-approvals", "new", "--template", "tre-workspace-base", "--size", "small", "--most", "10", "--until", "2027-01-31", "--reason", "Trials"}, "",
			`POST /standing-approvals {"templateName":"tre-workspace-base","addressSpaceSizes":["small"],"most":10,"until":"2027-01-31","reason":"Trials"}`},
		{"take it back", []string{"standing-approvals", "end", "9999", "--reason", "over"}, "", "DELETE /standing-approvals/" + standing + "?reason=over"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := orders(t, map[string]answer{"POST /workspace-requests/" + wanted + "/review": decided, "POST /workspace-requests/" + wanted + "/cancel": decided,
				"POST /standing-approvals": one, "DELETE /standing-approvals/" + standing + "?reason=over": one})
			w := newWorld(t).at(server.Server)
			if tc.in != "" {
				w.person()
				w.in = tc.in
			}
			got := w.run(tc.args...)
			last := server.last()
			if line := strings.TrimSpace(last.line + " " + last.body); got.code != cli.Done || line != tc.want {
				t.Errorf("exit code %d, the last call is\n%s\nwant\n%s\n%s", got.code, line, tc.want, got.err)
			}
		})
	}
}

// TestAStopIsPutOff by so many hours from now.
func TestAStopIsPutOff(t *testing.T) {
	t.Parallel()
	server := orders(t, map[string]answer{"POST " + onMachine + "/extend": {body: `{"userResource":` + machineAnswer + `}`}})
	line := []string{"workspace", heart, "workspace-service", desktops, "user-resource", machine, "extend"}
	got := newWorld(t).at(server.Server).must(append(line, "--hours", "2.5")...)
	if last := server.last(); last.body != `{"hours":2.5}` || last.header.Get("Idempotency-Key") == "" || !strings.Contains(got.out, machine) {
		t.Errorf("%s %s, printed %s", last.line, last.body, got.out)
	}
	if got := newWorld(t).at(server.Server).run(append(line, "--hours", "0")...); got.code != cli.Usage {
		t.Errorf("no time at all: %+v", got)
	}
}

// TestAPersonsRequestWaits: who is no administrator is told so plainly.
func TestAPersonsRequestWaits(t *testing.T) {
	t.Parallel()
	server := orders(t, map[string]answer{"POST /workspaces": {status: http.StatusAccepted, body: `{"workspaceRequest":` + strings.Replace(wantedAnswer, `"event"`, `"api"`, 1) + `}`}})
	got := newWorld(t).at(server.Server).must("workspaces", "new", "--template", "tre-workspace-base", "--display-name", "Lung", "--description", "d")
	for _, want := range []string{"waits for an administrator", "tre workspace-requests show 88880000"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("not said: %s, but %s", want, got.err)
		}
	}
	if !strings.Contains(got.out, wanted) || strings.Contains(server.asked(), "/operations/") {
		t.Errorf("printed %s, asked %s", got.out, server.asked())
	}
}

// TestOperationsAreFollowed to their ends, and told of on the way.
func TestOperationsAreFollowed(t *testing.T) {
	t.Parallel()
	at := func(status, message, steps string) string {
		return `{"operation":` + operationAnswer(deploying, status, message, steps) + `}`
	}
	running := at("pipeline_running", "step 2 of 3: Deploy Heart study", steps)
	for _, tc := range []struct {
		name string
		live bool
		end  string
		args []string
		code cli.Code
	}{
		{"follow-plain", false, at("deployed", "all 3 steps succeeded", ended("deployed", "")), []string{"workspace", "heart", "set-enabled", "--enable"}, cli.Done},
		{"follow-live", true, at("deployed", "all 3 steps succeeded", ended("deployed", "")), []string{"workspace", "heart", "set-enabled", "--enable"}, cli.Done},
		{"follow-failed", true, at("deployment_failed", "QuotaExceeded: no more cores", ended("deployment_failed", "QuotaExceeded: no more cores")), []string{"workspace", "heart", "set-enabled", "--enable"}, cli.Failed},
		{"follow-stopped", false, at("deployment_failed", "stopped by TRE Administrator", ended("deployment_failed", "stopped")), []string{"operation", "cancel", "7777"}, cli.Done},
		{"follow-too-late", false, at("deployed", "", ended("deployed", "")), []string{"operation", "cancel", "7777"}, cli.Failed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := orders(t, map[string]answer{"GET " + onHeart + "/operations/" + deploying: {body: running, then: []string{tc.end}}})
			w := newWorld(t).at(server.Server)
			w.terminal.Out, w.live = tc.live, tc.live
			got := w.run(tc.args...)
			if got.code != tc.code {
				t.Errorf("exit code %d", got.code)
			}
			golden(t, tc.name, got.out+"--- said:\n"+strings.ReplaceAll(got.err, "\x1b", "<esc>"))
		})
	}
}

func TestWatchingOperationsHasExitCodes(t *testing.T) {
	t.Parallel()
	at := func(status, more string) string {
		return `{"operation":` + strings.TrimSuffix(operationAnswer(deploying, status, "", ended(status, "")), "}") + more + `}}`
	}
	for _, tc := range []struct {
		name, status, more string
		args               []string
		code               cli.Code
	}{
		{"it succeeds", "deployed", "", nil, cli.Done},
		{"it fails", "deployment_failed", "", nil, cli.Broken},
		{"it is stopped", "deployment_failed", `,"cancel":{"by":{"name":"Ann"},"when":1,"reason":"wrong"}`, nil, cli.Cancelled},
		{"time is up", "deploying", "", []string{"--timeout", "600ms"}, cli.TimeIsUp},
		{"too often", "deployed", "", []string{"--interval", "1ms"}, cli.Usage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := orders(t, map[string]answer{"GET " + onHeart + "/operations/" + deploying: {body: at(tc.status, tc.more)}})
			for _, line := range []string{"operation watch 7777", fmt.Sprintf("workspace heart operation %s watch", deploying), "watch 7777", "watch /api" + onHeart + "/operations/" + deploying} {
				if got := newWorld(t).at(server.Server).run(append(strings.Fields(line), tc.args...)...); got.code != tc.code {
					t.Errorf("%s: exit code %d, want %d: %s", line, got.code, tc.code, got.err)
				}
			}
		})
	}
}
