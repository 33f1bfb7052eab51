package observed_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector takes what OpenTelemetry's exporters send.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*trace.Span
	names map[string]bool // of metrics
	texts []string        // every text in every export but the ids of traces and spans
	wrong []string        // what could not be read
}

func newCollector() *collector {
	c := &collector{names: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(_ http.ResponseWriter, r *http.Request) {
		var got traces.ExportTraceServiceRequest
		if !c.read(r, &got) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range got.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
	})
	mux.HandleFunc("POST /v1/metrics", func(_ http.ResponseWriter, r *http.Request) {
		var got metrics.ExportMetricsServiceRequest
		if !c.read(r, &got) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, resource := range got.GetResourceMetrics() {
			for _, scope := range resource.GetScopeMetrics() {
				for _, m := range scope.GetMetrics() {
					c.names[m.GetName()] = true
				}
			}
		}
	})
	c.Server = httptest.NewServer(mux)
	return c
}

// read decodes an export and keeps its text.
func (c *collector) read(r *http.Request, into proto.Message) bool {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, into)
	}
	text, jsonErr := protojson.Marshal(into)
	var tree any
	if jsonErr == nil {
		jsonErr = json.Unmarshal(text, &tree)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || jsonErr != nil {
		c.wrong = append(c.wrong, r.URL.Path)
		return false
	}
	c.texts = append(c.texts, words(tree)...)
	return true
}

// words are all texts in a JSON value, names and values alike.
func words(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			all = append(all, words(e)...)
		}
	case map[string]any:
		for name, e := range v {
			if name != "traceId" && name != "spanId" && name != "parentSpanId" { // random, in base64
				all = append(append(all, name), words(e)...)
			}
		}
	}
	return all
}

// of are the spans of one trace, by their ids.
func (c *collector) of(id [16]byte) map[string]*trace.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := map[string]*trace.Span{}
	for _, s := range c.spans {
		if slices.Equal(s.GetTraceId(), id[:]) {
			found[string(s.GetSpanId())] = s
		}
	}
	return found
}

// lacks tells which of these metrics have not come.
func (c *collector) lacks(names ...string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(names, func(name string) bool { return c.names[name] })
}

// everything is all that came, as text, and what could not be read.
func (c *collector) everything() (texts, wrong []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts), slices.Clone(c.wrong)
}
