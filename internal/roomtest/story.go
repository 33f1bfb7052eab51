package roomtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Draft is a new request of Ada's.
func (w *World) Draft(kind airlock.Type) airlock.Request {
	w.T.Helper()
	now := w.Now()
	r := airlock.Request{ID: RequestID, Workspace: Here, WorkspaceAccount: HereAccount, Type: kind, Title: "t", Justification: "because",
		Stage: airlock.Draft, Since: now, CreatedBy: Ada, CreatedAt: now, UpdatedBy: Ada, UpdatedAt: now, Turn: 1}.Making(airlock.DraftFiles, 1)
	w.Must(w.Files.Create(w.T.Context(), r.Place(airlock.DraftFiles, 1)))
	return w.Commit(r.Note())
}

// Commit writes a change with its row of unfinished work.
func (w *World) Commit(c airlock.Change) airlock.Request {
	w.T.Helper()
	space, err := w.Store.Workspace(w.T.Context(), c.Request.Workspace)
	w.Must(err)
	r, err := w.Store.Commit(w.T.Context(), c.WithOpen(space.Policy, w.Ledger.Cadence))
	w.Must(err)
	return r
}

// Reload is the request as it is now.
func (w *World) Reload(r airlock.Request) airlock.Request {
	w.T.Helper()
	now, err := w.Store.Request(w.T.Context(), r.Key())
	w.Must(err)
	return now
}

// Slot addresses the rows of the request's turn.
func Slot(r airlock.Request) airlock.Slot { return airlock.Slot{Key: r.Key(), Turn: r.Turn} }

// Drop uploads a file into the draft.
func (w *World) Drop(r airlock.Request, name, content string) airlock.Blob {
	w.T.Helper()
	b, err := w.Files.Put(r.Place(airlock.DraftFiles, r.Turn), name, []byte(content))
	w.Must(err)
	return b
}

// Put writes what is known of a version.
func (w *World) Put(r airlock.Request, f airlock.File) {
	w.T.Helper()
	w.Must(w.Store.Put(w.T.Context(), Slot(r), []airlock.File{f}))
}

// Inspected is what an inspection finds of a content.
func (w *World) Inspected(content string, findings ...airlock.Finding) *airlock.Inspection {
	return &airlock.Inspection{Size: int64(len(content)), SHA256: airlock.Digest([]byte(content)), Type: "text/plain", Findings: findings, At: w.Now()}
}

// Clean is the verdict that passes.
var Clean = airlock.Verdict{Class: airlock.Clean, Result: "No threats found"}

// Ready drops a file that is inspected and clean.
func (w *World) Ready(r airlock.Request, name, content string) airlock.Blob {
	w.T.Helper()
	b, clean := w.Drop(r, name, content), Clean
	w.Put(r, airlock.File{Name: name, ETag: b.ETag, Inspection: w.Inspected(content), Verdict: &clean})
	return b
}

// Known are the rows of the request's turn, in the order of name and ETag.
func (w *World) Known(r airlock.Request, which airlock.Which) []airlock.File {
	w.T.Helper()
	all, err := airlock.Collect(func(p airlock.Page) ([]airlock.File, string, error) {
		return w.Store.List(w.T.Context(), Slot(r), airlock.Selection{Which: which}, p)
	})
	w.Must(err)
	slices.SortFunc(all, func(a, b airlock.File) int { return strings.Compare(a.Name+"\x00"+a.ETag, b.Name+"\x00"+b.ETag) })
	return all
}

// Row is what is known of one version.
func (w *World) Row(r airlock.Request, name, etag string) airlock.File {
	w.T.Helper()
	f, err := w.Store.Get(w.T.Context(), Slot(r), name, etag)
	w.Must(err)
	return f
}

// Move pulls a trigger as whoever may.
func (w *World) Move(r airlock.Request, on airlock.Trigger) airlock.Request {
	w.T.Helper()
	w.Pass(1)
	r = w.Reload(r)
	if verb, ok := map[airlock.Trigger]airlock.Verb{airlock.Approve: airlock.VerbApprove, airlock.Reject: airlock.VerbReject, airlock.Return: airlock.VerbReturn}[on]; ok {
		if on == airlock.Return {
			w.Must(w.Files.Create(w.T.Context(), r.Place(airlock.DraftFiles, r.Turn+1)))
		}
		members, err := w.Store.MembershipsOf(w.T.Context(), Here, Mia.OID)
		w.Must(err)
		c, err := r.Decide(airlock.Decision{ID: "d", Verb: verb, By: Mia, Digest: r.Manifest, Reason: "because", At: w.Now()}, members, 1)
		w.Must(err)
		return w.Commit(c)
	}
	row, ok := airlock.Steps.Next(r.Stage, on)
	if !ok {
		w.T.Fatalf("%s is not possible in %s", on, r.Stage)
	}
	by := map[airlock.Role]access.Person{airlock.Creator: Ada, airlock.Manager: Mia, airlock.Owner: Olga}[row.By[0]]
	c, err := r.Apply(airlock.Move{On: on, By: by, As: row.By[:1], At: w.Now(), Reason: "because", Function: "test"})
	w.Must(err)
	return w.Commit(c)
}

// Submit hands the draft in: its listing, less the tombstones.
func (w *World) Submit(r airlock.Request) airlock.Request {
	w.T.Helper()
	blobs, err := airlock.Collect(func(p airlock.Page) ([]airlock.Blob, string, error) {
		return w.Files.List(w.T.Context(), r.Place(airlock.DraftFiles, r.Turn), p)
	})
	w.Must(err)
	var files []airlock.File
	for _, b := range blobs {
		if f, err := w.Store.Get(w.T.Context(), Slot(r), b.Name, b.ETag); err == nil && f.Removal != nil {
			continue
		}
		files = append(files, airlock.File{Name: b.Name, ETag: b.ETag, Record: &airlock.Record{Listed: true, Size: b.Size, BlobType: b.BlobType}})
	}
	r = w.Reload(r)
	submission := airlock.NewSubmission(r, files)
	text, digest, err := submission.Canonical()
	w.Must(err)
	w.Must(w.Store.SaveManifest(w.T.Context(), r.Key(), digest, text))
	r.Record, r.Files, r.Bytes = digest, len(files), submission.Bytes()
	w.Commit(r.Note())
	return w.Move(r, airlock.Submit)
}

// Recorded writes the rows of what was submitted, as the engine does first.
func (w *World) Recorded(r airlock.Request) airlock.Request {
	w.T.Helper()
	text, err := w.Store.LoadManifest(w.T.Context(), r.Key(), r.Record)
	w.Must(err)
	submission, err := airlock.ReadSubmission(text, r)
	w.Must(err)
	for _, f := range submission.Missing(w.Known(r, airlock.Everything)) {
		w.Put(r, f)
	}
	return r
}

// Seal seals what was submitted as the engine should, and moves on to the gate.
func (w *World) Seal(r airlock.Request) airlock.Request {
	w.T.Helper()
	w.Recorded(r)
	sealed := r.Place(airlock.SealedFiles, r.Turn)
	w.Must(w.Files.Create(w.T.Context(), sealed))
	for _, f := range w.Known(r, airlock.Listed) {
		if f.RefusedBy(airlock.Policy{}) {
			continue
		}
		c := airlock.Copy{From: airlock.Ref{Place: r.Place(airlock.DraftFiles, r.Turn), Name: f.Name, ETag: f.ETag},
			To: airlock.Ref{Place: sealed, Name: f.Name}, Size: f.Record.Size}
		for done := (airlock.Copied{}); done.ETag == ""; c.Offset = done.Offset {
			var err error
			done, err = w.Files.Copy(w.T.Context(), c)
			w.Must(err)
			f.Seal = &airlock.Seal{ETag: done.ETag}
		}
		w.Put(r, airlock.File{Name: f.Name, ETag: f.ETag, Seal: f.Seal})
	}
	return w.Move(w.fixed(r), airlock.Sealed)
}

// fixed fixes the manifest of the sealed files.
func (w *World) fixed(r airlock.Request) airlock.Request {
	w.T.Helper()
	r = w.Reload(r)
	text, digest, err := airlock.NewManifest(r, w.Known(r, airlock.Listed)).Canonical()
	w.Must(err)
	w.Must(w.Store.SaveManifest(w.T.Context(), r.Key(), digest, text))
	r.Manifest = digest
	return w.Commit(r.Note())
}

// InReview is a request of files that passed the gate: names and contents by
// turns.
func (w *World) InReview(kind airlock.Type, content ...string) airlock.Request {
	w.T.Helper()
	r := w.Draft(kind)
	for i := 0; i < len(content); i += 2 {
		w.Ready(r, content[i], content[i+1])
	}
	return w.Move(w.fixed(w.Seal(w.Submit(r))), airlock.Passed)
}

// Told takes every notice off and forgets what is to be purged, so that a test
// begins with a request of which nothing else is to be done.
func (w *World) Told(r airlock.Request) airlock.Request {
	w.T.Helper()
	r = w.Reload(r)
	r.Notices, r.Containers = nil, r.Owns()
	return w.Commit(r.Note())
}

// Contents are a container's files and what is in them; nil: there is none.
func (w *World) Contents(place airlock.Place) map[string]string {
	w.T.Helper()
	blobs, err := airlock.Collect(func(p airlock.Page) ([]airlock.Blob, string, error) { return w.Files.List(w.T.Context(), place, p) })
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for _, b := range blobs {
		all[b.Name] = fmt.Sprint(b.Size)
		if c, err := w.Files.Open(w.T.Context(), airlock.Ref{Place: place, Name: b.Name}, 0, b.Size); err == nil {
			text := make([]byte, b.Size)
			_, _ = c.Read(text)
			all[b.Name] = string(text)
		}
	}
	return all
}
