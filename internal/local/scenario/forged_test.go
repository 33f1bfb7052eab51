package scenario_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

const (
	anothers = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/x/providers/"
	scanned  = "Microsoft.Security.MalwareScanningResult"
	created  = "Microsoft.Storage.BlobCreated"
)

// deliver posts an event to a function of the front, as one who has Event
// Grid's key but is not who he says he is.
func (x tester) deliver(function string, e eventgrid.Event) int {
	x.Helper()
	e.ID, e.EventTime, e.DataVersion, e.MetadataVersion = uuid.NewString(), eventgrid.FormatTime(time.Now()), "1.0", "1"
	text, err := json.Marshal([]eventgrid.Event{e})
	x.must(err)
	req, err := http.NewRequestWithContext(x.Context(), http.MethodPost, rig.Webhook(function), bytes.NewReader(text))
	x.must(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("aeg-event-type", "Notification")
	res, err := http.DefaultClient.Do(req)
	x.must(err)
	x.must(res.Body.Close())
	return res.StatusCode
}

// TestForgedEvents: a scan result from a wrong topic, events of foreign
// accounts and containers, and ones of a wrong shape are audited and change
// nothing.
func TestForgedEvents(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Import, map[string][]byte{"bad.txt": eicar()})
	files, err := q.Looked(t.Context(), 1)
	x.must(err)
	draft := airlock.Container{Kind: airlock.DraftFiles, Key: q.Key, Number: 1}.String()
	foreign := airlock.Container{Kind: airlock.DraftFiles, Key: airlock.Key{Workspace: uuid.NewString(), Request: uuid.NewString()}, Number: 1}.String()
	clean := func(account, container string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"blobUri":"https://%s.blob/%s/bad.txt","eTag":%q,"scanFinishedTimeUtc":"2026-01-01T00:00:00Z","scanResultType":"No threats found"}`,
			account, container, files["bad.txt"].ETag))
	}
	outside := rig.Account(stack.AirlockAccount)
	before := len(x.strange())
	for name, e := range map[string]eventgrid.Event{
		"blobscanned of another topic":   {Topic: anothers + "Microsoft.EventGrid/topics/scan", EventType: scanned, Subject: "storageAccounts/" + outside + "/containers/" + draft + "/blobs/bad.txt", Data: clean(outside, draft)},
		"blobscanned of another account": {Topic: rig.ScanTopic(), EventType: scanned, Subject: "storageAccounts/evil/containers/" + draft + "/blobs/bad.txt", Data: clean("evil", draft)},
		"blobscanned of another type":    {Topic: rig.ScanTopic(), EventType: created, Subject: "storageAccounts/" + outside + "/containers/" + draft + "/blobs/bad.txt", Data: clean(outside, draft)},
		"blobscanned that contradicts":   {Topic: rig.ScanTopic(), EventType: scanned, Subject: "storageAccounts/" + outside + "/containers/" + draft + "/blobs/bad.txt", Data: clean(outside, foreign)},
		"blobcreated of another account": {Topic: anothers + "Microsoft.Storage/storageAccounts/" + outside, EventType: created, Subject: "/blobServices/default/containers/" + draft + "/blobs/bad.txt", Data: json.RawMessage(`{}`)},
		"blobcreated of no container":    {Topic: rig.StorageTopic(outside), EventType: created, Subject: "/blobServices/default/containers/holiday/blobs/bad.txt", Data: json.RawMessage(`{}`)},
		"blobcreated without subject":    {Topic: rig.StorageTopic(outside), EventType: created, Data: json.RawMessage(`{}`)},
		"airlockchanged of another":      {Topic: anothers + "Microsoft.EventGrid/topics/airlock-changed", EventType: "statusChanged", Subject: q.Key.Request + "/statusChanged", Data: json.RawMessage(`{"request_id":"` + q.Key.Request + `","new_status":"approved"}`)},
	} {
		function, _, _ := strings.Cut(name, " ")
		if status := x.deliver(function, e); status >= 300 {
			t.Errorf("%s: the webhook answers %d; Event Grid would try for a day", name, status)
		}
	}
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if now := len(x.strange()); now < before+3 { // equal ones of a minute share a line
			return fmt.Errorf("%d refusals were audited", now-before)
		}
		return nil
	}))
	x.must(q.Submit(t.Context()))
	x.await(q, airlock.Blocked)
}

// strange are the audit lines about what is nobody's.
func (x tester) strange() []string {
	x.Helper()
	lines, err := rig.State.StrangeLines(x.Context())
	x.must(err)
	var all []string
	for _, l := range lines {
		all = append(all, l.Action+" "+l.Actor.Name+" "+l.Reason+" "+l.Detail)
	}
	return all
}
