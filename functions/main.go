// Command functions is Trefoil's Functions app: one program, run as two apps.
// As front it answers people and Event Grid, with a file port that can make
// containers, list names and sign links; as engine it works the queues and
// timers. This package is the only place that knows everything: settings →
// adapters → functions → serve.
package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/engine"
	"github.com/trefoil-tre/trefoil/internal/front"
	"github.com/trefoil-tre/trefoil/internal/logctx"
	"github.com/trefoil-tre/trefoil/internal/telemetry/otlp"
)

// version is set by the linker; see `make app`.
var version = "dev"

func main() {
	ctx := context.Background()
	c, err := config.Load(config.Environment())
	log := slog.New(logctx.Handler{Handler: slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: c.Host.LogLevel})})
	slog.SetDefault(log)
	if err == nil {
		err = run(ctx, c, log)
	}
	log.ErrorContext(ctx, "handler ended", slog.Any("error", err))
	os.Exit(1) // never 0: some hosts do not restart a handler that ended well
}

// run serves the functions of the app until something fails.
func run(ctx context.Context, c config.Config, log *slog.Logger) error {
	app := &azfunc.App{Port: c.Host.Port, Timeout: c.Host.Timeout, Margin: c.Host.Margin, MaxBody: c.Host.MaxBody,
		Log: log, Now: time.Now}
	end, err := observe(ctx, c, log)
	if err != nil {
		return err
	}
	defer end()
	if c.App.Front() {
		if err := front.Add(app, front.Settings{Config: c, Version: version, Log: log}); err != nil {
			return err
		}
	}
	if c.App.Engine() {
		if err := engine.Add(app, c, version, log); err != nil {
			return err
		}
	}
	return app.ListenAndServe(ctx)
}

// flushTime is how long the last of traces and metrics may take to leave.
const flushTime = 2 * time.Second

// observe sends traces and metrics where the settings say, and returns what
// ends that. With no such settings it does nothing.
func observe(ctx context.Context, c config.Config, log *slog.Logger) (end func(), err error) {
	t := c.Telemetry
	if !t.Traces() && !t.Metrics() {
		return func() {}, nil
	}
	stop, err := otlp.Start(ctx, otlp.Settings{Traces: t.Traces(), Metrics: t.Metrics(), Service: "trefoil-" + string(c.App), Version: version,
		Delay: time.Duration(t.SpanDelay) * time.Millisecond, Every: time.Duration(t.MetricEvery) * time.Millisecond, Now: time.Now, Log: log})
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		_ = stop(ctx) // logged where it failed; the process ends
	}, err
}
