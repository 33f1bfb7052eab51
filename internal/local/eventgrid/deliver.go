package eventgrid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer is how much of an endpoint's answer is read, in bytes.
const maxAnswer = 64 << 10

// deliver tries until the endpoint takes the event or there is a reason to give up.
func (s *Server) deliver(ctx context.Context, sub *subscriber, e Event, delay time.Duration) {
	letter := DeadLetter{Event: e, PublishTime: FormatTime(s.cfg.Now())}
	published := s.cfg.Now()
	for wait := delay; sleep(ctx, wait); {
		if letter.Attempts > 0 && s.cfg.Now().Sub(published) > sub.TTL {
			letter.Reason = "TimeToLiveExceeded"
			break
		}
		letter.LastAttemptTime = FormatTime(s.cfg.Now())
		status, outcome := s.attempt(ctx, sub, e, letter.Attempts)
		letter.Attempts++
		letter.LastOutcome, letter.LastStatus = outcome, status
		s.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "event delivery attempted",
			slog.String("subscription", sub.Name), slog.String("event", e.ID), slog.String("outcome", outcome))
		if outcome == outcomeDelivered {
			return
		}
		if reason, final := finalStatus[status]; final {
			letter.Reason = reason
			break
		}
		if letter.Attempts >= sub.MaxAttempts {
			letter.Reason = "MaxDeliveryAttemptsExceeded"
			break
		}
		wait = s.cfg.Times.wait(letter.Attempts, status, s.chance())
	}
	if letter.Reason != "" {
		s.giveUp(ctx, sub, letter)
	}
}

// finalStatus are the answers after which an Azure resource as endpoint is not tried again.
// Source: https://learn.microsoft.com/azure/event-grid/delivery-and-retry#retry-schedule
var finalStatus = map[int]string{
	http.StatusBadRequest:            "UndeliverableDueToHttpBadRequest",
	http.StatusForbidden:             "UndeliverableDueToHttpForbidden",
	http.StatusRequestEntityTooLarge: "UndeliverableDueToHttpRequestEntityTooLarge",
}

const outcomeDelivered = "Delivered"

// attempt posts the event once and names what came of it.
func (s *Server) attempt(ctx context.Context, sub *subscriber, e Event, before int) (status int, outcome string) {
	if s.cold(sub) {
		return http.StatusUnauthorized, "Unauthorized"
	}
	answer, err := s.post(ctx, sub.Subscription, e, http.Header{
		"Aeg-Event-Type":       {"Notification"},
		"Aeg-Delivery-Count":   {strconv.Itoa(before)},
		"Aeg-Data-Version":     {e.DataVersion},
		"Aeg-Metadata-Version": {e.MetadataVersion},
	})
	if err != nil {
		return 0, outcomeOf(err)
	}
	switch answer.status {
	case 200, 201, 202, 203, 204: // nothing else is success
		return answer.status, outcomeDelivered
	case http.StatusServiceUnavailable:
		return answer.status, "Busy"
	}
	return answer.status, strings.ReplaceAll(http.StatusText(answer.status), " ", "")
}

// cold says whether the endpoint was idle for so long that it refuses this attempt.
func (s *Server) cold(sub *subscriber) bool {
	s.mu.Lock()
	after := s.unkind.ColdAfter
	s.mu.Unlock()
	sub.mu.Lock()
	defer sub.mu.Unlock()
	now := s.cfg.Now()
	cold := after > 0 && (sub.last.IsZero() || now.Sub(sub.last) > after)
	sub.last = now
	return cold
}

func (s *Server) chance() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64()
}

type answer struct {
	status int
	body   []byte
}

// post sends an array of one event, which is how events come without output batching.
func (s *Server) post(ctx context.Context, sub Subscription, e Event, headers http.Header) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Times.Answer)
	defer cancel()
	body, err := json.Marshal([]Event{e})
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.Endpoint, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("endpoint is not a URL") // the URL holds a key
	}
	req.Header = headers
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("aeg-subscription-name", strings.ToUpper(sub.Name))
	res, err := s.client.Do(req)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer{}, withoutURL(err)
	}
	return answer{status: res.StatusCode, body: content}, nil
}

// withoutURL drops the URL from a client's error: it holds the endpoint's key.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func outcomeOf(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "TimedOut"
	case errors.As(err, &dns):
		return "ResolutionError"
	default:
		return "SocketError"
	}
}

// sleep waits and says whether to go on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
