package funchost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// errTimeout marks an invocation that passed functionTimeout.
var errTimeout = errors.New("timeout value was exceeded")

// call is one invocation to make.
type call struct {
	function *function
	reason   string // for the log
	data     jtoken.Token
	binding  bindingData
	dequeues int64
	// send talks to the handler instead of the JSON protocol: forwarding and
	// proxying. It answers the client itself.
	send func(ctx context.Context, p *process, id string) error
	// answer takes the result of the JSON protocol to an HTTP client.
	answer func(result) error

	// Of one attempt.
	id  string
	log *slog.Logger
}

// invoke runs a function, with its retry policy, and binds its outputs.
func (r *Running) invoke(ctx context.Context, a *app, c call) error {
	r.enter()
	defer r.leave()
	var last error
	for try := 0; ; try++ {
		if c.function.retry.set {
			c.binding.set("RetryContext", c.function.retry.context(try, last))
		}
		last = r.try(ctx, a, c)
		if last == nil || ctx.Err() != nil || !c.function.retry.again(try) {
			return last
		}
		r.addRetrying(1)
		rested := sleep(ctx, c.function.retry.pause(try))
		r.addRetrying(-1)
		if !rested {
			return last
		}
	}
}

// try makes one attempt: a new invocation id, one timeout, one line of log.
func (r *Running) try(ctx context.Context, a *app, c call) error {
	c.id = uuid.NewString()
	inv := Invocation{Function: c.function.name, ID: c.id, Start: r.host.Now(), Dequeues: c.dequeues}
	c.log = r.host.Log.With(slog.String("function", c.function.name), slog.String("invocation", c.id))
	c.log.LogAttrs(ctx, slog.LevelInfo, "executing", slog.String("reason", c.reason))
	inv.Err = r.attempt(ctx, a, c)
	inv.Duration = r.host.Now().Sub(inv.Start)
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.Duration("duration", inv.Duration)}
	if inv.Err != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("error", inv.Err))
	}
	c.log.LogAttrs(ctx, level, "executed", attrs...)
	r.host.OnInvocation(inv)
	return inv.Err
}

func (r *Running) attempt(ctx context.Context, a *app, c call) error {
	if a.worker == nil {
		return errors.New("no handler")
	}
	var deadline time.Time
	if a.config.timeout > 0 {
		cause := fmt.Errorf("%w: %s, function: %s", errTimeout, a.config.timeout, c.function.fullName())
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, a.config.timeout, cause)
		defer cancel()
		deadline, _ = ctx.Deadline()
	}
	p, err := a.worker.ready(ctx)
	if err != nil {
		return err
	}
	p.begin(c.id, deadline)
	defer p.end(c.id)
	if c.send != nil {
		err = c.send(ctx, p, c.id)
	} else {
		err = r.exchange(ctx, a, c, p)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errTimeout):
		r.timedOut(a.worker, p, c.id)
		return context.Cause(ctx)
	case errors.Is(err, errBroken):
		a.worker.settle(p)
	}
	return err
}

// timedOut kills the handler and all that runs in it. Two at once bring the
// host down: the second finds the handler already going.
func (r *Running) timedOut(w *worker, p *process, id string) {
	if p.othersDue(id, r.host.Times.TimeoutTogether) {
		r.giveUp(fmt.Errorf("%w: An unhandled exception has occurred. Host is shutting down", ErrGaveUp))
		return
	}
	w.replace()
}

// errBroken marks a call whose connection failed: the handler may be gone.
var errBroken = errors.New("connection to the handler broke")

// exchange is one call in the JSON protocol, and its outputs.
func (r *Running) exchange(ctx context.Context, a *app, c call, p *process) error {
	c.binding.add("sys", sys(c.function.name, uuid.NewString(), r.host.Now()))
	answer, err := r.post(ctx, p, c)
	if err != nil {
		return err
	}
	res, err := readResult(answer.status, answer.contentType, answer.body)
	if errors.Is(err, errNoResult) {
		c.log.LogAttrs(ctx, slog.LevelError, "the handler answered without a result and the invocation now hangs; "+
			"answer 200 with content type application/json and at least {}")
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	for _, line := range res.logs {
		c.log.LogAttrs(ctx, slog.LevelInfo, "function output", slog.String("line", line))
	}
	if err := r.bindOutputs(ctx, a, c, res); err != nil {
		return err
	}
	if c.answer != nil {
		return c.answer(res)
	}
	return nil
}

// handlerAnswer is what came back from a call in the JSON protocol.
type handlerAnswer struct {
	status      int
	contentType string
	body        string
}

func (r *Running) post(ctx context.Context, p *process, c call) (handlerAnswer, error) {
	body := requestBody(c.function.trigger.Name, c.data, &c.binding)
	// A bare reader has no length, so the body goes out chunked, as the host's does.
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url("/"+c.function.name),
		struct{ io.Reader }{strings.NewReader(body)})
	if err != nil {
		return handlerAnswer{}, err
	}
	r.mark(req.Header, c.id)
	req.Header.Set("User-Agent", r.userAgent())
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := p.client.Do(req)
	if err != nil {
		return handlerAnswer{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return handlerAnswer{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	return handlerAnswer{resp.StatusCode, resp.Header.Get("Content-Type"), string(raw)}, nil
}

// The headers of every call to the handler (HttpWorkerConstants).
const (
	versionHeader    = "X-Azure-Functions-HostVersion"
	invocationHeader = "X-Azure-Functions-InvocationId"
)

func (r *Running) mark(h http.Header, id string) {
	h.Set(versionHeader, r.host.Profile.Version)
	h.Set(invocationHeader, id)
}

func (r *Running) userAgent() string { return "Azure-Functions-Host/" + r.host.Profile.Version }

func (r *Running) enter() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running++
}

func (r *Running) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running--; r.running == 0 {
		r.idle.Broadcast()
	}
}

func (r *Running) addRetrying(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.retrying += n
}
