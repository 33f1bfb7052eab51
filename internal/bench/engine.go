package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/functions/airlockadvance"
	"github.com/trefoil-tre/trefoil/functions/airlockdeliver"
	"github.com/trefoil-tre/trefoil/functions/airlockinspect"
	"github.com/trefoil-tre/trefoil/functions/airlockverdict"
	"github.com/trefoil-tre/trefoil/functions/blobcreated"
	"github.com/trefoil-tre/trefoil/functions/blobscanned"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/refusals"
)

// backend is where rows and files are.
type backend struct {
	rows  store
	boxes airlock.Desk
	vault airlock.Vault
	put   func(ctx context.Context, place airlock.Place, name string, content []byte) (etag string, err error)
}

// memory is a backend that takes no time.
func memory() backend {
	files := &memfiles.Files{Now: time.Now}
	return backend{rows: &memstore.Store{}, boxes: files, vault: files,
		put: func(_ context.Context, place airlock.Place, name string, content []byte) (string, error) {
			b, err := files.Put(place, name, content)
			return b.ETag, err
		}}
}

// pipeline is the real functions and the real desk on a backend, with queues
// in memory. Everything is done one after the other, so that the time in
// storage and the time in the logic add up.
type pipeline struct {
	calls     calls
	tape      *tape // nil: nothing is recorded
	back      backend
	workspace string
	desk      *desk.Desk
	advance   airlockadvance.Function
	deliver   airlockdeliver.Function
	inspect   airlockinspect.Function
	verdict   airlockverdict.Function
	created   blobcreated.Function
	scanned   blobscanned.Function
	queue     []any
	uploads   time.Duration // time that clients took
}

const (
	topic     = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/airlock"
	scanTopic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/scan"
)

var (
	requester = access.Person{OID: "11111111-1111-4111-8111-111111111111", Name: "Requester", Email: "r@tre.example", Roles: []access.Role{access.TREUser}}
	reviewer  = access.Person{OID: "22222222-2222-4222-8222-222222222222", Name: "Reviewer", Email: "m@tre.example", Roles: []access.Role{access.TREUser}}
)

// newPipeline wires the functions as the app does, and seeds a workspace.
func newPipeline(ctx context.Context, back backend, t *tape) (*pipeline, error) {
	p := &pipeline{back: back, tape: t, workspace: uuid.NewString()}
	rows, boxes, vault := counted{taped{back.rows, t}, &p.calls}, countedDesk{tapedDesk{back.boxes, t}, &p.calls}, countedVault{tapedVault{back.vault, t}, &p.calls}
	cadence := airlock.Cadence{Hint: time.Minute, Draft: 5 * time.Minute, Settle: 15 * time.Minute}
	known := &ledger.Remembered{Store: rows, For: 30 * time.Second, Now: time.Now} // as the app is wired
	book := ledger.Ledger{Requests: rows, Workspaces: known, Trail: rows, Now: time.Now, Cadence: cadence,
		Refusals: &refusals.Book{Store: back.rows, Now: time.Now}}
	p.advance = airlockadvance.Function{Ledger: book, Fresh: rows, Files: rows, Work: rows, Desk: boxes, Vault: vault, Manifests: rows, Orders: p, Parallel: 1}
	p.deliver = airlockdeliver.Function{Ledger: book, Fresh: rows, Files: rows, Work: rows, Desk: boxes, Vault: vault, Manifests: rows, Parallel: 1}
	p.inspect = airlockinspect.Function{Ledger: book, Files: rows, Vault: vault, Inspector: inspect.Inspector{Now: time.Now, BufferBytes: 4096}}
	p.verdict = airlockverdict.Function{Ledger: book, Files: rows, Desk: boxes}
	door := &doorman.Doorman{AirlockAccount: airlock.AirlockAccount, StorageTopics: []string{topic}, ScanTopics: []string{scanTopic},
		Workspaces: rows, Refusals: book.Refusals, Now: time.Now}
	p.created, p.scanned = blobcreated.Function{Door: door}, blobscanned.Function{Door: door}
	p.desk = &desk.Desk{Now: time.Now, Cadence: cadence, Log: slog.New(slog.DiscardHandler), Parallel: 1,
		Ports: desk.Ports{Requests: rows, Files: rows, Trail: rows, Workspaces: rows, Members: rows, People: rows, Manifests: rows,
			Containers: boxes, Orders: p, Facts: p}}
	return p, seed(ctx, back, p.workspace)
}

// seed makes a workspace with its people.
func seed(ctx context.Context, back backend, workspace string) error {
	err := back.rows.PutWorkspace(ctx, airlock.Workspace{ID: workspace, DisplayName: "Bench", StorageAccount: "ws1", Deployed: true,
		EnableAirlock: true, Policy: airlock.Policy{}})
	for person, role := range map[*access.Person]access.Role{&requester: access.WorkspaceResearcher, &reviewer: access.AirlockManager} {
		if err == nil {
			err = back.rows.PutMember(ctx, access.Membership{Workspace: workspace, OID: person.OID, Name: person.Name, Email: person.Email, Role: role})
		}
	}
	return err
}

// Send implements desk.Orders.
func (p *pipeline) Send(_ context.Context, _ string, m any, _ time.Duration) error {
	p.queue = append(p.queue, m)
	return nil
}

// Publish implements desk.Facts: nobody listens.
func (p *pipeline) Publish(context.Context, message.Fact) error { return nil }

// story takes one import request of so many small files through everything,
// as it mostly goes: dropped, inspected and scanned on drop, then submitted,
// approved, delivered.
func (p *pipeline) story(ctx context.Context, files int) error {
	by := desk.Caller{Person: requester}
	p.calls.by("create")
	view, err := p.desk.Create(ctx, by, p.workspace, desk.New{Type: airlock.Import, Title: "Bench", Justification: "to measure"})
	if err != nil {
		return err
	}
	key, place := view.Request.Key(), view.Request.Place(airlock.DraftFiles, 1)
	for i := range files {
		if err := p.drop(ctx, place, fmt.Sprintf("folder/file-%05d.csv", i)); err != nil {
			return err
		}
	}
	if err := p.drain(ctx); err != nil {
		return err
	}
	p.calls.by("submit")
	if _, err := p.desk.Submit(ctx, by, key); err != nil {
		return err
	}
	if err := p.drain(ctx); err != nil {
		return err
	}
	r, err := p.back.rows.Request(ctx, key)
	if err != nil {
		return err
	}
	word := desk.Word{Verb: airlock.VerbApprove, Digest: r.Manifest}
	p.calls.by("approve")
	if _, err := p.desk.Decide(ctx, desk.Caller{Person: reviewer}, key, word); err != nil {
		return fmt.Errorf("approve, request is %s: %w", r.Stage, err)
	}
	if err := p.drain(ctx); err != nil {
		return err
	}
	if r, err = p.back.rows.Request(ctx, key); err == nil && r.Stage != airlock.Approved {
		err = fmt.Errorf("request of %d files ended as %s: %s", files, r.Stage, r.Message)
	}
	return err
}

// drop uploads a file, which is nobody's operation but the client's, and tells
// what Event Grid and the scanner tell.
func (p *pipeline) drop(ctx context.Context, place airlock.Place, name string) error {
	from, content := time.Now(), []byte("age,count\n40,17\n"+name)
	etag, err := p.back.put(ctx, place, name, content)
	p.uploads += time.Since(from)
	if err != nil {
		return err
	}
	p.tape.upload(place, name, content, etag)
	p.calls.by("doormen")
	made, err := p.created.Handle(ctx, azfunc.Event{ID: name, Topic: topic, EventType: "Microsoft.Storage.BlobCreated",
		Subject: "/blobServices/default/containers/" + place.Container + "/blobs/" + name})
	if err != nil {
		return err
	}
	data := fmt.Sprintf(`{"blobUri":"https://airlock.blob/%s/%s","eTag":%q,"scanFinishedTimeUtc":"2026-01-01T00:00:00Z","scanResultType":"No threats found"}`,
		place.Container, name, etag)
	verdict, err := p.scanned.Handle(ctx, azfunc.Event{ID: name, Topic: scanTopic, EventType: "Microsoft.Security.MalwareScanningResult",
		Subject: "storageAccounts/airlock/containers/" + place.Container + "/blobs/" + name, Data: json.RawMessage(data)})
	p.push(made.Inspect, made.Advance)
	if verdict.Verdict != nil {
		p.queue = append(p.queue, *verdict.Verdict)
	}
	return err
}

func (p *pipeline) push(i *message.Inspect, a *message.Advance) {
	if i != nil {
		p.queue = append(p.queue, *i)
	}
	if a != nil {
		p.queue = append(p.queue, *a)
	}
}

// drain works the queues until they are empty. Purges and mails are left out:
// they are not counted by the file.
func (p *pipeline) drain(ctx context.Context) error {
	for len(p.queue) > 0 {
		m := p.queue[0]
		p.queue = p.queue[1:]
		if err := p.handle(ctx, m); err != nil {
			return fmt.Errorf("%T: %w", m, err)
		}
	}
	return nil
}

func (p *pipeline) handle(ctx context.Context, m any) error {
	p.calls.by(strings.TrimPrefix(fmt.Sprintf("%T", m), "message."))
	switch m := m.(type) {
	case message.Inspect:
		out, err := p.inspect.Handle(ctx, m)
		p.push(out.Inspect, out.Advance)
		return err
	case message.Verdict:
		out, err := p.verdict.Handle(ctx, m)
		p.push(nil, out.Advance)
		return err
	case message.Advance:
		out, err := p.advance.Handle(ctx, m)
		for _, i := range out.Inspect {
			p.push(&i, nil)
		}
		p.push(nil, out.Advance)
		if out.Deliver != nil {
			p.queue = append(p.queue, *out.Deliver)
		}
		return err
	case message.Deliver:
		out, err := p.deliver.Handle(ctx, m)
		if out.Deliver != nil {
			p.queue = append(p.queue, *out.Deliver)
		}
		return err
	}
	return nil
}
