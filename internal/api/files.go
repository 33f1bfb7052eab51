package api

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// PageCall asks for a page of something that belongs to a request.
type PageCall struct {
	Addressed
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"Entries in the page; 1,000 audit lines or 100 files when absent" example:"50"`
	Cursor string `query:"cursor" maxLength:"8192" doc:"Of the page before, from its Link header"`
}

func (in PageCall) page() airlock.Page { return airlock.Page{After: in.Cursor, Limit: in.Limit} }

func (a *api) files(ctx context.Context, c desk.Caller, in *PageCall) (*paged[Files], error) {
	page, err := a.Desk.Files(ctx, c, in.key(), in.page())
	if err != nil {
		return nil, err
	}
	return &paged[Files]{nextLink(ctx, page.Next), filePage(page)}, nil
}

// Removal names a file in the body: names hold characters that proxies bend in
// addresses.
type Removal struct {
	Addressed
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"1024" doc:"Path within the request, with / between folders" example:"visits/second.csv"`
	}
}

func (a *api) removeFile(ctx context.Context, c desk.Caller, in *Removal) (*struct{}, error) {
	return nil, a.Desk.RemoveFile(ctx, c, in.key(), in.Body.Name)
}

func (a *api) audit(ctx context.Context, c desk.Caller, in *PageCall) (*paged[Trail], error) {
	t, err := a.Desk.Audit(ctx, c, in.key(), in.page())
	if err != nil {
		return nil, err
	}
	return &paged[Trail]{nextLink(ctx, t.Next), trail(t)}, nil
}

func (a *api) link(ctx context.Context, c desk.Caller, in *Addressed) (*body[Link], error) {
	l, err := a.Desk.Link(ctx, c, in.key())
	return &body[Link]{Link{ContainerURL: l.URL}}, err
}

func (a *api) sealedLink(ctx context.Context, c desk.Caller, in *Addressed) (*body[Link], error) {
	l, err := a.Desk.SealedLink(ctx, c, in.key())
	return &body[Link]{Link{ContainerURL: l.URL}}, err
}
