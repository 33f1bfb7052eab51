package sweep_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

const scanTopic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/scans"

func box(kind airlock.Kind) string {
	return airlock.Container{Kind: kind, Number: 1, Key: airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}}.String()
}

// malware is a result as Defender writes it.
func malware(topic, account, container string) azfunc.Event {
	data, _ := json.Marshal(map[string]any{"blobUri": fmt.Sprintf("https://%s.blob.core.windows.net/%s/a", account, container), "eTag": `"0x1"`,
		"scanResultType": "Malicious", "scanResultDetails": map[string]any{"malwareNamesFound": []string{"EICAR"}}})
	return azfunc.Event{ID: "e", Topic: topic, EventType: "Microsoft.Security.MalwareScanningResult",
		Subject: "storageAccounts/" + account + "/containers/" + container + "/blobs/a", Data: data}
}

// ordered are the verdicts that were ordered since it was asked last.
func ordered(w *roomtest.World) (all []message.Verdict, after []time.Duration) {
	for _, s := range w.TakeSent() {
		m, ok := s.Message.(message.Verdict)
		if !ok {
			w.T.Fatalf("sent %+v", s)
		}
		all, after = append(all, m), append(after, s.At.Sub(w.Now()))
	}
	return all, after
}

// Each row is a sentence: such a dead letter is a hint, or nothing.
func TestDeadHints(t *testing.T) {
	t.Parallel()
	box := airlock.Container{Kind: airlock.DraftFiles, Number: 1, Key: airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}}.String()
	for subject, want := range map[string]int{
		"/blobServices/default/containers/" + box + "/blobs/a":      1,
		"storageAccounts/stairlock/containers/" + box + "/blobs/a":  1,
		"/blobServices/default/containers/logs/blobs/" + box + "/a": 1, // a name may lie: it is only a hint
		"/blobServices/default/containers/logs/blobs/a":             0,
		"": 0,
	} {
		w := roomtest.New(t)
		w.Draft(airlock.Import)
		a := &aside{dead: []azfunc.Event{{ID: "e", Subject: subject}}}
		out, err := tick(w, a)
		if err != nil || len(out.Advance) != want || a.dropped != 1 {
			t.Errorf("%q: %d hints, %d dropped, %v", subject, len(out.Advance), a.dropped, err)
		}
	}
}

// Our own change is about the request in its data.
func TestDeadChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, kind, workspace string
		want                  int
	}{{"ours", "statusChanged", roomtest.Here, 1}, {"a notification", "airlockNotification", roomtest.Here, 0}, {"no id", "statusChanged", "5", 0}} {
		w := roomtest.New(t)
		data := fmt.Sprintf(`{"workspace_id":%q,"request_id":%q}`, tt.workspace, roomtest.RequestID)
		a := &aside{dead: []azfunc.Event{{ID: "e", EventType: tt.kind, Subject: roomtest.RequestID + "/" + tt.kind, Data: json.RawMessage(data)}}}
		out, err := tick(w, a)
		if err != nil || len(out.Advance) != tt.want || a.dropped != 1 ||
			tt.want == 1 && (out.Advance[0].Workspace != roomtest.Here || out.Advance[0].Request != roomtest.RequestID) {
			t.Errorf("%s: %+v, %v", tt.name, out.Advance, err)
		}
	}
}

// Each row is a sentence: of such a dead letter the verdict is ordered as
// blobscanned would have, or it is refused and audited as there.
func TestDeadVerdicts(t *testing.T) {
	t.Parallel()
	draft := box(airlock.DraftFiles)
	bare := malware(scanTopic, roomtest.OutsideName, draft)
	bare.Data = nil
	tests := []struct {
		name            string
		events          []azfunc.Event
		orders, refused int
	}{
		{"malware", []azfunc.Event{malware(scanTopic, roomtest.OutsideName, draft)}, 1, 0},
		{"malware in a copy that was scanned again", []azfunc.Event{malware(scanTopic, roomtest.OutsideName, box(airlock.RescanFiles))}, 1, 0},
		{"two in one blob", []azfunc.Event{malware(scanTopic, roomtest.OutsideName, draft), malware(scanTopic, roomtest.HereAccount, draft)}, 2, 0},
		{"one beside a forged one", []azfunc.Event{malware("/evil", roomtest.OutsideName, draft), malware(scanTopic, roomtest.OutsideName, draft)}, 1, 1},
		{"the engine's sealing", []azfunc.Event{malware(scanTopic, roomtest.OutsideName, box(airlock.SealedFiles))}, 0, 0},
		{"from another topic", []azfunc.Event{malware(scanTopic+"x", roomtest.OutsideName, draft)}, 0, 1},
		{"about another workspace's account", []azfunc.Event{malware(scanTopic, roomtest.ThereAccount, draft)}, 0, 1},
		{"without its data", []azfunc.Event{bare}, 0, 1},
	}
	for _, tt := range tests {
		w := roomtest.New(t)
		w.Draft(airlock.Import)
		a := &aside{dead: tt.events}
		out, err := tick(w, a)
		got, _ := ordered(w)
		if err != nil || len(got) != tt.orders || len(w.Strange()) != tt.refused || a.dropped != 1 || len(out.Advance) != len(tt.events) {
			t.Errorf("%s: %d ordered, %d refused, %d dropped, %d hints, %v", tt.name, len(got), len(w.Strange()), a.dropped, len(out.Advance), err)
		}
		for _, m := range got {
			if m.Request != roomtest.RequestID || m.Name != "a" || m.ETag != "0x1" || m.Result != "Malicious" || m.Detail != "EICAR" {
				t.Errorf("%s: %+v", tt.name, m)
			}
		}
	}
}

// poisoned is a verdict as it lay on its queue.
func poisoned(request string) string {
	text, _ := json.Marshal(message.Verdict{Workspace: roomtest.Here, Request: request, Account: airlock.AirlockAccount, Kind: "draft", Turn: 1,
		Name: "a", ETag: "0x1", Result: "Malicious"})
	return string(text)
}

// Each row is a sentence: such a poisoned message is put on its queue again, or
// not.
func TestPoisonedVerdicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, queue, text string
		orders            int
	}{
		{"a verdict", message.QueueVerdict, poisoned(roomtest.RequestID), 1},
		{"one on a request that never was", message.QueueVerdict, poisoned(roomtest.NobodysID), 0},
		{"one that the function cannot read", message.QueueVerdict, fmt.Sprintf(`{"workspace":%q,"request":%q,"turn":"1"}`, roomtest.Here, roomtest.RequestID), 0},
		{"one of no kind", message.QueueVerdict, fmt.Sprintf(`{"workspace":%q,"request":%q,"turn":1}`, roomtest.Here, roomtest.RequestID), 0},
		{"no JSON", message.QueueVerdict, "\xff{", 0},
		{"another order", message.QueueInspect, poisoned(roomtest.RequestID), 0},
	}
	for _, tt := range tests {
		w := roomtest.New(t)
		w.Draft(airlock.Import)
		a := &aside{poison: map[string][]string{tt.queue: {tt.text}}}
		_, err := tick(w, a)
		got, after := ordered(w)
		if err != nil || len(got) != tt.orders || a.dropped != 1 {
			t.Errorf("%s: %+v, %d dropped, %v", tt.name, got, a.dropped, err)
		}
		if len(got) != 1 {
			continue
		}
		again := got[0].Again
		if got[0].Again = 0; after[0] != roomtest.HintAfter || again != 1 || string(must(json.Marshal(got[0]))) != tt.text {
			t.Errorf("%s: %+v after %v, for the %d. time", tt.name, got[0], after[0], again)
		}
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

// A verdict that is poisoned all night is ordered each time, and the trail is
// not filled.
func TestVerdictPoisonedForANight(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	a := &aside{poison: map[string][]string{message.QueueVerdict: {poisoned(roomtest.RequestID)}}}
	for i := range 600 {
		_, err := tick(w, a)
		w.Must(err)
		if got, _ := ordered(w); len(got) != 1 {
			t.Fatalf("time %d: %d ordered", i+1, len(got))
		}
		w.Pass(time.Minute)
	}
	if n := len(w.Actions(r)); n < 10 || n > 20 {
		t.Errorf("%d lines in the trail after ten hours", n)
	}
}

// What is poisoned again and again comes back more and more rarely, never less
// often than every hour, and is never given up; the request shows it.
func TestPoisonedAgain(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	text := poisoned(roomtest.RequestID)
	at := w.Now()
	var pauses []time.Duration
	for range 30 {
		a := &aside{poison: map[string][]string{message.QueueVerdict: {text}}}
		_, err := tick(w, a)
		w.Must(err)
		got, after := ordered(w)
		if len(got) != 1 || a.dropped != 1 {
			t.Fatalf("%d ordered, %d dropped", len(got), a.dropped)
		}
		pauses, text = append(pauses, after[0]), string(must(json.Marshal(got[0])))
		w.Pass(after[0])
	}
	if !slices.IsSorted(pauses) || pauses[0] != roomtest.HintAfter || pauses[1] != 2*roomtest.HintAfter || pauses[29] != time.Hour {
		t.Errorf("pauses are %v", pauses)
	}
	if marks := w.Reload(r).Marks; len(marks) == 0 || marks[0].Queue != message.QueueVerdict || w.Now().Sub(at) < 20*time.Hour {
		t.Errorf("after %v the request shows %v", w.Now().Sub(at), marks)
	}
	for _, many := range []int{-1, 1 << 40} { // whoever can write to the queue
		var m message.Verdict
		w.Must(json.Unmarshal([]byte(text), &m))
		m.Again = many
		_, err := tick(w, &aside{poison: map[string][]string{message.QueueVerdict: {string(must(json.Marshal(m)))}}})
		w.Must(err)
		if _, after := ordered(w); after[0] < roomtest.HintAfter || after[0] > time.Hour {
			t.Errorf("%d times: after %v", many, after[0])
		}
	}
}

// What was put aside is dropped only when its verdict is ordered; where the
// process ends in between, it is ordered again.
func TestOrderedBeforeDropped(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*aside{
		"poisoned":      {poison: map[string][]string{message.QueueVerdict: {poisoned(roomtest.RequestID)}}},
		"a dead letter": {dead: []azfunc.Event{malware(scanTopic, roomtest.OutsideName, box(airlock.DraftFiles))}},
	} {
		w := roomtest.New(t)
		w.Draft(airlock.Import)
		_, err := tick(w, a) // in good weather, to see which calls there are
		w.Must(err)
		calls := w.Faults.Calls()
		if n := slices.Index(calls, "Orders.Send"); n < 0 || a.dropped != 1 {
			t.Fatalf("%s: calls %v, %d dropped", name, calls, a.dropped)
		}
		ordered(w)
		for n := range calls {
			a.dropped = 0
			w := roomtest.New(t)
			w.Draft(airlock.Import)
			w.Faults.Fail(n+1, false)
			_, _ = tick(w, a)
			w.Faults.Fail(0, false)
			if got, _ := ordered(w); a.dropped != len(got) {
				t.Errorf("%s, call %d (%s) failed: %d dropped, %d ordered", name, n+1, calls[n], a.dropped, len(got))
			}
		}
		a.crash, a.dropped = true, 0
		for range 2 {
			_, err := tick(w, a)
			w.Must(err)
			if got, _ := ordered(w); len(got) != 1 {
				t.Errorf("%s, the process ended before it was dropped: %d ordered", name, len(got))
			}
		}
	}
}

// A poisoned order to tell people of people is no stranger's: it is ordered
// again by the open work it stands for.
func TestPoisonAboutPeople(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, workspace, request string
		strange, again           int
	}{
		{"a workspace", roomtest.Here, roomtest.Here, 0, 1},
		{"a person", people.Partition, roomtest.Ada.OID, 0, 1},
		{"a workspace of which there is nothing to tell", roomtest.There, roomtest.There, 1, 0},
		{"a person nobody knows", people.Partition, "x", 1, 0},
	} {
		w := roomtest.New(t)
		n := []people.Notice{{Event: people.Frozen, Seq: 1, At: w.Now()}}
		switch tt.workspace {
		case roomtest.Here:
			_, err := w.Store.CommitRoll(t.Context(), people.Change{Workspace: roomtest.Here, Roll: people.Roll{Notices: n}}.WithOpen(w.Now()))
			w.Must(err)
		case people.Partition:
			_, err := w.Store.CommitRecord(t.Context(), people.RecordChange{Record: people.Record{OID: roomtest.Ada.OID, Notices: n}}.WithOpen(w.Now()))
			w.Must(err)
		}
		a := &aside{poison: map[string][]string{message.QueueNotify: {fmt.Sprintf(`{"workspace":%q,"request":%q}`, tt.workspace, tt.request)}}}
		out, err := tick(w, a)
		got := slices.Contains(out.Notify, message.Notify{Workspace: tt.workspace, Request: tt.request})
		if err != nil || min(1, len(w.Strange())) != tt.strange || got != (tt.again == 1) || a.dropped != 1 {
			t.Errorf("%s: %d lines, ordered %+v, %d dropped, %v", tt.name, len(w.Strange()), out.Notify, a.dropped, err)
		}
	}
}
