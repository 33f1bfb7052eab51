package eventgrid

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxBody is the largest batch and the largest event, in bytes.
// Source: https://learn.microsoft.com/azure/event-grid/quotas-limits
const maxBody = 1 << 20

// receive is the publishers' endpoint of a custom topic. A batch is taken whole or not at all.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("topic")
	s.mu.Lock()
	t, ok := s.topics[name]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "NotFound", "the topic does not exist")
		return
	}
	if !s.authorized(r, name, t) {
		refuse(w, http.StatusUnauthorized, "Unauthorized", "the request authorization key is not authorized for "+name)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the maximum size (1 MB) is exceeded")
		return
	}
	events, err := parseBatch(body, t.id)
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	for _, e := range events {
		s.route(t, e)
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Server) authorized(r *http.Request, name string, t *topic) bool {
	if key := r.Header.Get("aeg-sas-key"); key != "" {
		return subtle.ConstantTimeCompare([]byte(key), []byte(t.key)) == 1
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && s.cfg.AuthorizeToken(name, token)
}

// parseBatch reads a batch as a topic with the Event Grid schema takes it. The service stamps topic and
// metadataVersion; a publisher may leave them out or must say the same.
func parseBatch(body []byte, topicID string) ([]Event, error) {
	var events []Event
	if err := json.Unmarshal(body, &events); err != nil {
		return nil, errors.New("the body is not an array of events in the Event Grid schema")
	}
	for i := range events {
		e := &events[i]
		for field, value := range map[string]string{"id": e.ID, "subject": e.Subject, "eventType": e.EventType, "eventTime": e.EventTime} {
			if value == "" {
				return nil, fmt.Errorf("event %d lacks %s", i, field)
			}
		}
		if _, err := time.Parse(time.RFC3339Nano, e.EventTime); err != nil {
			return nil, fmt.Errorf("event %d: eventTime is not a time", i)
		}
		if e.Topic != "" && e.Topic != topicID {
			return nil, fmt.Errorf("event %d: topic is not this topic", i)
		}
		if e.MetadataVersion != "" && e.MetadataVersion != "1" {
			return nil, fmt.Errorf("event %d: metadataVersion is not 1", i)
		}
		e.Topic, e.MetadataVersion = topicID, "1"
	}
	return events, nil
}

// refuse answers as the service does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("x-ms-request-id", uuid.NewString())
	w.WriteHeader(status)
	// A publisher that went away cannot be told so.
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
}
