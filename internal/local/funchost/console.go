package funchost

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// The categories of handler output in the host's log.
const (
	consoleCategory = "Host.Function.Console"
	systemCategory  = "Worker.HttpWorkerProcess"
	systemPrefix    = "LanguageWorkerConsoleLog"
)

// errorLines is how many lines of stderr go into the exit error.
const errorLines = 3

// console logs what a handler writes, by WorkerProcess.cs' rules: stdout is
// information, stderr an error unless the line says "warn"; lines with the
// system prefix go to the system's category without it.
type console struct {
	log *slog.Logger

	mu      sync.Mutex
	last    []string // of stderr
	writers []*lineWriter
}

func newConsole(log *slog.Logger) *console { return &console{log: log} }

func (c *console) stdout() io.Writer { return c.writer(slog.LevelInfo) }
func (c *console) stderr() io.Writer { return c.writer(slog.LevelError) }

func (c *console) writer(level slog.Level) io.Writer {
	w := &lineWriter{line: func(s string) { c.line(level, s) }}
	c.writers = append(c.writers, w)
	return w
}

func (c *console) line(level slog.Level, text string) {
	category := consoleCategory
	if rest, ok := strings.CutPrefix(text, systemPrefix); ok {
		category, text = systemCategory, rest
	}
	if level == slog.LevelError {
		c.remember(text)
		if strings.Contains(strings.ToLower(text), "warn") {
			level = slog.LevelWarn
		}
	}
	c.log.LogAttrs(context.Background(), level, "handler output",
		slog.String("category", category), slog.String("line", text))
}

func (c *console) remember(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = append(c.last, text)
	if len(c.last) > errorLines {
		c.last = c.last[1:]
	}
}

// tail is the end of stderr, for the exit error.
func (c *console) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.last, ", ")
}

// close logs lines that never ended.
func (c *console) close() {
	for _, w := range c.writers {
		w.flush()
	}
}

// maxLine cuts longer console lines, so that a handler that writes no line end
// cannot fill the memory: 64 KiB.
const maxLine = 64 << 10

// lineWriter cuts a stream into lines.
type lineWriter struct {
	line    func(string)
	pending []byte
}

// Write never fails.
func (w *lineWriter) Write(b []byte) (int, error) {
	w.pending = append(w.pending, b...)
	for {
		i := bytes.IndexByte(w.pending, '\n')
		if i < 0 {
			break
		}
		w.line(strings.TrimSuffix(string(w.pending[:i]), "\r"))
		w.pending = w.pending[i+1:]
	}
	if len(w.pending) > maxLine {
		w.flush()
	}
	return len(b), nil
}

func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.line(string(w.pending))
		w.pending = nil
	}
}
