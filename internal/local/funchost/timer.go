package funchost

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// hostContainer holds the host's own blobs: leases and timer status.
const hostContainer = "azure-webjobs-hosts"

// monitorPeriod is the shortest period of a timer whose runs are recorded
// (TimerTriggerAttribute.UseMonitor).
const monitorPeriod = time.Minute

// timerStatus is the status blob of a monitored timer.
type timerStatus struct {
	Last        time.Time `json:"Last"`
	Next        time.Time `json:"Next"`
	LastUpdated time.Time `json:"LastUpdated"`
}

// listenTimer runs a timer as long as this host holds its lease; another host
// may hold it first, or after.
func (r *Running) listenTimer(life, listen context.Context, f *function) {
	log := r.host.Log.With(slog.String("function", f.name))
	a, err := r.loaded()
	if err != nil {
		return
	}
	blobs, err := r.storage.blobs()
	if err != nil {
		log.LogAttrs(life, slog.LevelError, "the listener was unable to start", slog.Any("error", err))
		return
	}
	lock := newLock(blobs, r.lockName(f), r.host.Times.Lock)
	for {
		held, err := lock.hold(life, listen, func(lead context.Context) {
			r.lead(life, lead, a, f)
		})
		if err != nil && listen.Err() == nil {
			log.LogAttrs(life, slog.LevelWarn, "timer lease", slog.Any("error", err))
		}
		if !held && !sleep(listen, r.host.Times.LockRecovery) || listen.Err() != nil {
			return
		}
	}
}

// lead fires the timer until the lease is lost (TimerListener). A run that
// takes longer than the period swallows the occurrences it covers.
func (r *Running) lead(life, lead context.Context, a *app, f *function) {
	if err := r.firstRun(life, a, f); err != nil && lead.Err() == nil {
		r.host.Log.LogAttrs(life, slog.LevelError, "timer status", slog.String("function", f.name), slog.Any("error", err))
	}
	for {
		now := r.host.Now().UTC()
		next := f.schedule.Next(now)
		if next.IsZero() { // 31 February
			<-lead.Done()
			return
		}
		if !sleep(lead, next.Sub(now)) {
			return
		}
		r.fire(life, a, f, false)
	}
}

// firstRun runs the timer at once when an occurrence was missed while no host
// ran, or when it asks for a run at every start.
func (r *Running) firstRun(ctx context.Context, a *app, f *function) error {
	if r.monitored(f) {
		status, found, err := r.readStatus(ctx, f)
		if err != nil {
			return err
		}
		now := r.host.Now().UTC()
		switch {
		case !found:
			if err := r.writeStatus(ctx, f, timerStatus{Next: f.schedule.Next(now)}); err != nil {
				return err
			}
		case now.After(status.Next):
			r.fire(ctx, a, f, true)
			return nil
		}
	}
	if f.trigger.RunOnStart {
		r.fire(ctx, a, f, false)
	}
	return nil
}

// fire makes one run and records it. A failed run is not repeated.
func (r *Running) fire(ctx context.Context, a *app, f *function, pastDue bool) {
	at := r.host.Now().UTC()
	data, err := r.timerInfo(ctx, f, pastDue)
	if err == nil {
		_ = r.invoke(ctx, a, call{function: f, data: data, reason: r.firedAt("Timer")}) // logged
		if !r.monitored(f) || ctx.Err() != nil {
			return
		}
		err = r.writeStatus(ctx, f, timerStatus{Last: at, Next: f.schedule.Next(at), LastUpdated: at})
	}
	if err != nil && ctx.Err() == nil {
		r.host.Log.LogAttrs(ctx, slog.LevelError, "timer status", slog.String("function", f.name), slog.Any("error", err))
	}
}

func (r *Running) monitored(f *function) bool {
	wanted := f.trigger.UseMonitor == nil || *f.trigger.UseMonitor
	return wanted && f.schedule.Period(r.host.Now().UTC()) >= monitorPeriod
}

// timerInfo is the value of a timer trigger.
func (r *Running) timerInfo(ctx context.Context, f *function, pastDue bool) (jtoken.Token, error) {
	status := jtoken.Token{}
	if r.monitored(f) {
		s, found, err := r.readStatus(ctx, f)
		if err != nil {
			return jtoken.Token{}, err
		}
		if found {
			status = s.token()
		}
	}
	return jtoken.Token{}.
		Set("Schedule", jtoken.Token{}.Set("AdjustForDST", boolean(true))).
		Set("ScheduleStatus", status).
		Set("IsPastDue", boolean(pastDue)), nil
}

func (s timerStatus) token() jtoken.Token {
	date := func(t time.Time) jtoken.Token { return jtoken.Of(jtoken.FormatDate(t, jtoken.Local)) }
	return jtoken.Token{}.
		Set("Last", date(s.Last)).Set("Next", date(s.Next)).Set("LastUpdated", date(s.LastUpdated))
}

func (r *Running) statusBlob(f *function) string {
	return fmt.Sprintf("timers/%s/Host.%s/status", r.host.ID, f.fullName())
}

func (r *Running) lockName(f *function) string {
	return fmt.Sprintf("locks/%s/Host.%s.Listener", r.host.ID, f.fullName())
}

func (r *Running) readStatus(ctx context.Context, f *function) (timerStatus, bool, error) {
	var s timerStatus
	blobs, err := r.storage.blobs()
	if err != nil {
		return s, false, err
	}
	resp, err := blobs.DownloadStream(ctx, hostContainer, r.statusBlob(f), nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound, bloberror.ContainerNotFound) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return s, false, err
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, false, fmt.Errorf("status blob: %w", err)
	}
	return s, true, nil
}

func (r *Running) writeStatus(ctx context.Context, f *function, s timerStatus) error {
	blobs, err := r.storage.blobs()
	if err != nil {
		return err
	}
	if err := ensureContainer(ctx, blobs); err != nil {
		return err
	}
	_, err = blobs.UploadBuffer(ctx, hostContainer, r.statusBlob(f), []byte(s.token().JSON()), nil)
	return err
}

func ensureContainer(ctx context.Context, blobs *azblob.Client) error {
	_, err := blobs.CreateContainer(ctx, hostContainer, nil)
	if bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		return nil
	}
	return err
}
