package simulation

import (
	"context"
	"log/slog"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/message"
)

// Marks by which what must stay secret is recognised wherever it turns up.
const (
	nameMark    = "zqname"    // in every file's name
	contentMark = "zqcontent" // in every file's content
	linkMark    = "mem://"    // begins every link
	secretMark  = "zqsecret"  // in every secret that people give
)

// secrets looks for what leaked.
type secrets struct{}

// check is for what may hold no secret at all.
func (secrets) check(w *World, where, text string) {
	for _, mark := range []string{nameMark, contentMark, linkMark, secretMark} {
		if strings.Contains(text, mark) {
			w.fail("I10 no secret leaks", "%s holds %s: %.300s", where, mark, text)
		}
	}
}

// message is for an order: three of them have to name a file.
func (s secrets) message(w *World, queue, text string) {
	switch queue {
	case message.QueueInspect, message.QueueVerdict, message.QueuePurge:
		text = strings.ReplaceAll(text, nameMark, "")
	}
	s.check(w, "message of "+queue, text)
}

// logger keeps no log, but looks at every line.
type logger struct {
	w     *World
	attrs []slog.Attr
}

// Enabled implements slog.Handler.
func (logger) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (l logger) Handle(_ context.Context, r slog.Record) error {
	l.w.secrets.check(l.w, "log", r.Message)
	look := func(a slog.Attr) bool {
		l.w.secrets.check(l.w, "log "+a.Key, a.Value.String())
		return true
	}
	for _, a := range l.attrs {
		look(a)
	}
	r.Attrs(look)
	return nil
}

// WithAttrs implements slog.Handler.
func (l logger) WithAttrs(attrs []slog.Attr) slog.Handler {
	l.attrs = append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...)
	return l
}

// WithGroup implements slog.Handler.
func (l logger) WithGroup(string) slog.Handler { return l }
