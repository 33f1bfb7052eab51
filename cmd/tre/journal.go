package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// journal is the log of a run: a file with all of it, and the last lines that
// speak of trouble.
type journal struct {
	path string
	file *os.File

	mu      sync.Mutex
	trouble []string
}

const (
	keptTrouble = 6   // lines
	troubleLine = 400 // bytes of each
)

// openJournal begins a new log.
func openJournal(path string) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return &journal{path: path, file: file}, nil
}

// Logger writes to the journal.
func (j *journal) Logger() *slog.Logger { return slog.New(slog.NewJSONHandler(j, nil)) }

// marks are how lines of trouble look: ours, and those of a handler within.
var marks = [][]byte{[]byte(`"level":"ERROR"`), []byte(`"level":"WARN"`), []byte(`\"level\":\"ERROR\"`), []byte(`\"level\":\"WARN\"`)}

// Write takes one record.
func (j *journal) Write(record []byte) (int, error) {
	for _, mark := range marks {
		if bytes.Contains(record, mark) {
			j.remember(record)
			break
		}
	}
	return j.file.Write(record)
}

func (j *journal) remember(record []byte) {
	line := bytes.TrimSpace(record)
	if len(line) > troubleLine {
		line = append(line[:troubleLine:troubleLine], "…"...)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.trouble = append(j.trouble, string(line))
	j.trouble = j.trouble[max(0, len(j.trouble)-keptTrouble):]
}

// Trouble are the last lines that speak of it.
func (j *journal) Trouble() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.trouble...)
}

// Close ends the log.
func (j *journal) Close() error { return j.file.Close() }
