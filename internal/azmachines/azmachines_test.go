package azmachines_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azmachines"
	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// identity has a token for everybody.
type identity struct{}

func (identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// box seals tokens so that a test can look into them.
type box struct{}

func (box) Seal(value []byte) string { return "sealed " + string(value) }

func (box) Open(sealed string) ([]byte, error) {
	value, ok := strings.CutPrefix(sealed, "sealed ")
	if !ok {
		return nil, errors.New("not ours")
	}
	return []byte(value), nil
}

const value = `pass'w"ord $(x) 9`

// put keeps the new password, and returns its id.
func put(t *testing.T, s *standin) string {
	t.Helper()
	id, err := s.cloud.Vault().Put(t.Context(), "password-1", value)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func open(t *testing.T, s *standin) *azmachines.Machines {
	t.Helper()
	m, err := azmachines.New(azmachines.Config{Config: azarm.Config{Credential: identity{}, Transport: s, Pause: time.Microsecond, Sealer: box{}}, Secrets: s.cloud})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConformance(t *testing.T) {
	t.Parallel()
	cloudtest.RunMachines(t, func(t *testing.T) cloudtest.Machines {
		s := start()
		return cloudtest.Machines{Port: open(t, s), Subscription: subscription, Machine: vm, Secret: put(t, s), Value: value, User: "researcher", Pass: s.pass,
			Break:    func() { s.cloud.Script(memcloud.Rule{Call: memcloud.Begin, Times: 1, End: memcloud.Quota()}) },
			Size:     func() string { return s.cloud.Fleet()[cloudtest.Lower(vm)].Size },
			Password: func() string { return s.password }}
	})
}

// TestPassword: the script is the system's, the password goes where Azure hides
// it and nowhere else, and nothing is left on the machine.
func TestPassword(t *testing.T) {
	t.Parallel()
	for os, want := range map[armcompute.OperatingSystemTypes]string{armcompute.OperatingSystemTypesLinux: "chpasswd", armcompute.OperatingSystemTypesWindows: "Set-LocalUser"} {
		s := start()
		s.os = os
		m, a := open(t, s), workspace.MachineAction{Name: "reset_password", User: "researcher", Secret: put(t, s), Run: "op.1"}
		if _, err := m.Begin(t.Context(), vm, a); err != nil {
			t.Fatal(err)
		}
		for name, c := range s.commands {
			if !strings.Contains(c.script, want) || strings.Contains(c.script, value) || c.given["tre_user"] != "researcher" || c.given["tre_password"] != value || len(name) > 40 {
				t.Errorf("%s %s: %+v", os, name, c)
			}
		}
		if len(s.commands) != 1 || strings.Count(strings.Join(s.sent, "")+strings.Join(s.asked, ""), "ord $(x) 9") != 1 || !strings.Contains(s.sent[0], `"asyncExecution":true`) {
			t.Errorf("%d commands, sent %q", len(s.commands), s.sent)
		}
		s.pass()
		s.pass()
		if seen, err := m.Look(t.Context(), vm, a, ""); err != nil || seen.Progress != workspace.Complete || seen.Run != "op.1" {
			t.Errorf("%+v, error %v", seen, err)
		}
		if len(s.commands) != 0 || s.cloud.Reads("password-1") != 1 {
			t.Errorf("%d commands left, %d reads", len(s.commands), s.cloud.Reads("password-1"))
		}
	}
}

func TestPasswordRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*standin, *workspace.MachineAction){
		"a user that is two":    func(_ *standin, a *workspace.MachineAction) { a.User = "root:x\nother" },
		"a user that is a line": func(_ *standin, a *workspace.MachineAction) { a.User = "x\nroot" },
		"a system of neither":   func(s *standin, _ *workspace.MachineAction) { s.os = "Plan9" },
		"a password of lines": func(s *standin, a *workspace.MachineAction) {
			a.Secret, _ = s.cloud.Vault().Put(context.Background(), "two", "hidden\nroot:x")
		},
		"a password of no signs": func(s *standin, a *workspace.MachineAction) {
			a.Secret, _ = s.cloud.Vault().Put(context.Background(), "none", "")
		},
		"a machine that rests": func(s *standin, _ *workspace.MachineAction) {
			_, _ = s.cloud.Machines().Begin(context.Background(), vm, workspace.MachineAction{Name: "stop"})
			s.pass()
		},
	} {
		s := start()
		a := workspace.MachineAction{Name: "reset_password", User: "researcher", Secret: put(t, s), Run: "op.1"}
		change(s, &a)
		_, err := open(t, s).Begin(t.Context(), vm, a)
		told, ok := errors.AsType[*workspace.CloudError](err)
		if !ok || told.Class != workspace.Final || strings.Contains(told.Message, "hidden") || len(s.commands) != 0 {
			t.Errorf("%s: error %v, %d commands", name, err, len(s.commands))
		}
	}
}

// TestPasswordInError: whatever Azure says of the call, the password is not in
// what we tell.
func TestPasswordInError(t *testing.T) {
	t.Parallel()
	s := start()
	a := workspace.MachineAction{Name: "reset_password", User: "researcher", Secret: put(t, s), Run: "op.1"}
	s.say("PUT ", answer{status: http.StatusBadRequest, body: `{"error":{"code":"InvalidParameter","message":"the value pass'w\"ord $(x) 9 is wrong"}}`})
	_, err := open(t, s).Begin(t.Context(), vm, a)
	if err == nil || strings.Contains(err.Error(), "ord $(x)") || !strings.Contains(err.Error(), "is wrong") {
		t.Errorf("error %v", err)
	}
}

// TestPasswordSeen: what the machine says of its command.
func TestPasswordSeen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, view string
		want       workspace.Progress
		message    string
		asked      int // the command is deleted at its end
	}{
		{name: "not begun", view: `{"provisioningState":"Creating"}`, want: workspace.InProgress, asked: 1},
		{name: "pending", view: `{"instanceView":{"executionState":"Pending"}}`, want: workspace.InProgress, asked: 1},
		{name: "of a state that is new", view: `{"instanceView":{"executionState":"Thinking"}}`, want: workspace.InProgress, asked: 1},
		{name: "failed", view: `{"instanceView":{"executionState":"Failed","exitCode":1,"error":"chpasswd: no such user\n"}}`, want: workspace.Broken, message: "the machine did not take the new password: chpasswd: no such user", asked: 2},
		{name: "failed without words", view: `{"instanceView":{"executionState":"TimedOut"}}`, want: workspace.Broken, message: "the machine did not take the new password: TimedOut", asked: 2},
		{name: "never run", view: `{"provisioningState":"Failed"}`, want: workspace.Broken, message: "the machine did not run the command that sets the password", asked: 2},
		{name: "cancelled", view: `{"instanceView":{"executionState":"Canceled"}}`, want: workspace.Stopped, asked: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start()
			s.say("GET ", answer{status: 200, body: `{"properties":` + tt.view + `}`})
			seen, err := open(t, s).Look(t.Context(), vm, workspace.MachineAction{Name: "reset_password", Run: "op.1"}, "")
			if err != nil || seen.Progress != tt.want || tt.message != "" && (seen.Err == nil || seen.Err.Message != tt.message || seen.Err.Class != workspace.Final) || len(s.asked) != tt.asked {
				t.Errorf("%+v, %v, error %v, asked %q", seen, seen.Err, err, s.asked)
			}
		})
	}
}
