package arm_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

const (
	group     = "/subscriptions/" + subscription + "/resourceGroups/rg"
	machineID = group + "/providers/Microsoft.Compute/virtualMachines/vm"
)

// withMachine is a stand-in with one virtual machine.
func withMachine(t *testing.T, cfg arm.Config) *rig {
	t.Helper()
	r := start(t, cfg)
	r.Put(template.Resource{ID: group, Type: "Microsoft.Resources/resourceGroups", Name: "rg", Body: map[string]any{"location": "westeurope"}})
	r.Put(template.Resource{ID: machineID, Type: "Microsoft.Compute/virtualMachines", Name: "vm", Body: map[string]any{"location": "westeurope",
		"properties": map[string]any{"hardwareProfile": map[string]any{"vmSize": "Standard_D2s_v5"}, "osProfile": map[string]any{"adminPassword": "s3cret", "computerName": "vm"}}}})
	return r
}

func TestMachinesStartAndStop(t *testing.T) {
	t.Parallel()
	r := withMachine(t, arm.Config{})
	act := map[string]func() error{
		"deallocate": func() error {
			p, err := r.machines.BeginDeallocate(t.Context(), "rg", "vm", nil)
			_, err = done(t, p, err)
			return err
		},
		"start": func() error {
			p, err := r.machines.BeginStart(t.Context(), "rg", "vm", nil)
			_, err = done(t, p, err)
			return err
		},
		"powerOff": func() error {
			p, err := r.machines.BeginPowerOff(t.Context(), "rg", "vm", nil)
			_, err = done(t, p, err)
			return err
		},
		"restart": func() error {
			p, err := r.machines.BeginRestart(t.Context(), "rg", "vm", nil)
			_, err = done(t, p, err)
			return err
		},
		"redeploy": func() error {
			p, err := r.machines.BeginRedeploy(t.Context(), "rg", "vm", nil)
			_, err = done(t, p, err)
			return err
		},
	}
	for _, step := range []struct{ action, power string }{
		{"deallocate", arm.Deallocated}, {"start", arm.Running}, {"powerOff", arm.Stopped}, {"restart", arm.Running}, {"redeploy", arm.Running},
	} {
		if err := act[step.action](); err != nil {
			t.Fatalf("%s: %v", step.action, err)
		}
		view, err := r.machines.InstanceView(t.Context(), "rg", "vm", nil)
		if err != nil || *view.Statuses[1].Code != "PowerState/"+step.power {
			t.Errorf("after %s: %v, %v", step.action, view.Statuses, err)
		}
	}
	if diff := cmp.Diff([]string{"ResourceActionSuccess", "ResourceActionSuccess", "ResourceActionSuccess", "ResourceActionSuccess", "ResourceActionSuccess"}, r.told(machineID)); diff != "" {
		t.Error(diff)
	}
	all, err := r.machines.NewListAllPager(&armcompute.VirtualMachinesClientListAllOptions{StatusOnly: to.Ptr("true")}).NextPage(t.Context())
	if err != nil || len(all.Value) != 1 || *all.Value[0].Properties.InstanceView.Statuses[1].Code != "PowerState/running" {
		t.Errorf("all machines: %v, %v", all.Value, err)
	}
	text, _ := json.Marshal(all.Value)
	if strings.Contains(string(text), "s3cret") {
		t.Error("a password is shown")
	}
}

func TestOneActionAtATime(t *testing.T) {
	t.Parallel()
	r := withMachine(t, arm.Config{Pace: arm.Pace{Machine: time.Hour}})
	if _, err := r.machines.BeginDeallocate(t.Context(), "rg", "vm", nil); err != nil {
		t.Fatal(err)
	}
	if power := r.Power(machineID); power != arm.Deallocating {
		t.Errorf("meanwhile the machine is %s", power)
	}
	_, err := r.machines.BeginStart(t.Context(), "rg", "vm", nil)
	if status, c := code(t, err); status != http.StatusConflict || c != "Conflict" {
		t.Errorf("a second action: %d %s", status, c)
	}
}

func TestAFailedActionLeavesTheMachine(t *testing.T) {
	t.Parallel()
	r := withMachine(t, arm.Config{})
	r.Script(arm.Fault{Kind: arm.NoCapacity, At: arm.Action, Times: 1})
	p, err := r.machines.BeginRestart(t.Context(), "rg", "vm", nil)
	_, err = done(t, p, err)
	if _, c := code(t, err); c != "AllocationFailed" {
		t.Errorf("code = %s", c)
	}
	if power := r.Power(machineID); power != arm.Running {
		t.Errorf("the machine is %s", power)
	}
}

func TestMachinesAreResized(t *testing.T) {
	t.Parallel()
	r := withMachine(t, arm.Config{})
	p, err := r.machines.BeginUpdate(t.Context(), "rg", "vm", armcompute.VirtualMachineUpdate{Properties: &armcompute.VirtualMachineProperties{
		HardwareProfile: &armcompute.HardwareProfile{VMSize: to.Ptr(armcompute.VirtualMachineSizeTypes("Standard_D4s_v5"))}}}, nil)
	res, err := done(t, p, err)
	if err != nil || *res.Properties.HardwareProfile.VMSize != "Standard_D4s_v5" {
		t.Errorf("size: %v", err)
	}
}

func TestCommandsRun(t *testing.T) {
	t.Parallel()
	r := withMachine(t, arm.Config{})
	p, err := r.machines.BeginRunCommand(t.Context(), "rg", "vm", armcompute.RunCommandInput{CommandID: to.Ptr("RunShellScript"), Script: []*string{to.Ptr("chpasswd")},
		Parameters: []*armcompute.RunCommandInputParameter{{Name: to.Ptr("password"), Value: to.Ptr("new")}}}, nil)
	res, err := done(t, p, err)
	if err != nil || len(res.Value) != 1 || *res.Value[0].Code != "ProvisioningState/succeeded" {
		t.Fatalf("result: %v, %v", res.Value, err)
	}
	m, err := r.commands.BeginCreateOrUpdate(t.Context(), "rg", "vm", "reset", armcompute.VirtualMachineRunCommand{Location: to.Ptr("westeurope"),
		Properties: &armcompute.VirtualMachineRunCommandProperties{Source: &armcompute.VirtualMachineRunCommandScriptSource{Script: to.Ptr("a\nb")},
			ProtectedParameters: []*armcompute.RunCommandInputParameter{{Name: to.Ptr("p"), Value: to.Ptr("s3cret")}}}}, nil)
	if _, err = done(t, m, err); err != nil {
		t.Fatal(err)
	}
	shown, err := r.commands.GetByVirtualMachine(t.Context(), "rg", "vm", "reset", &armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineOptions{Expand: to.Ptr("instanceView")})
	if err != nil || *shown.Properties.InstanceView.ExecutionState != armcompute.ExecutionStateSucceeded || shown.Properties.ProtectedParameters != nil {
		t.Errorf("managed command: %v", err)
	}
	want := []arm.RunCommand{{ID: "RunShellScript", Script: []string{"chpasswd"}, Parameters: map[string]string{"password": "new"}},
		{ID: "reset", Script: []string{"a", "b"}, Parameters: map[string]string{"p": "s3cret"}}}
	if diff := cmp.Diff(want, r.Commands(machineID)); diff != "" {
		t.Error(diff)
	}
}

// load is the average of the points of a metric, and how many points have none.
func load(t *testing.T, r *rig, timespan string) (average float64, without int) {
	t.Helper()
	query := url.Values{"api-version": {"2023-10-01"}, "metricnames": {"Percentage CPU"}, "interval": {"PT5M"}, "timespan": {timespan}, "aggregation": {"Average"}}
	res := request(t, http.MethodGet, r.URL()+machineID+"/providers/Microsoft.Insights/metrics?"+query.Encode(), engine)
	var answer struct {
		Value []struct {
			Timeseries []struct {
				Data []struct{ Average *float64 }
			}
		}
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || json.Unmarshal(text, &answer) != nil || len(answer.Value) != 1 {
		t.Fatalf("%d: %s", res.StatusCode, text)
	}
	points := answer.Value[0].Timeseries[0].Data
	for _, p := range points {
		if p.Average == nil {
			without++
		} else {
			average += *p.Average / float64(len(points))
		}
	}
	return average, without
}

func TestMetricsTellTheLoad(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	r := withMachine(t, arm.Config{Now: func() time.Time { return now }})
	hour := "2026-01-02T02:00:00Z/2026-01-02T03:00:00Z"
	if average, without := load(t, r, hour); average > 1 || without > 0 {
		t.Errorf("idle: %v, %d points without a value", average, without)
	}
	r.SetCPU(machineID, 80)
	if average, _ := load(t, r, hour); average < 79 {
		t.Errorf("busy: %v", average)
	}
	p, err := r.machines.BeginDeallocate(t.Context(), "rg", "vm", nil)
	if _, err := done(t, p, err); err != nil {
		t.Fatal(err)
	}
	if _, without := load(t, r, hour); without != 12 {
		t.Errorf("%d points without a value while it is off, want 12", without)
	}
}

func TestEventsHaveAzuresSchema(t *testing.T) {
	t.Parallel()
	r := withMachine(t, arm.Config{})
	p, err := r.machines.BeginStart(t.Context(), "rg", "vm", nil)
	if _, err := done(t, p, err); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	golden(t, "event.json", r.events)
}
