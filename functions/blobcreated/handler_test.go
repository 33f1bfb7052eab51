package blobcreated_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

const topics = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/"

func room(w *roomtest.World) blobcreated.Function {
	return blobcreated.Function{Door: &doorman.Doorman{AirlockAccount: roomtest.OutsideName, StorageTopics: []string{topics + "*"},
		Workspaces: w.Spaces, Refusals: w.Ledger.Refusals, Now: w.Now}}
}

func box(workspace string, kind airlock.Kind, n int) string {
	return airlock.Container{Kind: kind, Key: airlock.Key{Workspace: workspace, Request: roomtest.RequestID}, Number: n}.String()
}

func event(account, container, name string) azfunc.Event {
	return azfunc.Event{ID: "e1", Topic: topics + account, EventType: "Microsoft.Storage.BlobCreated",
		Subject: "/blobServices/default/containers/" + container + "/blobs/" + name, Data: json.RawMessage(`{"url":"https://lies.example/"}`)}
}

// Each row is a sentence: such an event gives such an order.
func TestBlobCreated(t *testing.T) {
	t.Parallel()
	draft := box(roomtest.Here, airlock.DraftFiles, 7)
	with := func(ev azfunc.Event, change func(*azfunc.Event)) azfunc.Event { change(&ev); return ev }
	tests := []struct {
		name string
		ev   azfunc.Event
		want string // "account turn name", "look", or "" for nothing
		kind fault.Kind
	}{
		{"a drop outside", event(roomtest.OutsideName, draft, "a/b c%41#+.csv"), "airlock 7 a/b c%41#+.csv", fault.None},
		{"a drop inside", event(roomtest.HereAccount, draft, "x"), roomtest.HereAccount + " 7 x", fault.None},
		{"an account in capitals", event(strings.ToUpper(roomtest.HereAccount), draft, "x"), roomtest.HereAccount + " 7 x", fault.None},
		{"a name that holds /blobs/", event(roomtest.OutsideName, draft, "a/blobs/b"), "airlock 7 a/blobs/b", fault.None},
		{"a name that Event Grid damaged", event(roomtest.OutsideName, draft, "a??.csv"), "look", fault.None},
		{"a name with U+FFFD", event(roomtest.OutsideName, draft, "a\uFFFD.csv"), "look", fault.None},
		{"no name", event(roomtest.OutsideName, draft, ""), "look", fault.None},
		{"the engine's sealing", event(roomtest.OutsideName, box(roomtest.Here, airlock.SealedFiles, 1), "x"), "", fault.None},
		{"the engine's delivery", event(roomtest.HereAccount, box(roomtest.Here, airlock.ReleasedFiles, 1), "x"), "", fault.None},
		{"the engine's rescan", event(roomtest.HereAccount, box(roomtest.Here, airlock.RescanFiles, 1), "x"), "", fault.None},
		{"a foreign container", event(roomtest.OutsideName, "logs", "x"), "", fault.Refused},
		{"a container that looks like ours", event(roomtest.OutsideName, strings.ToUpper(draft), "x"), "", fault.Refused},
		{"a foreign account", event("stother", draft, "x"), "", fault.Refused},
		{"another workspace's account", event(roomtest.ThereAccount, draft, "x"), "", fault.Refused},
		{"no workspace of ours", event("stother", box(roomtest.NobodysID, airlock.DraftFiles, 1), "x"), "", fault.Refused},
		{"another topic", with(event(roomtest.OutsideName, draft, "x"), func(e *azfunc.Event) { e.Topic = "/subscriptions/other/" + roomtest.OutsideName }), "", fault.Refused},
		{"another type", with(event(roomtest.OutsideName, draft, "x"), func(e *azfunc.Event) { e.EventType = "Microsoft.Storage.BlobDeleted" }), "", fault.Refused},
		{"another subject", with(event(roomtest.OutsideName, draft, "x"), func(e *azfunc.Event) { e.Subject = "/x/" + e.Subject }), "", fault.Refused},
		{"no subject", with(event(roomtest.OutsideName, draft, "x"), func(e *azfunc.Event) { e.Subject = "" }), "", fault.Refused},
		{"a topic of a megabyte", with(event(roomtest.OutsideName, draft, "x"), func(e *azfunc.Event) { e.Topic = strings.Repeat("x", 1<<20) }), "", fault.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			out, err := room(w).Handle(w.Context("blobcreated"), tt.ev)
			got := ""
			key := airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}
			if m := out.Inspect; m != nil {
				got = fmt.Sprint(m.Account, " ", m.Turn, " ", m.Name)
				if (airlock.Key{Workspace: m.Workspace, Request: m.Request}) != key || m.ETag != "" || m.Submitted || m.Trace != "e1" {
					t.Errorf("order %+v", m)
				}
			}
			if out.Advance != nil {
				got += "look"
				if *out.Advance != (message.Advance{Workspace: key.Workspace, Request: key.Request, Trace: "e1"}) {
					t.Errorf("order %+v", out.Advance)
				}
			}
			lines := w.Strange()
			if got != tt.want || fault.KindOf(err) != tt.kind || (len(lines) == 1) != (tt.kind == fault.Refused) {
				t.Errorf("ordered %q, %v, %d lines kept", got, err, len(lines))
			}
			for _, line := range lines {
				if len(line.Reason)+len(line.Detail) > 1000 || line.Action != "refused" || line.Actor.Name != "blobcreated" {
					t.Errorf("line %+v", line)
				}
			}
		})
	}
}

// A flood of foreign events fills no table, what has no line is counted, and
// the next minute is heard again.
func TestForeignEventsAreLimited(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	f := room(w)
	f.Door.Refusals.PerMinute = 20
	flood := func() {
		for i := range 500 {
			ev := event("stother", box(roomtest.Here, airlock.DraftFiles, 1), fmt.Sprint(i))
			if _, err := f.Handle(w.Context("blobcreated"), ev); fault.KindOf(err) != fault.Refused {
				t.Fatal(err)
			}
		}
	}
	tell := func() (lines int, counts []string) {
		w.Must(f.Door.Refusals.Flush(t.Context()))
		for _, line := range w.Strange() {
			if strings.Contains(line.Reason, "more were refused") {
				counts = append(counts, line.Reason)
			} else {
				lines++
			}
		}
		return lines, counts
	}
	flood()
	first, counts := tell()
	if want := []string{fmt.Sprintf("%d more were refused in this minute", 500-first)}; first == 0 || first > 20 || !slices.Equal(counts, want) {
		t.Errorf("%d lines in a minute, and %q, want %q", first, counts, want)
	}
	w.Pass(60_000_000_000)
	flood()
	if n, counts := tell(); n <= first || n > 40 || len(counts) != 2 {
		t.Errorf("%d lines in two minutes, and %q", n, counts)
	}
}

// Trouble is no refusal: the event comes again.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for _, ev := range []azfunc.Event{event(roomtest.HereAccount, box(roomtest.Here, airlock.DraftFiles, 1), "x"), event(roomtest.OutsideName, "logs", "x")} {
		w := roomtest.New(t)
		f := room(w)
		w.Faults.Fail(1, false)
		if _, err := f.Handle(w.Context("blobcreated"), ev); fault.KindOf(err) != fault.Retry {
			t.Errorf("%s: %v", ev.Subject, err)
		}
		w.Faults.Fail(0, false)
		out, err := f.Handle(w.Context("blobcreated"), ev)
		if out.Inspect == nil && fault.KindOf(err) != fault.Refused {
			t.Errorf("%s again: %v", ev.Subject, err)
		}
	}
}
