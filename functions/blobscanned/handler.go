// Package blobscanned is the doorman for malware verdicts. In:
// Microsoft.Security.MalwareScanningResult from the scan topic. Out: an order
// to record the verdict. A result from another topic, about a foreign account
// or container, or one that contradicts itself, is audited and refused.
package blobscanned

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// eventType and prefix are Defender's.
// https://learn.microsoft.com/azure/defender-for-cloud/defender-for-storage-configure-malware-scan
const (
	eventType = "Microsoft.Security.MalwareScanningResult"
	prefix    = "storageAccounts/"
)

// maxText bounds each text of a result, in bytes, so that it fits a message.
const maxText = 500

// result is what Defender says; fields we do not use are left out.
type result struct {
	BlobURI string `json:"blobUri"`
	ETag    string `json:"eTag"`
	At      string `json:"scanFinishedTimeUtc"` // nothing is decided by it: any form will do
	Result  string `json:"scanResultType"`
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
	f.Door.Heard(ctx, health.BlobScanned)
	c := blob.Container
	if c.Kind != airlock.DraftFiles && c.Kind != airlock.RescanFiles {
		return Out{}, nil
	}
	m := &message.Verdict{Workspace: c.Key.Workspace, Request: c.Key.Request, Account: blob.Account, Kind: string(c.Kind),
		Turn: c.Number, Name: blob.Name, ETag: airlock.NormalizeETag(r.ETag), Result: r.Result, Detail: r.detail(), Trace: ev.ID}
	if at, err := time.Parse(time.RFC3339, r.At); err == nil {
		m.At = at.UTC()
	}
	if r.Details != nil {
		m.SHA256 = r.Details.SHA256
	}
	return Out{Verdict: m}, nil
}

// detail is why the blob was not scanned, or what was found in it.
func (r result) detail() string {
	if r.Details == nil {
		return ""
	}
	words := slices.DeleteFunc(append([]string{r.Details.Reason}, r.Details.Malware...), func(s string) bool { return s == "" })
	text := strings.Join(words, " ")
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
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
	if !r.sound() || !names(r.BlobURI, account, container, name) {
		return doorman.Blob{}, result{}, fmt.Errorf("data contradicts subject or itself, or says nothing: %w", doorman.ErrForeign)
	}
	blob, err := f.Door.Locate(ctx, account, container, name)
	return blob, r, err
}

// sound tells whether the result says something, of a size that a message can
// carry, and does not name malware in a clean blob.
func (r result) sound() bool {
	if r.ETag == "" || r.Result == "" || max(len(r.ETag), len(r.Result)) > maxText {
		return false
	}
	if r.Details == nil {
		return true
	}
	clean := airlock.Classify(r.Result, "") == airlock.Clean
	return len(r.Details.SHA256) <= maxText && (!clean || len(r.Details.Malware) == 0)
}

// names tells whether a blob's address, which Defender does not escape, is in
// the account and container, and of the name as far as that is undamaged.
func names(uri, account, container, name string) bool {
	_, path, ok := strings.Cut(uri, "://")
	host, path, cut := strings.Cut(path, "/")
	if local, rest, _ := strings.Cut(path, "/"); local == account { // as emulators write addresses
		host, path = account, rest
	}
	if label, _, _ := strings.Cut(host, "."); !ok || !cut || !strings.EqualFold(label, account) {
		return false
	}
	blob, ok := strings.CutPrefix(path, container+"/")
	if !ok || airlock.Damaged(name) || airlock.Damaged(blob) {
		return ok
	}
	plain, err := url.PathUnescape(blob)
	return blob == name || err == nil && plain == name
}
