// Package otlp sends traces and metrics to an OpenTelemetry collector, as the
// standard OTEL_* variables say, over HTTP in protobuf. Nothing waits for it: a
// collector that does not answer costs a log line a minute.
package otlp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// Settings say what is sent. Where to, with which headers and how sampled the
// SDK reads from the standard variables itself:
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
type Settings struct {
	Traces  bool
	Metrics bool
	Service string        // service.name, unless OTEL_SERVICE_NAME gives another
	Version string        // service.version
	Delay   time.Duration // longest time a span waits to be sent
	Every   time.Duration // time between two exports of metrics
	Now     func() time.Time
	Log     *slog.Logger
}

// Start sets the providers of the process and returns what sends the rest and
// ends them. It does not use the network.
func Start(ctx context.Context, s Settings) (stop func(context.Context) error, err error) {
	otel.SetLogger(logr.Discard()) // the SDK's own lines go to stderr, which the host takes for errors
	otel.SetErrorHandler(&seldom{now: s.Now, log: s.Log})
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", s.Service),
		attribute.String("service.version", s.Version), attribute.String("service.instance.id", rand.Text()[:16])),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("telemetry: resource: %w", err)
	}
	var stops []func(context.Context) error
	stop = func(ctx context.Context) error {
		var failed []error
		for _, stop := range stops {
			failed = append(failed, stop(ctx))
		}
		return errors.Join(failed...)
	}
	if s.Traces {
		exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithTimeout(patience), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}))
		if err != nil {
			return nil, fmt.Errorf("telemetry: traces: %w", err)
		}
		provider := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithIDGenerator(ids{}),
			sdktrace.WithBatcher(exporter, sdktrace.WithBatchTimeout(s.Delay)))
		otel.SetTracerProvider(provider)
		stops = append(stops, provider.Shutdown)
	}
	if s.Metrics {
		exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithTimeout(patience), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{}))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("telemetry: metrics: %w", err), stop(ctx))
		}
		provider := metric.NewMeterProvider(metric.WithResource(about),
			metric.WithReader(metric.NewPeriodicReader(exporter, metric.WithInterval(s.Every))))
		otel.SetMeterProvider(provider)
		stops = append(stops, provider.Shutdown)
	}
	return stop, nil
}

// patience is for how long one export waits for the collector. What it does not
// take is dropped: the next one is due in a moment, and spans are no truth.
const patience = 5 * time.Second

// ids makes ids at random, but a trace's as the work that begins it wants it.
type ids struct{}

// NewIDs makes those of a trace and its first span.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	id := telemetry.Wanted(ctx)
	for !id.IsValid() {
		_, _ = rand.Read(id[:])
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID makes that of a span.
func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		_, _ = rand.Read(id[:])
	}
	return id
}

// seldom logs what the SDK complains of, once a minute.
type seldom struct {
	now  func() time.Time
	log  *slog.Logger
	mu   sync.Mutex
	last time.Time
	held int // complaints since
}

// Handle logs one complaint. Its text may quote the collector's address, so
// only its type is told.
func (s *seldom) Handle(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !s.last.IsZero() && now.Sub(s.last) < time.Minute {
		s.held++
		return
	}
	s.log.Warn("telemetry not sent", slog.String("type", fmt.Sprintf("%T", err)), slog.Int("more", s.held))
	s.last, s.held = now, 0
}
