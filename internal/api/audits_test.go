package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

const auditHere = "/api/workspaces/" + here + "/audit"

// next is the address of the next page, "" on the last.
func next(h http.Header) string {
	address, ok := strings.CutSuffix(h.Get("Link"), `>; rel="next"`)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(address, "<")
}

// walk follows the links and returns every page's lines.
func (b *bench) walk(path, who string) (all []audit.Line) {
	b.t.Helper()
	for pages := 0; path != ""; pages++ {
		w := b.call("GET", path, who, "")
		var page api.AuditLines
		b.must(json.Unmarshal(w.Body.Bytes(), &page))
		if w.Code != 200 || pages > 100 {
			b.t.Fatalf("%s: %d after %d pages: %s", path, w.Code, pages, w.Body)
		}
		all = append(all, page.Lines...)
		if path = next(w.Header()); (path == "") != (page.Next == "") {
			b.t.Errorf("Link %q, nextCursor %q", path, page.Next)
		}
	}
	return all
}

// busy is a workspace in which things happened at different times.
func busy(t *testing.T) *bench {
	b := newBench(t)
	for i := range 3 {
		key := airlock.Key{Workspace: here, Request: b.stage(airlock.Revoked)[len(list(here))+1:]}
		r, err := b.store.Request(t.Context(), key)
		b.must(err)
		_, err = b.store.Commit(t.Context(), r.Note(audit.Line{At: r.UpdatedAt.Add(time.Duration(i) * time.Minute), Action: "note",
			Actor: audit.Actor{OID: "x", Name: "=1+1", Role: "\"a,\nb\""}}))
		b.must(err)
	}
	b.must(b.store.Strange(t.Context(), "odd", audit.Line{Workspace: "system", At: time.Unix(1000, 0), Action: "refused", Reason: "foreign"}))
	return b
}

func TestAuditSearch(t *testing.T) {
	t.Parallel()
	b := busy(t)
	all := b.walk(auditHere, "olga")
	if len(all) < 20 {
		t.Fatalf("%d lines", len(all))
	}
	for i := range all[1:] {
		if all[i].At.Before(all[i+1].At) {
			t.Errorf("line %d is older than the next", i)
		}
	}
	for _, limit := range []int{1, 4, 7} {
		if diff := cmp.Diff(all, b.walk(fmt.Sprintf("%s?limit=%d", auditHere, limit), "mia")); diff != "" {
			t.Errorf("by %d:\n%s", limit, diff)
		}
	}
	back := b.walk(auditHere+"?order_ascending=true&limit=5", "adam")
	for i := range back {
		if back[i].Hash != all[len(all)-1-i].Hash {
			t.Fatalf("the other way round line %d is another", i)
		}
	}
	count := func(path, who string) int { return len(b.walk(path, who)) }
	noted := url.QueryEscape(all[0].At.Format(time.RFC3339Nano))
	for query, want := range map[string]int{
		"action=note": 3, "action=note&limit=1": 3, "actor=" + strings.ToUpper(people["mia"].OID): 6, "actor=" + people["mia"].OID + "&action=revoke": 3,
		"request=" + all[0].Request + "&action=note": 1, "person=" + people["bob"].OID: 0, "from=" + noted: 1,
		"to=1795338000": 0, "from=1795338000.25&to=1795338001": len(all) - 2, "request=" + none: 0,
	} {
		if got := count(auditHere+"?"+query, "olga"); got != want {
			t.Errorf("%s: %d lines, want %d", query, got, want)
		}
	}
	if got := count("/api/audit", "adam"); got != len(all)+1 {
		t.Errorf("everything has %d lines, want those of the workspace and one refused", got)
	}
	for query, want := range map[string]int{"from=yesterday": 422, "to=-1": 422, "from=1e999": 422, "cursor=x": 422, "cursor=1.zz": 422, "limit=0": 422, "format=xml": 422} {
		if w := b.call("GET", auditHere+"?"+query, "olga", ""); w.Code != want {
			t.Errorf("%s: %d, want %d: %s", query, w.Code, want, w.Body)
		}
	}
}

func TestAuditTable(t *testing.T) {
	t.Parallel()
	b := busy(t)
	want := b.walk(auditHere, "olga")
	for _, ask := range [][]string{{auditHere + "?format=csv"}, {auditHere, "Accept", "text/csv"}, {"/api/audit?format=csv&from=2000"}} {
		who := "olga"
		if strings.HasPrefix(ask[0], "/api/audit") {
			who = "adam"
		}
		w := b.call("GET", ask[0], who, "", ask[1:]...)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
			t.Fatalf("%v: %d %s", ask, w.Code, w.Header().Get("Content-Type"))
		}
		if !strings.HasPrefix(w.Body.String(), "at,workspace,request,seq,") || !strings.Contains(w.Body.String(), "\r\n") {
			t.Errorf("%v: %.100q", ask, w.Body)
		}
		rows, err := csv.NewReader(w.Body).ReadAll()
		b.must(err)
		if len(rows) != len(want)+1 {
			t.Fatalf("%v: %d rows for %d lines", ask, len(rows), len(want))
		}
		for i, row := range rows[1:] {
			if row[15] != want[i].Hash || row[7] != want[i].Action {
				t.Errorf("row %d is %v", i, row)
			}
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("a spreadsheet runs %q", cell)
				}
			}
		}
	}
	w := b.call("GET", auditHere+"?format=csv&limit=2", "olga", "")
	if rows, err := csv.NewReader(w.Body).ReadAll(); err != nil || len(rows) != 3 || next(w.Header()) == "" {
		t.Errorf("a page of a table: %d rows, link %q, %v", len(rows), w.Header().Get("Link"), err)
	}
	if w := b.call("GET", auditHere+"?format=csv&from=never", "olga", ""); w.Code != 422 {
		t.Errorf("a table of no time: %d", w.Code)
	}
}

// TestAuditNamesTheCall: the id that an answer carries stands in the lines
// that its call wrote.
func TestAuditNamesTheCall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.call("POST", b.draft()+"/submit", "ann", "")
	lines := b.walk(auditHere+"?action=submit", "olga")
	if len(lines) != 1 || lines[0].Call == "" || lines[0].Call != w.Header().Get("X-Request-Id") {
		t.Errorf("call %s, lines %+v", w.Header().Get("X-Request-Id"), lines)
	}
}

// TestLists pages through requests while others are made.
func TestLists(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 5 {
		b.read(b.call("POST", list(here), "ann", creation), 201)
	}
	b.settings.Limits.List = 4
	b.handler = api.Reused(b.t, b.settings)
	seen := map[string]bool{}
	for path := list(here); path != ""; {
		w := b.call("GET", path, "ann", "")
		var page api.Requests
		b.must(json.Unmarshal(w.Body.Bytes(), &page))
		for _, r := range page.Requests {
			if seen[r.Request.ID] {
				t.Errorf("%s comes twice", r.Request.ID)
			}
			seen[r.Request.ID] = true
		}
		if path = next(w.Header()); path != "" {
			b.read(b.call("POST", list(here), "ann", creation), 201)
		}
		if len(seen) > 50 {
			t.Fatal("no end")
		}
	}
	if len(seen) < 5 {
		t.Errorf("%d requests", len(seen))
	}
	w := b.call("GET", "/api/requests?limit=2&title=TRI&status=draft,in_review&status=approved", "ann", "")
	var mine []api.Request
	b.must(json.Unmarshal(w.Body.Bytes(), &mine))
	if len(mine) != 2 || !strings.Contains(next(w.Header()), "title=TRI") {
		t.Errorf("%d mine, next %q: %s", len(mine), next(w.Header()), w.Body)
	}
	if w := b.call("GET", "/api/requests?status=draft,nonsense", "ann", ""); w.Code != 422 {
		t.Errorf("a status there is not: %d", w.Code)
	}
}
