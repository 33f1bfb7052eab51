package observed_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// secretName is in the files' names, and may be in nothing that leaves.
const secretName = "patient-4711-äß"

// imported takes one request from the drop to the delivery.
func imported(t *testing.T) *stacktest.Request {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, id := t.Context(), uuid.NewString()
	must(rig.Workspace(ctx, id, "ws1", airlock.Policy{}))
	q, err := rig.Create(ctx, researcher, id, airlock.Import)
	must(err)
	must(q.Drop(ctx, secretName+".csv", []byte("age,count\n40,17\n")))
	must(q.Drop(ctx, "folder/"+secretName+".txt", []byte("as discussed\n")))
	_, err = q.Looked(ctx, 2)
	must(err)
	must(q.Submit(ctx))
	_, err = q.Await(ctx, airlock.InReview)
	must(err)
	must(q.Approve(ctx, manager))
	_, err = q.Await(ctx, airlock.Approved)
	must(err)
	_, err = q.AwaitThat(ctx, func(r airlock.Request) bool { return len(r.Notices) == 0 })
	must(err)
	return q
}

const inRequest = "/api/workspaces/{workspace_id}/requests/{airlock_request_id}"

// TestOneTrace takes an import from the drop to the delivery and finds all that
// was done for it in one trace, each below who ordered it, and no name, id,
// address or token in anything that was sent.
func TestOneTrace(t *testing.T) {
	q := imported(t)
	id := telemetry.TraceOf(q.Key.Request)
	steps := [][2]string{ // who, below whom
		{"airlockinspect", "blobcreated"}, {"airlockverdict", "blobscanned"}, {"airlockadvance", "POST " + inRequest + "/submit"},
		{"airlockdeliver", "POST " + inRequest + "/review"}, {"notify", "airlockdeliver"}, {"airlockpurge", "airlockadvance"},
		{"table POST", "airlockadvance"}, {"blob PUT", "airlockdeliver"}, {"blob GET", "airlockinspect"},
		{"queue POST", "POST " + inRequest + "/submit"},
	}
	err := stacktest.Until(t.Context(), func(context.Context) error {
		spans := otel.of(id)
		for _, step := range steps {
			if !slices.ContainsFunc(slices.Collect(maps.Values(spans)), func(s *trace.Span) bool {
				parent := spans[string(s.GetParentSpanId())]
				return s.GetName() == step[0] && parent != nil && parent.GetName() == step[1]
			}) {
				return fmt.Errorf("%s is not below %s, among %s", step[0], step[1], tree(spans))
			}
		}
		for _, s := range spans {
			if len(s.GetParentSpanId()) > 0 && spans[string(s.GetParentSpanId())] == nil {
				return fmt.Errorf("%s is below what is not in the trace", s.GetName())
			}
		}
		if lacking := otel.lacks("trefoil.invocations", "trefoil.invocation.duration", "trefoil.queue.depth", "trefoil.queue.poison",
			"trefoil.work.open", "trefoil.mails", "trefoil.verdicts", "trefoil.file.bytes"); len(lacking) > 0 {
			return fmt.Errorf("not measured: %v", lacking)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"blobcreated", "blobscanned", "POST " + inRequest + "/submit", "POST " + inRequest + "/review"} {
		for _, s := range otel.of(id) {
			if s.GetName() == root && len(s.GetParentSpanId()) > 0 {
				t.Errorf("%s begins nothing, though a person or an event did it", root)
			}
		}
	}
	tellsNothing(t, q)
}

// tellsNothing looks for what may not leave in everything that was sent.
func tellsNothing(t *testing.T, q *stacktest.Request) {
	t.Helper()
	texts, wrong := otel.everything()
	if len(wrong) > 0 || len(texts) == 0 {
		t.Errorf("%d exports, not readable: %v", len(texts), wrong)
	}
	container := airlock.Container{Kind: airlock.DraftFiles, Number: 1, Key: q.Key}.String()
	for _, secret := range []string{"patient", "sig=", "se=", "?", q.Key.Request, q.Key.Workspace, container, container[6:31], "eyJ", "Bearer",
		"@", "127.0.0.1", "ws1", "AccountKey"} {
		for _, text := range texts {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%q is told: …%s…", secret, text[max(0, at-80):min(len(text), at+80)])
				break
			}
		}
	}
}

// tree tells who is below whom.
func tree(spans map[string]*trace.Span) string {
	seen := map[string]int{}
	for _, s := range spans {
		seen[s.GetName()+" < "+spans[string(s.GetParentSpanId())].GetName()]++
	}
	return fmt.Sprint(seen)
}
