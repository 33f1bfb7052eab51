package blobscanned_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

const scanTopic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/scans"

func room(w *roomtest.World) blobscanned.Function {
	return blobscanned.Function{Door: &doorman.Doorman{AirlockAccount: roomtest.OutsideName, ScanTopics: []string{scanTopic},
		Workspaces: w.Spaces, Refusals: w.Ledger.Refusals, Now: w.Now}}
}

func box(kind airlock.Kind) string {
	return airlock.Container{Kind: kind, Key: airlock.Key{Workspace: roomtest.Here, Request: roomtest.RequestID}, Number: 2}.String()
}

// event is a result as Defender writes it; data replaces fields of its data.
func event(account, container, name string, data map[string]any) azfunc.Event {
	all := map[string]any{"correlationId": "c", "blobUri": fmt.Sprintf("https://%s.blob.core.windows.net/%s/%s", account, container, name),
		"eTag": `"0x8DB1"`, "scanFinishedTimeUtc": "2026-05-17T06:49:46.1234567Z", "scanResultType": "No threats found", "scanResultDetails": nil}
	for k, v := range data {
		all[k] = v
	}
	text, _ := json.Marshal(all)
	return azfunc.Event{ID: "e1", Topic: scanTopic, EventType: "Microsoft.Security.MalwareScanningResult",
		Subject: "storageAccounts/" + account + "/containers/" + container + "/blobs/" + name, Data: text}
}

// Each row is a sentence: such a result gives such an order.
func TestBlobScanned(t *testing.T) {
	t.Parallel()
	type data = map[string]any
	draft := box(airlock.DraftFiles)
	ours := func(d data) azfunc.Event { return event(roomtest.OutsideName, draft, "a b.csv", d) }
	malware := data{"scanResultType": "Malicious", "scanResultDetails": data{"malwareNamesFound": []string{"EICAR", "B"}, "sha256": "AB"}}
	with := func(ev azfunc.Event, change func(*azfunc.Event)) azfunc.Event { change(&ev); return ev }
	tests := []struct {
		name string
		ev   azfunc.Event
		want string // "account kind turn name etag result detail sha", or "" for nothing
		kind fault.Kind
	}{
		{"clean", ours(nil), "airlock draft 2 a b.csv 0x8DB1 No threats found||", fault.None},
		{"clean, inside", event(roomtest.HereAccount, draft, "x", nil), roomtest.HereAccount + " draft 2 x 0x8DB1 No threats found||", fault.None},
		{"malware", ours(malware), "airlock draft 2 a b.csv 0x8DB1 Malicious|EICAR B|AB", fault.None},
		{"not scanned", ours(data{"scanResultType": "Not scanned", "scanResultDetails": data{"notScannedReason": "SAM259206: too big"}}),
			"airlock draft 2 a b.csv 0x8DB1 Not scanned|SAM259206: too big|", fault.None},
		{"a rescan", event(roomtest.OutsideName, box(airlock.RescanFiles), "f-1", nil), "airlock rescan 2 f-1 0x8DB1 No threats found||", fault.None},
		{"an ETag without quotes", ours(data{"eTag": "0x8DB1"}), "airlock draft 2 a b.csv 0x8DB1 No threats found||", fault.None},
		{"a time that is none", ours(data{"scanFinishedTimeUtc": "17.05.2026 6:49"}), "airlock draft 2 a b.csv 0x8DB1 No threats found||", fault.None},
		{"an address that is escaped", ours(data{"blobUri": "https://stairlock.blob.core.windows.net/" + draft + "/a%20b.csv"}), "airlock draft 2 a b.csv 0x8DB1 No threats found||", fault.None},
		{"an emulator's address", ours(data{"blobUri": "http://127.0.0.1:10000/stairlock/" + draft + "/a b.csv"}), "airlock draft 2 a b.csv 0x8DB1 No threats found||", fault.None},
		{"a damaged name", event(roomtest.OutsideName, draft, "a??.csv", data{"blobUri": "https://stairlock.blob.core.windows.net/" + draft + "/a💎.csv"}), "airlock draft 2 a??.csv 0x8DB1 No threats found||", fault.None},
		{"many words", ours(data{"scanResultType": "Malicious", "scanResultDetails": data{"malwareNamesFound": []string{strings.Repeat("ü", 1000)}}}),
			"airlock draft 2 a b.csv 0x8DB1 Malicious|" + strings.Repeat("ü", 250) + "|", fault.None},
		{"the engine's sealing", event(roomtest.OutsideName, box(airlock.SealedFiles), "x", nil), "", fault.None},
		{"the engine's delivery", event(roomtest.OutsideName, box(airlock.ReleasedFiles), "x", nil), "", fault.None},
		{"another topic", with(ours(nil), func(e *azfunc.Event) { e.Topic += "x" }), "", fault.Refused},
		{"a storage account as topic", with(ours(nil), func(e *azfunc.Event) { e.Topic = "/subscriptions/s/storageAccounts/stairlock" }), "", fault.Refused},
		{"another type", with(ours(nil), func(e *azfunc.Event) { e.EventType = "x" }), "", fault.Refused},
		{"the subject of a BlobCreated", with(ours(nil), func(e *azfunc.Event) { e.Subject = "/blobServices/default/containers/" + draft + "/blobs/a" }), "", fault.Refused},
		{"a foreign account", event("stother", draft, "x", nil), "", fault.Refused},
		{"another workspace's account", event(roomtest.ThereAccount, draft, "x", nil), "", fault.Refused},
		{"a foreign container", event(roomtest.OutsideName, "logs", "x", nil), "", fault.Refused},
		{"an address in another account", ours(data{"blobUri": "https://stairlocked.blob.core.windows.net/" + draft + "/a b.csv"}), "", fault.Refused},
		{"an address that only holds the words", ours(data{"blobUri": "https://evil.example/?stairlock/" + draft}), "", fault.Refused},
		{"an address of another file", ours(data{"blobUri": "https://stairlock.blob.core.windows.net/" + draft + "/other.csv"}), "", fault.Refused},
		{"an address that is none", ours(data{"blobUri": "stairlock"}), "", fault.Refused},
		{"clean, and malware named", ours(data{"scanResultDetails": data{"malwareNamesFound": []string{"EICAR"}}}), "", fault.Refused},
		{"no ETag", ours(data{"eTag": ""}), "", fault.Refused},
		{"an ETag of a megabyte", ours(data{"eTag": strings.Repeat("x", 1<<20)}), "", fault.Refused},
		{"a result of a megabyte", ours(data{"scanResultType": strings.Repeat("x", 1<<20)}), "", fault.Refused},
		{"no result", ours(data{"scanResultType": ""}), "", fault.Refused},
		{"data of another kind", ours(data{"scanResultType": 5}), "", fault.Refused},
		{"no data", with(ours(nil), func(e *azfunc.Event) { e.Data = nil }), "", fault.Refused},
		{"data null", with(ours(nil), func(e *azfunc.Event) { e.Data = json.RawMessage("null") }), "", fault.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			out, err := room(w).Handle(w.Context("blobscanned"), tt.ev)
			got := ""
			if m := out.Verdict; m != nil {
				got = fmt.Sprintf("%s %s %d %s %s %s|%s|%s", m.Account, m.Kind, m.Turn, m.Name, m.ETag, m.Result, m.Detail, m.SHA256)
				if m.Workspace != roomtest.Here || m.Request != roomtest.RequestID || m.Trace != "e1" || m.At.IsZero() != (tt.name == "a time that is none") {
					t.Errorf("order %+v", m)
				}
			}
			if got != tt.want || fault.KindOf(err) != tt.kind || (len(w.Strange()) == 1) != (tt.kind == fault.Refused) {
				t.Errorf("ordered %q, %v, %d lines kept", got, err, len(w.Strange()))
			}
			for _, line := range w.Strange() {
				if len(line.Reason) > 500 {
					t.Errorf("%d bytes of reason are kept", len(line.Reason))
				}
			}
		})
	}
}
