// Package blobscanned is the doorman for malware verdicts. In:
// Microsoft.Security.MalwareScanningResult from the scan topic. Out: an order
// to record the verdict. A result from another topic, about a foreign account
// or container, or one that contradicts itself, is audited and refused.
package blobscanned

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// eventType and prefix are Defender's.
// https://learn.microsoft.com/azure/defender-for-cloud/defender-for-storage-configure-malware-scan
const (
	eventType = "Microsoft.Security.MalwareScanningResult"
	prefix    = "storageAccounts/"
)

// result is what Defender says; fields we do not use are left out.
type result struct {
	BlobURI string    `json:"blobUri"`
	ETag    string    `json:"eTag"`
	At      time.Time `json:"scanFinishedTimeUtc"`
	Result  string    `json:"scanResultType"`
	Details *struct {
		Malware []string `json:"malwareNamesFound"`
		SHA256  string   `json:"sha256"`
		Reason  string   `json:"notScannedReason"`
	} `json:"scanResultDetails"`
}

// Out names this function's output bindings.
type Out struct {
	Verdict *message.Verdict `json:"airlockverdict,omitempty"`
}

// Function translates scan results into orders.
type Function struct {
	Door *doorman.Doorman
}

// Handle acts on one event.
func (f Function) Handle(ctx context.Context, ev azfunc.Event) (Out, error) {
	blob, r, err := f.read(ctx, ev)
	if err != nil {
		return Out{}, f.Door.Refuse(ctx, ev, err)
	}
	c := blob.Container
	if c.Kind != airlock.DraftFiles && c.Kind != airlock.RescanFiles {
		return Out{}, nil
	}
	m := &message.Verdict{Workspace: c.Key.Workspace, Request: c.Key.Request, Account: blob.Account, Kind: string(c.Kind),
		Turn: c.Number, Name: blob.Name, ETag: airlock.NormalizeETag(r.ETag), Result: r.Result, At: r.At, Trace: ev.ID}
	if r.Details != nil {
		m.SHA256 = r.Details.SHA256
		m.Detail = strings.Join(append([]string{r.Details.Reason}, r.Details.Malware...), " ")
	}
	return Out{Verdict: m}, nil
}

func (f Function) read(ctx context.Context, ev azfunc.Event) (doorman.Blob, result, error) {
	if ev.EventType != eventType {
		return doorman.Blob{}, result{}, fmt.Errorf("event type %.100q: %w", ev.EventType, doorman.ErrForeign)
	}
	if err := doorman.From(ev.Topic, f.Door.ScanTopics); err != nil {
		return doorman.Blob{}, result{}, err
	}
	var r result
	if err := json.Unmarshal(ev.Data, &r); err != nil {
		return doorman.Blob{}, result{}, fmt.Errorf("data: %w: %w", err, doorman.ErrForeign)
	}
	account, rest, ok := strings.Cut(strings.TrimPrefix(ev.Subject, prefix), "/")
	container, name, err := doorman.CutSubject(rest, "containers/")
	if !ok || err != nil || !strings.HasPrefix(ev.Subject, prefix) {
		return doorman.Blob{}, result{}, fmt.Errorf("subject is no blob's: %w", doorman.ErrForeign)
	}
	if r.ETag == "" || r.Result == "" || !strings.Contains(r.BlobURI, account) || !strings.Contains(r.BlobURI, container) {
		return doorman.Blob{}, result{}, fmt.Errorf("data contradicts subject, or says nothing: %w", doorman.ErrForeign)
	}
	blob, err := f.Door.Locate(ctx, account, container, name)
	return blob, r, err
}
