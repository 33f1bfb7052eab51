package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

var auditRules = []rule{
	{"a partition's lines come whole, in every page size", auditWhole},
	{"every field of the filter picks, alone and with others", auditPicks},
	{"the system's partition gives what was refused", auditSystem},
	{"no partition gives another one's lines", auditApart},
	{"lines about members and people are found as all others", auditPeople},
	{"a cursor that was never given is refused or harmless", auditCursors},
}

// audited fills a workspace with two requests of three lines.
func audited(t *testing.T, s Store) (workspace string, lines []audit.Line) {
	t.Helper()
	workspace = uuid.NewString()
	for i := range 2 {
		key := airlock.Key{Workspace: workspace, Request: uuid.NewString()}
		when := func(j int) time.Time { return at.Truncate(time.Microsecond).Add(time.Duration(10*i+j) * time.Minute) }
		c := newRequest(key).Note(
			audit.Line{At: when(0), Action: "create", Actor: audit.Actor{OID: "ann", Name: "A'nn"}},
			audit.Line{At: when(1), Action: "submit", Actor: audit.Actor{OID: "ann"}, Person: "bob"},
			audit.Line{At: when(2), Action: "passed", Actor: audit.Actor{Name: "airlockadvance"}})
		commit(t, s, c)
		lines = append(lines, c.Lines...)
	}
	return workspace, lines
}

func query(t *testing.T, s Store, partition string, f airlock.AuditFilter, limit int) []audit.Line {
	t.Helper()
	return pages(t, limit, func(p airlock.Page) ([]audit.Line, string, error) { return s.AuditLines(t.Context(), partition, f, p) })
}

// byTime sorts lines so that two lists of them can be compared.
func byTime(lines []audit.Line) []audit.Line {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(a, b audit.Line) int { return a.At.Compare(b.At) })
	return lines
}

func auditWhole(t *testing.T, s Store) {
	workspace, want := audited(t, s)
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, byTime(query(t, s, workspace, airlock.AuditFilter{}, limit)), byTime(want))
	})
}

func auditPicks(t *testing.T, s Store) {
	workspace, all := audited(t, s)
	for name, f := range map[string]airlock.AuditFilter{
		"from, which belongs to it":      {From: all[1].At},
		"to, which does not":             {To: all[2].At},
		"a span":                         {From: all[1].At, To: all[4].At},
		"an actor":                       {Actor: "ann"},
		"nobody":                         {Actor: "nobody"},
		"an action":                      {Action: "passed"},
		"a request":                      {Request: all[3].Request},
		"a person":                       {Person: "bob"},
		"an actor's actions in a span":   {From: all[2].At, Actor: "ann", Action: "submit"},
		"what would break out of a text": {Actor: "ann' or action ne '"},
	} {
		var want []audit.Line
		for _, line := range all {
			if f.Picks(line) {
				want = append(want, line)
			}
		}
		for _, limit := range limits {
			if got := query(t, s, workspace, f, limit); len(got) != len(want) {
				t.Errorf("%s, by %d: %d lines, want %d", name, limit, len(got), len(want))
			} else {
				equal(t, byTime(got), byTime(want))
			}
		}
	}
}

func auditSystem(t *testing.T, s Store) {
	var want []audit.Line
	for i, id := range []string{"a", "b", "c", "'/\\"} {
		line := audit.Line{Workspace: airlock.SystemPartition, At: at.Add(time.Duration(i) * time.Second), Action: "refused", Reason: id}
		check(t, s.Strange(t.Context(), id, line))
		want = append(want, line)
	}
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, byTime(query(t, s, airlock.SystemPartition, airlock.AuditFilter{}, limit)), want)
		equal(t, byTime(query(t, s, airlock.SystemPartition, airlock.AuditFilter{To: want[2].At}, limit)), want[:2])
	})
}

func auditApart(t *testing.T, s Store) {
	_, lines := audited(t, s)
	other, _ := audited(t, s)
	for _, partition := range []string{uuid.NewString(), "", airlock.PeoplePartition, airlock.SystemPartition} {
		if got := query(t, s, partition, airlock.AuditFilter{}, 0); len(got) != 0 {
			t.Errorf("partition %q has %d lines", partition, len(got))
		}
	}
	if got := query(t, s, other, airlock.AuditFilter{Request: lines[0].Request}, 0); len(got) != 0 {
		t.Errorf("%d lines of another workspace's request", len(got))
	}
}

func auditCursors(t *testing.T, s Store) {
	workspace, all := audited(t, s)
	for _, cursor := range []string{"nonsense", "9:", "0:~", "-1:x", "0:' or true or '", ":"} {
		got, _, err := s.AuditLines(t.Context(), workspace, airlock.AuditFilter{}, airlock.Page{After: cursor})
		if err == nil && len(got) > len(all) {
			t.Errorf("cursor %q led to %d lines", cursor, len(got))
		}
	}
}

func auditPeople(t *testing.T, s Store) {
	workspace, lines := audited(t, s)
	c := enrolled(workspace, people.Roll{}, newMember(workspace))
	enrol(t, s, c)
	record := recorded(people.Record{OID: uuid.NewString()}, "operation")
	_, err := s.CommitRecord(t.Context(), record)
	check(t, err)
	span := airlock.AuditFilter{From: at.Add(-time.Second), To: at.Add(time.Second)}
	for name, tt := range map[string]struct {
		partition string
		filter    airlock.AuditFilter
		want      []audit.Line
	}{
		"of the workspace itself":           {workspace, airlock.AuditFilter{Request: workspace}, c.Lines},
		"of the workspace and its requests": {workspace, airlock.AuditFilter{}, append(slices.Clone(c.Lines), lines...)},
		"of the workspace by action":        {workspace, airlock.AuditFilter{Action: "grant", From: span.From, To: span.To}, c.Lines},
		"of a person":                       {people.Partition, airlock.AuditFilter{Request: record.Record.OID}, record.Lines},
		"of people, by time":                {people.Partition, span, record.Lines},
	} {
		got := query(t, s, tt.partition, tt.filter, 0)
		if len(got) != len(tt.want) {
			t.Errorf("%s: %d lines, want %d", name, len(got), len(tt.want))
		}
	}
}
