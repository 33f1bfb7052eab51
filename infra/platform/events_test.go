package platform_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/airlockchanged"
	"github.com/trefoil-tre/trefoil/functions/armchanged"
	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/functions/workspacerequested"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// subscribed is what the tests read of an event subscription.
type subscribed struct {
	Destination struct{ Properties struct{ ResourceID string } }
	Filter      struct {
		IncludedEventTypes []string
		SubjectBeginsWith  string
		AdvancedFilters    json.RawMessage
	}
	DeadLetterWithResourceIdentity struct {
		Identity              struct{ Type string }
		DeadLetterDestination struct {
			EndpointType string
			Properties   struct{ ResourceID, BlobContainerName string }
		}
	}
}

// subscriptions are the event subscriptions of a case by the function that they lead to, and the topic of each.
func subscriptions(t *testing.T, name string) (map[string]subscribed, map[string]string) {
	t.Helper()
	all, topics := map[string]subscribed{}, map[string]string{}
	for _, r := range snapshot(t, "events", name) {
		if !strings.HasSuffix(r.Type, "/eventSubscriptions") {
			continue
		}
		s := read[subscribed](t, r)
		function := s.Destination.Properties.ResourceID[strings.LastIndexByte(s.Destination.Properties.ResourceID, '/')+1:]
		if _, twice := all[function]; twice {
			t.Errorf("%s: two subscriptions for %s", name, function)
		}
		all[function] = s
		topics[function], _, _ = strings.Cut(r.ID, "/eventSubscriptions/")
	}
	return all, topics
}

func TestEveryDoormanHearsAndWhatItCannotIsPutAside(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("..", "..", "functions", "*", "function.json"))
	if err != nil {
		t.Fatal(err)
	}
	all, _ := subscriptions(t, "usual")
	state := find(t, snapshot(t, "core", "usual"), "Microsoft.Storage/storageAccounts", "ststate").ID
	front := find(t, snapshot(t, "core", "usual"), "Microsoft.Web/sites", "func-front-").ID
	for _, path := range paths {
		function := filepath.Base(filepath.Dir(path))
		s, hears := all[function]
		if doorman := load[bindings](t, path).Bindings[0].Type == "eventGridTrigger"; doorman != hears {
			t.Errorf("%s: a doorman: %v, hears of events: %v", function, doorman, hears)
		}
		aside := s.DeadLetterWithResourceIdentity
		if hears && (s.Destination.Properties.ResourceID != front+"/functions/"+function || aside.Identity.Type != "SystemAssigned" ||
			aside.DeadLetterDestination.EndpointType != "StorageBlob" || aside.DeadLetterDestination.Properties.ResourceID != state ||
			aside.DeadLetterDestination.Properties.BlobContainerName != settings(t, "usual", "engine")["TRE_DEAD_LETTERS"]) {
			t.Errorf("%s: %+v", function, s)
		}
	}
	if without, _ := subscriptions(t, "without"); len(all) != 5 || len(without) != 4 {
		t.Errorf("%d subscriptions, %d without the subscription's", len(all), len(without))
	}
}

// room is the front's doormen, with the settings of the usual deployment.
func room(t *testing.T, w *roomtest.World) map[string]func(context.Context, azfunc.Event) error {
	t.Helper()
	c := started(t, "usual", "front")
	door := &doorman.Doorman{AirlockAccount: c.Accounts.Airlock.Name(), StorageTopics: c.Events.StorageTopics, ScanTopics: c.Events.ScanTopics,
		OwnTopics: c.Events.OwnTopics, Workspaces: w.Spaces, Refusals: w.Ledger.Refusals, Now: w.Now}
	return map[string]func(context.Context, azfunc.Event) error{
		"blobcreated": func(ctx context.Context, e azfunc.Event) error {
			_, err := blobcreated.Function{Door: door}.Handle(ctx, e)
			return err
		},
		"blobscanned": func(ctx context.Context, e azfunc.Event) error {
			_, err := blobscanned.Function{Door: door}.Handle(ctx, e)
			return err
		},
		"airlockchanged": func(ctx context.Context, e azfunc.Event) error {
			_, err := airlockchanged.Function{Door: door}.Handle(ctx, e)
			return err
		},
		"workspacerequested": func(ctx context.Context, e azfunc.Event) error {
			_, err := workspacerequested.Function{Door: door}.Handle(ctx, e)
			return err
		},
		"armchanged": func(ctx context.Context, e azfunc.Event) error {
			_, err := armchanged.Function{Door: door, Names: nobody{}, Topics: c.Workspaces.ARMTopics}.Handle(ctx, e)
			return err
		},
	}
}

// nobody knows no resource.
type nobody struct{}

// Named implements armchanged.Names.
func (nobody) Named(context.Context, string) (workspace.Key, error) {
	return workspace.Key{}, airlock.ErrNotFound
}

// Each doorman takes every type that it is sent, from the topic that sends it, and no other.
func TestWhatIsSubscribedIsTaken(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	all, topics := subscriptions(t, "usual")
	core := snapshot(t, "core", "usual")
	account := find(t, core, "Microsoft.Storage/storageAccounts", "stairlock")
	box := airlock.Container{Kind: airlock.DraftFiles, Key: airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}, Number: 1}.String()
	subjects := map[string]string{
		"blobcreated": "/blobServices/default/containers/" + box + "/blobs/a.csv",
		"blobscanned": "storageAccounts/" + account.Name + "/containers/" + box + "/blobs/a.csv",
		"armchanged":  "/subscriptions/11111111-1111-4111-8111-111111111111/providers/Microsoft.Resources/deploymentStacks/x",
	}
	data := map[string]string{
		"blobscanned":        `{"blobUri":"https://` + account.Name + `.blob.core.windows.net/` + box + `/a.csv","eTag":"0x1","scanFinishedTimeUtc":"2026-05-17T06:49:46Z","scanResultType":"No threats found"}`,
		"airlockchanged":     `{"request_id":"` + roomtest.RequestID + `","workspace_id":"` + roomtest.Here + `"}`,
		"workspacerequested": `{"templateName":"tre-workspace-base","requester":{"id":"a0000000-0000-4000-8000-000000000001","name":"Ada Example"}}`,
	}
	// Events of a source have its id as their topic, those of a custom topic the topic's.
	// https://learn.microsoft.com/azure/event-grid/event-schema
	sources := map[string]string{"blobcreated": account.ID, "armchanged": "/subscriptions/11111111-1111-4111-8111-111111111111"}
	for function, handle := range room(t, w) {
		s := all[function]
		topic := topics[function]
		if source, system := sources[function]; system {
			topic = source
		}
		if len(s.Filter.IncludedEventTypes) == 0 || !strings.HasPrefix(subjects[function], s.Filter.SubjectBeginsWith) {
			t.Errorf("%s: filter %+v", function, s.Filter)
		}
		for _, kind := range s.Filter.IncludedEventTypes {
			ev := azfunc.Event{ID: "e", Topic: topic, EventType: kind, Subject: subjects[function], Data: json.RawMessage(data[function])}
			if err := handle(w.Context(function), ev); err != nil {
				t.Errorf("%s refuses %s: %v", function, kind, err)
			}
			ev.Topic += "x"
			if err := handle(w.Context(function), ev); err == nil {
				t.Errorf("%s takes %s from %s", function, kind, ev.Topic)
			}
			ev.Topic, ev.EventType = topic, kind+"x"
			if err := handle(w.Context(function), ev); err == nil {
				t.Errorf("%s takes %s", function, ev.EventType)
			}
		}
	}
}

// Each row is a container: files in drafts are told, what the engine itself makes is not.
func TestOnlyDropsAreTold(t *testing.T) {
	t.Parallel()
	all, _ := subscriptions(t, "usual")
	key := airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}
	for kind, want := range map[airlock.Kind]bool{airlock.DraftFiles: true, airlock.SealedFiles: false, airlock.ReleasedFiles: false, airlock.RescanFiles: false} {
		subject := "/blobServices/default/containers/" + airlock.Container{Kind: kind, Key: key, Number: 1}.String() + "/blobs/x"
		if got := strings.HasPrefix(subject, all["blobcreated"].Filter.SubjectBeginsWith); got != want {
			t.Errorf("%s: told: %v", subject, got)
		}
	}
	var stacks []struct {
		OperatorType, Key string
		Values            []string
	}
	if err := json.Unmarshal(all["armchanged"].Filter.AdvancedFilters, &stacks); err != nil || len(stacks) != 1 || stacks[0].OperatorType != "StringBeginsWith" ||
		stacks[0].Key != "data.operationName" || !slices.Equal(stacks[0].Values, []string{"Microsoft.Resources/deploymentStacks/"}) {
		t.Errorf("armchanged: %s (%v)", all["armchanged"].Filter.AdvancedFilters, err)
	}
}

// Events of a workspace's account are believed, wherever in this TRE it lies; those of others are not.
func TestAccountsOfWorkspacesAreBelieved(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"usual": "heart", "full": "heart-2"} {
		c := started(t, name, "front")
		inside := "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/"
		for topic, want := range map[string]bool{
			inside + "rg-" + begin + "-ws-w2w3w4w5w6w7wawbwcwd/providers/Microsoft.Storage/storageAccounts/stw2w3w4w5w6w7wawbwcwd": true,
			inside + "rg-" + begin + "/providers/Microsoft.Storage/storageAccounts/" + c.Accounts.Airlock.Name():                   true,
			inside + "rg-" + begin + "/providers/Microsoft.Storage/storageAccounts/" + c.Accounts.State.Name():                     false,
			inside + "rg-other/providers/Microsoft.Storage/storageAccounts/stx":                                                    false,
		} {
			if got := doorman.From(topic, c.Events.StorageTopics) == nil; got != want {
				t.Errorf("%s: %s is believed: %v", name, topic, got)
			}
		}
	}
}

// Where there is a topic of the subscription, its events are believed; else none of that kind are.
func TestEventsOfTheSubscriptionAreBelievedWhereTheyAreTold(t *testing.T) {
	t.Parallel()
	if got := started(t, "usual", "front").Workspaces.ARMTopics; !slices.Equal(got, []string{"/subscriptions/11111111-1111-4111-8111-111111111111"}) {
		t.Errorf("usual: %v", got)
	}
	if got := started(t, "full", "front").Workspaces.ARMTopics; len(got) != 0 {
		t.Errorf("full: %v", got)
	}
}

// Defender makes a system topic of its own where there is none yet.
func TestTheAirlocksTopicComesBeforeDefender(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("core", "airlock.bicep"))
	if err != nil {
		t.Fatal(err)
	}
	_, defender, found := strings.Cut(string(text), "resource defender ")
	defender, _, _ = strings.Cut(defender, "properties:")
	if !found || !strings.Contains(defender, "dependsOn: [topic]") {
		t.Errorf("Defender waits for nothing: %s", defender)
	}
}
