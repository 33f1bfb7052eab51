package compose_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
)

var update = flag.Bool("update", false, "write the golden mails anew")

func notice(e compose.Event, r compose.Role) compose.Notice {
	n := compose.Notice{
		Event: e, Role: r, Recipient: "Morgan Vale", Workspace: "Cardiac outcomes 2026", RequestID: "7d9c1a52-4a8e-4a53-9d0e-2f1b6c3e5a10",
		Title: "Summary tables, wave 3", Type: "export", RequestedBy: "Robin Hill", Status: string(e),
		Link: "https://tre.example.org/portal/workspaces/w1/requests/7d9c1a52?from=mail&turn=1",
		When: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
	}
	switch e {
	case compose.InReview:
		n.WaitsFor = "A decision by an airlock manager, until 29 November 2026"
	case compose.Returned, compose.Rejected, compose.Revoked, compose.Failed:
		n.Reason = "Table 2 has cells with fewer than ten people.\nPlease merge the two youngest age groups."
		if e == compose.Returned {
			n.Status = "draft"
		}
	case compose.DraftOverLimits:
		n.Status = "draft"
	case compose.MalwareFound:
		n.Status, n.Reason = "blocking_in_progress", "malware was found in 1 file after the review began"
	case compose.RevokedByScan:
		n.Status, n.Reason = "revoked", "malware was found in 1 file after the release; what was already taken cannot be recalled"
	case compose.Stuck:
		n.Status, n.WaitsFor = "approval_in_progress", "Delivery to the workspace; a copy has failed five times"
	default:
	}
	return n
}

// TestGolden keeps every mail as a person gets it: read them there.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, e := range compose.Events {
		role := compose.Requester
		switch e {
		case compose.InReview:
			role = compose.Reviewer
		case compose.Stuck:
			role = compose.Administrator
		case compose.MalwareFound:
			role = compose.Reviewer
		default:
		}
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			c, err := compose.Render(notice(e, role))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, string(e)+".txt", "Subject: "+c.Subject+"\n\n"+c.Text)
			golden(t, string(e)+".html", c.HTML)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// TestEveryPair: each event has words for each role, and makes a mail that
// can be sent.
func TestEveryPair(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, e := range compose.Events {
		for _, r := range []compose.Role{compose.Requester, compose.Reviewer, compose.Owner, compose.Administrator} {
			n := notice(e, r)
			c, err := compose.Render(n)
			if err != nil {
				t.Errorf("%s to %s: %v", e, r, err)
				continue
			}
			m := mail.Message{ID: "a@b", Date: n.When, To: mail.Address{Email: "a@example.org"}, Subject: c.Subject, Text: c.Text, HTML: c.HTML}
			if err := m.Check(); err != nil {
				t.Errorf("%s to %s: %v", e, r, err)
			}
			if strings.Count(c.HTML, "<a ") != 1 || strings.Count(c.Text, n.Link) != 1 {
				t.Errorf("%s to %s: not one link", e, r)
			}
			if r == compose.Requester {
				if other, ok := seen[c.Subject]; ok {
					t.Errorf("%s and %s have one subject", e, other)
				}
				seen[c.Subject] = string(e)
			}
		}
	}
}

func TestHostile(t *testing.T) {
	t.Parallel()
	n := notice(compose.Returned, compose.Requester)
	n.Title = "x\r\nBcc: eve@example.org</td><script>alert(1)</script><a href=\"https://evil.example\">click</a> www.evil.example"
	n.Recipient = "<img src=x onerror=alert(1)>\u202egnp"
	n.RequestedBy = "{{.Link}} ${7*7}"
	n.Reason = "line one\r\nline two\x00 <b>bold</b> http://evil.example/\u2028"
	n.Workspace = strings.Repeat("W", 500)
	c, err := compose.Render(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{c.Subject, c.Text, c.HTML} {
		for _, bad := range []string{"://evil", "www.evil", "\r", "\x00", "\u202e", "\u2028", strings.Repeat("W", 201)} {
			if strings.Contains(part, bad) {
				t.Errorf("%q left in %.80q", bad, part)
			}
		}
	}
	for _, bad := range []string{"<script", "<img", "<b>bold", "org</td>", `href="https://evil`} {
		if strings.Contains(c.HTML, bad) {
			t.Errorf("%q not escaped", bad)
		}
	}
	if strings.Contains(c.Subject, "\n") || len([]rune(c.Subject)) > 200 {
		t.Errorf("subject %q", c.Subject)
	}
	if !strings.Contains(c.Text, "line one\nline two <b>bold</b>") || !strings.Contains(c.Text, "{{.Link}} ${7*7}") {
		t.Errorf("text changed more than it had to:\n%s", c.Text)
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*compose.Notice){
		"unknown event":    func(n *compose.Notice) { n.Event = "exploded" },
		"unknown role":     func(n *compose.Notice) { n.Role = "" },
		"no link":          func(n *compose.Notice) { n.Link = "" },
		"script link":      func(n *compose.Notice) { n.Link = "javascript:alert(1)" },
		"local link":       func(n *compose.Notice) { n.Link = "/portal" },
		"link with a name": func(n *compose.Notice) { n.Link = "https://tre.example.org@evil.example/" },
	} {
		n := notice(compose.Approved, compose.Requester)
		change(&n)
		if c, err := compose.Render(n); err == nil {
			t.Errorf("%s: composed %q", name, c.Subject)
		}
	}
}

// TestAnyText: nothing a person can type adds markup or a line to the subject.
func TestAnyText(t *testing.T) {
	t.Parallel()
	plain, err := compose.Render(notice(compose.Rejected, compose.Requester))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := notice(compose.Rejected, compose.Requester)
		n.Title = rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>"'&/=a-z ]{0,60}`)).Draw(t, "title")
		n.Reason = "r" + rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>"'&/=a-z\n ]{0,60}`)).Draw(t, "reason")
		c, err := compose.Render(n)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(c.HTML, "<") != strings.Count(plain.HTML, "<") {
			t.Errorf("markup added:\n%s", c.HTML)
		}
		if strings.ContainsFunc(c.Subject, unicode.IsControl) {
			t.Errorf("subject %q", c.Subject)
		}
	})
}
