package azvault_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func open(t *testing.T, s *standin, change func(*azvault.Config)) (*azvault.Vault, *azvault.Reader) {
	t.Helper()
	c := azvault.Config{URL: "https://" + host, Credential: identity{}, Transport: s, Pause: time.Microsecond}
	if change != nil {
		change(&c)
	}
	v, err1 := azvault.New(c)
	r, err2 := azvault.NewReader(c)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return v, r
}

func register(t *testing.T, s *standin, tre string) *azvault.Register {
	t.Helper()
	r, err := azvault.NewRegister(azvault.Config{URL: "https://" + host, Credential: identity{}, Transport: s, Pause: time.Microsecond, TRE: tre})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestKeptOfOneTRE: what another TRE, or somebody else, keeps in the same vault is
// not this one's.
func TestKeptOfOneTRE(t *testing.T) {
	t.Parallel()
	s := start()
	s.keep("theirs", "x", "text/plain")
	for _, tre := range []string{"one", "two"} {
		v, _ := open(t, s, func(c *azvault.Config) { c.TRE = tre })
		if _, err := v.Put(t.Context(), "ws-"+tre, "hunter2"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := register(t, s, "one").Kept(t.Context())
	if err != nil || len(all) != 1 || workspace.SecretName(all[0].ID) != "ws-one" {
		t.Errorf("kept: %+v, error %v", all, err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	cloudtest.RunVault(t, func(t *testing.T) cloudtest.Vault {
		s := start()
		v, r := open(t, s, nil)
		return cloudtest.Vault{Port: v, Read: r.Read, Register: register(t, s, "")}
	})
}

// TestPutReadsNothing: who keeps secrets needs no right to read one, and what
// is kept is kept once.
func TestPutReadsNothing(t *testing.T) {
	t.Parallel()
	s := start()
	v, _ := open(t, s, nil)
	for range 3 {
		if _, err := v.Put(t.Context(), "ws-1", "hunter2"); err != nil {
			t.Fatal(err)
		}
	}
	if s.reads != 0 || len(s.versions["ws-1"]) != 1 {
		t.Errorf("%d reads, %d versions", s.reads, len(s.versions["ws-1"]))
	}
}

// TestPutBesideOthers: what somebody else keeps under a name is not taken for
// ours, nor is one of ours that was switched off.
func TestPutBesideOthers(t *testing.T) {
	t.Parallel()
	s := start()
	v, r := open(t, s, nil)
	s.keep("ws-1", "theirs", "text/plain")
	id, err := v.Put(t.Context(), "ws-1", "ours")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Read(t.Context(), id); err != nil || got != "ours" {
		t.Errorf("read %q, error %v", got, err)
	}
	s.disable("ws-1")
	again, err := v.Put(t.Context(), "ws-1", "ours")
	if err != nil || again == id {
		t.Errorf("id %q again, error %v", again, err)
	}
}

// TestPutAfterForget: a name that was deleted is asked back, and until it is
// there the vault is busy.
func TestPutAfterForget(t *testing.T) {
	t.Parallel()
	s := start()
	v, r := open(t, s, nil)
	id, err := v.Put(t.Context(), "ws-1", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Forget(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = v.Put(t.Context(), "ws-1", "hunter2")
		if told, ok := errors.AsType[*workspace.CloudError](err); !ok || told.Class != workspace.Busy || told.After == 0 || strings.Contains(told.Message, "hunter2") {
			t.Fatalf("error %v, want busy", err)
		}
	}
	s.recover()
	if again, err := v.Put(t.Context(), "ws-1", "hunter2"); err != nil || again != id {
		t.Errorf("id %q, error %v, want %q", again, err, id)
	}
	if got, err := r.Read(t.Context(), id); err != nil || got != "hunter2" {
		t.Errorf("read %q, error %v", got, err)
	}
}

// TestErrors: what a vault says is told, the value never.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		call  string
		tries int
		said  answer
		want  workspace.CloudError
	}{
		{name: "not allowed to list", call: "GET", tries: 1, said: answer{status: 403, body: `{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.","innererror":{"code":"ForbiddenByRbac"}}}`},
			want: workspace.CloudError{Class: workspace.Final, Status: 403, Code: "ForbiddenByRbac", Message: "Caller is not authorized to perform action on resource."}},
		{name: "the value is in the words", call: "PUT", tries: 1, said: answer{status: 400, body: `{"error":{"code":"BadParameter","message":"hunter2 is no value"}}`},
			want: workspace.CloudError{Class: workspace.Final, Status: 400, Code: "BadParameter", Message: "… is no value"}},
		{name: "throttled", call: "PUT", tries: 1, said: answer{status: 429, header: http.Header{"Retry-After": {"9"}}},
			want: workspace.CloudError{Class: workspace.Throttled, Status: 429, Message: "Azure answered 429 Too Many Requests", After: 9 * time.Second}},
		{name: "out of order for long", call: "PUT", tries: 4, said: answer{status: 500},
			want: workspace.CloudError{Class: workspace.Passing, Status: 500, Message: "Azure answered 500 Internal Server Error"}},
		{name: "a conflict of another kind", call: "PUT", tries: 1, said: answer{status: 409, body: `{"error":{"code":"Conflict","message":"wait"}}`},
			want: workspace.CloudError{Class: workspace.Busy, Status: 409, Code: "Conflict", Message: "wait"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start()
			v, _ := open(t, s, nil)
			s.say = map[string]answer{tt.call: tt.said}
			_, err := v.Put(t.Context(), "ws-1", "hunter2")
			if told, ok := errors.AsType[*workspace.CloudError](err); !ok || *told != tt.want {
				t.Errorf("error %#v, want %#v", err, tt.want)
			}
			if s.said != tt.tries {
				t.Errorf("asked %d times, want %d", s.said, tt.tries)
			}
		})
	}
}

func TestForgetTwiceAtOnce(t *testing.T) {
	t.Parallel()
	for code, fine := range map[string]bool{"ObjectIsBeingDeleted": true, "ObjectIsDeletedButRecoverable": true, "Other": false} {
		s := start()
		v, _ := open(t, s, nil)
		id, err := v.Put(t.Context(), "ws-1", "hunter2")
		if err != nil {
			t.Fatal(err)
		}
		s.say = map[string]answer{"DELETE": {status: 409, body: `{"error":{"code":"Conflict","message":"wait","innererror":{"code":"` + code + `"}}}`}}
		if err := v.Forget(t.Context(), id); (err == nil) != fine {
			t.Errorf("%s: error %v", code, err)
		}
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	v, _ := open(t, start(), nil)
	_, err := v.Put(t.Context(), "ws-1", strings.Repeat("x", 25_001))
	if told, ok := errors.AsType[*workspace.CloudError](err); !ok || told.Class != workspace.Final || !strings.Contains(told.Message, "25000") {
		t.Errorf("error %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "kv-mytre", "http://kv-mytre.vault.azure.net", "https://kv-mytre.vault.azure.net/secrets", "https://a:b@kv-mytre.vault.azure.net", "https://kv-mytre.vault.azure.net?x=y"} {
		if _, err := azvault.New(azvault.Config{URL: address, Credential: identity{}}); err == nil {
			t.Errorf("%q: accepted", address)
		}
	}
}
