package workspace

import (
	"slices"

	"github.com/trefoil-tre/trefoil/internal/fsm"
)

// Status is AzureTRE's deployment status of a resource, a step, and an
// operation.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/models/domain/operation.py
type Status string

// The statuses.
const (
	AwaitingDeployment Status = "awaiting_deployment"
	Deploying          Status = "deploying"
	Deployed           Status = "deployed"
	DeploymentFailed   Status = "deployment_failed"
	AwaitingUpdate     Status = "awaiting_update"
	Updating           Status = "updating"
	Updated            Status = "updated"
	UpdatingFailed     Status = "updating_failed"
	AwaitingDeletion   Status = "awaiting_deletion"
	Deleting           Status = "deleting"
	Deleted            Status = "deleted"
	DeletingFailed     Status = "deleting_failed"
	AwaitingAction     Status = "awaiting_action"
	InvokingAction     Status = "invoking_action"
	ActionSucceeded    Status = "action_succeeded"
	ActionFailed       Status = "action_failed"
	PipelineRunning    Status = "pipeline_running" // of operations with several steps alone
)

// Action is what an operation, or a step of it, does: one of these, or the name
// of a custom action of the template.
type Action string

// The actions that every template has.
const (
	Install   Action = "install"
	Upgrade   Action = "upgrade"
	Uninstall Action = "uninstall"
)

// Phase is where something is on its way.
type Phase int

// The phases of a step.
const (
	Waiting Phase = iota
	Running
	Succeeded
	Failed
)

// Status is the name that AzureTRE gives to an action's phase.
func (a Action) Status(p Phase) Status {
	row := [4]Status{AwaitingAction, InvokingAction, ActionSucceeded, ActionFailed}
	switch a {
	case Install:
		row = [4]Status{AwaitingDeployment, Deploying, Deployed, DeploymentFailed}
	case Upgrade:
		row = [4]Status{AwaitingUpdate, Updating, Updated, UpdatingFailed}
	case Uninstall:
		row = [4]Status{AwaitingDeletion, Deleting, Deleted, DeletingFailed}
	}
	return row[p]
}

// Custom tells whether the action is one of a template's own.
func (a Action) Custom() bool { return a != Install && a != Upgrade && a != Uninstall }

// ended are the statuses in which nothing more happens by itself.
var ended = []Status{Deployed, DeploymentFailed, Updated, UpdatingFailed, Deleted, DeletingFailed, ActionSucceeded, ActionFailed}

// Ended tells whether nothing more happens by itself.
func (s Status) Ended() bool { return slices.Contains(ended, s) }

// Failed tells whether the status is that of a failure.
func (s Status) Failed() bool {
	return s == DeploymentFailed || s == UpdatingFailed || s == DeletingFailed || s == ActionFailed
}

// Trigger moves a resource from one status to another.
type Trigger string

// The triggers. The first four are people's, by an operation that begins; the
// others the engine's.
const (
	AskInstall   Trigger = "install"
	AskUpgrade   Trigger = "upgrade"
	AskUninstall Trigger = "uninstall"
	AskAction    Trigger = "action"

	Starts    Trigger = "starts"    // a job begins
	Succeeds  Trigger = "succeeds"  // it ended well
	Fails     Trigger = "fails"     // it ended, not well
	Drops     Trigger = "drops"     // its operation ended before it began
	Completes Trigger = "completes" // the steps that were left of its operation are done, its own was before
	Spoils    Trigger = "spoils"    // it ended well, but a later step of its operation did not (W1)
)

// By is who pulls a trigger.
type By string

// Who pulls triggers.
const (
	ByPeople By = "people" // whom the permission table lets
	ByEngine By = "engine"
)

// Row is one move of a resource.
type Row = fsm.Row[Status, Trigger, By, string]

// Steps is the table of what may happen to a resource: the specification. What
// is not in it is refused, so that no late message overwrites an end (W4).
var Steps = table()

// idling are the statuses of a resource that is there and to which nothing is
// being done. A failed one may be tried again.
var idling = []Status{Deployed, Updated, UpdatingFailed, ActionSucceeded, ActionFailed}

func table() fsm.Table[Status, Trigger, By, string] {
	people, engine := []By{ByPeople}, []By{ByEngine}
	var t fsm.Table[Status, Trigger, By, string]
	for _, a := range []Action{Install, Upgrade, Uninstall, "action"} {
		for _, row := range []Row{
			{From: a.Status(Waiting), On: Starts, By: engine, To: a.Status(Running)},
			{From: a.Status(Waiting), On: Drops, By: engine, To: a.Status(Failed)},
			{From: a.Status(Waiting), On: Completes, By: engine, To: a.Status(Succeeded)},
			{From: a.Status(Running), On: Succeeds, By: engine, To: a.Status(Succeeded)},
			{From: a.Status(Running), On: Fails, By: engine, To: a.Status(Failed)},
		} {
			t = append(t, row)
		}
		if a != Uninstall { // what is deleted stays deleted, whatever else failed (W2)
			t = append(t, Row{From: a.Status(Succeeded), On: Spoils, By: engine, To: a.Status(Failed)})
		}
	}
	for _, from := range idling {
		t = append(t, Row{From: from, On: AskUpgrade, By: people, To: AwaitingUpdate},
			Row{From: from, On: AskUninstall, By: people, To: AwaitingDeletion},
			Row{From: from, On: AskAction, By: people, To: AwaitingAction})
	}
	return append(t,
		Row{From: DeploymentFailed, On: AskInstall, By: people, To: AwaitingDeployment}, // tried again
		Row{From: DeploymentFailed, On: AskUpgrade, By: people, To: AwaitingUpdate},     // with other properties; an upgrade of what is not there installs it
		Row{From: DeploymentFailed, On: AskUninstall, By: people, To: AwaitingDeletion},
		Row{From: DeletingFailed, On: AskUninstall, By: people, To: AwaitingDeletion},
		Row{From: DeletingFailed, On: AskUpgrade, By: people, To: AwaitingUpdate}, // it is to stay after all: what is gone of it is deployed again
	)
}

// Asks is the trigger of an operation's action.
func (a Action) Asks() Trigger {
	switch a {
	case Install:
		return AskInstall
	case Upgrade:
		return AskUpgrade
	case Uninstall:
		return AskUninstall
	}
	return AskAction
}

// Diagram returns the table as a Mermaid state diagram.
func Diagram() string { return Steps.Draw(AwaitingDeployment) }
