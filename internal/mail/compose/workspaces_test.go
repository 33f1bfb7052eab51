package compose_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
)

func wish(e compose.WorkspaceEvent, r compose.Role) compose.Wish {
	w := compose.Wish{Event: e, Role: r, Recipient: "Reader", RequestID: "7d9c1a52-4a8e-4a53-9d0e-2f1b6c3e5a10", Workspace: "Cardiac outcomes 2026",
		Template: "tre-workspace-base", Size: "small", Requester: "Robin Hill", Email: "robin@example.org", Members: 2,
		Why:  "The ethics board approved study 2026-117.",
		Link: "https://tre.example.org/portal/workspace-requests/7d9c1a52?a=1&b=2", When: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)}
	switch e {
	case compose.WorkspaceDeclined:
		w.Reason = "The budget is not agreed.\nPlease ask again in January."
	case compose.WorkspaceWithdrawn:
		w.Reason = "nobody decided within 30 days"
	case compose.WorkspaceFailed:
		w.Reason = "QuotaExceeded: Operation could not be completed as it results in exceeding approved Total Regional Cores quota."
	default:
	}
	return w
}

// byEvent is one that a study registry sent.
func byEvent(w compose.Wish) compose.Wish {
	w.ByEvent, w.Reference, w.Standing = true, "study-2026-117", w.Event != compose.WorkspaceAsked
	return w
}

// TestGoldenWishes keeps every mail about requests for workspaces as it is read.
func TestGoldenWishes(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, e := range compose.WorkspaceEvents {
		for _, r := range []compose.Role{compose.Requester, compose.Administrator} {
			for name, w := range map[string]compose.Wish{"api": wish(e, r), "event": byEvent(wish(e, r))} {
				name = "workspace_" + string(e) + "_" + string(r) + "_" + name
				c, err := compose.RenderWish(w)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, name+".txt", "Subject: "+c.Subject+"\n\n"+c.Text)
				golden(t, name+".html", c.HTML)
				m := mail.Message{ID: "a@b", Date: w.When, To: mail.Address{Email: "a@example.org"}, Subject: c.Subject, Text: c.Text, HTML: c.HTML}
				if err := m.Check(); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if strings.Count(c.HTML, "<a ") != 1 || strings.Count(c.Text, w.Link) != 1 {
					t.Errorf("%s: not one link", name)
				}
				if r == compose.Requester {
					if other := seen[c.Subject]; other != "" && other != string(e) {
						t.Errorf("%s and %s have one subject", e, other)
					}
					seen[c.Subject] = string(e)
				}
			}
		}
	}
}

// TestUnprovenWish: who decides is told plainly that nobody has proved who sent
// an event, and whom it names that it came in their name.
func TestUnprovenWish(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		role    compose.Role
		byEvent bool
		says    string
		said    bool
	}{
		{compose.Administrator, true, "nobody has proved who sent it", true},
		{compose.Administrator, false, "nobody has proved", false},
		{compose.Requester, true, "in your name", true},
		{compose.Requester, false, "in your name", false},
	} {
		w := wish(compose.WorkspaceAsked, tt.role)
		w.ByEvent = tt.byEvent
		c, err := compose.RenderWish(w)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(c.Text, tt.says) != tt.said || strings.Contains(c.HTML, tt.says) != tt.said {
			t.Errorf("%s, by event %t: %s", tt.role, tt.byEvent, c.Text)
		}
	}
}

func TestHostileWish(t *testing.T) {
	t.Parallel()
	w := byEvent(wish(compose.WorkspaceAsked, compose.Administrator))
	w.Workspace = "x\r\nBcc: eve@example.org</td><script>alert(1)</script><a href=\"https://evil.example\">click</a> www.evil.example"
	w.Requester, w.Recipient, w.Email = "<img src=x onerror=alert(1)>\u202egnp", "{{.Link}}", "a@b\r\nCc: eve"
	w.Template, w.Size = "</table>\u2028http://evil.example/t", strings.Repeat("S", 500)
	w.Reference, w.Why = "mailto:eve", "one\r\n<b>bold</b> http://evil.example/\u2028"
	c, err := compose.RenderWish(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{c.Subject, c.Text, c.HTML} {
		for _, bad := range []string{"://evil", "www.evil", "mailto:eve", "\r", "\u202e", "\u2028", strings.Repeat("S", 201)} {
			if strings.Contains(part, bad) {
				t.Errorf("%q left in %.80q", bad, part)
			}
		}
	}
	for _, bad := range []string{"<script", "<img", "<b>bold", "org</td>", `href="https://evil`, "</table>http"} {
		if strings.Contains(c.HTML, bad) {
			t.Errorf("%q not escaped", bad)
		}
	}
	if strings.Contains(c.Subject, "\n") || len([]rune(c.Subject)) > 200 {
		t.Errorf("subject %q", c.Subject)
	}
	for name, change := range map[string]func(*compose.Wish){
		"unknown event": func(w *compose.Wish) { w.Event = "exploded" },
		"unknown role":  func(w *compose.Wish) { w.Role = compose.Owner },
		"no link":       func(w *compose.Wish) { w.Link = "javascript:alert(1)" },
		"link to us":    func(w *compose.Wish) { w.Link = "https://tre.example.org@evil.example/" },
	} {
		w := wish(compose.WorkspaceGranted, compose.Requester)
		change(&w)
		if _, err := compose.RenderWish(w); err == nil {
			t.Errorf("%s: composed", name)
		}
	}
}

// TestAnyWish: nothing that an event can say adds markup or a line to the
// subject.
func TestAnyWish(t *testing.T) {
	t.Parallel()
	plain, err := compose.RenderWish(byEvent(wish(compose.WorkspaceAsked, compose.Administrator)))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := byEvent(wish(compose.WorkspaceAsked, compose.Administrator))
		for name, field := range map[string]*string{"name": &w.Workspace, "requester": &w.Requester, "reference": &w.Reference, "why": &w.Why} {
			*field = "r" + rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>"'&/=a-z\n ]{0,60}`)).Draw(t, name)
		}
		c, err := compose.RenderWish(w)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(c.HTML, "<") != strings.Count(plain.HTML, "<") || strings.ContainsFunc(c.Subject, unicode.IsControl) {
			t.Errorf("subject %q, markup\n%s", c.Subject, c.HTML)
		}
	})
}
