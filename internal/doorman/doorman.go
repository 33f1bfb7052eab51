// Package doorman is what the Event Grid functions share: they check an
// event's shape and where it comes from, and say which request and which blob
// it is about. They do no work.
package doorman

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/refusals"
)

// ErrForeign means that an event is not about anything of ours, or does not
// come from where it should.
var ErrForeign = errors.New("foreign event")

// Doorman checks events.
type Doorman struct {
	AirlockAccount string             // storage account that faces outside
	StorageTopics  []string           // topics that storage events may come from; a trailing * stands for any ending
	ScanTopics     []string           // topics that scan results may come from
	OwnTopics      []string           // topics of our own events
	Workspaces     airlock.Workspaces // knows each workspace's storage account
	Refusals       *refusals.Book     // keeps what was refused
	Now            func() time.Time
	Health         *health.Recorder // is told of every event that is let in; may be nil

	accounts sync.Map // workspace id → storage account; once it is there it never changes
}

// Heard notes that an event of the source came and was let in.
func (d *Doorman) Heard(ctx context.Context, source string) { d.Health.Well(ctx, source, "", nil) }

// Blob is what a storage event is about.
type Blob struct {
	Account   string // airlock.AirlockAccount, or a workspace's storage account
	Container airlock.Container
	Name      string // as the event tells it; see airlock.Damaged
}

// Locate finds the blob by the parts of a subject. ErrForeign: no container of
// the airlock, or one that lives in another account.
func (d *Doorman) Locate(ctx context.Context, account, container, name string) (Blob, error) {
	c, err := airlock.ParseContainer(container)
	if err != nil {
		return Blob{}, fmt.Errorf("%w: %w", err, ErrForeign)
	}
	if strings.EqualFold(account, d.AirlockAccount) {
		return Blob{Account: airlock.AirlockAccount, Container: c, Name: name}, nil
	}
	own, err := d.account(ctx, c.Key.Workspace)
	if err != nil {
		return Blob{}, err
	}
	if !strings.EqualFold(account, own) {
		return Blob{}, fmt.Errorf("storage account %.24q is not the workspace's: %w", account, ErrForeign)
	}
	return Blob{Account: own, Container: c, Name: name}, nil
}

func (d *Doorman) account(ctx context.Context, workspace string) (string, error) {
	if own, ok := d.accounts.Load(workspace); ok {
		return own.(string), nil
	}
	w, err := d.Workspaces.Workspace(ctx, workspace)
	if errors.Is(err, airlock.ErrNotFound) {
		return "", fmt.Errorf("workspace %s: unknown: %w", workspace, ErrForeign)
	}
	if err != nil {
		return "", fmt.Errorf("workspace %s: %w", workspace, err)
	}
	if w.StorageAccount != "" { // it is made with the workspace
		d.accounts.Store(workspace, w.StorageAccount)
	}
	return w.StorageAccount, nil
}

// From returns ErrForeign unless the event's topic is one of topics; a topic
// that ends in "*" stands for any ending. Azure's resource ids have no case.
func From(topic string, topics []string) error {
	for _, t := range topics {
		begin, open := strings.CutSuffix(t, "*")
		if strings.EqualFold(topic, t) || open && len(topic) >= len(begin) && strings.EqualFold(topic[:len(begin)], begin) {
			return nil
		}
	}
	return fmt.Errorf("topic %.200q: %w", topic, ErrForeign)
}

// CutSubject takes "<prefix><container>/blobs/<name>" apart. Names are not
// escaped in subjects, so this is no URL.
func CutSubject(subject, prefix string) (container, name string, err error) {
	rest, ok := strings.CutPrefix(subject, prefix)
	container, name, cut := strings.Cut(rest, "/blobs/")
	if !ok || !cut || container == "" {
		return "", "", fmt.Errorf("subject has no container: %w", ErrForeign)
	}
	return container, name, nil
}

// maxReason bounds what is kept of a refusal's text, in bytes: what a stranger
// sent may be in it.
const maxReason = 500

// Refuse marks an error about an event: what is foreign is audited and
// refused, anything else is tried again.
func (d *Doorman) Refuse(ctx context.Context, ev azfunc.Event, err error) error {
	if err == nil || !errors.Is(err, ErrForeign) {
		return err
	}
	call, _ := azfunc.CallFrom(ctx)
	now := d.Now().UTC()
	reason := err.Error()
	line := audit.Line{Workspace: "system", At: now, Action: "refused",
		Reason: strings.ToValidUTF8(reason[:min(len(reason), maxReason)], ""),
		Actor:  audit.Actor{Name: call.Function, Role: string(airlock.Engine)},
		Detail: fmt.Sprintf("event type %.100q", ev.EventType)}
	if kept := d.Refusals.Keep(ctx, "refused", line, ev.ID, ev.Topic, ev.Subject); kept != nil {
		return kept
	}
	return fault.Refuse(err)
}

// About is the id of the request that an event is about, for traces only: of a
// storage or scan event that of the container in its subject, of our own the
// beginning of its subject. "" when it is about none of ours.
func About(ev azfunc.Event) string {
	for part := range strings.SplitSeq(ev.Subject, "/") {
		if c, err := airlock.ParseContainer(part); err == nil {
			return c.Key.Request
		}
	}
	id, _, _ := strings.Cut(ev.Subject, "/")
	if u, err := uuid.Parse(id); err != nil || u.String() != id {
		return ""
	}
	return id
}
