package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// programs are the handler, and a server that only says hello.
type programs struct{ folder, handler, hello string }

// buildHandler compiles both as the handler is shipped.
func buildHandler(ctx context.Context) (programs, error) {
	folder, err := os.MkdirTemp("", "trefoil-bench-")
	p := programs{folder: folder, handler: filepath.Join(folder, "handler"), hello: filepath.Join(folder, "hello")}
	for out, from := range map[string]string{p.handler: "./functions", p.hello: "./internal/bench/hello"} {
		if err == nil {
			cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, from)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			cmd.Stderr = os.Stderr
			err = cmd.Run()
		}
	}
	return p, err
}

func (p programs) remove() error { return os.RemoveAll(p.folder) }

// started is a program that answers.
type started struct {
	cmd  *exec.Cmd
	url  string
	took time.Duration // from exec to the first answer
}

// start runs a program with settings until it answers GET /.
func start(ctx context.Context, program string, settings map[string]string) (*started, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(address, ":")
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "FUNCTIONS_CUSTOMHANDLER_PORT="+port)
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	from := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &started{cmd: cmd, url: "http://" + address}
	for {
		res, err := http.Get(s.url)
		if err == nil {
			s.took = time.Since(from)
			return s, res.Body.Close()
		}
		if time.Since(from) > 10*time.Second {
			return nil, joined(fmt.Errorf("%s does not answer: %w", filepath.Base(program), err), s.end())
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *started) end() error {
	err := s.cmd.Process.Kill()
	var killed *exec.ExitError
	if waited := s.cmd.Wait(); !errors.As(waited, &killed) {
		err = joined(err, waited)
	}
	return err
}

// memory is the process's resident set: now, and at its highest.
func (s *started) memory() (now, peak float64, err error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, 0, err
	}
	for l := range strings.Lines(string(text)) {
		fields := strings.Fields(l)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(fields[1], 64)
		switch fields[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			peak = kib / 1024
		}
	}
	return now, peak, nil
}

// settings are those of a handler that is both apps.
func settings(state, airlockAccount string) map[string]string {
	return map[string]string{"TRE_APP": "all", "TRE_STATE": state, "TRE_AIRLOCK": airlockAccount, "TRE_WORKSPACE_CONNECTIONS": airlockAccount,
		"TRE_TOPIC_ENDPOINT": "https://localhost:1/api/events", "TRE_TOPIC_KEY": "a2V5", "TRE_ISSUER": "http://localhost:1", "TRE_AUDIENCE": "api",
		"TRE_CLIENT_ID": "portal", "TRE_COOKIE_KEYS": strings.Repeat("k", 40), "TRE_PORTAL_URL": "http://localhost:1/portal",
		"TRE_API_URL": "http://localhost:1/api", "TRE_SMTP_HOST": "localhost", "TRE_SMTP_FROM": "tre@tre.example"}
}

// starting is the time from exec to the first answer, and memory at rest.
func starting(ctx context.Context, p programs) ([]line, error) {
	const account = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a"
	var ours, hello []time.Duration
	var rest float64
	for range 7 {
		for _, program := range []string{p.hello, p.handler} {
			s, err := start(ctx, program, settings(account, account))
			if err != nil {
				return nil, err
			}
			if program == p.handler {
				ours = append(ours, s.took)
				rest, _, err = s.memory()
			} else {
				hello = append(hello, s.took)
			}
			if err = joined(err, s.end()); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(ours)
	slices.Sort(hello)
	a, b := ours[len(ours)/2], hello[len(hello)/2]
	const exec = "from exec to the first answer on GET /, median of 7"
	return []line{
		{what: "start against hello", figure: a.Round(100 * time.Microsecond).String(), floor: b.Round(100 * time.Microsecond).String(), value: float64(a) / float64(b), goal: 3, means: exec + ", against a server that only says hello"},
		{what: "start, ms", figure: a.Round(100 * time.Microsecond).String(), floor: "50ms", value: float64(a) / 1e6, goal: 50, means: exec},
		{what: "memory at rest, MB", figure: fmt.Sprintf("%.0f MB", rest), floor: "50 MB", value: rest, goal: 50, means: "resident set of the handler as both apps, after its first answer"},
	}, nil
}

// tenGigabytes has the handler inspect a file of 10 GB, slice by slice.
func tenGigabytes(ctx context.Context, p programs, e azurite.Endpoints) (lines []line, err error) {
	const size = 10_000_000_000
	server := httptest.NewServer(generator{size: size})
	defer server.Close()
	state, err := azstore.Open(azstore.Config{ConnectionString: e.ConnectionString("state")})
	if err != nil {
		return nil, err
	}
	workspace := uuid.NewString()
	if err := state.PutWorkspace(ctx, airlock.Workspace{ID: workspace, StorageAccount: "ws1", Deployed: true, EnableAirlock: true}); err != nil {
		return nil, err
	}
	large := "DefaultEndpointsProtocol=http;AccountName=airlock;AccountKey=a2V5;BlobEndpoint=" + server.URL + "/airlock"
	s, err := start(ctx, p.handler, settings(e.ConnectionString("state"), large))
	if err != nil {
		return nil, err
	}
	defer func() { err = joined(err, s.end()) }()
	order := message.Inspect{Workspace: workspace, Request: uuid.NewString(), Account: airlock.AirlockAccount, Turn: 1, Name: "large.bin"}
	slot := airlock.Slot{Key: airlock.Key{Workspace: workspace, Request: order.Request}, Turn: 1}
	from := time.Now()
	for slices := 1; ; slices++ {
		if err := post(ctx, s.url+"/airlockinspect", order); err != nil {
			return nil, err
		}
		order.ETag = generatedETag // as the order for the next slice says
		row, err := state.Get(ctx, slot, order.Name, order.ETag)
		if err == nil && row.Inspection != nil {
			break
		}
		if slices > 10 {
			return nil, fmt.Errorf("10 GB are not inspected after %d slices: %w", slices, err)
		}
	}
	_, peak, err := s.memory()
	return []line{{what: "memory at a 10 GB file, MB", figure: fmt.Sprintf("%.0f MB", peak), floor: "150 MB", value: peak, goal: 150,
		means: fmt.Sprintf("highest resident set of the handler while it inspected 10 GB at %.0f MB/s", size/1e6/time.Since(from).Seconds())}}, err
}

// generator serves one large file with ranges, as blob storage does.
type generator struct{ size int64 }

const generatedETag = "0x8DBENCH"

// ServeHTTP answers a GET with as many bytes as are asked for.
func (g generator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from, to := int64(0), g.size-1
	asked := r.Header.Get("x-ms-range")
	if asked == "" {
		asked = r.Header.Get("Range")
	}
	h := w.Header()
	h.Set("ETag", `"`+generatedETag+`"`)
	h.Set("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
	h.Set("x-ms-blob-type", "BlockBlob")
	h.Set("Content-Type", "application/octet-stream")
	status := http.StatusOK
	if first, last, ok := strings.Cut(strings.TrimPrefix(asked, "bytes="), "-"); ok {
		from, _ = strconv.ParseInt(first, 10, 64)
		if n, err := strconv.ParseInt(last, 10, 64); err == nil {
			to = min(to, n)
		}
		status = http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, g.size))
	}
	h.Set("Content-Length", strconv.FormatInt(to-from+1, 10))
	w.WriteHeader(status)
	_, _ = io.CopyN(w, bytesOf{}, to-from+1) // a client may go away
}

// bytesOf is an endless file.
type bytesOf struct{}

// Read fills p without looking at it: what is in it does not matter.
func (bytesOf) Read(p []byte) (int, error) { return len(p), nil }
