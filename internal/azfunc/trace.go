package azfunc

import (
	"context"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/logctx"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// traced opens the span of an invocation and returns what ends it. Within, log
// lines name the trace.
func (a *App) traced(ctx context.Context, in any) (context.Context, func(*error)) {
	call, _ := CallFrom(ctx)
	request, parent := telemetry.Of(in)
	if event, ok := in.(Event); ok && a.About != nil {
		request = a.About(event)
	}
	w := telemetry.Work{Name: call.Function, Kind: trace.SpanKindConsumer, Request: request, Parent: parent,
		Attrs: []attribute.KeyValue{attribute.String("faas.name", call.Function)}}
	if call.Dequeue > 0 { // a queue bears the name of the function that reads it
		w.Attrs = append(w.Attrs, attribute.String("messaging.destination.name", call.Function), attribute.Int("trefoil.attempt", call.Dequeue))
	}
	ctx, span := telemetry.Start(ctx, w)
	finished := false
	end := func(err *error) {
		kind := fault.KindOf(*err)
		if p := recover(); p != nil { // on its way to where it is logged
			defer panic(p)
			kind, finished = fault.Retry, true
			telemetry.Fail(span, "panic")
		}
		span.SetAttributes(attribute.String("trefoil.outcome", outcome(kind)))
		if !finished && (kind == fault.Retry || kind == fault.Poison) {
			telemetry.Fail(span, kind.String())
		}
		span.End()
	}
	return named(ctx, span), end
}

// outcome is the word for how an invocation ended.
func outcome(kind fault.Kind) string {
	if kind == fault.None {
		return "ok"
	}
	return kind.String()
}

// named has log lines name the trace, where there is one.
func named(ctx context.Context, span trace.Span) context.Context {
	if c := span.SpanContext(); c.IsValid() {
		return logctx.With(ctx, slog.String("trace_id", c.TraceID().String()))
	}
	return ctx
}

// served opens the span of a raw request and returns what ends it. Its name is
// the pattern of the route, which the handler tells: the address holds ids, the
// query more.
func (a *App) served(ctx context.Context, r *http.Request, w *watchedWriter) (context.Context, func()) {
	call, _ := CallFrom(ctx)
	began := a.now()
	ctx, route := telemetry.WithRoute(ctx)
	ctx, span := telemetry.Start(ctx, telemetry.Work{Name: call.Function, Kind: trace.SpanKindServer, Request: telemetry.RequestIn(r.URL.Path),
		Attrs: []attribute.KeyValue{attribute.String("faas.name", call.Function), attribute.String("http.request.method", method(r.Method))}})
	end := func() {
		name := "ok"
		if pattern := route(); pattern != "" {
			span.SetName(pattern)
			span.SetAttributes(attribute.String("http.route", pattern))
		}
		if w.began {
			span.SetAttributes(attribute.Int("http.response.status_code", w.status))
		}
		if !w.began || w.status >= http.StatusInternalServerError {
			name = fault.Retry.String()
			telemetry.Fail(span, "5xx")
		} else if w.status >= http.StatusBadRequest {
			name = fault.Refused.String()
		}
		telemetry.Invoked(ctx, call.Function, name, a.now().Sub(began))
		span.End()
	}
	return named(ctx, span), end
}

// method is one that HTTP knows, or "_OTHER", as OpenTelemetry names what a
// stranger may have made up.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "_OTHER"
}
