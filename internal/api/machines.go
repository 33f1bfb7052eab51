package api

import (
	"context"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// ExtendingUserResource puts off the stop of a machine.
type ExtendingUserResource struct {
	InUserResource
	Body struct {
		Hours float64 `json:"hours" exclusiveMinimum:"0" maximum:"8784" doc:"How long from now nothing stops it; at most TRE_STOP_EXTENSION, 72 unless set" example:"4"`
	}
}

func (a *api) extendUserResource(ctx context.Context, c desk.Caller, in *ExtendingUserResource) (*tagged[UserResourceIn], error) {
	v, err := a.Resources.Extend(ctx, c, in.place(), in.Body.Hours)
	return &tagged[UserResourceIn]{entityTag(v.Resource.Version), UserResourceIn{resource(v)}}, err
}

// driftRoutes are about how Azure differs from what is kept here.
func (a *api) driftRoutes() []Route {
	return []Route{
		get("/api/drift", access.Drift, "Read how Azure differs from what is kept here", a.drift).
			says("The last report: stacks and resource groups that no resource has, stacks and machines that were deleted in Azure, stacks that failed. The engine makes one every day (TRE_DRIFT_EVERY), and when it is ordered. Nothing is changed."),
		post("/api/drift", access.Drift, "Have Azure compared with what is kept here", a.orderDrift).answers(http.StatusAccepted).
			says("The report that began after the time in the answer can be read soon after, with thousands of resources after some minutes."),
	}
}

// DriftReport is how Azure differs from what is kept here.
type DriftReport struct {
	When     float64        `json:"when" doc:"When the look began, Unix seconds" example:"1795338000.25"`
	Stacks   int            `json:"stacks" doc:"Deployment stacks of this TRE that were seen" example:"120"`
	Groups   int            `json:"resourceGroups" doc:"Resource groups with its tag that were seen" example:"20"`
	Machines int            `json:"machines" doc:"Virtual machines of its resources that were looked for" example:"45"`
	Findings []DriftFinding `json:"findings" doc:"What differs, 500 at most; none is good"`
	Left     int            `json:"left" doc:"Findings beside these" example:"0"`
	Problems []string       `json:"problems" doc:"What could not be looked at, and why: nothing is said of it"`
}

// DriftFinding is one difference.
type DriftFinding struct {
	Kind         workspace.Differs `json:"kind" doc:"orphan_stack, orphan_group, missing_stack, missing_machine, failed_stack or busy_stack" example:"orphan_stack"`
	ResourceID   string            `json:"resourceId,omitempty" doc:"UUID of the resource that it is about; absent where there is none" example:"11111111-1111-4111-8111-111111111111"`
	ResourcePath string            `json:"resourcePath,omitempty" doc:"Address of that resource under /api" example:"/workspaces/11111111-1111-4111-8111-111111111111"`
	Name         string            `json:"name,omitempty" doc:"What people call that resource" example:"Heart study"`
	AzureID      string            `json:"azureId" doc:"Resource id in Azure of what differs" example:"/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Resources/deploymentStacks/tre-abc"`
	Detail       string            `json:"detail,omitempty" doc:"What Azure says" example:"it is failed"`
	Advice       string            `json:"advice" doc:"What to do about it"`
}

// driftIn is the answer with a report.
type driftIn struct{ Body DriftReport }

func (a *api) drift(ctx context.Context, c desk.Caller, _ *struct{}) (*driftIn, error) {
	d, err := a.Resources.Drift(ctx, c)
	if err != nil {
		return nil, err
	}
	out := DriftReport{When: unix(d.At), Stacks: d.Stacks, Groups: d.Groups, Machines: d.Machines, Findings: []DriftFinding{}, Left: d.Left, Problems: append([]string{}, d.Problems...)}
	for _, f := range d.Findings {
		out.Findings = append(out.Findings, DriftFinding{Kind: f.Kind, ResourceID: f.Resource, ResourcePath: f.Path, Name: f.Name, AzureID: f.Azure, Detail: f.Detail, Advice: workspace.Advice[f.Kind]})
	}
	return &driftIn{out}, nil
}

// DriftOrdered is when a comparison was ordered.
type DriftOrdered struct {
	When float64 `json:"orderedWhen" doc:"A report whose time is not before is the answer, Unix seconds" example:"1795338000.25"`
}

// driftOrdered is the answer to who ordered one.
type driftOrdered struct{ Body DriftOrdered }

func (a *api) orderDrift(ctx context.Context, c desk.Caller, _ *struct{}) (*driftOrdered, error) {
	at, err := a.Resources.LookForDrift(ctx, c)
	return &driftOrdered{DriftOrdered{unix(at)}}, err
}
