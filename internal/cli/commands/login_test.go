package commands_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

const (
	audience = "6f0f3f4e-2f51-4c0b-8f9e-7a4f3f0a1b11"
	secret   = "a-secret-of-the-program"
)

var link = regexp.MustCompile(`http://localhost:\d+/\S*`)

func TestSignInInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	var once sync.Once
	w.saw = func(text string) {
		if address := link.FindString(text); address != "" {
			once.Do(func() { go choose(t, address) })
		}
	}
	got := w.must("login", "interactive", s.api.URL)
	if !strings.Contains(got.err, "as Some Researcher") {
		t.Errorf("said %q", got.err)
	}
	if out := w.must("get-token").out; strings.Count(out, ".") != 2 {
		t.Errorf("token of %d bytes", len(out))
	}
	if out := w.must("auth", "status", "-o", "json").out; !strings.Contains(out, "researcher@tre.example") || !strings.Contains(out, "TREUser") {
		t.Errorf("status %s", out)
	}
}

func TestSignInByDeviceCode(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	code := regexp.MustCompile(`Open (\S+) in any browser and type the code (\S+)`)
	w.saw = func(text string) {
		if found := code.FindStringSubmatch(text); found != nil {
			go choose(t, found[1]+"?user_code="+url.QueryEscape(found[2]))
		}
	}
	if got := w.must("login", s.api.URL); !strings.Contains(got.err, "as Some Researcher") {
		t.Errorf("said %q", got.err)
	}
}

// signedIn signs a program in, which needs no person.
func signedIn(t *testing.T, s *system, w *world) {
	t.Helper()
	w.env["TRE_CLIENT_SECRET"] = secret
	w.must("login", "client-credentials", s.api.URL, "--client-id", "robot")
	delete(w.env, "TRE_CLIENT_SECRET")
}

func TestTokensAreSealedWhereThereIsAKeyring(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	signedIn(t, s, w)
	token := strings.TrimSpace(w.must("get-token").out)
	for _, name := range files(t, w.env["TRE_CONFIG_DIR"]) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), token) || strings.Contains(string(text), secret) {
			t.Errorf("%s holds a secret in the open", filepath.Base(name))
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
	w.ring.broken = errors.New("locked")
	if got := w.run("get-token"); got.code != cli.SignedOut || !strings.Contains(got.err, "keyring") {
		t.Errorf("with the keyring locked: %+v", got)
	}
}

func TestStatusSaysWhereTokensAre(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	for _, tc := range []struct {
		name   string
		broken error
		want   string
	}{{"sealed with a key in the keyring", nil, "keyring"}, {"without a keyring in a file", errors.New("no such service"), "file"}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := s.world(t)
			w.ring.broken = tc.broken
			signedIn(t, s, w)
			if got := w.must("auth", "status", "-q", "[0].storage", "-o", "raw").out; got != tc.want+"\n" {
				t.Errorf("tokens in %q", got)
			}
			until := strings.TrimSpace(w.must("auth", "status", "-q", "[0].expires", "-o", "raw").out)
			if _, err := time.Parse(time.RFC3339, until); err != nil {
				t.Errorf("the token's end is for programs too: %v", err)
			}
		})
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) < 2 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}

func TestWithoutAKeyringAFileKeepsTokens(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	w.ring.broken = errors.New("no keyring here")
	w.env["TRE_CLIENT_SECRET"] = secret
	if got := w.must("login", "client-credentials", s.api.URL, "--client-id", "robot"); !strings.Contains(got.err, "There is no keyring") {
		t.Errorf("said %q", got.err)
	}
	w.must("get-token")
	w.must("logout")
	if got := w.run("get-token"); got.code != cli.SignedOut {
		t.Errorf("after the sign-out: %+v", got)
	}
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	var once sync.Once
	w.saw = func(text string) {
		if address := link.FindString(text); address != "" {
			once.Do(func() { go choose(t, address) })
		}
	}
	w.must("login", "interactive", s.api.URL)
	first := w.must("get-token").out
	if again := w.must("get-token").out; again != first {
		t.Error("a token that is good was renewed")
	}
	s.clock.pass(59 * time.Minute)
	second := w.must("get-token").out
	if second == first {
		t.Error("a token that is about to end was not renewed")
	}
	s.clock.pass(2 * time.Hour)
	// Refresh tokens work once: of many at once, one renews, the others wait for it.
	var all sync.WaitGroup
	results := make([]seen, 8)
	for i := range results {
		all.Go(func() {
			other := *w // another process: nothing shared but the folder and the keyring
			other.saw = nil
			results[i] = other.run("get-token")
		})
	}
	all.Wait()
	for _, got := range results {
		if got.code != cli.Done || got.out != results[0].out || got.out == second {
			t.Errorf("one of many: exit code %d, %s", got.code, got.err)
		}
	}
}

func TestASignInThatEndedSaysSo(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	signedIn(t, s, w)
	s.clock.pass(2 * time.Hour)
	w.must("get-token") // with the program's own secret
	_ = s.issuer.Close()
	s.clock.pass(2 * time.Hour)
	if got := w.run("get-token"); got.code != cli.Unreachable {
		t.Errorf("with the provider down: %+v", got)
	}
}

func TestSignInToTheLocalSystem(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := s.world(t)
	path := filepath.Join(t.TempDir(), "local.json")
	write := func() {
		text, _ := json.Marshal(map[string]any{"api": s.api.URL + "/api", "issuer": s.issuer.URL(), "users": []any{map[string]any{
			"key": "researcher", "name": "Some Researcher", "token": map[string]any{"url": s.issuer.TokenURL(), "form": map[string]string{"user": "researcher"}}}}})
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.run("login", "--local", "--local-file", path, "--as", "researcher"); got.code != cli.Unreachable || !strings.Contains(got.err, "make run") {
		t.Errorf("before it runs: %+v", got)
	}
	write()
	if got := w.run("login", "--local", "--local-file", path); got.code != cli.Usage || !strings.Contains(got.err, "--as") {
		t.Errorf("as nobody: %+v", got)
	}
	w.person("resea")
	w.must("login", "--local", "--local-file", path)
	first := w.must("get-token").out
	_ = s.issuer.Close()
	s.api.Close()
	s = newSystem(t) // a later run, on other ports
	write()
	if second := w.must("get-token").out; second == first {
		t.Error("a token of the run before was kept")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := w.run("get-token"); got.code != cli.Unreachable {
		t.Errorf("after its end: %+v", got)
	}
}

func TestWrongSignIns(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	for _, tc := range []struct {
		name string
		args []string
		code cli.Code
		said string
	}{
		{"no address", []string{"login"}, cli.Usage, "which TRE"},
		{"an address that sends tokens in the open", []string{"login", "http://tre.example.org"}, cli.Usage, "https only"},
		{"an address with a person in it", []string{"login", "https://me@tre.example.org"}, cli.Usage, "no address"},
		{"an address of something else", []string{"login", nothing.URL}, cli.Failed, "is this the address of a TRE?"},
		{"a program without a secret", []string{"login", "client-credentials", s.api.URL, "--client-id", "robot"}, cli.Usage, "TRE_CLIENT_SECRET"},
		{"a program without an id", []string{"login", "client-credentials", s.api.URL}, cli.Usage, "--client-id"},
		{"a secret file that is not there", []string{"login", "client-credentials", s.api.URL, "--client-id", "robot", "--client-secret-file", "no-such-file"}, cli.Failed, "no-such-file"},
		{"a profile with a strange name", []string{"login", s.api.URL, "--profile", "a/b"}, cli.Usage, "--profile"},
		{"a profile that is not there", []string{"get-token", "--profile", "other"}, cli.SignedOut, "no profile"},
		{"local and an address", []string{"login", "--local", s.api.URL}, cli.Usage, "no address"},
		{"switching to what is not there", []string{"auth", "switch", "other"}, cli.NotAllowed, "no profile"},
		{"nobody's status", []string{"auth", "status"}, cli.SignedOut, "nobody is signed in"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := s.world(t).run(tc.args...); got.code != tc.code || !strings.Contains(got.err, tc.said) || got.out != "" {
				t.Errorf("exit code %d, want %d; said %q, printed %q", got.code, tc.code, got.err, got.out)
			}
		})
	}
}
