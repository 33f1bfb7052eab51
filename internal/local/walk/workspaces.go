package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// provisions has workspaces made, used and deleted.
func (w *walk) provisions(ctx context.Context) {
	w.at = nil
	w.chapter("A workspace is asked for by an event, and an administrator decides")
	owner := w.newcomer
	r := w.wished(ctx, "2026-0042", "Kidney study", workspace.Asked, "in_review: an event proves nothing about who sent it, so it waits")
	link := w.mailedAbout(ctx, w.administrator, r.ID, "there is a workspace to decide on")
	w.granted(ctx, link)
	home := "/workspaces/" + r.ID
	w.followed(ctx, "The engine", "deploys it as a stack; nothing waits meanwhile", w.last(owner, home))
	w.mailedAs(ctx, owner, r.ID, "Ready", "the workspace is ready")
	w.crosses(ctx, r.ID)
	w.chapter("A service and a machine in it")
	service := w.made(ctx, owner, "installs a Guacamole service in it", home, "workspace-services", "tre-service-guacamole", "Desktops")
	machine := w.made(ctx, owner, "makes a Linux machine of their own", service, "user-resources", "tre-service-guacamole-linuxvm", "My machine")
	w.timed(ctx, owner, machine)
	w.chapter("A standing approval has the next one made at once")
	w.approves(ctx)
	next := w.wished(ctx, "2026-0043", "Liver study", workspace.Granted, "approved: the standing approval covers it")
	w.followed(ctx, "The engine", "deploys it; nobody was asked", w.last(owner, "/workspaces/"+next.ID))
	w.compares(ctx)
	w.chapter("A machine that nobody needs is stopped")
	w.warned(ctx, owner, r.ID)
	w.followed(ctx, "The engine", "stops it at its time: only its disk costs", w.stopping(owner, machine))
	w.chapter("All of it is disabled and deleted")
	w.followed(ctx, w.administrator.Name, "disables the workspace, with all that is in it", w.ordering(w.administrator, http.MethodPatch, home, map[string]any{"isEnabled": false}))
	w.followed(ctx, w.administrator.Name, "deletes it; the innermost goes first", w.ordering(w.administrator, http.MethodDelete, home, nil))
	w.gone(ctx, owner, home)
}

// wished publishes what a study registry does, and waits until the request it
// makes stands so.
func (w *walk) wished(ctx context.Context, study, title string, stands workspace.RequestStatus, says string) api.WorkspaceRequest {
	var found api.WorkspaceRequest
	w.step(ctx, "A study registry", "publishes "+message.TypeWorkspaceRequested+" for "+w.newcomer.Name, func(ctx context.Context) (note, error) {
		if err := w.Info.Topic.Publish(ctx, wish(w.newcomer.UserInfo, study+" "+w.run, title, w.Now())); err != nil {
			return note{}, err
		}
		err := until(ctx, func() (bool, error) {
			var answer api.WorkspaceRequests
			err := w.newcomer.api.Do(ctx, http.MethodGet, "/workspace-requests", nil, &answer)
			i := slices.IndexFunc(answer.Requests, func(r api.WorkspaceRequest) bool { return r.Reference == study+" "+w.run })
			if i >= 0 {
				found = answer.Requests[i]
			}
			return found.Status == stands, err
		})
		return note{lines: said(says)}, err
	})
	return found
}

// wish is the event of a study registry.
func wish(owner stack.UserInfo, study, title string, at time.Time) eventgrid.Event {
	data, err := workspaceRequested(owner, study, title)
	if err != nil {
		panic(err) // texts always marshal
	}
	return eventgrid.Event{ID: uuid.NewString(), EventType: message.TypeWorkspaceRequested, DataVersion: message.VersionWorkspaceRequested,
		Subject: "studies/" + strings.Fields(study)[0], EventTime: eventgrid.FormatTime(at), Data: data}
}

// granted has the administrator open the link of the mail and grant the wish on
// its page.
func (w *walk) granted(ctx context.Context, link string) {
	w.step(ctx, w.administrator.Name, "opens the link, reads the page and grants it", func(ctx context.Context) (note, error) {
		shown, err := w.administrator.browser.decide(ctx, link, "grant", "Approved by the board")
		if err == nil {
			err = shown.taken()
		}
		if err != nil {
			return note{}, err
		}
		return note{lines: said("the page says: " + console.Clean(shown.message()))}, nil
	})
}

// made has somebody make something within a place, and returns its address.
func (w *walk) made(ctx context.Context, who *person, does, within, what, template, title string) string {
	body := map[string]any{"templateName": template, "properties": map[string]any{"display_name": title, "description": "Shown in the walk-through", "overview": ""}}
	return w.followed(ctx, who.Name, does, w.ordering(who, http.MethodPost, within+"/"+what, body))
}

// crosses lets a file into the new workspace up to its review, and withdraws it.
func (w *walk) crosses(ctx context.Context, id string) {
	before := w.workspace
	w.workspace = stack.WorkspaceInfo{ID: id}
	r := w.create(ctx, w.newcomer, airlock.Import, "The first file of the new workspace", file{"codebook.csv", table("code;meaning")})
	w.submit(ctx, r, airlock.StatusInReview)
	w.step(ctx, w.newcomer.Name, "cancels it: an open request would keep the workspace", func(ctx context.Context) (note, error) {
		if err := w.newcomer.api.Do(ctx, http.MethodPost, r.path()+"/cancel", nil, nil); err != nil {
			return note{}, err
		}
		err := r.reach(ctx, airlock.StatusCancelled)
		return r.state(), err
	})
	w.workspace, w.at = before, nil
}

// gone shows that a workspace is no more.
func (w *walk) gone(ctx context.Context, who *person, home string) {
	w.step(ctx, who.Name, "looks for it", func(ctx context.Context) (note, error) {
		err := who.api.Do(ctx, http.MethodGet, home, nil, nil)
		refusal, ok := refusedWith(err, http.StatusNotFound)
		if !ok {
			return note{}, errors.Join(errors.New("it is still there"), err)
		}
		return note{lines: said(refusal)}, nil
	})
}

// approves gives a standing approval.
func (w *walk) approves(ctx context.Context) {
	w.step(ctx, w.administrator.Name, "approves small workspaces of the registry beforehand", func(ctx context.Context) (note, error) {
		until := w.Now().AddDate(0, 0, 30)
		var answer api.StandingApprovalIn
		err := w.administrator.api.Do(ctx, http.MethodPost, "/standing-approvals", map[string]any{"templateName": "tre-workspace-base", "addressSpaceSizes": []string{"small"},
			"requesters": []string{w.newcomer.OID}, "most": 1, "until": until.Format(time.DateOnly), "reason": "Studies that the board approved"}, &answer)
		return note{lines: said(fmt.Sprintf("1 workspace, until %s", until.Format(time.DateOnly)))}, err
	})
}
