// Command bench measures the product against floors taken in the same run, on
// the same machine, and prints one table: figure, floor, ratio, goal. It needs
// an Azurite, which `make bench` starts, or starts one itself.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

// line is one line of the table.
type line struct {
	what, figure, floor string
	value, goal         float64 // value is compared with goal
	least               bool    // value has to be at least goal; else at most
	means               string
}

func (l line) ok() bool {
	if l.least {
		return l.value >= l.goal
	}
	return l.value <= l.goal
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures everything. A measurement that fails ends it; a figure that
// falls short is printed as such.
func run(ctx context.Context, out io.Writer) (err error) {
	endpoints, end, err := storage(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, end()) }()
	handler, err := buildHandler(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, handler.remove()) }()
	var lines []line
	for _, measure := range []func(context.Context) ([]line, error){
		operations, processor, hop, reading, commandLine, many,
		func(ctx context.Context) ([]line, error) { return onAzurite(ctx, endpoints) },
		func(ctx context.Context) ([]line, error) { return reads(ctx, endpoints) },
		func(ctx context.Context) ([]line, error) { return resources(ctx, endpoints) },
		func(ctx context.Context) ([]line, error) { return provisioning(ctx, endpoints) },
		func(ctx context.Context) ([]line, error) { return uploading(ctx, endpoints) },
		func(ctx context.Context) ([]line, error) { return starting(ctx, handler) },
		func(ctx context.Context) ([]line, error) { return tenGigabytes(ctx, handler, endpoints) },
	} {
		more, err := measure(ctx)
		if err != nil {
			return err
		}
		lines = append(lines, more...)
	}
	return show(out, lines)
}

// storage is the Azurite of the environment, or one of our own.
func storage(ctx context.Context) (azurite.Endpoints, func() error, error) {
	if value := os.Getenv(azurite.EnvName); value != "" {
		e, err := azurite.ParseEndpoints(value)
		return e, func() error { return nil }, err
	}
	server, err := azurite.Start(ctx, azurite.Config{Accounts: []string{"state", "airlock", "ws1"}, StartTimeout: time.Minute})
	if err != nil {
		return azurite.Endpoints{}, nil, err
	}
	return server.Endpoints, server.Stop, nil
}

func show(out io.Writer, lines []line) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tfigure\tfloor\tratio\tgoal\t")
	for _, l := range lines {
		verdict, sign := "ok", "≤"
		if l.least {
			sign = "≥"
		}
		if !l.ok() {
			verdict = "SHORT"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%.2f\t%s %g\t%s\n", l.what, l.figure, l.floor, l.value, sign, l.goal, verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, l := range lines {
		fmt.Fprintf(out, "%s: %s.\n", l.what, l.means)
	}
	return nil
}
