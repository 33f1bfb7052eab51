package workspace_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var (
	bob   = access.Person{OID: "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", Name: "An Administrator"}
	robot = access.Person{OID: "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb", Name: "A Program", App: true}
)

func asked(source workspace.Source) workspace.Request {
	return workspace.Request{ID: wsID, Source: source, Template: "tre-workspace-base", Requester: ada}.Open(start)
}

// Each row is a sentence: a decision on a request that stands like this.
func TestDecide(t *testing.T) {
	t.Parallel()
	decided := func(r workspace.Request) workspace.Request { r.Status = workspace.Granted; return r }
	tests := []struct {
		name   string
		r      workspace.Request
		by     access.Person
		grant  bool
		reason string
		err    error
		status workspace.RequestStatus
		told   workspace.Event
	}{
		{"an administrator grants", asked(workspace.FromCall), bob, true, "", nil, workspace.Granted, workspace.EventGranted},
		{"an administrator declines with a reason", asked(workspace.FromCall), bob, false, "no ethics approval", nil, workspace.Declined, workspace.EventDeclined},
		{"an administrator declines without one", asked(workspace.FromCall), bob, false, "", airlock.ErrInvalid, workspace.Asked, workspace.EventAsked},
		{"an administrator declines with blanks", asked(workspace.FromCall), bob, false, " \n\t", airlock.ErrInvalid, workspace.Asked, workspace.EventAsked},
		{"who asked decides", asked(workspace.FromCall), ada, true, "", airlock.ErrRefused, workspace.Asked, workspace.EventAsked},
		{"an event claimed to be the administrator's", asked(workspace.FromEvent), ada, true, "", nil, workspace.Granted, workspace.EventGranted},
		{"a program decides", asked(workspace.FromEvent), robot, true, "", airlock.ErrRefused, workspace.Asked, workspace.EventAsked},
		{"it was decided before", decided(asked(workspace.FromEvent)), bob, false, "late", airlock.ErrIllegal, workspace.Granted, workspace.EventAsked},
	}
	for _, tt := range tests {
		got, err := tt.r.Decide(workspace.Act{By: tt.by, At: start.Add(time.Hour), Reason: tt.reason}, tt.grant)
		if !errors.Is(err, tt.err) || got.Status != tt.status || got.Notices[len(got.Notices)-1].Event != tt.told {
			t.Errorf("%s: %v, %s, notices %v", tt.name, err, got.Status, got.Notices)
		}
		if err == nil && (got.Decided == nil || got.Decided.By.OID != tt.by.OID || got.Told != 2) {
			t.Errorf("%s: decided %+v", tt.name, got.Decided)
		}
	}
}

func TestWithdrawAndLapse(t *testing.T) {
	t.Parallel()
	r, err := asked(workspace.FromCall).Withdraw(workspace.Act{By: ada, At: start})
	if err != nil || r.Status != workspace.Withdrawn || len(r.Notices) != 1 {
		t.Errorf("by who asked: %v, %s, %v", err, r.Status, r.Notices)
	}
	r, err = asked(workspace.FromCall).Withdraw(workspace.Act{By: bob, At: start, Reason: "closed"})
	if err != nil || r.Message != "closed" || r.Notices[1].Event != workspace.EventWithdrawn {
		t.Errorf("by another: %v, %+v", err, r)
	}
	if _, err = r.Withdraw(workspace.Act{By: ada, At: start}); !errors.Is(err, airlock.ErrIllegal) {
		t.Errorf("twice: %v", err)
	}
	life := 30 * 24 * time.Hour
	if _, over := asked(workspace.FromCall).Lapse(start.Add(life-time.Second), life); over {
		t.Error("lapsed too early")
	}
	r, over := asked(workspace.FromCall).Lapse(start.Add(life), life)
	if !over || r.Status != workspace.Withdrawn || !strings.Contains(r.Message, "30 days") {
		t.Errorf("lapsed %t: %+v", over, r)
	}
	if _, over = r.Lapse(start.Add(2*life), life); over {
		t.Error("lapsed twice")
	}
	for _, n := range r.Notices {
		r = r.Heard([]workspace.Notice{n})
	}
	if len(r.Notices) != 0 {
		t.Errorf("still to be told: %v", r.Notices)
	}
	if _, news := r.End(true, "", start); news {
		t.Error("a request that was withdrawn ended well")
	}
	r.Status = workspace.Granted
	r, _ = r.End(false, "quota", start)
	r, _ = r.End(true, "", start)
	if len(r.Notices) != 2 || r.Notices[0].Event != workspace.EventFailed || r.Notices[1].Event != workspace.EventDeployed || r.Message != "" || r.Notices[1].Seq != 4 {
		t.Errorf("ends: %+v", r)
	}
	if again, news := r.End(false, "quota", start); news || len(again.Notices) != 2 {
		t.Errorf("ends again: %+v", again)
	}
}

// Each row is a sentence: what a standing approval does not cover.
func TestCovers(t *testing.T) {
	t.Parallel()
	good := workspace.Approval{ID: "x", Template: "tre-workspace-base", Most: 2, Until: start.Add(time.Hour), By: bob, Reason: "registry"}
	tests := []struct {
		name   string
		change func(*workspace.Approval)
		size   string
		why    string
	}{
		{"what it is for", func(*workspace.Approval) {}, "small", ""},
		{"any size but custom when it names none", func(*workspace.Approval) {}, "custom", "size custom"},
		{"another size", func(p *workspace.Approval) { p.Sizes = []string{"small"} }, "large", "size large"},
		{"custom where it says so", func(p *workspace.Approval) { p.Sizes = []string{"custom"} }, "custom", ""},
		{"another template", func(p *workspace.Approval) { p.Template = "other" }, "small", "template other"},
		{"more than it says", func(p *workspace.Approval) { p.Used = 2 }, "small", "all 2"},
		{"later than it says", func(p *workspace.Approval) { p.Until = start }, "small", "ended on"},
		{"after it was taken back", func(p *workspace.Approval) { p.Ended = &workspace.Decided{} }, "small", "taken back"},
		{"somebody else", func(p *workspace.Approval) { p.Requester = []string{bob.OID} }, "small", "requester"},
		{"somebody it names", func(p *workspace.Approval) { p.Requester = []string{ada.OID} }, "small", ""},
	}
	for _, tt := range tests {
		p := good
		tt.change(&p)
		why, ok := p.Covers(asked(workspace.FromEvent), tt.size, start)
		if ok != (tt.why == "") || !strings.Contains(why, tt.why) {
			t.Errorf("%s: covers %t, %q", tt.name, ok, why)
		}
	}
	for name, property := range map[string]string{"another subscription": "workspace_subscription_id", "another region": "azure_location", "a range under another size": "address_space"} {
		r := asked(workspace.FromEvent)
		r.Properties = map[string]any{property: "x"}
		if why, ok := good.Covers(r, "small", start); ok || why == "" {
			t.Errorf("%s is covered", name)
		}
	}
	p, r := good.Use(asked(workspace.FromEvent), start)
	if p.Used != 1 || r.Status != workspace.Granted || r.Decided.Approval != "x" || r.Decided.By.OID != bob.OID {
		t.Errorf("used: %+v, %+v", p, r)
	}
	p, err := p.TakeBack(workspace.Act{By: bob, At: start})
	if _, again := p.TakeBack(workspace.Act{By: bob, At: start}); err != nil || !errors.Is(again, airlock.ErrIllegal) {
		t.Errorf("taken back: %v, %v", err, again)
	}
}

func TestMayStand(t *testing.T) {
	t.Parallel()
	year := 365 * 24 * time.Hour
	good := workspace.Approval{Template: "x", Most: 10, Until: start.Add(year), By: bob, Reason: "registry"}
	if err := good.MayStand(start, year); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*workspace.Approval){
		"templateName": func(p *workspace.Approval) { p.Template = "" },
		"most":         func(p *workspace.Approval) { p.Most = 0 },
		"1,000":        func(p *workspace.Approval) { p.Most = 1001 },
		"until":        func(p *workspace.Approval) { p.Until = start },
		"365 days":     func(p *workspace.Approval) { p.Until = start.Add(year + time.Second) },
		"reason":       func(p *workspace.Approval) { p.Reason = "" },
		"say why":      func(p *workspace.Approval) { p.Reason = " \u00a0" },
		"a program":    func(p *workspace.Approval) { p.By = robot },
	} {
		p := good
		change(&p)
		if err := p.MayStand(start, year); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
