// Command bench measures the product against floors taken in the same run, on
// the same machine, and prints one table: figure, floor, ratio, goal. It needs
// an Azurite, which `make bench` starts, or starts one itself.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
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
	only := flag.String("only", "", "measure `parts` alone, separated by commas: "+strings.Join(names(), ", "))
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measurement makes some lines of the table, of the compiled handler and on an
// Azurite where it needs them.
type measurement = func(ctx context.Context, handler programs, storage azurite.Endpoints) ([]line, error)

// alone is a measurement that needs neither.
func alone(measure func(context.Context) ([]line, error)) measurement {
	return func(ctx context.Context, _ programs, _ azurite.Endpoints) ([]line, error) { return measure(ctx) }
}

// stored is a measurement on an Azurite.
func stored(measure func(context.Context, azurite.Endpoints) ([]line, error)) measurement {
	return func(ctx context.Context, _ programs, storage azurite.Endpoints) ([]line, error) {
		return measure(ctx, storage)
	}
}

// parts are the measurements, in their order.
var parts = []struct {
	name    string
	measure measurement
}{
	{"operations", alone(operations)}, {"processor", alone(processor)}, {"hop", alone(hop)}, {"inspection", alone(reading)},
	{"tre", alone(commandLine)}, {"hundred", alone(many)}, {"pipeline", stored(onAzurite)}, {"reads", stored(reads)},
	{"resources", stored(resources)}, {"provisioning", stored(provisioning)}, {"upload", stored(uploading)},
	{"start", func(ctx context.Context, handler programs, _ azurite.Endpoints) ([]line, error) {
		return starting(ctx, handler)
	}},
	{"memory", tenGigabytes},
}

// names are those of the parts.
func names() []string {
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = p.name
	}
	return all
}

// run measures everything, or the parts that only names. A measurement that fails ends it; a figure that
// falls short is printed as such.
func run(ctx context.Context, out io.Writer, only string) (err error) {
	chosen := names()
	if only != "" {
		chosen = strings.Split(only, ",")
	}
	for _, name := range chosen {
		if !slices.Contains(names(), name) {
			return fmt.Errorf("no part is called %q; there are %s", name, strings.Join(names(), ", "))
		}
	}
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
	for _, p := range parts {
		if !slices.Contains(chosen, p.name) {
			continue
		}
		more, err := p.measure(ctx, handler, endpoints)
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
