package telemetry

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// instruments are all that is measured.
type instruments struct {
	invocations, mails, verdicts, bytes metric.Int64Counter
	duration                            metric.Float64Histogram
	depth, poison, open                 metric.Int64Gauge
}

// measured makes the instruments when the first of them is used; with no
// provider set they do nothing until one is.
var measured = sync.OnceValue(func() instruments { return instrument(otel.Meter(scope)) })

// instrument makes the instruments of a meter. It refuses only malformed names,
// which a test would see; then nothing is measured.
func instrument(m metric.Meter) instruments {
	i, err := build(m)
	if err != nil {
		otel.Handle(err)
		i, _ = build(noop.Meter{}) // never fails
	}
	return i
}

func build(m metric.Meter) (i instruments, err error) {
	keep := func(e error) {
		if err == nil {
			err = e
		}
	}
	counter := func(name, unit, text string) metric.Int64Counter {
		c, e := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(text))
		keep(e)
		return c
	}
	gauge := func(name, unit, text string) metric.Int64Gauge {
		g, e := m.Int64Gauge(name, metric.WithUnit(unit), metric.WithDescription(text))
		keep(e)
		return g
	}
	i.invocations = counter("trefoil.invocations", "{invocation}", "Invocations by function and outcome")
	i.mails = counter("trefoil.mails", "{mail}", "Mails by outcome: sent, refused, temporary")
	i.verdicts = counter("trefoil.verdicts", "{verdict}", "Recorded scan verdicts by class")
	i.bytes = counter("trefoil.file.bytes", "By", "Bytes of files by what was done: inspected, delivered")
	i.depth = gauge("trefoil.queue.depth", "{message}", "Messages in a queue, as sweep saw it")
	i.poison = gauge("trefoil.queue.poison", "{message}", "Messages in a poison queue, as sweep saw it")
	i.open = gauge("trefoil.work.open", "{request}", "Requests with open work by stage, as sweep saw it")
	h, e := m.Float64Histogram("trefoil.invocation.duration", metric.WithUnit("s"), metric.WithDescription("How long invocations took, by function"),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 600))
	keep(e)
	i.duration = h
	return i, err
}

// Invoked counts an invocation.
func Invoked(ctx context.Context, function, outcome string, took time.Duration) {
	name := attribute.String("function", function)
	i := measured()
	i.invocations.Add(ctx, 1, metric.WithAttributes(name, attribute.String("outcome", outcome)))
	i.duration.Record(ctx, took.Seconds(), metric.WithAttributes(name))
}

// Mailed counts a mail: "sent", or the class of why it was not.
func Mailed(ctx context.Context, outcome string) {
	measured().mails.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}

// Judged counts a recorded verdict.
func Judged(ctx context.Context, class string) {
	measured().verdicts.Add(ctx, 1, metric.WithAttributes(attribute.String("class", class)))
}

// Inspected counts bytes that were read to be inspected.
func Inspected(ctx context.Context, bytes int64) { count(ctx, "inspected", bytes) }

// Delivered counts bytes of files that arrived on the other side.
func Delivered(ctx context.Context, bytes int64) { count(ctx, "delivered", bytes) }

func count(ctx context.Context, what string, bytes int64) {
	measured().bytes.Add(ctx, bytes, metric.WithAttributes(attribute.String("action", what)))
}

// Queue tells what a queue and its poison queue hold.
func Queue(ctx context.Context, name string, depth, poison int) {
	queue := metric.WithAttributes(attribute.String("queue", name))
	measured().depth.Record(ctx, int64(depth), queue)
	measured().poison.Record(ctx, int64(poison), queue)
}

// Open tells how many requests have open work in a stage.
func Open(ctx context.Context, stage string, requests int) {
	measured().open.Record(ctx, int64(requests), metric.WithAttributes(attribute.String("stage", stage)))
}
