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
