package transfer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// journalLife is how long a journal is kept that nobody goes on with: Azure
// forgets uncommitted blocks after a week, and drafts live a month.
const journalLife = 30 * 24 * time.Hour

// Journal remembers what of a transfer is done, in a file that only its owner
// can read. Losing it, or its end, costs work done twice and nothing else.
type Journal struct {
	path  string
	mu    sync.Mutex
	file  *os.File
	parts map[string]map[string]bool // by file, then by part
	whole map[string]Sent
}

// note is one line of the journal.
type note struct {
	Name   string `json:"name"`
	Part   string `json:"part,omitempty"`   // done
	Sent   *Sent  `json:"sent,omitempty"`   // the whole file is done
	Forget bool   `json:"forget,omitempty"` // nothing of the file is
}

// OpenJournal reads the journal of the transfer to or from a place, in a folder
// that is made if need be; an empty one if there is none. Old ones of others
// are removed.
func OpenJournal(folder, place string, now time.Time) (*Journal, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	sum := sha256.Sum256([]byte(place))
	j := &Journal{path: filepath.Join(folder, hex.EncodeToString(sum[:16])+".jsonl"),
		parts: map[string]map[string]bool{}, whole: map[string]Sent{}}
	removeOld(folder, now)
	file, err := os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j.file = file
	if err := j.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %w", err), file.Close())
	}
	return j, nil
}

// read takes in what is there. A line that was cut off, or is none of ours, is
// as if it were not there.
func (j *Journal) read() error {
	lines := bufio.NewReader(j.file)
	whole := true
	for {
		line, err := lines.ReadBytes('\n')
		var n note
		if json.Unmarshal(line, &n) == nil {
			j.take(n)
		}
		if errors.Is(err, io.EOF) {
			whole = len(line) == 0
			break
		}
		if err != nil {
			return err
		}
	}
	if whole {
		return nil
	}
	_, err := j.file.WriteString("\n") // the next line is not to hang on half of one
	return err
}

func (j *Journal) take(n note) {
	switch {
	case n.Forget:
		delete(j.parts, n.Name)
		delete(j.whole, n.Name)
	case n.Sent != nil:
		delete(j.parts, n.Name)
		j.whole[n.Name] = *n.Sent
	case n.Part != "":
		if j.parts[n.Name] == nil {
			j.parts[n.Name] = map[string]bool{}
		}
		j.parts[n.Name][n.Part] = true
	}
}

func (j *Journal) write(n note) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(n); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.take(n)
	if _, err := j.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("journal: %w", explain(err))
	}
	return nil
}

// Has tells whether a part of a file is done.
func (j *Journal) Has(name, part string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.parts[name][part]
}

// Begun tells whether any part of a file is done.
func (j *Journal) Begun(name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.parts[name]) > 0
}

// Done returns what is known of a file that is done.
func (j *Journal) Done(name string) (Sent, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	sent, ok := j.whole[name]
	return sent, ok
}

// Part notes that a part of a file is done.
func (j *Journal) Part(name, part string) error { return j.write(note{Name: name, Part: part}) }

// Whole notes that a file is done.
func (j *Journal) Whole(s Sent) error { return j.write(note{Name: s.Name, Sent: &s}) }

// Forget notes that nothing of a file is done.
func (j *Journal) Forget(name string) error { return j.write(note{Name: name, Forget: true}) }

// Close keeps the journal for the next time.
func (j *Journal) Close() error { return j.file.Close() }

// Remove ends the journal: everything is done.
func (j *Journal) Remove() error {
	return errors.Join(j.file.Close(), os.Remove(j.path))
}

// removeOld removes journals that nobody will go on with. What cannot be
// removed does no harm.
func removeOld(folder string, now time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && filepath.Ext(entry.Name()) == ".jsonl" && info.Mode().IsRegular() && now.Sub(info.ModTime()) > journalLife {
			_ = os.Remove(filepath.Join(folder, entry.Name()))
		}
	}
}
