package doorman

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
	"github.com/trefoil-tre/trefoil/internal/message"
)

// ScanType and scanPrefix are Defender's.
// https://learn.microsoft.com/azure/defender-for-cloud/defender-for-storage-configure-malware-scan
const (
	ScanType   = "Microsoft.Security.MalwareScanningResult"
	scanPrefix = "storageAccounts/"
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

// Verdict translates a scan result into the order to record it: nil when it is
// about a container whose verdicts nobody waits for. Whoever gets such an event,
// and by whichever way, asks here. ErrForeign: from another topic, about a
// foreign account or container, or one that contradicts itself.
func (d *Doorman) Verdict(ctx context.Context, ev azfunc.Event) (*message.Verdict, error) {
	blob, r, err := d.scanned(ctx, ev)
	if err != nil {
		return nil, err
	}
	c := blob.Container
	if c.Kind != airlock.DraftFiles && c.Kind != airlock.RescanFiles {
		return nil, nil
	}
	m := &message.Verdict{Workspace: c.Key.Workspace, Request: c.Key.Request, Account: blob.Account, Kind: string(c.Kind),
		Turn: c.Number, Name: blob.Name, ETag: airlock.NormalizeETag(r.ETag), Result: r.Result, Detail: r.detail(), Trace: ev.ID}
	if at, err := time.Parse(time.RFC3339, r.At); err == nil {
		m.At = at.UTC()
	}
	if r.Details != nil {
		m.SHA256 = r.Details.SHA256
	}
	return m, nil
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

// scanned checks the event and reads it.
func (d *Doorman) scanned(ctx context.Context, ev azfunc.Event) (Blob, result, error) {
	if ev.EventType != ScanType {
		return Blob{}, result{}, fmt.Errorf("event type %.100q: %w", ev.EventType, ErrForeign)
	}
	if err := From(ev.Topic, d.ScanTopics); err != nil {
		return Blob{}, result{}, err
	}
	var r result
	if err := json.Unmarshal(ev.Data, &r); err != nil {
		return Blob{}, result{}, fmt.Errorf("data: %w: %w", err, ErrForeign)
	}
	account, rest, ok := strings.Cut(strings.TrimPrefix(ev.Subject, scanPrefix), "/")
	container, name, err := CutSubject(rest, "containers/")
	if !ok || err != nil || !strings.HasPrefix(ev.Subject, scanPrefix) {
		return Blob{}, result{}, fmt.Errorf("subject is no blob's: %w", ErrForeign)
	}
	if !r.sound() || !names(r.BlobURI, account, container, name) {
		return Blob{}, result{}, fmt.Errorf("data contradicts subject or itself, or says nothing: %w", ErrForeign)
	}
	blob, err := d.Locate(ctx, account, container, name)
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
