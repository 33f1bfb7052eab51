package funchost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"time"
)

// Errors that end a host, as Running.Err tells them.
var (
	// ErrGaveUp means the host stopped itself: the handler failed too often or
	// never became ready. In Azure the platform then starts a new instance.
	ErrGaveUp = errors.New("host gave up")
	// ErrKilled means Kill ended the host.
	ErrKilled = errors.New("host killed")
)

// Host says what to run and how. The zero value of every field but Root is
// useful.
type Host struct {
	// Root is the script root: the folder that holds host.json and one folder
	// a function.
	Root string
	// Settings are the app settings. Keys are compared without regard to case,
	// as .NET does. They also become the handler's environment.
	Settings map[string]string
	// Environ is the environment the host was started in, as os.Environ gives
	// it. A variable in it wins over a setting of the same name, as with
	// func start.
	Environ []string
	// Addr is where to listen; "" is a free port on 127.0.0.1.
	Addr string
	// ID is the host id that names leases and timer status blobs. Instances of
	// one app share it. "" derives it from Root.
	ID string
	// Log receives what the host says and every line the handler writes to
	// its console. nil discards it.
	Log *slog.Logger
	// Times are the host's intervals; zero fields take the real values.
	Times Times
	// Profile picks the version of host and extensions to behave like.
	Profile Profile
	// Keys guard the webhook, the admin API and HTTP functions.
	Keys Keys
	// Processors is the number of processors the default of
	// newBatchThreshold is computed from; 0 is the machine's own.
	Processors int
	// OnInvocation, if set, hears of every finished invocation. It is called
	// from many goroutines.
	OnInvocation func(Invocation)
	// Now is the clock; nil is time.Now. Waiting uses real timers.
	Now func() time.Time
}

// Keys are the host's access keys. An empty key means that what it guards is
// open, as with func start.
type Keys struct {
	Master    string // opens everything, the admin API among it
	EventGrid string // the system key eventgrid_extension
	Function  string // HTTP functions of authLevel "function"
}

// Invocation is one finished run of a function.
type Invocation struct {
	Function string
	ID       string // X-Azure-Functions-InvocationId
	Start    time.Time
	Duration time.Duration
	Dequeues int64 // how often the message was received; 0 unless a queue triggered it
	Err      error // nil when it succeeded
}

// Run starts the host and waits until ctx ends, which stops it politely as
// SIGTERM does, or until it gives up, which is an error.
func (h Host) Run(ctx context.Context) error {
	r, err := h.Start(ctx)
	if err != nil {
		return err
	}
	select {
	case <-r.Done():
		return r.Err()
	case <-ctx.Done():
		return r.Stop(context.WithoutCancel(ctx))
	}
}

// Start opens the host's address and begins to start the app behind it. As
// with the real host, a wrong host.json is no error here: the host listens,
// answers /admin/host/ping and tries again. The host outlives ctx; end it with
// Stop or Kill.
func (h Host) Start(ctx context.Context) (*Running, error) {
	root, err := filepath.Abs(h.Root)
	if err != nil {
		return nil, fmt.Errorf("script root %q: %w", h.Root, err)
	}
	h.Root = root
	h = h.withDefaults()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", h.Addr)
	if err != nil {
		return nil, fmt.Errorf("host address: %w", err)
	}
	r := newRunning(h, listener)
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	listen, stopListening := context.WithCancel(life)
	r.end, r.stopListening = end, stopListening
	r.begin(life, listen)
	return r, nil
}

func (h Host) withDefaults() Host {
	if h.Addr == "" {
		h.Addr = "127.0.0.1:0"
	}
	if h.ID == "" {
		h.ID = hostID(h.Root)
	}
	if h.Log == nil {
		h.Log = slog.New(slog.DiscardHandler)
	}
	if h.Processors == 0 {
		h.Processors = runtime.NumCPU()
	}
	if h.OnInvocation == nil {
		h.OnInvocation = func(Invocation) {}
	}
	if h.Now == nil {
		h.Now = time.Now
	}
	h.Times = h.Times.withDefaults()
	h.Profile = h.Profile.withDefaults()
	return h
}
