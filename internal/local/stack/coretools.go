package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/child"
)

// ErrNoCoreTools means that func is absent; its text names the command that
// mends it.
// https://learn.microsoft.com/azure/azure-functions/functions-run-local
var ErrNoCoreTools = errors.New("azure functions core tools (func) are not installed: run `npm install -g azure-functions-core-tools@4`")

// coreTools is one app under Azure Functions Core Tools.
type coreTools struct {
	cmd  *exec.Cmd
	url  string
	done chan struct{}
}

// startCoreTools runs `func start` in the staged app.
func (s *Stack) startCoreTools(app string, port int, settings map[string]string) (*coreTools, error) {
	path, err := exec.LookPath("func")
	if err != nil {
		return nil, ErrNoCoreTools
	}
	cmd := exec.Command(path, "start", "--port", strconv.Itoa(port))
	cmd.Dir = s.cfg.App
	cmd.Env = append(os.Environ(), "FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT=1", "AzureFunctionsWebHost__hostid=trefoil-"+app)
	for name, value := range settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out := slog.NewLogLogger(s.cfg.Log.With(slog.String("app", app)).Handler(), slog.LevelInfo).Writer()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second // its handler may hold the output open
	child.Tie(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("func start: %w", err)
	}
	c := &coreTools{cmd: cmd, url: "http://" + loopback(port), done: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is told by its output
		child.Kill(cmd)
		close(c.done)
	}()
	return c, nil
}

// Done is closed when the host has ended.
func (c *coreTools) Done() <-chan struct{} { return c.done }

// Ready waits until the host says that it runs.
func (c *coreTools) Ready(ctx context.Context) error {
	return retry(ctx, readyTime, func() error {
		select {
		case <-c.done:
			return errors.New("func ended: see the log")
		default:
			return c.runs(ctx)
		}
	})
}

// runs asks the host for its state; under Core Tools nobody needs a key.
func (c *coreTools) runs(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/admin/host/status", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var status struct {
		State string `json:"state"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil || status.State != "Running" {
		return fmt.Errorf("func is in state %q", status.State)
	}
	return nil
}

// Stop ends it as Ctrl-C does.
func (c *coreTools) Stop(ctx context.Context) error {
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.Kill()
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		c.Kill()
		return ctx.Err()
	}
}

// Kill ends it and its handler at once.
func (c *coreTools) Kill() {
	child.Kill(c.cmd)
	<-c.done
}
