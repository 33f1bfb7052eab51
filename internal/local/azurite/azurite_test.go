package azurite_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

// childEnv makes this test binary start an Azurite, print its endpoints and panic: see TestNothingIsLeftBehind.
const childEnv = "TREFOIL_TEST_PANIC"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		s, err := azurite.Start(context.Background(), azurite.Config{Accounts: []string{"one"}})
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(s.Blob + "\n")
		panic("with an Azurite running")
	}
	os.Exit(m.Run())
}

func start(t *testing.T, cfg azurite.Config) *azurite.Server {
	t.Helper()
	s, err := azurite.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func client(t *testing.T, s *azurite.Server, account string) *azblob.Client {
	t.Helper()
	c, err := azblob.NewClientFromConnectionString(s.ConnectionString(account), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDataSurvivesARestartInAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := []byte("kept")
	first := start(t, azurite.Config{Dir: dir, Accounts: []string{"one", "two"}})
	if _, err := client(t, first, "one").CreateContainer(t.Context(), "box", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := client(t, first, "one").UploadBuffer(t.Context(), "box", "file", want, nil); err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, azurite.Config{Dir: dir, Accounts: []string{"one"}})
	if first.Key("one") == second.Key("one") {
		t.Error("two starts share a random key")
	}
	got := make([]byte, len(want))
	if _, err := client(t, second, "one").DownloadBuffer(t.Context(), "box", "file", got, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAccountsOfTheFamilyExistWithoutBeingNamed(t *testing.T) {
	t.Parallel()
	s := start(t, azurite.Config{Accounts: []string{"one", azurite.Family}})
	for account, exists := range map[string]bool{"staaaaaaaaaaaaaaaaaaaa": true, "st234567abcdefghijklmn": true, "staaaaaaaaaaaaaaaaaaa": false, "other": false} {
		if azurite.InFamily(account) != exists || (s.Key(account) != "") != exists {
			t.Errorf("%s: key %v, want %v", account, s.Key(account) != "", exists)
		}
		c, err := azblob.NewClientFromConnectionString(strings.ReplaceAll(s.FamilyConnection(), "{account}", account), &azblob.ClientOptions{
			ClientOptions: policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.CreateContainer(t.Context(), "box", nil); (err == nil) != exists {
			t.Errorf("%s: %v, want it to exist: %v", account, err, exists)
		}
	}
	if _, err := client(t, s, "one").CreateContainer(t.Context(), "box", nil); err != nil {
		t.Errorf("a box of the same name in another account: %v", err)
	}
}

func TestKeptKeysAreUsedAgain(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"one": "a2V5IG9uZQ=="}
	s := start(t, azurite.Config{Accounts: []string{"one", "two"}, Keys: keys})
	if s.Key("one") != keys["one"] || s.Key("two") == "" {
		t.Error("key of one is not the given one, or two has none")
	}
	if _, err := client(t, s, "one").CreateContainer(t.Context(), "box", nil); err != nil {
		t.Error(err)
	}
}

func TestStopEndsTheServerAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	s := start(t, azurite.Config{Accounts: []string{"one"}})
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
	<-s.Done()
	assertClosed(t, s.Blob)
}

func TestNothingIsLeftBehindByAPanic(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, io.Discard
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) {
		t.Fatalf("child ended with %v, want a panic", err)
	}
	assertClosed(t, strings.TrimSpace(stdout.String()))
}

// assertClosed waits until nothing listens at the URL.
func assertClosed(t *testing.T, rawURL string) {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		t.Fatalf("address %q: %v", rawURL, err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", u.Host, time.Second)
		if err != nil {
			return
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatalf("%s still answers", u.Host)
		}
	}
}

func TestAbsentPartsAreNamedWithTheirRemedy(t *testing.T) {
	empty := t.TempDir()
	oldNode := t.TempDir()
	script := "#!/bin/sh\necho v16.1.0\n"
	if err := os.WriteFile(filepath.Join(oldNode, "node"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path, root string
		want             error
	}{
		{"no node", empty, "", azurite.ErrNoNode},
		{"old node", oldNode, "", azurite.ErrNoNode},
		{"no package", os.Getenv("PATH"), empty, azurite.ErrNoPackage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("PATH", tc.path)
			_, err := azurite.Start(t.Context(), azurite.Config{Root: tc.root})
			if !errors.Is(err, tc.want) {
				t.Fatalf("error = %v, want %v", err, tc.want)
			}
			if !strings.Contains(err.Error(), "npm ci") {
				t.Errorf("%q does not name the remedy", err)
			}
		})
	}
}

func TestInstallRunsNpmInTheRoot(t *testing.T) {
	bin, root := t.TempDir(), t.TempDir()
	script := "#!/bin/sh\necho \"$PWD $1\"\n"
	if err := os.WriteFile(filepath.Join(bin, "npm"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	var progress bytes.Buffer
	if err := azurite.Install(t.Context(), root, &progress); err != nil {
		t.Fatal(err)
	}
	if got, want := progress.String(), root+" ci\n"; got != want {
		t.Errorf("progress = %q, want %q", got, want)
	}
	t.Setenv("PATH", root)
	if err := azurite.Install(t.Context(), root, &progress); !errors.Is(err, azurite.ErrNoNode) {
		t.Errorf("without npm: %v, want %v", err, azurite.ErrNoNode)
	}
}

func TestEndpointsTravelByEnvironment(t *testing.T) {
	t.Parallel()
	want := azurite.Endpoints{
		Blob: "http://127.0.0.1:1", Queue: "http://127.0.0.1:2", Table: "http://127.0.0.1:3",
		Accounts: map[string]string{"state": "a2V5"},
	}
	_, value, _ := strings.Cut(want.Environ(), "=")
	file := filepath.Join(t.TempDir(), "azurite.json")
	if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"json": value, "file": file} {
		got, err := azurite.ParseEndpoints(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, bad := range []string{"", "{", `{"blob":"http://127.0.0.1:1"}`, filepath.Join(t.TempDir(), "none")} {
		if _, err := azurite.ParseEndpoints(bad); err == nil {
			t.Errorf("ParseEndpoints(%q) succeeds", bad)
		}
	}
}
