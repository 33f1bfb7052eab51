package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-message/mail"
)

// Mail is a message as one recipient has it.
type Mail struct {
	N         int       `json:"n"` // number, from 1
	From      string    `json:"from"`
	To        string    `json:"to"` // whose inbox: the envelope's recipient
	Subject   string    `json:"subject"`
	MessageID string    `json:"messageId"`
	Date      time.Time `json:"date"`     // as the mail says
	Received  time.Time `json:"received"` // first time
	Count     int       `json:"count"`    // times received, told by the Message-ID
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	Links     []string  `json:"links"` // http(s) addresses, in order, each once
	Raw       string    `json:"-"`     // as received
}

// store keeps mails.
type store struct {
	config Config

	mu      sync.Mutex
	mails   []Mail // oldest first
	last    int
	changed chan struct{} // closed and replaced at every change
}

func newStore(c Config) *store { return &store{config: c, changed: make(chan struct{})} }

// keep takes a message for one recipient; the same again counts only.
func (s *store) keep(from, to string, raw []byte) error {
	m, err := parse(raw)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { close(s.changed); s.changed = make(chan struct{}) }()
	same := func(k Mail) bool { return m.MessageID != "" && k.MessageID == m.MessageID && k.To == to }
	if i := slices.IndexFunc(s.mails, same); i >= 0 {
		s.mails[i].Count++
		return nil
	}
	s.last++
	m.N, m.To, m.Count, m.Received = s.last, to, 1, s.config.Now()
	if m.From == "" {
		m.From = from
	}
	s.mails = append(s.mails, m)
	if len(s.mails) > s.config.MaxMails {
		s.mails = slices.Delete(s.mails, 0, 1)
	}
	if s.config.Folder == "" {
		return nil
	}
	return s.write(m)
}

func (s *store) list() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	mails := slices.Clone(s.mails)
	slices.Reverse(mails)
	return mails
}

func (s *store) find(n string) (Mail, bool) {
	mails := s.list()
	i := slices.IndexFunc(mails, func(m Mail) bool { return strconv.Itoa(m.N) == n })
	if i < 0 {
		return Mail{}, false
	}
	return mails[i], true
}

func (s *store) wait(ctx context.Context, match func(Mail) bool) (Mail, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		mails := s.list()
		if i := slices.IndexFunc(mails, match); i >= 0 {
			return mails[i], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("mail not among the %d received: %w", len(mails), ctx.Err())
		}
	}
}

// parse reads headers and the text and HTML parts.
func parse(raw []byte) (Mail, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, fmt.Errorf("message: %w", err)
	}
	m := Mail{Raw: string(raw)}
	m.Subject, _ = r.Header.Subject()
	m.MessageID, _ = r.Header.MessageID()
	m.Date, _ = r.Header.Date()
	if from, _ := r.Header.AddressList("From"); len(from) > 0 {
		m.From = from[0].String()
		if from[0].Name != "" {
			m.From = from[0].Name + " <" + from[0].Address + ">"
		}
	}
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			m.Links = links(m)
			return m, nil
		}
		if err != nil {
			return Mail{}, fmt.Errorf("message part: %w", err)
		}
		if err := m.add(part); err != nil {
			return Mail{}, err
		}
	}
}

// add takes a part that a person reads.
func (m *Mail) add(part *mail.Part) error {
	inline, ok := part.Header.(*mail.InlineHeader)
	if !ok {
		return nil
	}
	body, err := io.ReadAll(part.Body)
	if err != nil {
		return fmt.Errorf("message part: %w", err)
	}
	kind, _, _ := inline.ContentType()
	text := strings.ReplaceAll(string(body), "\r\n", "\n")
	switch {
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	}
	return nil
}

var (
	hrefs = regexp.MustCompile(`(?i)href\s*=\s*"(https?://[^"]+)"`)
	plain = regexp.MustCompile(`https?://[^\s<>"]+`)
)

// links are the addresses a reader could follow.
func links(m Mail) []string {
	found := []string{}
	for _, href := range hrefs.FindAllStringSubmatch(m.HTML, -1) {
		found = append(found, html.UnescapeString(href[1]))
	}
	found = append(found, plain.FindAllString(m.Text, -1)...)
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(l string) bool {
		again := seen[l]
		seen[l] = true
		return again
	})
}
