package airlock_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// effects says, by hand, what a move changes beside stage, time and trail: the
// fields of the request, the orders in order, the event people are told.
var effects = []struct {
	from   airlock.Stage
	failed airlock.Trigger // what made it fail; then from is where it failed
	on     airlock.Trigger
	fields string // that differ, sorted
	orders string
	event  airlock.Event
}{
	{from: airlock.Draft, on: airlock.Submit, fields: "Containers History SubmittedBy", orders: "airlockadvance"},
	{from: airlock.Draft, on: airlock.Cancel, fields: "History Notices", orders: "airlockpurge notify", event: "cancelled"},
	{from: airlock.Draft, on: airlock.Expired, fields: "History Notices", orders: "airlockpurge notify", event: "cancelled"},
	{from: airlock.Draft, on: airlock.Overflowed, fields: "FailedFrom History Notices", orders: "airlockpurge notify", event: "failed"},
	{from: airlock.Sealing, on: airlock.Sealed, fields: "Manifest", orders: "airlockadvance airlockpurge"}, // Manifest: by its caller
	{from: airlock.Sealing, on: airlock.Cancel, fields: "History Notices", orders: "airlockpurge notify", event: "cancelled"},
	{from: airlock.Sealing, on: airlock.Broke, fields: "FailedFrom History Notices", orders: "notify", event: "failed"},
	{from: airlock.Gating, on: airlock.Passed, fields: "History Notices", orders: "notify airlockpurge", event: "in_review"},
	{from: airlock.Gating, on: airlock.Unfit, fields: "Bytes Containers Files History KeptFrom Manifest Notices Record Turn", orders: "notify airlockpurge", event: "returned"},
	{from: airlock.Gating, on: airlock.Infected, fields: "History", orders: "airlockadvance airlockpurge"},
	{from: airlock.Gating, on: airlock.Cancel, fields: "History Notices", orders: "airlockpurge notify", event: "cancelled"},
	{from: airlock.Gating, on: airlock.Broke, fields: "FailedFrom History Notices", orders: "notify airlockpurge", event: "failed"},
	{from: airlock.InReview, on: airlock.Endorse, fields: "Reviews", orders: "airlockpurge"},
	{from: airlock.InReview, on: airlock.Approve, fields: "Attempt Containers History Reviews", orders: "airlockdeliver airlockpurge"},
	{from: airlock.InReview, on: airlock.Reject, fields: "History Reviews", orders: "airlockadvance airlockpurge"},
	{from: airlock.InReview, on: airlock.Return, fields: "Bytes Containers Files History KeptFrom Manifest Notices Record Reviews Turn", orders: "notify airlockpurge", event: "returned"},
	{from: airlock.InReview, on: airlock.Cancel, fields: "History Notices", orders: "airlockpurge notify", event: "cancelled"},
	{from: airlock.InReview, on: airlock.Expired, fields: "History Notices", orders: "airlockpurge notify", event: "cancelled"},
	{from: airlock.InReview, on: airlock.Broke, fields: "FailedFrom History Notices", orders: "notify airlockpurge", event: "failed"},
	{from: airlock.InReview, on: airlock.Infected, fields: "History Notices", orders: "airlockadvance airlockpurge notify", event: "malware_found"},
	{from: airlock.Approving, on: airlock.Infected, fields: "History Notices", orders: "airlockadvance airlockpurge notify", event: "malware_found"},
	{from: airlock.Approved, on: airlock.Infected, fields: "History Notices", orders: "airlockpurge notify", event: "revoked_by_scan"},
	{from: airlock.Approving, on: airlock.Delivered, fields: "History Notices", orders: "notify airlockpurge", event: "approved"},
	{from: airlock.Approving, on: airlock.Stop, fields: "FailedFrom History Notices Stopped", orders: "airlockpurge notify", event: "failed"},
	{from: airlock.Approving, on: airlock.Broke, fields: "FailedFrom History Notices", orders: "airlockpurge notify", event: "failed"},
	{from: airlock.Rejecting, on: airlock.Withheld, fields: "History Notices", orders: "notify airlockpurge", event: "rejected"},
	{from: airlock.Rejecting, on: airlock.Broke, fields: "FailedFrom History Notices", orders: "notify airlockpurge", event: "failed"},
	{from: airlock.Blocking, on: airlock.Withheld, fields: "History Notices", orders: "notify airlockpurge", event: "blocked_by_scan"},
	{from: airlock.Blocking, on: airlock.Broke, fields: "FailedFrom History Notices", orders: "notify airlockpurge", event: "failed"},
	{from: airlock.Approved, on: airlock.Revoke, fields: "History Notices", orders: "airlockpurge notify", event: "revoked"},
	{from: airlock.Approved, on: airlock.Retired, fields: "Retired", orders: "airlockpurge"},
	{from: airlock.Rejected, on: airlock.Retired, fields: "Retired", orders: "airlockpurge"},
	{from: airlock.Blocked, on: airlock.Retired, fields: "Retired", orders: "airlockpurge"},
	{from: airlock.Revoked, on: airlock.Retired, fields: "Retired", orders: "airlockpurge"},
	{from: airlock.Gating, failed: airlock.Broke, on: airlock.Retired, fields: "Retired", orders: "airlockpurge"},
	{from: airlock.Draft, failed: airlock.Overflowed, on: airlock.RetryDraft, fields: "Bytes Containers FailedFrom Files History Manifest Notices Record Turn", orders: "notify airlockpurge", event: "reopened"},
	{from: airlock.Sealing, failed: airlock.Broke, on: airlock.RetrySeal, fields: "FailedFrom History", orders: "airlockadvance"},
	{from: airlock.Gating, failed: airlock.Broke, on: airlock.RetryGate, fields: "FailedFrom History", orders: "airlockadvance airlockpurge"},
	{from: airlock.InReview, failed: airlock.Broke, on: airlock.RetryReview, fields: "FailedFrom History Notices", orders: "airlockadvance notify airlockpurge", event: "in_review"},
	{from: airlock.Approving, failed: airlock.Broke, on: airlock.RetryDeliver, fields: "Attempt Containers FailedFrom History", orders: "airlockdeliver airlockpurge"},
	{from: airlock.Approving, failed: airlock.Stop, on: airlock.RetryDeliver, fields: "Attempt Containers FailedFrom History Stopped", orders: "airlockdeliver airlockpurge"},
	{from: airlock.Rejecting, failed: airlock.Broke, on: airlock.RetryReject, fields: "FailedFrom History", orders: "airlockadvance airlockpurge"},
	{from: airlock.Blocking, failed: airlock.Broke, on: airlock.RetryBlock, fields: "FailedFrom History", orders: "airlockadvance airlockpurge"},
}

func TestEffects(t *testing.T) {
	t.Parallel()
	for _, tt := range effects {
		t.Run(fmt.Sprintf("%s %s %s", tt.from, tt.failed, tt.on), func(t *testing.T) {
			t.Parallel()
			r := in(t, tt.from)
			if tt.failed != "" {
				r = told(t, r, tt.failed)
			}
			r.Record, r.Files, r.Bytes, r.Marks, r.Warned = "rec", 3, 9, []airlock.Mark{{Queue: "q", At: noon}}, []airlock.Event{airlock.ToldWaiting}
			if r.Manifest == "" {
				r.Manifest = "old"
			}
			c, err := pull(r, tt.on)
			if err != nil {
				t.Fatal(err)
			}
			if got := differing(r, c.Request); got != tt.fields {
				t.Errorf("changed %q, want %q", got, tt.fields)
			}
			if got := strings.Trim(fmt.Sprint(c.Orders), "[]"); got != tt.orders {
				t.Errorf("orders %q, want %q", got, tt.orders)
			}
			checkCommon(t, r, c, tt.on, tt.event)
		})
	}
	if len(effects) < len(airlock.Steps) {
		t.Errorf("%d effects for %d rows", len(effects), len(airlock.Steps))
	}
}

// differing lists the fields that differ, those apart that every move touches.
func differing(a, b airlock.Request) string {
	var names []string
	add := func(name string, x, y any) {
		if !cmp.Equal(x, y) {
			names = append(names, name)
		}
	}
	add("Attempt", a.Attempt, b.Attempt)
	add("Bytes", a.Bytes, b.Bytes)
	add("Containers", a.Containers, b.Containers)
	add("FailedFrom", a.FailedFrom, b.FailedFrom)
	add("Files", a.Files, b.Files)
	add("History", a.History, b.History)
	add("KeptFrom", a.KeptFrom, b.KeptFrom)
	add("Manifest", a.Manifest, b.Manifest)
	add("Notices", a.Notices, b.Notices)
	add("Record", a.Record, b.Record)
	add("Retired", a.Retired, b.Retired)
	add("Reviews", a.Reviews, b.Reviews)
	add("Stopped", a.Stopped, b.Stopped)
	add("SubmittedBy", a.SubmittedBy, b.SubmittedBy)
	add("Turn", a.Turn, b.Turn)
	for _, r := range []*airlock.Request{&a, &b} { // compared above, or by checkCommon
		*r = airlock.Request{ID: r.ID, Workspace: r.Workspace, WorkspaceAccount: r.WorkspaceAccount, Type: r.Type, Title: r.Title,
			Justification: r.Justification, Properties: r.Properties, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, Version: r.Version}
	}
	add("identity", a, b)
	return strings.Join(names, " ")
}

// checkCommon checks what every move does.
func checkCommon(t *testing.T, r airlock.Request, c airlock.Change, on airlock.Trigger, event airlock.Event) {
	t.Helper()
	n, row := c.Request, first(airlock.Steps.Next(r.Stage, on))
	at, person := r.UpdatedAt.Add(pace), actors[row.By[0]]
	moved := row.From != row.To
	wantSince, wantMessage := r.Since, r.Message
	if moved {
		wantSince, wantMessage = at, "because"
	}
	if n.Stage != row.To || !n.Since.Equal(wantSince) || n.Message != wantMessage || n.Marks != nil || (len(n.Warned) > 0) != (len(r.Warned) > 0 && !moved) {
		t.Errorf("stage %s since %v, message %q, marks %v, warned %v", n.Stage, n.Since, n.Message, n.Marks, n.Warned)
	}
	if n.Revision != r.Revision+1 || !n.UpdatedAt.Equal(at) {
		t.Errorf("revision %d, updated %v", n.Revision, n.UpdatedAt)
	}
	if person.OID == "" && (n.UpdatedBy.OID != r.UpdatedBy.OID || n.Operation != r.Operation) || person.OID != "" && (n.UpdatedBy.OID != person.OID || !strings.HasPrefix(n.Operation, "op-")) {
		t.Errorf("updated by %s, operation %q", n.UpdatedBy.OID, n.Operation)
	}
	want := audit.Line{Workspace: workspaceID, Request: requestID, Seq: r.Head.Seq + 1, At: at, Action: string(on), From: string(row.From), To: string(row.To),
		Reason: "because", Prev: r.Head.Hash, Actor: audit.Actor{OID: person.OID, Name: person.Name, Role: string(row.By[0])}}
	if person.OID == "" {
		want.Actor.Name = "test"
	}
	want.Hash, want.Detail = n.Head.Hash, c.Lines[0].Detail
	if diff := cmp.Diff([]audit.Line{want}, c.Lines); diff != "" {
		t.Errorf("audit\n%s", diff)
	}
	if event != "" {
		last := n.Notices[len(n.Notices)-1]
		if diff := cmp.Diff(airlock.Notice{Event: event, Seq: n.Head.Seq, At: at}, last); diff != "" || len(n.Notices) != len(r.Notices)+1 {
			t.Errorf("notices %v", n.Notices)
		}
	}
	if r.Stage.Status() != n.Stage.Status() {
		want := airlock.History{Revision: r.Revision, At: r.UpdatedAt, By: r.UpdatedBy, From: r.Stage.Status()}
		if diff := cmp.Diff(want, n.History[len(n.History)-1]); diff != "" {
			t.Errorf("history\n%s", diff)
		}
	}
}

func first[T any](value T, _ bool) T { return value }

func TestSubmitKeepsWho(t *testing.T) {
	t.Parallel()
	if got := in(t, airlock.Sealing).SubmittedBy.OID; got != ada.OID {
		t.Errorf("submitted by %q", got)
	}
}

// Two-digit numbers are all a container's name has room for.
func TestNumbersEnd(t *testing.T) {
	t.Parallel()
	last := in(t, airlock.InReview)
	last.Turn = airlock.MaxNumber
	gate := in(t, airlock.Gating)
	gate.Turn = airlock.MaxNumber
	draft, deliver := broken(t, airlock.Draft, airlock.Overflowed), broken(t, airlock.Approving, airlock.Broke)
	draft.Turn, deliver.Attempt = airlock.MaxNumber, airlock.MaxNumber
	tests := []struct {
		r  airlock.Request
		on airlock.Trigger
	}{{last, airlock.Return}, {gate, airlock.Unfit}, {draft, airlock.RetryDraft}, {deliver, airlock.RetryDeliver}}
	for _, tt := range tests {
		if _, err := pull(tt.r, tt.on); !errors.Is(err, airlock.ErrIllegal) {
			t.Errorf("%s past %d: %v, want ErrIllegal", tt.on, airlock.MaxNumber, err)
		}
		if _, ok := tt.r.RetryOf(); ok {
			t.Errorf("%s past %d: a retry is offered", tt.on, airlock.MaxNumber)
		}
		if got := tt.r.Actions([]airlock.Role{airlock.Manager}); slices.Contains(got, "return") || slices.Contains(got, "retry") {
			t.Errorf("%s past %d: offered %v", tt.on, airlock.MaxNumber, got)
		}
	}
	for _, on := range []airlock.Trigger{airlock.Approve, airlock.Reject, airlock.Cancel} {
		if _, err := pull(last, on); err != nil {
			t.Errorf("the last turn cannot %s: %v", on, err)
		}
	}
	last.Turn--
	if c, err := pull(last, airlock.Return); err != nil || c.Request.Turn != airlock.MaxNumber {
		t.Errorf("turn %d: %v", c.Request.Turn, err)
	}
}

// A row must not grow with the story.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	r := in(t, airlock.Rejecting)
	for range 60 {
		r = told(t, r, airlock.Broke, airlock.RetryReject)
	}
	if got := len(r.History); got != 50 {
		t.Errorf("%d lines of history, want 50", got)
	}
	if last := r.History[49]; last.From != airlock.StatusFailed || last.Revision != r.Revision-1 {
		t.Errorf("last line %+v, revision %d", last, r.Revision)
	}
}
