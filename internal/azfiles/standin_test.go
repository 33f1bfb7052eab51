package azfiles_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
	"github.com/trefoil-tre/trefoil/internal/azfiles"
	"github.com/trefoil-tre/trefoil/internal/inspect"
)

// standIn is an account whose answers a test makes up.
func standIn(t *testing.T, answer http.HandlerFunc) *azblobs.Accounts {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	accounts, err := azblobs.New(azblobs.Config{
		AirlockConnection:    "AccountName=stairlock;AccountKey=a2V5;BlobEndpoint=" + server.URL + "/stairlock",
		WorkspaceConnections: []string{"AccountName=stone;AccountKey=a2V5;BlobEndpoint=" + server.URL + "/stone"},
		Now:                  time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

var somewhere = airlock.Place{Account: "stone", Container: "draft"}

// generated serves a file of that size that nobody has, and breaks the first
// connection after broken bytes where that is not 0.
func generated(size, broken int64) http.HandlerFunc {
	block := make([]byte, 64<<10)
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request) {
		var from, to int64
		span := r.Header.Get("x-ms-range") + r.Header.Get("Range")
		if _, err := fmt.Sscanf(span, "bytes=%d-%d", &from, &to); err != nil || r.Header.Get("If-Match") != `"0x1"` {
			http.Error(w, span, http.StatusBadRequest)
			return
		}
		to = min(to, size-1)
		w.Header().Set("ETag", `"0x1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, size))
		w.Header().Set("Content-Length", fmt.Sprint(to-from+1))
		w.WriteHeader(http.StatusPartialContent)
		if broken > 0 {
			once.Do(func() { to = min(to, from+broken-1) })
		}
		for left := to - from + 1; left > 0; {
			n, err := w.Write(block[:min(left, int64(len(block)))])
			if err != nil {
				return
			}
			left -= int64(n)
		}
	}
}

// TestFlatMemory runs alone: it counts what the whole process allocates.
func TestFlatMemory(t *testing.T) {
	const size, most = 200 << 20, 16 << 20
	accounts := standIn(t, generated(size, 0))
	vault := &azfiles.Vault{Accounts: accounts, Now: time.Now}
	subject := inspect.Subject{Blob: airlock.Blob{Name: "large.bin", Size: size}}
	inspector := inspect.Inspector{SliceBytes: 64 << 20, Now: time.Now}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var p *airlock.Progress
	for slices := 1; ; slices++ {
		from, count := inspector.Range(size, p)
		content, err := vault.Open(t.Context(), airlock.Ref{Place: somewhere, Name: "large.bin", ETag: "0x1"}, from, count)
		if err != nil {
			t.Fatal(err)
		}
		got, err := inspector.Slice(t.Context(), content, subject, p)
		if closed := content.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		if p = got.Progress; got.Inspection != nil {
			if got.Inspection.Size != size || content.Size != size || slices != 4 {
				t.Errorf("%d slices, %+v", slices, got.Inspection)
			}
			break
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > most {
		t.Errorf("allocated %d bytes for a file of %d, at most %d", used, size, most)
	}
}

// TestBrokenStream: a connection that breaks is made anew where it broke.
func TestBrokenStream(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	vault := &azfiles.Vault{Accounts: standIn(t, generated(size, 300_000)), Now: time.Now}
	content, err := vault.Open(t.Context(), airlock.Ref{Place: somewhere, Name: "a", ETag: "0x1"}, 0, size)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if n, err := io.Copy(io.Discard, content); n != size || err != nil {
		t.Errorf("%d of %d bytes, %v", n, size, err)
	}
}

// TestHugeFile: a file larger than 50,000 of the smallest blocks has larger ones.
func TestHugeFile(t *testing.T) {
	t.Parallel()
	const size = 50_000*(64<<20) + 1
	var mu sync.Mutex
	ranges, ids := map[string]bool{}, map[int]bool{}
	accounts := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("x-ms-error-code", "BlobNotFound")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		ranges[r.Header.Get("x-ms-source-range")] = r.Header.Get("x-ms-source-if-match") == `"0x1"`
		ids[len(r.URL.Query().Get("blockid"))] = true
		w.WriteHeader(http.StatusCreated)
	})
	vault := &azfiles.Vault{Accounts: accounts, Now: time.Now, BlocksPerSlice: 2}
	ref := airlock.Ref{Place: somewhere, Name: "a", ETag: "0x1"}
	got, err := vault.Copy(t.Context(), airlock.Copy{From: ref, To: airlock.Ref{Place: somewhere, Name: "b"}, Size: size})
	block := int64(64<<20) + 1
	if err != nil || got != (airlock.Copied{Offset: 2 * block}) {
		t.Errorf("%+v, %v", got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{fmt.Sprintf("bytes=0-%d", block-1), fmt.Sprintf("bytes=%d-%d", block, 2*block-1)} {
		if !ranges[want] {
			t.Errorf("no block of %s under the source's etag; got %v", want, ranges)
		}
	}
	if len(ids) != 1 {
		t.Errorf("block ids of lengths %v", ids)
	}
}

// leasedContainer refuses its deletion while the blob in it is leased.
type leasedContainer struct {
	mu    sync.Mutex
	calls []string
	freed bool
}

func (l *leasedContainer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	call := strings.TrimSpace(r.Method + " " + r.URL.Path + " " + r.URL.Query().Get("comp"))
	l.calls = append(l.calls, call)
	refuse := func(status int, code string) {
		w.Header().Set("x-ms-error-code", code)
		w.WriteHeader(status)
	}
	switch {
	case r.Method == http.MethodDelete && !l.freed:
		refuse(http.StatusPreconditionFailed, "LeaseIdMissing")
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusAccepted)
	case call == "PUT /stone/draft lease":
		refuse(http.StatusConflict, "LeaseNotPresentWithLeaseOperation")
	case call == "GET /stone/draft list":
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>
			<Blob><Name>free</Name><Properties><LeaseState>available</LeaseState></Properties></Blob>
			<Blob><Name>held #1</Name><Properties><LeaseState>leased</LeaseState></Properties></Blob></Blobs></EnumerationResults>`)
	case call == "PUT /stone/draft/held #1 lease":
		l.freed = r.Header.Get("x-ms-lease-action") == "break" && r.Header.Get("x-ms-lease-break-period") == "0"
		w.WriteHeader(http.StatusAccepted)
	default:
		refuse(http.StatusNotImplemented, "NotImplemented")
	}
}

func TestPurgeBreaksLeasesOfBlobs(t *testing.T) {
	t.Parallel()
	l := &leasedContainer{}
	janitor := &azfiles.Janitor{Accounts: standIn(t, l.ServeHTTP)}
	if gone, err := janitor.Purge(t.Context(), somewhere); gone || err != nil || !l.freed {
		t.Errorf("gone %v, %v after %q", gone, err, l.calls)
	}
}

// TestRemoveBreaksThatVersionsLeaseAlone: where the service looks at the lease
// before the condition, a later version keeps its lease.
func TestRemoveBreaksThatVersionsLeaseAlone(t *testing.T) {
	t.Parallel()
	var broken []string
	accounts := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		code := "LeaseIdMissing"
		if r.Method == http.MethodPut {
			code = "ConditionNotMet"
			broken = append(broken, r.Header.Get("x-ms-lease-action")+" "+r.Header.Get("If-Match"))
		}
		w.Header().Set("x-ms-error-code", code)
		w.WriteHeader(http.StatusPreconditionFailed)
	})
	vault := &azfiles.Vault{Accounts: accounts, Now: time.Now}
	if err := vault.Remove(t.Context(), airlock.Ref{Place: somewhere, Name: "a", ETag: "0x1"}); err != nil {
		t.Error(err)
	}
	if len(broken) != 1 || broken[0] != `break "0x1"` {
		t.Errorf("leases: %q", broken)
	}
}

// TestUnanswered: errors without an answer quote no URL.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	accounts := standIn(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	vault := &azfiles.Vault{Accounts: accounts, Now: time.Now}
	_, err := vault.Open(t.Context(), airlock.Ref{Place: somewhere, Name: "secret-name"}, 0, 1)
	if err == nil || strings.Contains(err.Error(), "secret-name") {
		t.Errorf("%v", err)
	}
	_, err = vault.Open(t.Context(), airlock.Ref{Place: airlock.Place{Account: "stelsewhere", Container: "c"}, Name: "a"}, 0, 1)
	if !errors.Is(err, azblobs.ErrAccount) {
		t.Errorf("unknown account: %v", err)
	}
}
