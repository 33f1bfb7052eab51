package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// searchRoutes read audit lines across requests.
func (a *api) searchRoutes() []Route {
	return []Route{
		get("/api/workspaces/{workspace_id}/audit", access.Audit, "Search the audit lines of a workspace", a.workspaceAudit).also(csvType).gives(reflect.TypeFor[AuditLines]()).
			says("Of all its requests, its members and itself, by time. Administrators see no titles and no justifications: no line holds any."),
		get("/api/audit", access.AuditAll, "Search the audit lines of everything", a.wholeAudit).also(csvType).gives(reflect.TypeFor[AuditLines]()).
			says("Of every workspace, of people, and of events that were refused, by time."),
	}
}

const csvType = "text/csv"

// AuditSearch are the filters of audit lines.
type AuditSearch struct {
	From      string `query:"from" maxLength:"40" doc:"Not before this time: RFC 3339, or Unix seconds" example:"2026-11-01T00:00:00Z"`
	To        string `query:"to" maxLength:"40" doc:"Before this time: RFC 3339, or Unix seconds" example:"1795338000"`
	Actor     string `query:"actor" maxLength:"100" doc:"Object id of who did it" example:"a0000000-0000-4000-8000-000000000001"`
	Action    string `query:"action" maxLength:"100" doc:"What was done, as the lines name it" example:"submit"`
	Request   string `query:"request" maxLength:"100" doc:"Id of the request; that of the workspace or person where a line is about one" example:"a9c5e3a0-7d44-4d0c-9df0-3c1f1a1d5b10"`
	Person    string `query:"person" maxLength:"100" doc:"Object id of whom it is about" example:"a0000000-0000-4000-8000-000000000002"`
	Ascending bool   `query:"order_ascending" default:"false" doc:"Oldest first; newest first when absent"`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" doc:"Lines in a page; 1,000 when absent, in CSV all" example:"100"`
	Cursor    string `query:"cursor" maxLength:"100" doc:"Of the page before, from its Link header"`
	Format    string `query:"format" enum:"json,csv" doc:"csv gives a table with a heading, whole unless a limit is asked for; an Accept header of text/csv asks for the same" example:"json"`
	Accept    string `header:"Accept" hidden:"true"`
}

// WorkspaceAuditCall asks for a workspace's audit lines.
type WorkspaceAuditCall struct {
	Workspace string `path:"workspace_id" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	AuditSearch
}

// AuditLines is a page of audit lines.
type AuditLines struct {
	Lines []audit.Line `json:"lines" doc:"What happened, newest first unless asked otherwise"`
	Next  string       `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// auditOut is the lines as JSON or as a table.
type auditOut struct {
	Link        string `header:"Link" doc:"Address of the next page, with rel=\"next\" (RFC 8288); absent on the last"`
	ContentType string `header:"Content-Type" doc:"application/json or text/csv"`
	Disposition string `header:"Content-Disposition" doc:"Name to keep a table under"`
	Body        func(huma.Context)
}

func (a *api) workspaceAudit(ctx context.Context, c desk.Caller, in *WorkspaceAuditCall) (*auditOut, error) {
	return a.searchAudit(ctx, in.AuditSearch, func(s desk.Search) (desk.Found, error) {
		return a.Desk.WorkspaceAudit(ctx, c, canonical(in.Workspace), s)
	})
}

func (a *api) wholeAudit(ctx context.Context, c desk.Caller, in *AuditSearch) (*auditOut, error) {
	return a.searchAudit(ctx, *in, func(s desk.Search) (desk.Found, error) { return a.Desk.WholeAudit(ctx, c, s) })
}

// searchAudit answers a search in the form that was asked for.
func (a *api) searchAudit(ctx context.Context, in AuditSearch, search func(desk.Search) (desk.Found, error)) (*auditOut, error) {
	s, err := in.search()
	if err != nil {
		return nil, err
	}
	if in.Format == "csv" || in.Format == "" && !accepts(in.Accept, "application/json") && accepts(in.Accept, csvType) {
		return a.auditTable(ctx, s, in.Limit, search)
	}
	found, err := search(s)
	if err != nil {
		return nil, err
	}
	return &auditOut{Link: nextLink(ctx, found.Next), ContentType: "application/json", Body: func(ctx huma.Context) {
		_ = marshal(ctx.BodyWriter(), AuditLines{Lines: found.Lines, Next: found.Next}) // the client is gone, or has it
	}}, nil
}

func (in AuditSearch) search() (desk.Search, error) {
	s := desk.Search{Ascending: in.Ascending, Page: airlock.Page{After: in.Cursor, Limit: in.Limit},
		Filter: airlock.AuditFilter{Actor: canonical(in.Actor), Action: in.Action, Request: canonical(in.Request), Person: canonical(in.Person)}}
	var err error
	if s.Filter.From, err = moment("from", in.From); err != nil {
		return s, err
	}
	s.Filter.To, err = moment("to", in.To)
	return s, err
}

// moment reads a time: RFC 3339, or Unix seconds with or without a fraction.
func moment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil && t.Year() > 0 && t.Year() < 10_000 {
		return t.UTC(), nil
	}
	const end = 253_402_300_800 // the year 10,000
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds < end {
		return time.UnixMicro(int64(seconds * 1e6)).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%s: %.40q is no time, send RFC 3339 as 2026-11-22T09:00:00Z, or Unix seconds: %w", field, text, airlock.ErrInvalid)
}

// auditTable streams CSV (RFC 4180), page after page, in bounded memory. The
// first page is read before the answer begins, so that what is wrong with the
// search is still told.
func (a *api) auditTable(ctx context.Context, s desk.Search, limit int, search func(desk.Search) (desk.Found, error)) (*auditOut, error) {
	whole := limit == 0
	if whole {
		s.Page.Limit = desk.MaxSearch
	}
	found, err := search(s)
	if err != nil {
		return nil, err
	}
	out := &auditOut{ContentType: "text/csv; charset=utf-8; header=present", Disposition: `attachment; filename="audit.csv"`}
	if !whole {
		out.Link = nextLink(ctx, found.Next)
	}
	out.Body = func(hctx huma.Context) {
		w := csv.NewWriter(hctx.BodyWriter())
		w.UseCRLF = true
		err := w.Write(auditHeading)
		for err == nil {
			for _, line := range found.Lines {
				_ = w.Write(auditCells(line)) // Flush tells
			}
			w.Flush()
			if err = w.Error(); err != nil || found.Next == "" || !whole {
				break
			}
			s.Page.After = found.Next
			found, err = search(s)
		}
		if err != nil { // a table that ends too early must not look whole
			a.Log.ErrorContext(ctx, "audit table not finished", slog.Any("error", err))
			panic(http.ErrAbortHandler)
		}
	}
	return out, nil
}

var auditHeading = []string{"at", "workspace", "request", "seq", "actor_id", "actor_name", "actor_role", "action", "person", "from", "to",
	"reason", "detail", "call", "prev", "hash"}

func auditCells(l audit.Line) []string {
	cells := []string{l.At.UTC().Format(time.RFC3339Nano), l.Workspace, l.Request, strconv.Itoa(l.Seq), l.Actor.OID, l.Actor.Name, l.Actor.Role,
		l.Action, l.Person, l.From, l.To, l.Reason, l.Detail, l.Call, l.Prev, l.Hash}
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return cells
}

// harmless is a cell that no spreadsheet takes for a formula: those begin with
// one of these characters.
// https://owasp.org/www-community/attacks/CSV_Injection
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
