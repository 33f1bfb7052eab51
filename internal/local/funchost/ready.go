package funchost

import "context"

// Ready waits until the handler listens. It returns why the host ended when it
// gave up before that.
func (r *Running) Ready(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-r.done:
			cancel(r.Err())
		case <-ctx.Done():
		}
	}()
	for {
		if a, err := r.loaded(); err == nil && a.worker != nil {
			_, err := a.worker.ready(ctx)
			return err
		}
		if !sleep(ctx, r.host.Times.ReadyPoll) {
			return context.Cause(ctx)
		}
	}
}
