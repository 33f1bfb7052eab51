package azurite

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	defaultStartTimeout = 60 * time.Second // a cold disk on a busy laptop; warm it takes about one second
	defaultStopTimeout  = 10 * time.Second // Azurite saves its data when it is asked to end
	keyBytes            = 64               // length of a real account key
)

// Config says which Azurite to start. The zero value keeps everything in memory and uses DefaultAccounts.
type Config struct {
	// Root is the folder whose node_modules holds azurite. Empty: found by walking up from the working folder.
	Root string
	// Dir is where data is kept between runs. Empty: in memory, gone with the process.
	Dir string
	// Accounts are the storage accounts. Empty: DefaultAccounts.
	Accounts []string
	// Keys are account keys (base64) to use again; an account without one gets a random key.
	Keys map[string]string
	// BlobPort, QueuePort and TablePort are loopback ports. 0: any free port.
	BlobPort, QueuePort, TablePort int
	// StartTimeout is how long Azurite may take until it answers. Default 60 s.
	StartTimeout time.Duration
	// StopTimeout is how long Azurite may take to save its data before it is killed. Default 10 s.
	StopTimeout time.Duration
}

// DefaultAccounts are the accounts of the design (host, state, airlock, audit, two workspaces), sixteen spare ones for
// tests that want an account of their own, and the Family.
func DefaultAccounts() []string {
	accounts := []string{"host", "state", "airlock", "audit", "ws1", "ws2", Family}
	for i := range spareAccounts {
		accounts = append(accounts, fmt.Sprintf("%s%02d", SparePrefix, i+1))
	}
	for _, prefix := range StackPrefixes {
		for _, name := range StackAccounts {
			accounts = append(accounts, prefix+name)
		}
	}
	return accounts
}

// SparePrefix begins the name of every spare account: spare01, spare02 and so on.
const SparePrefix = "spare"

const spareAccounts = 16

// StackAccounts are the accounts of a whole stack, and StackPrefixes begin
// their names for each of the test packages that run one at the same time.
var (
	StackAccounts = []string{"host", "state", "airlock", "ws1", "ws2"}
	StackPrefixes = []string{"scenario", "thousand", "chaos", "clitest", "transfers"}
)

// Server is a running Azurite. Stop ends it; so does the end of this process.
type Server struct {
	Endpoints
	child *child
	stop  time.Duration
}

// Start runs Azurite and returns when blob, queue and table services answer. ctx bounds the start only: a server
// that runs is ended by Stop, so that it can outlive the work that others still have to save.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	defer cancel()
	node, err := findNode(ctx)
	if err != nil {
		return nil, err
	}
	script, err := findScript(cfg.Root)
	if err != nil {
		return nil, err
	}
	keys := newKeys(cfg)
	cmd := exec.Command(node, append([]string{"-e", parentWatch, "--", script}, cfg.args()...)...)
	cmd.Env = append(os.Environ(), "AZURITE_ACCOUNTS="+accountList(cfg.Accounts, keys))
	c, err := startChild(cmd)
	if err != nil {
		return nil, fmt.Errorf("azurite: %w", err)
	}
	s := &Server{Endpoints: Endpoints{Accounts: keys}, child: c, stop: cfg.StopTimeout}
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("azurite did not start: %w", err), s.Stop())
	}
	return s, nil
}

// Stop asks Azurite to save and end, kills it after StopTimeout, and returns when it is gone. Further calls do nothing.
func (s *Server) Stop() error { return s.child.end(s.stop) }

// Done is closed when Azurite has ended, asked or not.
func (s *Server) Done() <-chan struct{} { return s.child.done }

// await learns the three addresses from Azurite's own output, then waits until each answers.
func (s *Server) await(ctx context.Context) error {
	for _, service := range []struct {
		name string
		url  *string
	}{{"Blob", &s.Blob}, {"Queue", &s.Queue}, {"Table", &s.Table}} {
		select {
		case *service.url = <-s.child.listening[service.name]:
		case <-s.child.done:
			return fmt.Errorf("process ended: %s", s.child.tail())
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", ctx.Err(), s.child.tail())
		}
		if err := awaitAnswer(ctx, *service.url); err != nil {
			return err
		}
	}
	return nil
}

func (cfg Config) withDefaults() Config {
	if len(cfg.Accounts) == 0 {
		cfg.Accounts = DefaultAccounts()
	}
	if cfg.StartTimeout == 0 {
		cfg.StartTimeout = defaultStartTimeout
	}
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = defaultStopTimeout
	}
	return cfg
}

func (cfg Config) args() []string {
	args := []string{
		"--blobPort", strconv.Itoa(cfg.BlobPort),
		"--queuePort", strconv.Itoa(cfg.QueuePort),
		"--tablePort", strconv.Itoa(cfg.TablePort),
		"--silent", "--disableTelemetry", "--disableProductStyleUrl",
		"--skipApiVersionCheck", // the SDKs ask for newer versions than Azurite knows by number
	}
	if cfg.Dir == "" {
		return append(args, "--inMemoryPersistence")
	}
	return append(args, "--location", cfg.Dir)
}

func newKeys(cfg Config) map[string]string {
	keys := make(map[string]string, len(cfg.Accounts))
	for _, account := range cfg.Accounts {
		if keys[account] = cfg.Keys[account]; keys[account] == "" {
			key := make([]byte, keyBytes)
			rand.Read(key) // never fails: https://pkg.go.dev/crypto/rand#Read
			keys[account] = base64.StdEncoding.EncodeToString(key)
		}
	}
	return keys
}

// accountList is the value of AZURITE_ACCOUNTS: "name:key;name:key".
func accountList(accounts []string, keys map[string]string) string {
	entries := make([]string, len(accounts))
	for i, account := range accounts {
		entries[i] = account + ":" + keys[account]
	}
	return strings.Join(entries, ";")
}
