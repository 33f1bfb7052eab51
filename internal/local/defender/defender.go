// Package defender stands in for Microsoft Defender for Storage: it reads what was uploaded, judges it by content
// (the EICAR test file anywhere in it, or clamd where one listens) and publishes the result as Defender does. On
// demand it also fails in each of Defender's ways, or says nothing at all.
// What it imitates: https://learn.microsoft.com/azure/defender-for-cloud/defender-for-storage-configure-malware-scan
package defender

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/background"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

const (
	// maxBytes is the largest blob that Defender scans.
	// Source: https://learn.microsoft.com/azure/defender-for-cloud/introduction-malware-scanning
	maxBytes = 50 << 30
	// parallel is how many blobs are read at once: enough for a laptop's cores.
	parallel = 4
)

// Config says what is scanned, how, and who hears of it.
type Config struct {
	// BlobURL is the blob service to read from, without an account, such as http://127.0.0.1:10000.
	BlobURL string
	// Accounts maps account names to keys (base64). Blobs of other accounts are not scanned.
	Accounts map[string]string
	// Excluded are prefixes of container names that are not scanned. Nil: sealed- and released-, as the product
	// configures it; those bytes were scanned as drafts.
	Excluded []string
	// Topic is the resource id of the custom topic for results.
	Topic string
	// Publish hands a result to that topic.
	Publish func(eventgrid.Event) error
	// Clamd is a clamd to ask instead of looking for EICAR: host:port, or the path of a Unix socket. Empty: none.
	Clamd string
	// MaxBytes is the largest blob that is scanned. Default 50 GB.
	MaxBytes int64
	// Delay is how late results are; Azure needs seconds to hours. Default 0.
	Delay time.Duration
	// Decide may replace the verdict on a blob. Nil, or an answer of false: scan it.
	Decide func(gateway.Blob) (Outcome, bool)
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log takes troubles as warnings. Default: nobody.
	Log *slog.Logger
}

// Defender is a running stand-in.
type Defender struct {
	cfg    Config
	client *http.Client
	work   *background.Group
	slots  *semaphore.Weighted
}

// New starts a Defender that scans what Uploaded tells it, until Close.
func New(cfg Config) *Defender {
	if cfg.Excluded == nil {
		cfg.Excluded = []string{"sealed-", "released-"}
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = maxBytes
	}
	if cfg.Decide == nil {
		cfg.Decide = func(gateway.Blob) (Outcome, bool) { return Outcome{}, false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.BlobURL = strings.TrimSuffix(cfg.BlobURL, "/")
	return &Defender{
		cfg: cfg, work: background.New(), slots: semaphore.NewWeighted(parallel),
		client: &http.Client{Transport: storageproxy.NewTransport()},
	}
}

// Close ends scans under way; their results are lost.
func (d *Defender) Close() {
	d.work.Close()
	d.client.CloseIdleConnections()
}

// Uploaded takes the gateway's word that a blob has new content, and returns at once. Append and page blobs,
// excluded containers and foreign accounts are not scanned and have no result.
func (d *Defender) Uploaded(_ context.Context, b gateway.Blob) {
	ours := azurite.KeyOf(d.cfg.Accounts, b.Account) != ""
	excluded := slices.ContainsFunc(d.cfg.Excluded, func(prefix string) bool { return strings.HasPrefix(b.Container, prefix) })
	if !ours || excluded || b.Type != "BlockBlob" {
		return
	}
	d.work.Go(func(ctx context.Context) { d.scan(ctx, b) })
}

// scan judges one blob and publishes the result.
func (d *Defender) scan(ctx context.Context, b gateway.Blob) {
	outcome, decided := d.cfg.Decide(b)
	if decided && outcome.Silent {
		return
	}
	verdict := outcome.verdict()
	if !decided || outcome.Scan {
		if d.slots.Acquire(ctx, 1) != nil {
			return
		}
		verdict = d.judge(ctx, b)
		d.slots.Release(1)
	}
	timer := time.NewTimer(d.cfg.Delay + outcome.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return
	}
	if err := d.cfg.Publish(d.event(b, verdict)); err != nil {
		d.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "scan result not published", slog.Any("error", err))
	}
}

// judge reads the blob, in the version that was uploaded.
func (d *Defender) judge(ctx context.Context, b gateway.Blob) verdict {
	res, err := d.open(ctx, b)
	if err != nil {
		d.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "blob not readable by the scanner", slog.Any("error", err))
		return notScanned(InternalError)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusOK && strings.Trim(res.Header.Get("ETag"), `"`) != b.ETag:
		return notScanned(ETagMismatch)
	case res.StatusCode == http.StatusNotFound:
		return notScanned(NotFound)
	case res.Header.Get("x-ms-error-code") == "BlobArchived":
		return notScanned(ArchiveTier)
	case res.StatusCode == http.StatusForbidden:
		return notScanned(NoAccess)
	case res.StatusCode != http.StatusOK:
		return notScanned(InternalError)
	case res.ContentLength > d.cfg.MaxBytes:
		return notScanned(TooLarge)
	}
	found, err := d.inspect(ctx, res.Body)
	if err != nil {
		d.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "scan failed", slog.Any("error", err))
		return notScanned(InternalError)
	}
	return found
}

func (d *Defender) open(ctx context.Context, b gateway.Blob) (*http.Response, error) {
	sas := storageproxy.AccountSAS(b.Account, azurite.KeyOf(d.cfg.Accounts, b.Account), d.cfg.Now().Add(time.Hour))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.cfg.BlobURL, nil)
	if err != nil {
		return nil, fmt.Errorf("scanner: %w", err)
	}
	req.URL.Opaque = "/" + b.Account + "/" + b.Container + "/" + url.PathEscape(b.Name)
	req.URL.RawQuery = sas
	req.Header.Set("x-ms-version", "2021-12-02")
	res, err := d.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("scanner: storage does not answer") // the client's text holds the link
	}
	return res, nil
}
