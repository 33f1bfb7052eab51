package stack

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/background"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

// armTopic is the topic of what happens in the subscription.
const armTopic = "subscription"

// made knows the storage accounts that Resource Manager made, and connects what
// listens to them, as Azure does when a template is deployed.
type made struct {
	stack *Stack
	work  *background.Group

	mu  sync.Mutex
	ids map[string]string // account → resource id
}

func newMade(s *Stack, work *background.Group) *made {
	return &made{stack: s, work: work, ids: map[string]string{}}
}

// madeIDs begin the resource ids of accounts that are made with workspaces.
func (s *Stack) madeIDs() string {
	return "/subscriptions/" + Subscription + "/resourceGroups/rg-" + s.TRE() + "-ws-"
}

// exists tells whether there is an account of that name.
func (m *made) exists(account string) bool {
	_, ok := m.id(account)
	return ok
}

func (m *made) id(account string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := m.ids[account]
	return id, ok
}

var (
	accountID      = regexp.MustCompile(`(?i)/providers/Microsoft\.Storage/storageAccounts/([a-z0-9]+)$`)
	subscriptionID = regexp.MustCompile(`(?i)^(/subscriptions/[^/]+/resourceGroups/([^/]+)/providers/Microsoft\.EventGrid/systemTopics/[^/]+)/eventSubscriptions/[^/]+$`)
)

// hear takes an event of the subscription. It does not wait.
func (m *made) hear(e eventgrid.Event) {
	switch e.EventType {
	case "Microsoft.Resources.ResourceWriteSuccess":
		if found := accountID.FindStringSubmatch(e.Subject); found != nil {
			m.mu.Lock()
			m.ids[found[1]] = e.Subject
			m.mu.Unlock()
		}
		if found := subscriptionID.FindStringSubmatch(e.Subject); found != nil {
			m.work.Go(func(ctx context.Context) { m.connect(ctx, found[1], e.Subject, found[2]) })
		}
	case "Microsoft.Resources.ResourceDeleteSuccess":
		m.forget(e.Subject)
	default: // changes nothing here
	}
	if err := m.stack.Grid.Publish(armTopic, e); err != nil {
		m.stack.cfg.Log.Warn("event of the subscription has no topic")
	}
}

// forget takes the accounts away that were in what is gone.
func (m *made) forget(gone string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for account, id := range m.ids {
		if id == gone || strings.HasPrefix(strings.ToLower(id), strings.ToLower(gone)+"/") {
			delete(m.ids, account)
		}
	}
}

// connectTime is how long a function of the front may take to shake hands: its
// host may still be starting.
const connectTime = time.Minute

// connect has Event Grid deliver what an account's system topic tells to the
// function that a subscription of it names.
func (m *made) connect(ctx context.Context, topic, id, group string) {
	all := map[string]arm.Resource{}
	for _, r := range m.stack.ARM.Resources(Subscription, group) {
		all[strings.ToLower(r.ID)] = r
	}
	source := accountID.FindStringSubmatch(at(all[strings.ToLower(topic)].Whole, "properties", "source"))
	whole := all[strings.ToLower(id)].Whole
	function := at(whole, "properties", "destination", "properties", "resourceId")
	if source == nil || function == "" { // gone already
		return
	}
	account, function := source[1], function[strings.LastIndexByte(function, '/')+1:]
	sub := eventgrid.Subscription{Name: account + "-" + function, Topic: account, DeadLetter: m.stack.deadLetters,
		Filter:   eventgrid.Filter{IncludedEventTypes: []string{storageCreated}, SubjectBeginsWith: at(whole, "properties", "filter", "subjectBeginsWith")},
		Endpoint: m.stack.Webhook(function)}
	m.stack.Grid.AddTopic(account, source[0])
	if err := retry(ctx, connectTime, func() error { return m.stack.Grid.Subscribe(ctx, sub) }); err != nil {
		m.stack.cfg.Log.WarnContext(ctx, "events of an account are not delivered", slog.String("account", account), slog.Any("error", err))
	}
}

// at is the text at a path in a resource; empty where there is none.
func at(whole map[string]any, path ...string) string {
	var v any = whole
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	text, _ := v.(string)
	return text
}
