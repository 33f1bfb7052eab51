package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/health"
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

// HealthTimes bound what asking costs. The zero value is ready to use.
type HealthTimes struct {
	Probe time.Duration // for all parts together; 0 means 5 s
	Life  time.Duration // for which an answer serves again: nobody signs in to ask; 0 means 15 s
}

// healthMemory is what the parts said last. Whoever asks while they are asked
// waits for that answer.
type healthMemory struct {
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
	if h.asked.IsZero() || a.Now().Sub(h.asked) >= cmp.Or(a.Health.Life, 15*time.Second) {
		h.last, h.asked = a.probe(context.WithoutCancel(ctx)), a.Now()
	}
	last := h.last
	return &last, nil
}

// probe asks all parts at once. What exactly is wrong goes to the log, and to
// administrators, only. A part of which nobody can tell is left out: the one
// that would tell is in the answer.
func (a *api) probe(ctx context.Context) healthOut {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(a.Health.Probe, 5*time.Second))
	defer cancel()
	out := healthOut{Status: http.StatusOK, Body: Health{Services: []Service{}}}
	errs := make([]error, len(a.Checks))
	var all sync.WaitGroup
	for i, check := range a.Checks {
		all.Go(func() { errs[i] = check.Probe(ctx) })
	}
	all.Wait()
	for i, check := range a.Checks {
		s := Service{Service: check.Service, Status: "OK"}
		switch {
		case errors.Is(errs[i], health.ErrUnknown):
			continue
		case errs[i] != nil:
			a.Log.WarnContext(ctx, "health check failed", slog.String("service", check.Service), slog.Any("error", errs[i]))
			out.Status = http.StatusServiceUnavailable
			s = Service{Service: check.Service, Status: "Not OK", Message: check.Service + ": not well; administrators see why in /api/health/details"}
		}
		out.Body.Services = append(out.Body.Services, s)
	}
	return out
}

// healthDetails is how everything is, for those who can mend it.
func (a *api) healthDetails(ctx context.Context, c desk.Caller, _ *struct{}) (*body[health.Details], error) {
	if !access.May(access.Health, c.Person.Roles...) {
		return nil, fmt.Errorf("the user is missing a required role: %s needs one of %v: %w",
			access.Health, access.Roles(access.Health), airlock.ErrRefused)
	}
	ctx, cancel := context.WithTimeout(ctx, 4*cmp.Or(a.Health.Probe, 5*time.Second)) // every workspace is asked
	defer cancel()
	return &body[health.Details]{a.Details(ctx)}, nil
}
