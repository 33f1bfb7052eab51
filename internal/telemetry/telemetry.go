// Package telemetry is how the system's parts tell OpenTelemetry what they do.
// Until internal/telemetry/otlp has set providers, all of it costs next to
// nothing. What it tells holds no names, ids, addresses or queries: attributes
// are functions, queues, patterns of routes, classes and counts.
//
// All that is done about one airlock request is one trace, from the drop to the
// delivery, however many people, events and days lie between. Its id is made of
// the request's, so nobody has to carry it through a person's hands.
package telemetry

import (
	"context"
	"crypto/sha256"
	"reflect"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope names us as the one who measures.
const scope = "github.com/trefoil-tre/trefoil"

// TraceOf is the id of a request's trace: the first 16 bytes of the SHA-256 of
// the request's id, so that a sampler sees evenly spread ids.
func TraceOf(request string) trace.TraceID {
	sum := sha256.Sum256([]byte(request))
	return trace.TraceID(sum[:16])
}

// wantedKey is where the context keeps the id that a new trace is to have.
type wantedKey struct{}

// Wanted is the id that a trace which begins with ctx is to have; invalid when
// any will do.
func Wanted(ctx context.Context) trace.TraceID {
	id, _ := ctx.Value(wantedKey{}).(trace.TraceID)
	return id
}

// hostKey is where the context keeps the caller's trace context.
type hostKey struct{}

// FromCaller keeps what the caller, which is the Functions host, sent as
// traceparent.
func FromCaller(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" {
		return ctx
	}
	return context.WithValue(ctx, hostKey{}, traceparent)
}

// Work is one piece of work that a span is made of.
type Work struct {
	Name    string
	Kind    trace.SpanKind
	Request string // id of the airlock request it is about; "" when none
	Parent  string // traceparent that the order for it carried
	Attrs   []attribute.KeyValue
}

// Start opens the span of a piece of work. What is about a request belongs to
// the request's trace, below whoever ordered it in that trace; who ordered or
// called it from another trace is linked. All other work belongs to its
// caller's trace. A caller that keeps no spans itself is no parent: it would
// have none kept here.
func Start(ctx context.Context, w Work) (context.Context, trace.Span) {
	host, _ := ctx.Value(hostKey{}).(string)
	ordered, called := parse(w.Parent), parse(host)
	options := []trace.SpanStartOption{trace.WithSpanKind(w.Kind), trace.WithAttributes(w.Attrs...)}
	link := func(c trace.SpanContext) {
		if c.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: c}))
		}
	}
	wanted := TraceOf(w.Request)
	switch {
	case w.Request != "" && ordered.TraceID() == wanted:
		ctx = trace.ContextWithRemoteSpanContext(ctx, ordered)
		link(called)
	case w.Request != "":
		ctx = context.WithValue(ctx, wantedKey{}, wanted)
		options = append(options, trace.WithNewRoot())
		link(ordered)
		link(called)
	case ordered.IsValid():
		ctx = trace.ContextWithRemoteSpanContext(ctx, ordered)
		link(called)
	case called.IsSampled():
		ctx = trace.ContextWithRemoteSpanContext(ctx, called)
	default:
		link(called)
	}
	return otel.Tracer(scope).Start(ctx, w.Name, options...)
}

// Fail marks a span's work as failed. class is a word, never an error's text.
func Fail(span trace.Span, class string) {
	span.SetStatus(codes.Error, class)
	span.SetAttributes(attribute.String("error.type", class))
}

func parse(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent}) //nolint:forbidigo // a context of its own, that holds what was parsed and nothing else
	return trace.SpanContextFromContext(ctx)
}

// Traceparent is the current span as W3C writes it; "" when there is none.
// https://www.w3.org/TR/trace-context/
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// field is that of our messages which carries the traceparent.
const field = "Trace"

// Stamp writes the current span into the Trace field of every message that v, a
// struct of pointers to messages and slices of messages, holds.
func Stamp(ctx context.Context, v reflect.Value) {
	parent := Traceparent(ctx)
	if parent == "" {
		return
	}
	for _, outputs := range v.Fields() {
		switch {
		case outputs.Kind() == reflect.Pointer && !outputs.IsNil():
			stamp(outputs.Elem(), parent)
		case outputs.Kind() == reflect.Slice:
			for i := range outputs.Len() {
				stamp(outputs.Index(i), parent)
			}
		}
	}
}

// Stamped is a message with the current span in its Trace field.
func Stamped(ctx context.Context, message any) any {
	parent := Traceparent(ctx)
	if parent == "" || reflect.TypeOf(message).Kind() != reflect.Struct {
		return message
	}
	v := reflect.New(reflect.TypeOf(message)).Elem()
	v.Set(reflect.ValueOf(message))
	stamp(v, parent)
	return v.Interface()
}

func stamp(message reflect.Value, parent string) {
	if f := message.FieldByName(field); f.IsValid() && f.Kind() == reflect.String && f.CanSet() {
		f.SetString(parent)
	}
}

// Of reads the request that one of our messages is about, and the traceparent
// it carries; "" where it has none.
func Of(message any) (request, parent string) {
	v := reflect.ValueOf(message)
	if v.Kind() != reflect.Struct {
		return "", ""
	}
	text := func(name string) string {
		if f := v.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	return text("Request"), text(field)
}

// Below opens the span of a call that the current work makes.
func Below(ctx context.Context, name string, attrs ...attribute.KeyValue) (context.Context, trace.Span) {
	return otel.Tracer(scope).Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
}
