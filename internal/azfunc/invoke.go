package azfunc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/logctx"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

const (
	defaultTimeout = 5 * time.Minute // https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout
	defaultMargin  = 10 * time.Second
	maxErrorText   = 500 // bytes of an error's text in a log line; what a stranger sent may be in it
)

// invoker runs a function on the host's envelope and returns the answer's body.
type invoker func(ctx context.Context, body []byte) ([]byte, error)

// bind makes h callable with the host's envelope.
func bind[In, Out any](a *App, f Function, h Handler[In, Out]) invoker {
	return func(ctx context.Context, body []byte) (answer []byte, err error) {
		call, _ := CallFrom(ctx)
		var in In
		value, dequeued, err := open(body, f.Trigger)
		if err == nil {
			err = decode(value, &in)
		}
		call.Dequeue = dequeued
		ctx, end := a.traced(WithCall(ctx, call), in)
		defer end(&err)
		if err != nil {
			return nil, fault.Unreadable(err)
		}
		out, failure := h(ctx, in)
		if kind := fault.KindOf(failure); kind == fault.Retry || kind == fault.Poison {
			return nil, failure
		}
		telemetry.Stamp(ctx, reflect.ValueOf(out))
		answer, err = reply(reflect.ValueOf(out))
		if err != nil {
			return nil, fault.Again(err) // also when refused: an answer without a body would never be answered
		}
		return answer, failure
	}
}

// invoke answers one call of the host. The status tells what becomes of the message: 200 and it is gone, 500 and it comes
// back or ends in the poison queue. A 500's body is not read by the host.
func (a *App) invoke(w http.ResponseWriter, r *http.Request, name string) {
	call := Call{Function: name, Invocation: invocationID(r.Header)}
	ctx, cancel := context.WithTimeout(a.context(r, call), a.deadline())
	defer cancel()
	if a.Alive != nil {
		a.Alive(ctx)
	}
	began := a.now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.maxBody()))
	switch _, tooLarge := errors.AsType[*http.MaxBytesError](err); {
	case tooLarge:
		err = fault.Unreadable(fmt.Errorf("body: %w", err))
	case err == nil:
		body, err = guarded(func() ([]byte, error) { return a.json[name](ctx, body) })
	}
	kind := fault.KindOf(err)
	took := a.now().Sub(began)
	telemetry.Invoked(ctx, name, outcome(kind), took)
	a.record(ctx, kind, err, took)
	if kind == fault.None || kind == fault.Refused {
		answer(w, http.StatusOK, body)
		return
	}
	answer(w, http.StatusInternalServerError, []byte(`{"Outputs":{},"Logs":[],"ReturnValue":null}`))
}

// serveHTTP hands a raw request to an HTTP function.
func (a *App) serveHTTP(w http.ResponseWriter, r *http.Request, name string) {
	call := Call{Function: name, Invocation: invocationID(r.Header)}
	limit := a.HTTPTimeout
	if limit == 0 {
		limit = 230 * time.Second // https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout
	}
	ctx, cancel := context.WithTimeout(a.context(r, call), min(limit, a.deadline()))
	defer cancel()
	watched := &watchedWriter{ResponseWriter: w}
	ctx, end := a.served(ctx, r, watched)
	defer end()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, a.maxBody())
	began := a.now()
	_, err := guarded(func() ([]byte, error) {
		a.http[name].ServeHTTP(watched, r)
		return nil, nil
	})
	if err == nil {
		return
	}
	a.record(ctx, fault.Retry, err, a.now().Sub(began))
	if watched.began {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// watchedWriter knows whether an answer has begun. Flush and deadlines work through [http.ResponseController].
type watchedWriter struct {
	http.ResponseWriter
	began  bool
	status int // of the answer, once it has begun
}

func (w *watchedWriter) WriteHeader(status int) {
	if !w.began && status >= http.StatusOK { // what is below tells of progress only
		w.began, w.status = true, status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	if !w.began {
		w.began, w.status = true, http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is how http.ResponseController finds the server's own writer.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// panicked is what becomes of a panic: its type and where it happened, never its value, in which a payload may be.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string {
	if err, ok := p.value.(runtime.Error); ok {
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic with %T", p.value)
}

// guarded calls f and turns a panic into an error. http.ErrAbortHandler passes: the server knows it.
func guarded(f func() ([]byte, error)) (body []byte, err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(v)
		}
		body, err = nil, &panicked{value: v, stack: debug.Stack()}
	}()
	return f()
}

func (a *App) record(ctx context.Context, kind fault.Kind, err error, took time.Duration) {
	attrs := []slog.Attr{slog.String("outcome", kind.String()), slog.Duration("took", took)}
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
		text := err.Error()
		attrs = append(attrs, slog.String("error", text[:min(len(text), maxErrorText)]))
	}
	if kind == fault.Refused {
		level = slog.LevelWarn
	}
	if p, ok := errors.AsType[*panicked](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.stack)))
	}
	a.log().LogAttrs(ctx, level, "invoked", attrs...)
}

// context is the request's, with the call and the attributes of its log lines.
func (a *App) context(r *http.Request, call Call) context.Context {
	ctx := telemetry.FromCaller(WithCall(r.Context(), call), r.Header.Get("Traceparent"))
	return logctx.With(ctx,
		slog.String("function", call.Function), slog.String("invocation", call.Invocation))
}

// deadline is how long an invocation may take: the host's limit less the margin, and never less than half of the limit.
func (a *App) deadline() time.Duration {
	timeout, margin := a.Timeout, a.Margin
	if timeout == 0 {
		timeout = defaultTimeout
	}
	if margin == 0 {
		margin = defaultMargin
	}
	return max(timeout-margin, timeout/2)
}

func (a *App) maxBody() int64 {
	if a.MaxBody == 0 {
		return defaultMaxBody
	}
	return a.MaxBody
}

func (a *App) now() time.Time {
	if a.Now == nil {
		return time.Time{}
	}
	return a.Now()
}

// answer writes a JSON answer. Without its type the host would not read it, without a body it would wait forever.
func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the host is gone: it will ask again
}
