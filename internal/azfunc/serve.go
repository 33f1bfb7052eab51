package azfunc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The host's headers: https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
const (
	headerInvocation = "X-Azure-Functions-Invocationid"
	headerVersion    = "X-Azure-Functions-Hostversion"
)

// outside lists headers that the host never sends of itself when it invokes a function, and that a request from outside
// cannot get rid of: the first four are added by the host when it proxies or by Azure's front ends.
var outside = []string{
	"X-Ms-Invocation-Id", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Origin", "Cookie",
}

const (
	readHeaderTimeout = 10 * time.Second // the host writes headers at once
	maxHeaderBytes    = 64 << 10         // the host itself takes 32 KiB from outside and adds its own
	shutdownGrace     = 5 * time.Second  // for what is under way when the context ends
)

// ListenAndServe serves the functions on 127.0.0.1 at Port until ctx ends or something fails. Like [http.Server] it always
// returns an error, and main must exit with a code that is neither 0 nor 200: some hosts never restart a handler that exited
// with 0.
func (a *App) ListenAndServe(ctx context.Context) error {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port)))
	if err != nil {
		return fmt.Errorf("functions: %w", err)
	}
	return a.Serve(ctx, l)
}

// Serve is ListenAndServe on a listener of the caller's, which it closes.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	if err := a.Check(); err != nil {
		_ = l.Close() // never used
		return err
	}
	server := &http.Server{
		Handler:           a,
		ErrorLog:          slog.NewLogLogger(a.log().Handler(), slog.LevelWarn), // the default, stderr, is an error to the host
		ReadHeaderTimeout: readHeaderTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
	}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		_ = server.Shutdown(grace) // what is still under way will be delivered again
	})
	defer stop()
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("functions: %w", err)
}

// ServeHTTP answers the host: its readiness question, its invocations, and requests from outside for HTTP functions.
// Everything else is 404.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		w.WriteHeader(http.StatusOK)
		return
	}
	name, _, below := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if _, ok := a.http[name]; ok {
		a.serveHTTP(w, r, name)
		return
	}
	if _, ok := a.json[name]; ok && !below && path == "/"+name {
		if fromHost(r) {
			a.invoke(w, r, name)
			return
		}
		a.log().WarnContext(r.Context(), "turned away, not an invocation of the host", slog.String("function", name))
	}
	http.NotFound(w, r)
}

// fromHost reports whether r is the host's own invocation of a function and not a request from outside that it passed on.
//
// Outside requests reach the handler only through the routes of the HTTP functions, api/{*path} and portal/{*path}, under
// which no function lives; this is the second lock, for the day a route or a host's idea of a path changes. When the host
// proxies, it adds what stands first in outside; when an older host forwards, it keeps the client's Host, while its own
// calls go to a loopback address by number. Its own calls carry one id and one version; forwarded ones a list if the client
// sent some too.
func fromHost(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.RawPath != "" || r.URL.RawQuery != "" || r.URL.ForceQuery {
		return false
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return false
	}
	for _, name := range outside {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	ids, versions := r.Header[headerInvocation], r.Header[headerVersion]
	if len(ids) != 1 || len(versions) != 1 || !isID(ids[0]) {
		return false
	}
	at, err := netip.ParseAddrPort(r.Host)
	return err == nil && at.Addr().IsLoopback()
}

// invocationID returns the id the host gave. A forwarding host puts it behind whatever a client sent; an id that is not a
// UUID is nobody's.
func invocationID(h http.Header) string {
	ids := h[headerInvocation]
	if len(ids) == 0 {
		return ""
	}
	id := ids[len(ids)-1]
	id = strings.TrimSpace(id[strings.LastIndexByte(id, ',')+1:])
	if !isID(id) {
		return ""
	}
	return id
}

// isID reports whether id is a UUID as the host writes them, 36 characters with dashes.
func isID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }
