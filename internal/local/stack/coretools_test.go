package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"testing"
	"time"
)

// funcEnv makes this test binary behave like `func start --port N`.
const funcEnv = "TREFOIL_TEST_FUNC"

func TestMain(m *testing.M) {
	if os.Getenv(funcEnv) != "" {
		os.Exit(fakeFunc())
	}
	os.Exit(m.Run())
}

// fakeFunc answers as Core Tools do until it is interrupted.
func fakeFunc() int {
	if len(os.Args) != 4 || os.Args[1] != "start" || os.Args[2] != "--port" || os.Getenv("TRE_APP") == "" {
		return 2
	}
	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	state := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"state":"Running"}`) }
	server := &http.Server{Addr: "127.0.0.1:" + os.Args[3], Handler: http.HandlerFunc(state), ReadHeaderTimeout: time.Second}
	context.AfterFunc(interrupted, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return 1
	}
	return 0
}

// installFunc puts a func on the PATH.
func installFunc(t *testing.T) {
	t.Helper()
	bin := t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "func")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	t.Setenv(funcEnv, "1")
}

func TestCoreToolsRunAnApp(t *testing.T) {
	installFunc(t)
	for name, end := range map[string]func(instance) error{
		"stopped": func(c instance) error { return c.Stop(t.Context()) },
		"killed":  func(c instance) error { c.Kill(); return nil },
	} {
		port, err := freePort(0)
		if err != nil {
			t.Fatal(err)
		}
		s := &Stack{cfg: Config{App: t.TempDir(), Log: slog.New(slog.DiscardHandler)}}
		c, err := s.startCoreTools("front", port, map[string]string{"TRE_APP": "front"})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Ready(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := end(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		<-c.Done()
		if conn, err := net.Dial("tcp", loopback(port)); err == nil {
			t.Errorf("%s: func still answers", name)
			_ = conn.Close()
		}
	}
}

func TestMissingCoreToolsAreNamedWithTheirRemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := &Stack{cfg: Config{App: t.TempDir(), Log: slog.New(slog.DiscardHandler)}}
	if _, err := s.startCoreTools("front", 1, nil); !errors.Is(err, ErrNoCoreTools) {
		t.Errorf("error %v", err)
	}
}
