package gateway

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/background"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// deletedNameFor is how long a deleted container's name stays taken, at least.
// Source: https://learn.microsoft.com/rest/api/storageservices/delete-container#remarks
const deletedNameFor = 30 * time.Second

// Sink takes an event of an account. The gateway does not repeat what a sink did not take.
type Sink func(ctx context.Context, account string, event eventgrid.Event)

// Blob is a blob that has new content.
type Blob struct {
	Account, Container, Name string
	// ETag is without quotes.
	ETag string
	// Type is BlockBlob, AppendBlob or PageBlob.
	Type string
}

// Config says what the gateway stands before, and what it tells to whom.
type Config struct {
	// Upstream is Azurite's blob service, such as http://127.0.0.1:10000.
	Upstream string
	// Accounts maps account names to keys (base64).
	Accounts map[string]string
	// Exists tells whether there is an account of that name now. Requests to one that is not there have no answer, as
	// its name leads nowhere. Nil: Accounts are all there.
	Exists func(account string) bool
	// Listen is a loopback address. Default 127.0.0.1:0, any free port.
	Listen string
	// Sink takes the events. Nil: nobody wants them.
	Sink Sink
	// Uploaded is told the truth about every blob with new content, at once, whatever becomes of its event: that is
	// what a scanner of the account knows. Nil: nobody.
	Uploaded func(context.Context, Blob)
	// Topic is the resource id of an account, the topic of its events. Default: one in subscription and group "local".
	Topic func(account string) string
	// DeletedNameFor is how long a deleted container's name answers 409 ContainerBeingDeleted. Default 30 s, as in
	// Azure; negative: never.
	DeletedNameFor time.Duration
	// Unkind is what goes wrong from the start. The zero value is kind.
	Unkind Unkind
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log takes the proxy's own troubles at debug level. Default: nobody.
	Log *slog.Logger
}

// Gateway is a running storage gateway.
type Gateway struct {
	cfg    Config
	server *storageproxy.Server
	proxy  http.Handler
	client *http.Client // for the gateway's own requests, to Azurite and to copy sources

	events *background.Group

	mu      sync.Mutex
	unkind  *mood
	deleted map[string]time.Time // account/container → until when its name is taken
	counter uint64
}

// Start listens and serves until Close.
func Start(cfg Config) (*Gateway, error) {
	cfg = cfg.withDefaults()
	proxy, err := storageproxy.New(cfg.Upstream, cfg.Log)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg: cfg, proxy: proxy, unkind: newMood(cfg.Unkind), deleted: map[string]time.Time{},
		events: background.New(),
		client: &http.Client{
			Transport:     storageproxy.NewTransport(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if g.server, err = storageproxy.Serve(cfg.Listen, g); err != nil {
		g.events.Close()
		return nil, err
	}
	return g, nil
}

// URL is the gateway's base URL; a blob is at URL/account/container/name.
func (g *Gateway) URL() string { return g.server.URL }

// Close stops serving. Events that are still late are lost.
func (g *Gateway) Close() error {
	err := g.server.Close()
	g.events.Close()
	g.client.CloseIdleConnections()
	return err
}

// SetUnkind changes what goes wrong from now on; seeds and counts start anew.
func (g *Gateway) SetUnkind(u Unkind) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unkind = newMood(u)
}

// ServeHTTP serves one storage request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := parse(r)
	if g.cfg.Exists != nil && !g.cfg.Exists(op.account) {
		panic(http.ErrAbortHandler)
	}
	g.mood().injector.Serve(w, r, op.call(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.serve(w, r, op)
	}))
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, op operation) {
	switch op.name {
	case CreateContainer:
		if g.beingDeleted(op) {
			storageproxy.Refusal(storageproxy.ContainerBeingDeleted).Answer(w, storageproxy.Blob)
			return
		}
	case DeleteBlob:
		g.deleteBlob(w, r, op)
		return
	}
	status := &statusRecorder{ResponseWriter: w}
	if op.name == PutBlobFromURL || op.name == PutBlockFromURL {
		g.fromURL(status, r, op)
	} else {
		g.proxy.ServeHTTP(status, r)
	}
	if status.code < 300 {
		g.happened(r, w.Header(), op)
	}
}

// happened notes what a successful operation means for others.
func (g *Gateway) happened(r *http.Request, answer http.Header, op operation) {
	switch op.name {
	case DeleteContainer:
		g.markDeleted(op)
	case PutBlob, PutBlobFromURL, PutBlockList, CopyBlob, CopyBlobFromURL:
		g.created(r, answer, op)
	}
}

func (g *Gateway) beingDeleted(op operation) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.deleted[op.account+"/"+op.container]
	return ok && g.cfg.Now().Before(until)
}

func (g *Gateway) markDeleted(op operation) {
	if g.cfg.DeletedNameFor < 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.cfg.Now()
	maps.DeleteFunc(g.deleted, func(_ string, until time.Time) bool { return now.After(until) })
	g.deleted[op.account+"/"+op.container] = now.Add(g.cfg.DeletedNameFor)
}

func (g *Gateway) mood() *mood {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unkind
}

// sas is a query string with which the gateway itself acts on the account.
func (g *Gateway) sas(account string) string {
	return storageproxy.AccountSAS(account, azurite.KeyOf(g.cfg.Accounts, account), g.cfg.Now().Add(24*time.Hour))
}

// statusRecorder remembers the status that passed through.
type statusRecorder struct {
	http.ResponseWriter
	code int
}

// WriteHeader remembers the status.
func (s *statusRecorder) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the real writer.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (cfg Config) withDefaults() Config {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Topic == nil {
		cfg.Topic = func(account string) string {
			return "/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/" + account
		}
	}
	if cfg.DeletedNameFor == 0 {
		cfg.DeletedNameFor = deletedNameFor
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Upstream = strings.TrimSuffix(cfg.Upstream, "/")
	return cfg
}
