package azurite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// parentWatch is run by Node before Azurite: it ends the process when standard input closes, which the operating
// system does for us when the parent dies. Data in a folder is saved first, by Azurite's own handler of SIGTERM.
// Then it gives Azurite the accounts of the Family, which it has no setting for.
const parentWatch = `
const end = () => {
  if (process.argv.includes("--inMemoryPersistence") || !process.emit("SIGTERM")) process.exit(0);
  setTimeout(() => process.exit(0), 8000).unref();
};
process.stdin.on("end", end).on("error", end).resume();
const store = require(require("path").join(require("path").dirname(process.argv[1]), "common", "AccountDataStore.js")).default;
const known = store.prototype.getAccount;
store.prototype.getAccount = function (name) {
  const found = known.call(this, name), family = known.call(this, "` + Family + `");
  return found ?? (family && /` + familyNames + `/.test(name) ? { ...family, name } : undefined);
};
require(process.argv[1]);`

// keptLines is how much of Azurite's output an error quotes.
const keptLines = 12

var listeningLine = regexp.MustCompile(`^Azurite (Blob|Queue|Table) service is successfully listening at (http\S+)`)

// child is the Node process, and what it has said.
type child struct {
	cmd       *exec.Cmd
	stdin     io.Closer
	listening map[string]chan string // service → its URL, sent once
	done      chan struct{}          // closed when the process is gone

	mu   sync.Mutex
	last []string
}

func startChild(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{}), listening: map[string]chan string{
		"Blob": make(chan string, 1), "Queue": make(chan string, 1), "Table": make(chan string, 1),
	}}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.stdin = stdin
	output, input := io.Pipe()
	cmd.Stdout, cmd.Stderr = input, input
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go c.read(output)
	go func() {
		_ = cmd.Wait() // how it ended is told by its output
		_ = input.Close()
		close(c.done)
	}()
	return c, nil
}

func (c *child) read(output io.Reader) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		line := lines.Text()
		if m := listeningLine.FindStringSubmatch(line); m != nil {
			select {
			case c.listening[m[1]] <- m[2]:
			default: // said twice
			}
		}
		c.mu.Lock()
		c.last = append(c.last, line)
		c.last = c.last[max(0, len(c.last)-keptLines):]
		c.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, output) // a line beyond the scanner's limit must not block the child
}

func (c *child) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.last, "\n")
}

// end closes standard input, which ends the child in an orderly way, and kills it when that takes too long.
func (c *child) end(patience time.Duration) error {
	_ = c.stdin.Close() // a second close is harmless
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.done:
		return nil
	case <-timer.C:
	}
	if err := c.cmd.Process.Kill(); err != nil {
		select {
		case <-c.done: // it ended by itself meanwhile
			return nil
		default:
			return fmt.Errorf("azurite: %w", err)
		}
	}
	<-c.done
	return errors.New("azurite did not end in time and was killed")
}

// awaitAnswer polls until the service answers HTTP at all; a refusal is an answer.
func awaitAnswer(ctx context.Context, url string) error {
	const pause = 20 * time.Millisecond
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			return res.Body.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
