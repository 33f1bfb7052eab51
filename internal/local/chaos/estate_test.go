package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// badCloud is Resource Manager on a bad day.
func badCloud() arm.Unkind {
	return arm.Unkind{Seed: seed(), Young: 1, Faults: []arm.Fault{
		{Kind: arm.Throttled, Probability: 0.03}, {Kind: arm.Broken, Probability: 0.02}, {Kind: arm.ThenBroken, Probability: 0.02},
		{Kind: arm.ThenDrop, Probability: 0.02}, {Kind: arm.ThenVanish, Probability: 0.02}, {Kind: arm.Quota, At: arm.Write, Probability: 0.002},
	}}
}

// study is a workspace that a registry asks for in the storm.
type study struct {
	reference, id string
	calm          <-chan struct{}
}

// run has the workspace asked for, granted, furnished, worked in and deleted. Whoever gets
// no answer looks what became of the call before they call again.
func (s *study) run(ctx context.Context) error {
	e := &errand{calm: s.calm}
	s.reference = "study-" + uuid.NewString()
	for _, step := range []func(context.Context) error{
		s.asked, s.granted,
		func(ctx context.Context) error { return s.there(ctx, "admin", s.home()) },
		func(ctx context.Context) error {
			return s.has(ctx, s.home()+"/workspace-services", "tre-service-guacamole", "workspaceServices")
		},
		s.works,
		func(ctx context.Context) error {
			return s.change(ctx, stacktest.Call{Method: http.MethodPatch, Body: map[string]any{"isEnabled": false}}, func(r api.Resource) bool { return !r.Enabled })
		},
		func(ctx context.Context) error { return s.change(ctx, stacktest.Call{Method: http.MethodDelete}, nil) },
	} {
		if err := e.again(ctx, step); err != nil {
			return fmt.Errorf("workspace %s: %w", s.id, err)
		}
	}
	return s.left(ctx)
}

func (s *study) home() string { return "/workspaces/" + s.id }

// asked publishes the registry's event until the request is there.
func (s *study) asked(ctx context.Context) error {
	owner := rig.Person("visitor")
	data := fmt.Sprintf(`{"reference":%q,"templateName":"tre-workspace-base","properties":{"display_name":"Storm","description":"d","overview":"","address_space_size":"small"},
		"requester":{"id":%q,"name":%q,"email":%q}}`, s.reference, owner.OID, owner.Name, owner.Email)
	err := rig.Info().Topic.Publish(ctx, eventgrid.Event{ID: uuid.NewString(), EventType: message.TypeWorkspaceRequested, DataVersion: message.VersionWorkspaceRequested,
		Subject: "studies", EventTime: eventgrid.FormatTime(time.Now()), Data: []byte(data)})
	if err != nil {
		return err
	}
	var all api.WorkspaceRequests
	if err := s.get(ctx, "admin", "/workspace-requests", &all); err != nil {
		return err
	}
	for _, r := range all.Requests {
		if r.Reference == s.reference {
			s.id = r.ID
			return nil
		}
	}
	return errors.New("there is no request yet")
}

// granted has the administrator grant it, or finds it granted.
func (s *study) granted(ctx context.Context) error {
	var one api.WorkspaceRequestIn
	if err := s.get(ctx, "admin", "/workspace-requests/"+s.id, &one); err != nil || one.Request.Status == workspace.Granted {
		return err
	}
	answer, err := rig.Call(ctx, "admin", http.MethodPost, "/workspace-requests/"+s.id+"/review", map[string]any{"approval": true, "decisionExplanation": "storm"})
	if err == nil {
		err = answer.Into(nil)
	}
	return errors.Join(err, errors.New("it is not granted yet"))
}

// there is nil once what has an address is deployed; what failed is tried again.
func (s *study) there(ctx context.Context, by, path string) error {
	o, err := rig.Last(ctx, by, path)
	switch {
	case err != nil:
		return err
	case !o.Status.Ended():
		return fmt.Errorf("operation is %s: %s", o.Status, o.Message)
	case o.Status.Failed():
		_, err = rig.Order(ctx, stacktest.Call{By: by, Method: http.MethodPost, Path: path + "/operations/" + o.ID + "/retry", Body: map[string]any{}})
		return errors.Join(err, errors.New("it failed: "+o.Message))
	}
	return nil
}

// has makes one thing within a place, unless it is there.
func (s *study) has(ctx context.Context, path, template, field string) error {
	var all map[string][]api.Resource
	if err := s.get(ctx, "visitor", path, &all); err != nil {
		return err
	}
	if len(all[field]) == 0 {
		_, err := rig.Order(ctx, stacktest.Call{By: "visitor", Method: http.MethodPost, Path: path, Body: stacktest.New(template, nil)})
		return errors.Join(err, errors.New("it is not there yet"))
	}
	return s.there(ctx, "visitor", path+"/"+all[field][0].ID)
}

// works has a machine made in the service, and looked after: its power state is
// known once tend saw it.
func (s *study) works(ctx context.Context) error {
	var services api.WorkspaceServices
	if err := s.get(ctx, "visitor", s.home()+"/workspace-services", &services); err != nil {
		return err
	}
	path := s.home() + "/workspace-services/" + services.Services[0].ID + "/user-resources"
	if err := s.has(ctx, path, "tre-service-guacamole-linuxvm", "userResources"); err != nil {
		return err
	}
	var machines api.UserResources
	if err := s.get(ctx, "visitor", path, &machines); err != nil {
		return err
	}
	if status := machines.Resources[0].AzureStatus; status == nil || status.PowerState != "VM running" {
		return fmt.Errorf("nobody saw the machine run: %+v", status)
	}
	return nil
}

// nothingDiffers waits for a report that began after everything was deleted, and
// says what differs: stacks and groups of which nobody knows are what a storm must
// not leave.
func nothingDiffers(ctx context.Context) error {
	var order api.DriftOrdered
	answer, err := rig.Call(ctx, "admin", http.MethodPost, "/drift", nil)
	if err == nil {
		err = answer.Into(&order)
	}
	if err != nil {
		return err
	}
	return stacktest.Until(ctx, func(ctx context.Context) error {
		var report api.DriftReport
		answer, err := rig.Call(ctx, "admin", http.MethodGet, "/drift", nil)
		if err == nil {
			err = answer.Into(&report)
		}
		if err == nil && (report.When < order.When || len(report.Findings)+len(report.Problems) > 0) {
			err = fmt.Errorf("report of %v, ordered %v: %+v, %v", report.When, order.When, report.Findings, report.Problems)
		}
		return err
	})
}

// change has the workspace changed or deleted, unless it is; done is nil for a
// deletion.
func (s *study) change(ctx context.Context, c stacktest.Call, done func(api.Resource) bool) error {
	answer, err := rig.Call(ctx, "admin", http.MethodGet, s.home(), nil)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusNotFound && done == nil {
		return nil
	}
	var now api.WorkspaceIn
	if err := answer.Into(&now); err != nil {
		return err
	}
	if err := s.there(ctx, "admin", s.home()); err != nil {
		return err
	}
	if done != nil && done(now.Workspace.Resource) {
		return nil
	}
	c.By, c.Path = "admin", s.home()
	_, err = rig.Order(ctx, c)
	return errors.Join(err, errors.New("it is not done yet"))
}

func (s *study) get(ctx context.Context, by, path string, out any) error {
	answer, err := rig.Call(ctx, by, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return answer.Into(out)
}

// left checks that nothing of the workspace is left.
func (s *study) left(ctx context.Context) error {
	if all := rig.ARM.Resources(stack.Subscription, rig.Group(s.id, 1)); len(all) > 0 {
		return fmt.Errorf("workspace %s: %d resources are left in Azure", s.id, len(all))
	}
	blocks, err := rig.State.Blocks(ctx)
	for _, b := range blocks {
		for _, a := range b.Taken {
			if a.Holder == s.id {
				return fmt.Errorf("workspace %s: range %s is left", s.id, a.Range)
			}
		}
	}
	return err
}
