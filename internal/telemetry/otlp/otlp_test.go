package otlp_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/trefoil-tre/trefoil/internal/telemetry"
	"github.com/trefoil-tre/trefoil/internal/telemetry/otlp"
)

// lines is a log that several may write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// TestADeadCollectorCostsALine: work does not wait for a collector that is not
// there, and of all that cannot be sent one line is logged, without its address.
func TestADeadCollectorCostsALine(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	log, now := &lines{}, time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	stop, err := otlp.Start(t.Context(), otlp.Settings{Traces: true, Metrics: true, Service: "trefoil-test", Delay: time.Millisecond, Every: time.Millisecond,
		Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 5000 {
		_, span := telemetry.Start(t.Context(), telemetry.Work{Name: "work", Kind: trace.SpanKindConsumer})
		telemetry.Invoked(t.Context(), "work", "ok", time.Millisecond)
		span.End()
	}
	if took := time.Since(began); took > 3*time.Second { // each export may wait 5 s: none was waited for
		t.Errorf("5,000 spans took %v", took)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = stop(ctx) // the collector is not there
	log.mu.Lock()
	defer log.mu.Unlock()
	if text := log.text.String(); strings.Count(text, "\n") != 1 || strings.Contains(text, "127.0.0.1") {
		t.Errorf("logged:\n%s", text)
	}
}

// TestWhereATraceBegins: each row is a sentence about who is the parent.
func TestWhereATraceBegins(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	stop, err := otlp.Start(t.Context(), otlp.Settings{Traces: true, Service: "trefoil-test", Delay: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(context.Background()) })
	const request = "33333333-3333-4333-8333-333333333333"
	own := telemetry.TraceOf(request)
	ordered := "00-" + own.String() + "-00f067aa0ba902b7-01"
	const other, quiet = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	const otherID = "4bf92f3577b34da6a3ce929d0e0e4736"
	tests := []struct {
		name, request, parent, host string
		trace                       string // "" is a trace of its own
		below                       bool   // has a parent
	}{
		{"an event about a request begins in its trace", request, "", "", own.String(), false},
		{"an order goes on below who gave it", request, ordered, other, own.String(), true},
		{"a sweep's order is about the request, not the sweep", request, other, "", own.String(), false},
		{"the host's context does not tear a request's trace", request, "", other, own.String(), false},
		{"a timer is below the host's call", "", "", other, otherID, true},
		{"a host that keeps nothing is no parent", "", "", quiet, "", false},
		{"what is no traceparent is none", "", "garbage", "00-zz", "", false},
	}
	for _, tt := range tests {
		ctx := telemetry.FromCaller(t.Context(), tt.host)
		ctx, span := telemetry.Start(ctx, telemetry.Work{Name: tt.name, Request: tt.request, Parent: tt.parent})
		got := span.SpanContext().TraceID().String()
		if tt.trace == "" && (got == otherID || got == own.String()) || tt.trace != "" && got != tt.trace {
			t.Errorf("%s: in trace %s", tt.name, got)
		}
		parent, _ := span.(interface{ Parent() trace.SpanContext })
		if parent == nil || parent.Parent().IsValid() != tt.below {
			t.Errorf("%s: has a parent: want %t", tt.name, tt.below)
		}
		if telemetry.Traceparent(ctx) == "" {
			t.Errorf("%s: nothing to pass on", tt.name)
		}
		span.End()
	}
}
