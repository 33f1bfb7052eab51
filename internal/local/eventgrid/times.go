package eventgrid

import (
	"net/http"
	"time"
)

// Times are Event Grid's intervals. A zero Times in Config means RealTimes.
// Source: https://learn.microsoft.com/azure/event-grid/delivery-and-retry
type Times struct {
	// Retry is the wait before the second, third … attempt; the last one repeats.
	Retry []time.Duration
	// Jitter is the share of a wait that chance may add.
	Jitter float64
	// Answer is how long an endpoint may take to answer.
	Answer time.Duration
	// Unauthorized is the shortest wait after 401, 403 and 404.
	Unauthorized time.Duration
	// RequestTimeout is the shortest wait after 408, and Unavailable after 503.
	RequestTimeout, Unavailable time.Duration
	// TTL is how long an event is tried again, where the subscription does not say.
	TTL time.Duration
	// DeadLetter is the wait between the last attempt and the dead letter.
	DeadLetter time.Duration
}

// RealTimes are Azure's.
func RealTimes() Times {
	return Times{
		Retry: []time.Duration{
			10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute,
			30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		},
		Jitter:         0.1,
		Answer:         30 * time.Second,
		Unauthorized:   5 * time.Minute,
		RequestTimeout: 2 * time.Minute,
		Unavailable:    30 * time.Second,
		TTL:            24 * time.Hour,
		DeadLetter:     5 * time.Minute,
	}
}

// Scale multiplies every wait, so that a day passes in seconds. Answer stays: endpoints do not get faster.
func (t Times) Scale(factor float64) Times {
	scaled := t
	scaled.Retry = make([]time.Duration, len(t.Retry))
	for i, d := range t.Retry {
		scaled.Retry[i] = time.Duration(float64(d) * factor)
	}
	for _, d := range []*time.Duration{&scaled.Unauthorized, &scaled.RequestTimeout, &scaled.Unavailable, &scaled.TTL, &scaled.DeadLetter} {
		*d = time.Duration(float64(*d) * factor)
	}
	return scaled
}

// wait is the pause after the given number of attempts, the last of which ended with status (0: no answer).
// chance is between 0 and 1.
func (t Times) wait(attempts, status int, chance float64) time.Duration {
	wait := t.Retry[min(attempts, len(t.Retry))-1]
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		wait = max(wait, t.Unauthorized)
	case http.StatusRequestTimeout:
		wait = max(wait, t.RequestTimeout)
	case http.StatusServiceUnavailable:
		wait = max(wait, t.Unavailable)
	}
	return wait + time.Duration(float64(wait)*t.Jitter*chance)
}

// Unkind is what Event Grid does on a bad day. Each share is a probability from 0 to 1, decided under Seed.
type Unkind struct {
	// Seed makes a bad day repeatable.
	Seed uint64
	// Lose is the share of deliveries that never happen and leave no dead letter.
	Lose float64
	// Duplicate is the share of events that are delivered twice.
	Duplicate float64
	// MaxDelay is the longest that a first attempt may be late, evenly from zero, which shuffles events.
	MaxDelay time.Duration
	// ColdAfter is the idle time of a subscription after which its next delivery is refused with 401, as a function
	// app does that has not loaded its keys yet; the retry waits Times.Unauthorized. 0: never.
	ColdAfter time.Duration
}
