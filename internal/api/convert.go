package api

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// request is a view as AzureTRE's clients read it, without files.
func request(v desk.View) Request {
	r := v.Request
	out := Request{
		ID: r.ID, ResourceVersion: r.Revision, WorkspaceID: r.Workspace, Type: r.Type,
		CreatedBy: user(r.CreatedBy), CreatedWhen: unix(r.CreatedAt), UpdatedBy: user(r.UpdatedBy), UpdatedWhen: unix(r.UpdatedAt),
		Title: r.Title, Justification: r.Justification, Status: r.Stage.Status(), ETag: r.Version,
		History: []History{}, Reviews: []Review{}, Files: []NamedFile{}, Warnings: listed(v.Warnings),
		ReviewUserResources: map[string]any{}, Properties: r.Properties,
		FilesCount: r.Files, Bytes: r.Bytes, WaitsFor: v.Wait.For, WaitsForRole: v.Wait.Owner,
		Step: r.Stage.Step(), Turn: r.Turn, ManifestDigest: r.Manifest,
	}
	if r.Message != "" {
		out.StatusMessage = &r.Message
	}
	if out.Properties == nil {
		out.Properties = map[string]any{}
	}
	if !v.Wait.Deadline.IsZero() {
		until := unix(v.Wait.Deadline)
		out.Deadline = &until
	}
	for _, h := range r.History {
		out.History = append(out.History, History{ResourceVersion: h.Revision, UpdatedWhen: unix(h.At), UpdatedBy: user(h.By),
			Properties: HistoryProperties{PreviousStatus: h.From}})
	}
	for _, x := range r.Reviews {
		out.Reviews = append(out.Reviews, Review{ID: x.ID, Reviewer: user(x.Reviewer), DateCreated: unix(x.At),
			Decision: x.Decision, Explanation: x.Reason, Turn: x.Turn, Digest: x.Digest})
	}
	return out
}

func user(p access.Person) User {
	return User{ID: p.OID, Name: p.Name, Email: p.Email, Roles: listed(p.Roles)}
}

func withActions(v desk.View) WithActions {
	out := WithActions{Request: request(v), Actions: listed(v.Actions)}
	if v.Link != nil {
		out.ContainerURL = v.Link.URL
	}
	return out
}

// moved is the answer to a call that changed a request. It stands: trouble with
// the names of its files only leaves them out.
func (a *api) moved(ctx context.Context, v desk.View, err error) (*single, error) {
	if err != nil {
		return nil, err
	}
	out, err := a.one(ctx, v)
	if err != nil {
		a.Log.WarnContext(ctx, "files not listed", slog.String("request", v.Request.ID), slog.Any("error", err))
	}
	return out, nil
}

// one is the answer about one request, with the names of its files.
func (a *api) one(ctx context.Context, v desk.View) (*single, error) {
	out := withActions(v)
	files, err := a.Desk.Record(ctx, v)
	for _, f := range files {
		out.Request.Files = append(out.Request.Files, NamedFile{Name: f.Name, Size: f.Size})
	}
	return &single{entityTag(v.Request.Version), out}, err
}

// single is the answer about one request, with its version as HTTP has it.
type single struct {
	ETag string `header:"ETag" doc:"Version of the request; send it back as If-Match with a change"`
	Body WithActions
}

// entityTag is a version as RFC 9110 (8.8.3) writes it.
func entityTag(version string) string {
	if version == "" || strings.HasSuffix(version, `"`) {
		return version
	}
	return strconv.Quote(version)
}

func file(f desk.File) File {
	return File{Name: f.Name, Size: f.Size, ETag: f.ETag, Type: f.Type, SHA256: f.SHA256, Kept: f.Kept, Inspected: f.Inspected,
		Verdict: f.Verdict, Findings: listed(f.Findings), Refused: f.Refused}
}

func filePage(p desk.FilePage) Files {
	out := Files{Files: []File{}, Next: p.Next, Count: p.Count, Bytes: p.Bytes, More: p.More}
	for _, f := range p.Files {
		out.Files = append(out.Files, file(f))
	}
	return out
}

func trail(t desk.Trail) Trail {
	return Trail{Lines: append([]audit.Line{}, t.Lines...), Next: t.Next, Head: t.Head, Verified: t.Verified}
}

// listed is a list that is never null in JSON.
func listed[T string | access.Role | airlock.Finding](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
