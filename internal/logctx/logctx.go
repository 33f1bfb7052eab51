// Package logctx carries log attributes in the context, so that every line of an invocation names its function and its
// invocation without anybody passing them on.
package logctx

import (
	"context"
	"log/slog"
	"slices"
)

// attrsKey is where the context keeps the attributes.
type attrsKey struct{}

// With returns a context whose log lines also carry attrs, after those ctx already carries.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	carried, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	return context.WithValue(ctx, attrsKey{}, slices.Concat(carried, attrs))
}

// Handler adds the context's attributes to every record and passes it on. Within a group they belong to that group.
type Handler struct {
	slog.Handler // where records go
}

// Handle adds what ctx carries. The record is the caller's, so a copy is what changes.
func (h Handler) Handle(ctx context.Context, record slog.Record) error {
	if attrs, ok := ctx.Value(attrsKey{}).([]slog.Attr); ok {
		record = record.Clone()
		record.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs returns a handler whose records carry attrs too.
func (h Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return Handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup returns a handler that puts what follows into the named group.
func (h Handler) WithGroup(name string) slog.Handler {
	return Handler{h.Handler.WithGroup(name)}
}
