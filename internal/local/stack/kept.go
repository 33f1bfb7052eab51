package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

// kept is what a folder of data remembers from run to run beside the data
// itself: keys, so that what was signed or sealed stays good, and ports, so
// that the links in kept mails lead somewhere.
type kept struct {
	Accounts map[string]string `json:"accounts"` // account keys
	Cookies  string            `json:"cookies"`  // seals the portal's sessions
	Tokens   string            `json:"tokens"`   // seals resume tokens
	Ports    Ports             `json:"ports"`
	Vault    int               `json:"vault"` // its port
}

func (s *Stack) keptFile() string { return filepath.Join(s.dir, "kept.json") }

// recall reads what the folder remembers and makes up what it does not.
func (s *Stack) recall() error {
	s.kept = kept{Accounts: map[string]string{}}
	text, err := os.ReadFile(s.keptFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("kept keys: %w", err)
	default:
		if err := json.Unmarshal(text, &s.kept); err != nil {
			return fmt.Errorf("kept keys: %s: %w", s.keptFile(), err)
		}
	}
	for _, account := range append(s.accounts(), azurite.Family) {
		if s.kept.Accounts[account] == "" {
			s.kept.Accounts[account] = randomKey(64)
		}
	}
	for _, key := range []*string{&s.kept.Cookies, &s.kept.Tokens} {
		if *key == "" {
			*key = randomKey(32)
		}
	}
	if s.kept.Ports.Front, err = choose(s.cfg.Ports.Front, s.kept.Ports.Front); err != nil {
		return err
	}
	s.cfg.Ports = Ports{Front: s.kept.Ports.Front, Issuer: again(s.cfg.Ports.Issuer, s.kept.Ports.Issuer),
		Mail: again(s.cfg.Ports.Mail, s.kept.Ports.Mail)}
	return nil
}

// remember writes down what this run began with.
func (s *Stack) remember(context.Context) error {
	if s.temporary {
		return nil
	}
	s.kept.Ports = Ports{Front: s.cfg.Ports.Front, Issuer: portOf(s.Issuer.URL()), Mail: portOf(s.Inbox.URL())}
	return s.write()
}

func (s *Stack) write() error {
	text, err := json.MarshalIndent(s.kept, "", "  ")
	if err != nil {
		return fmt.Errorf("kept keys: %w", err)
	}
	return os.WriteFile(s.keptFile(), text, 0o600)
}

// choose is the port that was asked for, else the last one where nobody took
// it, else any free one.
func choose(asked, last int) (int, error) { return freePort(again(asked, last)) }

// again is the port that was asked for, else the last one, else none.
func again(asked, last int) int {
	if asked != 0 || last == 0 {
		return asked
	}
	l, err := net.Listen("tcp", loopback(last))
	if err != nil || l.Close() != nil {
		return 0
	}
	return last
}

func portOf(address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	port, _ := strconv.Atoi(u.Port()) // 0 where there is none: any
	return port
}
