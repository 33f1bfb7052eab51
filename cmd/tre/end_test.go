package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// longest is how long a start or an end may take on a machine with other work.
const longest = 2 * time.Minute

// started is a `tre local up` of a test's own, with the address of each part.
type started struct {
	cmd   *exec.Cmd
	build string
	parts []string
}

func startUp(t *testing.T) *started {
	t.Helper()
	s := &started{build: t.TempDir()}
	s.cmd = exec.Command(os.Args[0], "local", "up", "--no-demo", "--build", s.build, "--data", filepath.Join(s.build, "data"))
	s.cmd.Env = append(os.Environ(), mainEnv+"=1", "TMPDIR="+s.build)
	log, err := os.Create(filepath.Join(s.build, "out"))
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = log, log // and no input: its end is no reason to stop
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = log.Close() })
	await(t, "local.json", func() bool { return s.read() == nil })
	return s
}

func (s *started) local() string { return filepath.Join(s.build, "local", "local.json") }

// read takes the addresses from local.json.
func (s *started) read() error {
	text, err := os.ReadFile(s.local())
	if err != nil {
		return err
	}
	var info stack.Info
	if err := json.Unmarshal(text, &info); err != nil {
		return err
	}
	storage := info.Storage[0].Endpoints
	s.parts = []string{info.API, info.Issuer, info.Mail, info.EventGrid, storage.Blob, storage.Queue, storage.Table}
	return nil
}

// answering are the parts that still listen.
func (s *started) answering(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, part := range s.parts {
		u, err := url.Parse(part)
		if err != nil {
			t.Fatal(err)
		}
		if conn, err := net.DialTimeout("tcp", u.Host, time.Second); err == nil {
			all = append(all, part)
			_ = conn.Close()
		}
	}
	return all
}

// handlers are the running handlers of the staged app, where the system tells.
func (s *started) handlers() []string {
	var all []string
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if path, err := os.Readlink(link); err == nil && strings.HasPrefix(path, s.build) {
			all = append(all, link)
		}
	}
	return all
}

func await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for deadline := time.Now().Add(longest); !yes(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, longest)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestEndedLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, os.Kill} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := startUp(t)
			if got := s.answering(t); len(got) != len(s.parts) {
				t.Errorf("only %v of %v answer", got, s.parts)
			}
			if err := s.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := s.cmd.Wait()
			if exit, failed := errors.AsType[*exec.ExitError](err); failed != (signal == os.Kill) {
				t.Errorf("ended with %v", exit)
			}
			await(t, "the end of all parts", func() bool { return len(s.answering(t)) == 0 && len(s.handlers()) == 0 })
			if _, err := os.Stat(s.local()); signal != os.Kill && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("local.json after the end: %v", err)
			}
		})
	}
}
