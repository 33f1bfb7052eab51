package stack

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keepKeys returns the account keys of a folder that keeps data between runs,
// made up at the first run.
func (s *Stack) keepKeys() (map[string]string, error) {
	path := filepath.Join(s.dir, "keys.json")
	keys := map[string]string{}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("account keys: %w", err)
	default:
		if err := json.Unmarshal(text, &keys); err != nil {
			return nil, fmt.Errorf("account keys: %s: %w", path, err)
		}
	}
	for _, account := range s.accounts() {
		if keys[account] == "" {
			keys[account] = randomKey(64)
		}
	}
	if text, err = json.Marshal(keys); err != nil {
		return nil, fmt.Errorf("account keys: %w", err)
	}
	return keys, os.WriteFile(path, text, 0o600)
}

// randomKey is so many random bytes in base64.
func randomKey(bytes int) string {
	key := make([]byte, bytes)
	_, _ = rand.Read(key) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.StdEncoding.EncodeToString(key)
}
