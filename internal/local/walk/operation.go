package walk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// ordered is what somebody ordered: who reads it, and the operation.
type ordered struct {
	who *person
	api.Operation
}

// ordering is a call that orders an operation; of what there is already it
// changes any version.
func (w *walk) ordering(who *person, method, path string, body any) func(context.Context) (ordered, error) {
	return func(ctx context.Context) (ordered, error) {
		call := client.Call{Method: method, Path: path, Header: http.Header{"If-Match": {"*"}}}
		if body != nil {
			text, err := json.Marshal(body)
			if err != nil {
				return ordered{}, err
			}
			call.Body = text
		}
		answer, err := who.api.Send(ctx, call)
		if err != nil {
			return ordered{}, err
		}
		var out api.OperationIn
		err = json.Unmarshal(answer.Body, &out)
		return ordered{who, out.Operation}, err
	}
}

// last is the operation that was ordered last of what is at a path.
func (w *walk) last(who *person, path string) func(context.Context) (ordered, error) {
	return func(ctx context.Context) (o ordered, err error) {
		err = until(ctx, func() (bool, error) {
			var answer api.Operations
			err := who.api.Do(ctx, http.MethodGet, path+"/operations", nil, &answer)
			if _, notYet := refusedWith(err, http.StatusNotFound); notYet { // its owner's role comes with the first step
				return false, nil
			}
			if err == nil && len(answer.Operations) > 0 {
				o = ordered{who, answer.Operations[0]}
			}
			return o.ID != "", err
		})
		return o, err
	}
}

// followed shows an operation with its steps once it ended well, and returns the
// address of what it is about.
func (w *walk) followed(ctx context.Context, who, does string, begin func(context.Context) (ordered, error)) (path string) {
	w.step(ctx, who, does, func(ctx context.Context) (note, error) {
		o, err := begin(ctx)
		if err != nil {
			return note{}, err
		}
		path = o.ResourcePath
		err = until(ctx, func() (bool, error) {
			var answer api.OperationIn
			err := o.who.api.Do(ctx, http.MethodGet, path+"/operations/"+o.ID, nil, &answer)
			if err == nil {
				o.Operation = answer.Operation
			}
			return err == nil && o.Status.Ended(), err
		})
		if err == nil && o.Status.Failed() {
			err = errors.New(o.Message)
		}
		return note{state: string(o.Status), lines: w.stepLines(o.Operation)}, err
	})
	return path
}

// stepLines lists the steps of an operation with how long each took.
func (w *walk) stepLines(o api.Operation) []line {
	var lines []line
	before := o.CreatedWhen
	for _, s := range o.Steps {
		took := time.Duration((s.UpdatedWhen - before) * float64(time.Second))
		before = s.UpdatedWhen
		lines = append(lines, line{fixed: true, text: console.Fit(console.Clean(s.Title), w.Screen.Columns()-42) + " " + console.Fit(string(s.Status), 18) + " " + console.Took(took)})
	}
	return lines
}

// refusedWith is what a refusal with that status says.
func refusedWith(err error, status int) (text string, ok bool) {
	refusal, ok := client.Refused(err)
	if !ok || refusal.Status != status {
		return "", false
	}
	return fmt.Sprintf("%d: %s", refusal.Status, console.Clean(refusal.Text)), true
}

// workspaceRequested is the data of a registry's event.
func workspaceRequested(owner stack.UserInfo, study, title string) (json.RawMessage, error) {
	return json.Marshal(message.WorkspaceRequested{Reference: study, Template: "tre-workspace-base", Reason: "Study " + study + ", approved by the board",
		Properties: map[string]any{"display_name": title, "description": title + " of the registry", "overview": "", "address_space_size": "small"},
		Requester:  message.RequestedPerson{ID: owner.OID, Name: owner.Name, Email: owner.Email}})
}
