package eventgrid

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// DeadLetter is an event that was given up, in the form Event Grid keeps it.
// Source: https://learn.microsoft.com/azure/event-grid/manage-event-delivery
type DeadLetter struct {
	Event
	Reason          string `json:"deadLetterReason"`
	Attempts        int    `json:"deliveryAttempts"`
	LastOutcome     string `json:"lastDeliveryOutcome"`
	LastStatus      int    `json:"lastHttpStatusCode,omitempty"`
	PublishTime     string `json:"publishTime"`
	LastAttemptTime string `json:"lastDeliveryAttemptTime"`
}

// DeadLetterSink keeps a dead letter: body is a JSON array of letters, path the blob's name below the container.
type DeadLetterSink func(ctx context.Context, path string, body []byte) error

// Folder is a sink that writes dead letters as files below dir.
func Folder(dir string) DeadLetterSink {
	return func(_ context.Context, path string, body []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, body, 0o600)
	}
}

// giveUp hands the letter to the subscription's sink, a while after the last attempt.
func (s *Server) giveUp(ctx context.Context, sub *subscriber, letter DeadLetter) {
	if sub.DeadLetter == nil {
		s.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "event dropped",
			slog.String("subscription", sub.Name), slog.String("event", letter.ID), slog.String("reason", letter.Reason))
		return
	}
	if !sleep(ctx, s.cfg.Times.DeadLetter) {
		return
	}
	body, err := json.Marshal([]DeadLetter{letter})
	if err == nil {
		err = sub.DeadLetter(ctx, s.letterPath(sub), body)
	}
	if err != nil {
		s.cfg.Log.LogAttrs(ctx, slog.LevelError, "dead letter lost",
			slog.String("subscription", sub.Name), slog.String("event", letter.ID), slog.Any("error", err))
	}
}

// letterPath is the name in upper case, then date and hour without leading zeros.
func (s *Server) letterPath(sub *subscriber) string {
	now := s.cfg.Now().UTC()
	return fmt.Sprintf("%s/%d/%d/%d/%d/%s.json", strings.ToUpper(sub.Name),
		now.Year(), now.Month(), now.Day(), now.Hour(), uuid.NewString())
}
