package logctx_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/logctx"
)

func TestContextAttributesReachTheLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(logctx.Handler{Handler: slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: dropTime})})

	outer := logctx.With(t.Context(), slog.String("function", "sweep"))
	inner := logctx.With(outer, slog.String("invocation", "i1"))
	sibling := logctx.With(outer, slog.String("invocation", "i2"))

	log.With(slog.Int("n", 1)).InfoContext(inner, "swept", slog.String("workspace", "w1"))
	log.InfoContext(sibling, "swept")
	log.InfoContext(t.Context(), "swept")

	want := `{"level":"INFO","msg":"swept","n":1,"workspace":"w1","function":"sweep","invocation":"i1"}
{"level":"INFO","msg":"swept","function":"sweep","invocation":"i2"}
{"level":"INFO","msg":"swept"}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	results := func() []map[string]any {
		var lines []map[string]any
		for line := range bytes.Lines(out.Bytes()) {
			var m map[string]any
			if err := json.Unmarshal(line, &m); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			lines = append(lines, m)
		}
		return lines
	}
	if err := slogtest.TestHandler(logctx.Handler{Handler: slog.NewJSONHandler(&out, nil)}, results); err != nil {
		t.Error(err)
	}
}

func TestDisabledLevelsStayDisabled(t *testing.T) {
	t.Parallel()
	h := logctx.Handler{Handler: slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelWarn})}
	if h.Enabled(t.Context(), slog.LevelInfo) {
		t.Error("info is enabled, the wrapped handler wants warnings only")
	}
}

func dropTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
