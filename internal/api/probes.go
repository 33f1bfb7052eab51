package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

func (a *api) ping(context.Context, *struct{}) (*body[string], error) {
	return &body[string]{"pong"}, nil
}

func (a *api) metadata(context.Context, *struct{}) (*body[Metadata], error) {
	return &body[Metadata]{a.Metadata}, nil
}

// Health is AzureTRE's answer: how every part is.
type Health struct {
	Services []Service `json:"services" doc:"Every part that the API stands on"`
}

// Service is how one part is.
type Service struct {
	Service string `json:"service" doc:"Name of the part" example:"Tables"`
	Status  string `json:"status" doc:"OK or Not OK" example:"OK"`
	Message string `json:"message" doc:"What is wrong; empty when nothing is" example:"Tables is not responding"`
}

type healthOut struct {
	Status int
	Body   Health
}

const (
	probeTime  = 3 * time.Second // for one probe: a monitor waits no longer
	healthLife = 5 * time.Second // an answer serves again: nobody signs in to ask
)

// health asks the parts, and remembers for a moment what they said.
type health struct {
	checks []Check
	now    func() time.Time

	mu    sync.Mutex
	asked time.Time
	last  healthOut
}

// askHealth answers 503 when a part is not well, so that whoever only looks at
// the status learns it.
func (a *api) askHealth(ctx context.Context, _ *struct{}) (*healthOut, error) {
	h := a.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked.IsZero() || h.now().Sub(h.asked) >= healthLife {
		h.last, h.asked = a.probe(context.WithoutCancel(ctx)), h.now()
	}
	last := h.last
	return &last, nil
}

// probe asks all parts at once. What exactly is wrong goes to the log only.
func (a *api) probe(ctx context.Context) healthOut {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	out := healthOut{Status: http.StatusOK, Body: Health{Services: make([]Service, len(a.Checks))}}
	errs := make([]error, len(a.Checks))
	var all sync.WaitGroup
	for i, check := range a.Checks {
		all.Go(func() { errs[i] = check.Probe(ctx) })
	}
	all.Wait()
	for i, check := range a.Checks {
		out.Body.Services[i] = Service{Service: check.Service, Status: "OK"}
		if errs[i] != nil {
			a.Log.WarnContext(ctx, "health check failed", slog.String("service", check.Service), slog.Any("error", errs[i]))
			out.Status = http.StatusServiceUnavailable
			out.Body.Services[i] = Service{Service: check.Service, Status: "Not OK", Message: check.Service + " is not responding"}
		}
	}
	return out
}
