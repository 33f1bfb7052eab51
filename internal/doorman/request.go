package doorman

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// maxRequest bounds the data of an event that asks for a workspace, in bytes:
// the order holds all of it, and a queue's message no more than 64 KiB of
// base64, with room for more characters where JSON escapes some.
// https://learn.microsoft.com/rest/api/storageservices/put-message
const maxRequest = 20_000

// Request reads an event by which another system asks for a workspace.
// ErrForeign: it is none, or not from our own topics, or not as it should be.
func (d *Doorman) Request(ev azfunc.Event) (*message.RequestWorkspace, error) {
	asked, err := d.request(ev)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrForeign)
	}
	return &message.RequestWorkspace{ID: requestID(ev, asked.Reference), Request: asked, Trace: ev.ID}, nil
}

func (d *Doorman) request(ev azfunc.Event) (asked message.WorkspaceRequested, err error) {
	switch {
	case ev.EventType != message.TypeWorkspaceRequested:
		return asked, fmt.Errorf("event type %.100q", ev.EventType)
	case ev.DataVersion != "" && ev.DataVersion != message.VersionWorkspaceRequested: // a CloudEvent has none
		return asked, fmt.Errorf("data version %.20q, only %s is known", ev.DataVersion, message.VersionWorkspaceRequested)
	case len(ev.Data) > maxRequest:
		return asked, fmt.Errorf("data: %d bytes, at most %d", len(ev.Data), maxRequest)
	case ev.ID == "":
		return asked, errors.New("no event id, by which a repeat is known")
	}
	if err := From(ev.Topic, d.OwnTopics); err != nil {
		return asked, err
	}
	if err := json.Unmarshal(ev.Data, &asked); err != nil {
		return asked, fmt.Errorf("data: %w", err)
	}
	return asked, CheckRequest(asked)
}

// requests is the namespace of the ids of requests (UUID version 5): a fixed
// random UUID.
var requests = uuid.MustParse("d6a0a7f5-6f0a-4c19-8f6e-2d3c0f4b9a10")

// requestID is that of the request, and of the workspace that it becomes: of
// the reference, where the asking system gives one, so that what it publishes
// again is the same workspace; of the event otherwise, so that what Event Grid
// delivers again is.
func requestID(ev azfunc.Event, reference string) string {
	kind, name := "event", ev.ID
	if reference != "" {
		kind, name = "reference", reference
	}
	return uuid.NewSHA1(requests, fmt.Appendf(nil, "%s\x00%s\x00%s", strings.ToLower(ev.Topic), kind, name)).String()
}

// Limits of a request's parts, in characters, beside those of the template's
// schema.
const (
	maxReference  = 200
	maxTemplate   = 100
	maxPersonName = 200
	maxEmail      = 254 // https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3
	maxProperties = 200 // of them
)

// CheckRequest returns what is wrong with the shape of a request
// (airlock.ErrInvalid), naming the field and the limit. What its properties
// mean is the template's to say.
func CheckRequest(w message.WorkspaceRequested) error {
	problems := []error{airlock.Line("reference", w.Reference, maxReference), word("templateName", w.Template, maxTemplate),
		airlock.Line("templateVersion", w.TemplateVersion, maxTemplate), airlock.Prose("reason", w.Reason, workspace.MaxReason),
		person("requester", w.Requester)}
	if w.Reference != "" && strings.TrimSpace(w.Reference) == "" { // all such would be one workspace
		problems = append(problems, fmt.Errorf("reference: blanks alone, leave it out or give one: %w", airlock.ErrInvalid))
	}
	if n := len(w.Properties); n > maxProperties {
		problems = append(problems, fmt.Errorf("properties: %d, at most %d: %w", n, maxProperties, airlock.ErrInvalid))
	}
	if n := len(w.Members); n > workspace.MaxMembers {
		problems = append(problems, fmt.Errorf("members: %d, at most %d: %w", n, workspace.MaxMembers, airlock.ErrInvalid))
	}
	for _, name := range []string{"display_name", "description", "overview"} {
		if text, ok := w.Properties[name].(string); ok {
			problems = append(problems, airlock.Prose("properties."+name, text, workspace.MaxReason))
		}
	}
	for i, m := range w.Members[:min(len(w.Members), workspace.MaxMembers)] {
		field := fmt.Sprintf("members[%d]", i)
		problems = append(problems, person(field, m.RequestedPerson))
		if !slices.Contains(access.WorkspaceRoles, access.Role(m.Role)) {
			problems = append(problems, fmt.Errorf("%s.role: %.40q, one of %v: %w", field, m.Role, access.WorkspaceRoles, airlock.ErrInvalid))
		}
	}
	for _, err := range problems { // the first is enough to mend it by
		if err != nil {
			return err
		}
	}
	return nil
}

// address is an e-mail address as it is written to a person, without a name.
var address = regexp.MustCompile(`^[^\s@<>",;:\\]+@[^\s@<>",;:\\]+\.[^\s@<>",;:\\]+$`)

func person(field string, p message.RequestedPerson) error {
	if u, err := uuid.Parse(p.ID); err != nil || u.String() != p.ID {
		return fmt.Errorf("%s.id: %.50q is no object id, a UUID in lower case: %w", field, p.ID, airlock.ErrInvalid)
	}
	if err := word(field+".name", p.Name, maxPersonName); err != nil {
		return err
	}
	if p.Email != "" && !address.MatchString(p.Email) {
		return fmt.Errorf("%s.email: %.50q is no e-mail address: %w", field, p.Email, airlock.ErrInvalid)
	}
	return airlock.Line(field+".email", p.Email, maxEmail)
}

// word is a line that has to say something.
func word(field, text string, most int) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%s: required: %w", field, airlock.ErrInvalid)
	}
	return airlock.Line(field, text, most)
}
