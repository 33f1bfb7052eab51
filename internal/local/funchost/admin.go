package funchost

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// admin serves /admin: ping is open, the rest asks for the master key.
// https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
func (r *Running) admin(life context.Context, w http.ResponseWriter, req *http.Request) {
	path := strings.ToLower(strings.TrimSuffix(req.URL.Path, "/"))
	if path == "/admin/host/ping" {
		w.WriteHeader(http.StatusOK)
		return
	}
	if !allowed(req, r.host.Keys.Master, "") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch req.Method + " " + path {
	case "GET /admin/host/status":
		r.adminStatus(w)
	case "POST /admin/host/drain":
		r.drain()
		w.WriteHeader(http.StatusAccepted)
	case "GET /admin/host/drain/status":
		r.adminDrainStatus(w)
	case "GET /admin/functions":
		r.adminFunctions(w)
	default:
		r.adminFunction(life, w, req)
	}
}

// drain stops the listeners; what runs finishes.
func (r *Running) drain() {
	r.mu.Lock()
	r.draining = true
	r.mu.Unlock()
	r.stopListening()
}

func (r *Running) adminDrainStatus(w http.ResponseWriter) {
	r.mu.Lock()
	state := "Disabled"
	if r.draining {
		state = "Completed"
		if r.running > 0 {
			state = "InProgress"
		}
	}
	status := struct {
		State       string `json:"state"`
		Invocations int    `json:"outstandingInvocations"`
		Retries     int    `json:"outstandingRetries"`
	}{state, r.running, r.retrying}
	r.mu.Unlock()
	writeJSON(w, status)
}

func (r *Running) adminStatus(w http.ResponseWriter) {
	status := struct {
		ID      string   `json:"id"`
		State   string   `json:"state"`
		Version string   `json:"version"`
		Uptime  int64    `json:"processUptime"` // milliseconds
		Errors  []string `json:"errors,omitempty"`
	}{
		ID: r.host.ID, State: "Running", Version: r.host.Profile.Version,
		Uptime: r.host.Now().Sub(r.started).Milliseconds(),
	}
	r.mu.Lock()
	switch {
	case r.startErr != nil:
		status.State, status.Errors = "Error", []string{r.startErr.Error()}
	case r.app == nil:
		status.State = "Initialized"
	}
	r.mu.Unlock()
	writeJSON(w, status)
}

type functionInfo struct {
	Name     string          `json:"name"`
	Href     string          `json:"href"`
	Config   json.RawMessage `json:"config"`
	Language string          `json:"language"`
	Disabled bool            `json:"isDisabled"`
}

func (r *Running) info(f *function) functionInfo {
	return functionInfo{
		Name: f.name, Href: r.URL() + "/admin/functions/" + f.name, Config: f.raw,
		Language: "CustomHandler", Disabled: f.disabled,
	}
}

func (r *Running) adminFunctions(w http.ResponseWriter) {
	a, err := r.loaded()
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	all := make([]functionInfo, len(a.functions))
	for i, f := range a.functions {
		all[i] = r.info(f)
	}
	writeJSON(w, all)
}

// adminFunction shows a function, or runs it: POST {"input": "..."}.
func (r *Running) adminFunction(life context.Context, w http.ResponseWriter, req *http.Request) {
	a, err := r.loaded()
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	parts := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	if len(parts) != 3 || !strings.EqualFold(parts[1], "functions") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	f, ok := a.functionFold(parts[2])
	switch {
	case !ok || f.disabled && req.Method == http.MethodPost:
		w.WriteHeader(http.StatusNotFound)
	case req.Method == http.MethodGet:
		writeJSON(w, r.info(f))
	case req.Method == http.MethodPost:
		r.adminRun(life, a, f, w, req)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (r *Running) adminRun(life context.Context, a *app, f *function, w http.ResponseWriter, req *http.Request) {
	var body struct {
		Input *string `json:"input"`
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequestBody))
	if err != nil || json.Unmarshal(raw, &body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	input := ""
	if body.Input != nil {
		input = *body.Input
	}
	accepted := r.goManual(func() { // the answer does not wait, Stop does
		c, err := r.manualCall(life, f, input)
		if err != nil {
			r.host.Log.LogAttrs(life, slog.LevelError, "function could not be run by hand",
				slog.String("function", f.name), slog.Any("error", err))
			return
		}
		_ = r.invoke(life, a, c) // logged
	})
	if !accepted {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// manualCall makes the call that a trigger would make of input. As the host
// does, it also leaves the input in Metadata under the trigger's name.
func (r *Running) manualCall(ctx context.Context, f *function, input string) (call, error) {
	c := call{function: f}
	switch {
	case f.trigger.is(timerTrigger):
		data, err := r.timerInfo(ctx, f, false)
		if err != nil {
			return c, err
		}
		c.data = data
	case f.trigger.is(eventGridTrigger):
		event, err := jtoken.Parse(input, jtoken.KeepText)
		if err != nil {
			return c, err
		}
		c = r.eventCall(f, event)
	default:
		c.bindQueueValue([]byte(input))
	}
	c.binding.set(f.trigger.Name, input)
	c.reason = "This function was programmatically called via the host APIs."
	return c, nil
}

func writeJSON(w http.ResponseWriter, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(raw)
}
