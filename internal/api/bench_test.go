package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
)

const (
	here  = "11111111-1111-4111-8111-111111111111"
	there = "22222222-2222-4222-8222-222222222222"
	none  = "33333333-3333-4333-8333-333333333333"
)

// people, by token.
var people = map[string]access.Person{
	"ann":   {OID: "a0000000-0000-4000-8000-000000000001", Name: "Ann", Email: "ann@example.org", Roles: []access.Role{access.TREUser}},
	"bob":   {OID: "a0000000-0000-4000-8000-000000000002", Name: "Bob", Roles: []access.Role{access.TREUser}},
	"olga":  {OID: "a0000000-0000-4000-8000-000000000003", Name: "Olga", Roles: []access.Role{access.TREUser}},
	"mia":   {OID: "a0000000-0000-4000-8000-000000000004", Name: "Mia", Roles: []access.Role{access.TREUser}},
	"rita":  {OID: "a0000000-0000-4000-8000-000000000006", Name: "Rita", Roles: []access.Role{access.TREUser}},
	"adam":  {OID: "a0000000-0000-4000-8000-000000000007", Name: "Adam", Roles: []access.Role{access.TREAdmin}},
	"sam":   {OID: "a0000000-0000-4000-8000-000000000008", Name: "Sam", Roles: []access.Role{access.TREUser}},
	"guest": {OID: "a0000000-0000-4000-8000-000000000009", Name: "Guest"},
}

// members of the two workspaces. Sam is everything, but in the other one.
var members = []access.Membership{
	{Workspace: here, OID: people["ann"].OID, Role: access.WorkspaceResearcher},
	{Workspace: here, OID: people["bob"].OID, Role: access.WorkspaceResearcher},
	{Workspace: here, OID: people["olga"].OID, Role: access.WorkspaceOwner},
	{Workspace: here, OID: people["mia"].OID, Role: access.AirlockManager},
	{Workspace: here, OID: people["rita"].OID, Role: access.WorkspaceResearcher},
	{Workspace: here, OID: people["rita"].OID, Role: access.AirlockManager},
	{Workspace: there, OID: people["sam"].OID, Role: access.WorkspaceOwner},
	{Workspace: there, OID: people["sam"].OID, Role: access.WorkspaceResearcher},
	{Workspace: there, OID: people["sam"].OID, Role: access.AirlockManager},
}

type tokens struct{}

func (tokens) Verify(_ context.Context, token string) (access.Person, error) {
	if token == "down" {
		return access.Person{}, api.ErrUnavailable
	}
	p, ok := people[token]
	if !ok {
		return p, api.ErrToken
	}
	return p, nil
}

// nowhere takes orders and facts.
type nowhere struct{}

func (nowhere) Send(context.Context, string, any, time.Duration) error { return nil }
func (nowhere) Publish(context.Context, message.Fact) error            { return nil }

type bench struct {
	t       testing.TB
	desk    *desk.Desk
	roster  *roster.Roster
	store   *memstore.Store
	files   *memfiles.Files
	handler http.Handler

	builder *provision.Builder
	powers  *running
	safe    *safe

	settings api.Settings
	subject  string // id of the request that a test is about
}

func newBench(t testing.TB, change ...func(*airlock.Workspace)) *bench {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 250e6, time.UTC) }
	b := &bench{t: t, store: &memstore.Store{}, files: &memfiles.Files{Now: now}}
	w := airlock.Workspace{ID: here, StorageAccount: "stgwshere", Deployed: true, EnableAirlock: true}
	for _, c := range change {
		c(&w)
	}
	b.must(b.store.PutWorkspace(t.Context(), w))
	b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: there, StorageAccount: "stgwsthere", Deployed: true, EnableAirlock: true}))
	for _, m := range members {
		b.must(b.store.PutMember(t.Context(), m))
	}
	log := slog.New(slog.DiscardHandler)
	b.desk = &desk.Desk{Ports: desk.Ports{Requests: b.store, Files: b.store, Trail: b.store, Audits: b.store, Workspaces: b.store, Members: b.store, People: b.store,
		Manifests: b.store, Operations: b.store, Containers: b.files, Orders: nowhere{}, Facts: nowhere{}},
		Now: now, Cadence: airlock.Cadence{Hint: time.Minute, Draft: time.Hour}, Log: log}
	b.roster = &roster.Roster{Desk: b.desk, Now: now, Hint: time.Minute, Log: log, Ports: roster.Ports{Rolls: b.store, Records: b.store,
		Members: b.store, Workspaces: b.store, Directory: book{}, Orders: nowhere{}}}
	b.settings = api.Settings{Desk: b.desk, Roster: b.roster, Resources: b.resourcesOf(), Details: func(context.Context) health.Details { return health.Details{Level: health.OK} }, Verifier: tokens{}, Now: now, Log: log, Keys: b.store,
		Metadata: api.Metadata{Version: "1.2.3", ClientID: "client", RootScope: "api://client", Tenant: "tenant"}}
	b.handler = later(t, b.settings)
	return b
}

// later is the handler of these settings, made at the first call: many tests
// put one with other settings in its place, and to make one is slow.
func later(t testing.TB, s api.Settings) http.Handler {
	t.Helper()
	make := sync.OnceValue(func() http.Handler { return api.Reused(t, s) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { make().ServeHTTP(w, r) })
}

// in is the bench in the hands of another test.
func (b *bench) in(t testing.TB) *bench {
	same := *b
	same.t = t
	return &same
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// call sends a request as who; a body makes it JSON.
func (b *bench) call(method, path, who, body string, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body))
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// answer is the part of an answer that tests read.
type answer struct {
	Request api.Request `json:"airlockRequest"`
	Actions []string    `json:"allowedUserActions"`
	URL     string      `json:"containerUrl"`
}

func (b *bench) read(w *httptest.ResponseRecorder, status int) answer {
	b.t.Helper()
	if w.Code != status {
		b.t.Fatalf("status is %d, want %d: %s", w.Code, status, w.Body)
	}
	var a answer
	b.must(json.Unmarshal(w.Body.Bytes(), &a))
	return a
}

func list(workspace string) string { return "/api/workspaces/" + workspace + "/requests" }

const creation = `{"type":"import","title":"Trial","businessJustification":"because"}`

// draft is a new request of Ann's with a clean file in it.
func (b *bench) draft() (path string) {
	b.t.Helper()
	a := b.read(b.call("POST", list(here), "ann", creation), http.StatusCreated)
	blob, err := b.files.Upload(a.URL, "a.txt", []byte("content"))
	b.must(err)
	key := airlock.Key{Workspace: here, Request: a.Request.ID}
	b.must(b.store.Put(b.t.Context(), airlock.Slot{Key: key, Turn: 1}, []airlock.File{{Name: "a.txt", ETag: blob.ETag,
		Inspection: &airlock.Inspection{Size: 7, SHA256: airlock.Digest([]byte("content")), Type: "text/plain"},
		Verdict:    &airlock.Verdict{Class: airlock.Clean}}}))
	return list(here) + "/" + a.Request.ID
}

// stage makes a request of Ann's and takes it to a stage.
func (b *bench) stage(stage airlock.Stage) (path string) {
	b.t.Helper()
	path = b.draft()
	steps := map[airlock.Stage][]airlock.Trigger{
		airlock.Sealing:   {airlock.Submit},
		airlock.Gating:    {airlock.Submit, airlock.Sealed},
		airlock.InReview:  {airlock.Submit, airlock.Sealed, airlock.Passed},
		airlock.Approving: {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve},
		airlock.Approved:  {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve, airlock.Delivered},
		airlock.Revoked:   {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Approve, airlock.Delivered, airlock.Revoke},
		airlock.Rejecting: {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Reject},
		airlock.Rejected:  {airlock.Submit, airlock.Sealed, airlock.Passed, airlock.Reject, airlock.Withheld},
		airlock.Blocking:  {airlock.Submit, airlock.Sealed, airlock.Infected},
		airlock.Blocked:   {airlock.Submit, airlock.Sealed, airlock.Infected, airlock.Withheld},
		airlock.Cancelled: {airlock.Cancel},
		airlock.Failed:    {airlock.Submit, airlock.Broke},
	}
	for _, on := range steps[stage] {
		if on == airlock.Submit {
			b.read(b.call("POST", path+"/submit", "ann", ""), http.StatusOK)
			continue
		}
		b.move(path, on)
	}
	return path
}

// move pulls a trigger past the API: as the engine, or as Mia.
func (b *bench) move(path string, on airlock.Trigger) {
	b.t.Helper()
	key := airlock.Key{Workspace: here, Request: path[len(list(here))+1:]}
	mia, err := desk.Caller{Person: people["mia"]}, error(nil)
	switch on {
	case airlock.Approve:
		_, err = b.desk.Decide(b.t.Context(), mia, key, desk.Word{Verb: airlock.VerbApprove})
	case airlock.Reject:
		_, err = b.desk.Decide(b.t.Context(), mia, key, desk.Word{Verb: airlock.VerbReject, Reason: "no"})
	case airlock.Revoke:
		_, err = b.desk.Revoke(b.t.Context(), mia, key, "mistake")
	case airlock.Cancel:
		_, err = b.desk.Cancel(b.t.Context(), desk.Caller{Person: people["ann"]}, key, "")
	default:
		err = b.engine(key, on)
	}
	b.must(err)
}

func (b *bench) engine(key airlock.Key, on airlock.Trigger) error {
	r, err := b.store.Request(b.t.Context(), key)
	if err != nil {
		return err
	}
	c, err := r.Apply(airlock.Move{On: on, As: []airlock.Role{airlock.Engine}, Function: "test", At: r.UpdatedAt})
	if err != nil {
		return err
	}
	if on == airlock.Sealed {
		c.Request.Manifest = "digest"
	}
	_, err = b.store.Commit(b.t.Context(), c.WithOpen(airlock.Policy{}, airlock.Cadence{}))
	return err
}
