// Package azfunc speaks the Azure Functions host's custom-handler protocol, so that a function is a Go function: one input,
// its outputs by name, one error.
//
// The host starts one process and calls it on loopback. A function with a queue, event or timer trigger arrives as
// POST /<name> with a JSON envelope; a function with exactly http in and http out arrives as the raw request, path included.
// Which is which must not be for the outside to say, see fromHost.
package azfunc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"time"
)

// Handler is a function: it gets what its trigger brought and returns what its output bindings send. The error's mark
// (internal/fault) decides what the host does with the message.
type Handler[In, Out any] func(ctx context.Context, in In) (Out, error)

// App is a set of functions and the server they are called through. Fields are set before Serve and not after; their zero
// values are ready to use.
type App struct {
	Port        int              // TCP port on 127.0.0.1, from FUNCTIONS_CUSTOMHANDLER_PORT; 0 picks a free one
	Timeout     time.Duration    // the host's functionTimeout; 0 means 5 minutes, the host's least default
	Margin      time.Duration    // by how much an invocation ends before Timeout, at which the host kills the process; 0 means 10 s
	HTTPTimeout time.Duration    // how long an HTTP request may take; 0 means 230 s, at which Azure's load balancer cuts it
	MaxBody     int64            // largest request body in bytes; 0 means 4 MiB, see defaultMaxBody
	Log         *slog.Logger     // where lines go; nil means slog.Default()
	Now         func() time.Time // the clock that durations are taken from; nil means durations are not logged

	Alive func(context.Context) // called with every invocation but HTTP ones, before the function; may be nil

	About func(Event) string // id of the airlock request that an event is about, "" for none; nil means that nobody can tell

	functions []Function
	json      map[string]invoker
	http      map[string]http.Handler
	problems  []error
}

// Function is what a function says about itself, to be compared with its function.json.
type Function struct {
	Name    string       // function, folder and URL, in one lower-case word
	Trigger string       // name of the trigger binding; empty for an HTTP function
	In      reflect.Type // what the trigger is decoded into; nil for an HTTP function
	Out     reflect.Type // the struct whose fields are the output bindings; nil for an HTTP function
}

// HTTP reports whether the function is called with raw requests.
func (f Function) HTTP() bool { return f.Out == nil }

// Outputs returns the names of the function's output bindings, in the order of Out's fields.
func (f Function) Outputs() []string {
	if f.HTTP() {
		return nil
	}
	var names []string
	for field := range f.Out.Fields() {
		names = append(names, outputName(field))
	}
	return names
}

// nameRule is what a function may be called: one fused lower-case word, so that it can be Go package, folder and queue alike.
var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]{0,59}$`)

// Add registers a function with a queue, event or timer trigger. In decides how the trigger is read: [Event] and [Tick]
// leniently, as Azure makes them; every other struct strictly, as one of our own queue messages. Each field of Out is an
// output binding: a pointer to a struct (nil sends nothing) or a slice of structs (one message each), with a json name.
// What is wrong with a registration is told by [App.Check].
func Add[In, Out any](a *App, name, trigger string, h Handler[In, Out]) {
	f := Function{Name: name, Trigger: trigger, In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out]()}
	a.register(f)
	a.problem(name, checkTrigger(trigger), checkIn(f.In), checkOut(f.Out))
	if h == nil {
		a.problem(name, errors.New("no handler"))
	}
	if a.json == nil {
		a.json = make(map[string]invoker)
	}
	a.json[name] = bind(a, f, h)
}

// HTTP mounts h as the HTTP function name: it gets every request whose path is /name or begins with /name/, as it came from
// outside, path included. Its Host is the handler's own; X-Forwarded-Host and X-Forwarded-Proto tell the outside address
// when the host proxies, but a client can send them too, so nothing may be decided by them.
func (a *App) HTTP(name string, h http.Handler) {
	a.register(Function{Name: name})
	if h == nil {
		a.problem(name, errors.New("no handler"))
	}
	if a.http == nil {
		a.http = make(map[string]http.Handler)
	}
	a.http[name] = h
}

// Functions returns what has been registered, in that order.
func (a *App) Functions() []Function { return slices.Clone(a.functions) }

// Check returns everything that is wrong with the registrations, joined, or nil. Serve refuses to start then.
func (a *App) Check() error { return errors.Join(a.problems...) }

func (a *App) register(f Function) {
	if !nameRule.MatchString(f.Name) {
		a.problem(f.Name, errors.New("name must be one lower-case word of letters and digits"))
	}
	if slices.ContainsFunc(a.functions, func(g Function) bool { return g.Name == f.Name }) {
		a.problem(f.Name, errors.New("registered twice"))
	}
	a.functions = append(a.functions, f)
}

func (a *App) problem(name string, errs ...error) {
	for _, err := range errs {
		if err != nil {
			a.problems = append(a.problems, fmt.Errorf("function %q: %w", name, err))
		}
	}
}

func (a *App) log() *slog.Logger {
	if a.Log == nil {
		return slog.Default()
	}
	return a.Log
}
