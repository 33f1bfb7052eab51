package compose_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
)

func news(e compose.PeopleEvent, r compose.Role) compose.News {
	n := compose.News{Event: e, Role: r, Recipient: "Reader", Person: "Member", Workspace: "Cardiac outcomes 2026", As: "WorkspaceResearcher",
		By: "Owner", Link: "https://tre.example.org/portal?a=1&b=2", When: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
		Ends: time.Date(2026, 12, 6, 0, 0, 0, 0, time.UTC)}
	switch e {
	case compose.Frozen, compose.Unfrozen:
		n.Person, n.As, n.Ends, n.Reason = "", "", time.Time{}, "An export is being looked into."
	case compose.Suspended, compose.Reinstated:
		n.Workspace, n.As, n.Ends = "", "", time.Time{}
	case compose.ExpiryEnding:
		n.Workspace, n.As, n.Kind, n.By = "", "", "training", ""
	case compose.Removed:
		n.Ends, n.Reason = time.Time{}, "The project is over."
	default:
	}
	return n
}

// TestGoldenNews keeps every mail about people as it is read.
func TestGoldenNews(t *testing.T) {
	t.Parallel()
	for _, e := range compose.PeopleEvents {
		for _, r := range []compose.Role{compose.Member, compose.Owner} {
			n := news(e, r)
			c, err := compose.RenderNews(n)
			if err != nil {
				t.Fatal(err)
			}
			name := "people_" + string(e) + "_" + string(r)
			golden(t, name+".txt", "Subject: "+c.Subject+"\n\n"+c.Text)
			golden(t, name+".html", c.HTML)
			m := mail.Message{ID: "a@b", Date: n.When, To: mail.Address{Email: "a@example.org"}, Subject: c.Subject, Text: c.Text, HTML: c.HTML}
			if err := m.Check(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if strings.Count(c.HTML, "<a ") != 1 || strings.Count(c.Text, n.Link) != 1 {
				t.Errorf("%s: not one link", name)
			}
		}
	}
}

func TestHostileNews(t *testing.T) {
	t.Parallel()
	n := news(compose.Removed, compose.Owner)
	n.Person = "x\r\nBcc: eve@example.org</td><script>alert(1)</script> www.evil.example"
	n.By, n.Recipient = "<img src=x onerror=alert(1)>\u202egnp", "{{.Link}}"
	n.Reason, n.Workspace = "one\r\n<b>bold</b> http://evil.example/\u2028", strings.Repeat("W", 500)
	c, err := compose.RenderNews(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{c.Subject, c.Text, c.HTML} {
		for _, bad := range []string{"://evil", "www.evil", "\r", "\u202e", "\u2028", strings.Repeat("W", 201)} {
			if strings.Contains(part, bad) {
				t.Errorf("%q left in %.80q", bad, part)
			}
		}
	}
	for _, bad := range []string{"<script", "<img", "<b>bold", "org</td>"} {
		if strings.Contains(c.HTML, bad) {
			t.Errorf("%q not escaped", bad)
		}
	}
	for name, change := range map[string]func(*compose.News){
		"unknown event": func(n *compose.News) { n.Event = "exploded" },
		"unknown role":  func(n *compose.News) { n.Role = compose.Reviewer },
		"no link":       func(n *compose.News) { n.Link = "javascript:alert(1)" },
	} {
		n := news(compose.Frozen, compose.Member)
		change(&n)
		if _, err := compose.RenderNews(n); err == nil {
			t.Errorf("%s: composed", name)
		}
	}
}
