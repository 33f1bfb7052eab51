package inbox

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"
)

// A kept mail is the message with the envelope before it, as mail servers write
// it at the end of the way: https://datatracker.ietf.org/doc/html/rfc9228
const deliveredTo = "Delivered-To"

func (s *store) path(n int) string {
	return filepath.Join(s.config.Folder, strconv.Itoa(n)+".eml")
}

// write keeps a mail in the folder.
func (s *store) write(m Mail) error {
	text := deliveredTo + ": " + m.To + "\r\n" + m.Raw
	if err := os.WriteFile(s.path(m.N), []byte(text), 0o600); err != nil {
		return fmt.Errorf("kept mail: %w", err)
	}
	return os.Chtimes(s.path(m.N), time.Time{}, m.Received)
}

// load takes up the mails of an earlier run.
func (s *store) load() error {
	if s.config.Folder == "" {
		return nil
	}
	if err := os.MkdirAll(s.config.Folder, 0o700); err != nil {
		return fmt.Errorf("mail folder: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(s.config.Folder, "*.eml"))
	if err != nil {
		return fmt.Errorf("mail folder: %w", err)
	}
	for _, path := range paths {
		m, err := read(path)
		if err != nil {
			return fmt.Errorf("kept mail %s: %w", filepath.Base(path), err)
		}
		s.mails = append(s.mails, m)
		s.last = max(s.last, m.N)
	}
	slices.SortFunc(s.mails, func(a, b Mail) int { return cmp.Compare(a.N, b.N) })
	s.mails = s.mails[max(0, len(s.mails)-s.config.MaxMails):]
	return nil
}

// read reads a kept mail.
func read(path string) (Mail, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Mail{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return Mail{}, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".eml"))
	if err != nil {
		return Mail{}, err
	}
	r, err := mail.CreateReader(bytes.NewReader(text))
	if err != nil {
		return Mail{}, err
	}
	to := r.Header.Get(deliveredTo)
	raw := bytes.TrimPrefix(text, []byte(deliveredTo+": "+to+"\r\n"))
	m, err := parse(raw)
	m.N, m.To, m.Count, m.Received = n, to, 1, info.ModTime()
	return m, err
}
