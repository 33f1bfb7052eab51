// Package profile keeps what the command line remembers between two calls:
// which systems a person signs in to, and the tokens for them. Files are their
// owner's alone and are replaced whole, so that a crash leaves the old or the
// new one.
package profile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Profile is one system with one person, or program, signed in to it. It holds
// no secret.
type Profile struct {
	URL       string `json:"url"` // base address of the API, ends in /api
	Method    string `json:"method"`
	Issuer    string `json:"issuer,omitempty"`
	ClientID  string `json:"clientId,omitempty"`
	Scope     string `json:"scope,omitempty"`
	Name      string `json:"name,omitempty"`      // of whom is signed in
	Account   string `json:"account,omitempty"`   // address, or object id of a program
	Workspace string `json:"workspace,omitempty"` // id of the one in use
	LocalFile string `json:"localFile,omitempty"` // local.json of `tre local up`
	User      string `json:"user,omitempty"`      // key in LocalFile
	Insecure  bool   `json:"insecureStorage,omitempty"`
}

// File is all profiles, and the name of the one in use.
type File struct {
	Current  string             `json:"current"`
	Profiles map[string]Profile `json:"profiles"`
}

// Names are the profiles' names, sorted.
func (f File) Names() []string {
	var all []string
	for name := range f.Profiles {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Store keeps profiles and sessions in a folder.
type Store struct {
	Dir     string
	Keyring Keyring // nil: the keyring of the system
}

// lockEvery is the pause between two looks whether another process is done.
const lockEvery = 20 * time.Millisecond

// Lock keeps other processes from the named thing until unlock is called. The
// system itself ends the lock of a process that is gone.
func (s Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	lock := flock.New(filepath.Join(s.Dir, fileName(name)+".lock"), flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockEvery); err != nil {
		return nil, fmt.Errorf("waiting for another tre: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil // the end of the process unlocks too
}

func (s Store) path() string { return filepath.Join(s.Dir, "profiles.json") }

// Load reads the profiles; without a file there are none.
func (s Store) Load() (File, error) {
	file := File{Profiles: map[string]Profile{}}
	text, err := os.ReadFile(s.path())
	if errors.Is(err, fs.ErrNotExist) {
		return file, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil {
		return file, fmt.Errorf("profiles: %s: %w; mend the file, or remove it and sign in again", s.path(), err)
	}
	if file.Profiles == nil {
		file.Profiles = map[string]Profile{}
	}
	return file, nil
}

// Change changes the profiles, one process at a time.
func (s Store) Change(ctx context.Context, change func(*File) error) error {
	unlock, err := s.Lock(ctx, "profiles")
	if err != nil {
		return err
	}
	defer unlock()
	file, err := s.Load()
	if err != nil {
		return err
	}
	if err := change(&file); err != nil {
		return err
	}
	return write(s.path(), file)
}

// write puts v into a file for its owner alone, whole or not at all.
func write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".tre-") // mode 0600
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("configuration: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// fileName makes a name of a profile one that every system takes for a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}

// CheckName returns an error unless the name of a new profile is one that no
// other name shares a file with.
func CheckName(name string) error {
	if name == "" || len(name) > 100 || fileName(name) != name || strings.Trim(name, ".") == "" {
		return fmt.Errorf("profile %q: take up to 100 of a-z, 0-9, - . and _", name)
	}
	return nil
}
