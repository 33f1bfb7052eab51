package compose_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
)

func warned() compose.Machine {
	return compose.Machine{Recipient: "Reader", Owner: true, Name: "Desktop 1", Workspace: "Cardiac outcomes 2026", Person: "Robin Hill",
		Stop: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), When: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
		Link: "https://tre.example.org/portal/workspaces/w/machines/m?a=1&b=2"}
}

// TestGoldenMachines keeps every warning of a stop as it is read.
func TestGoldenMachines(t *testing.T) {
	t.Parallel()
	for _, owner := range []bool{true, false} {
		for _, scheduled := range []bool{true, false} {
			m := warned()
			m.Owner, m.Scheduled = owner, scheduled
			c, err := compose.RenderMachine(m)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("machine_owner_%t_scheduled_%t", owner, scheduled)
			golden(t, name+".txt", "Subject: "+c.Subject+"\n\n"+c.Text)
			golden(t, name+".html", c.HTML)
			sent := mail.Message{ID: "a@b", Date: m.When, To: mail.Address{Email: "a@example.org"}, Subject: c.Subject, Text: c.Text, HTML: c.HTML}
			if err := sent.Check(); err != nil || strings.Count(c.HTML, "<a ") != 1 || strings.Count(c.Text, m.Link) != 1 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	m := warned()
	m.Link = "javascript:alert(1)"
	if _, err := compose.RenderMachine(m); err == nil {
		t.Error("a link that is no web address")
	}
}

// TestAnyMachine: no name adds markup or a line to the subject.
func TestAnyMachine(t *testing.T) {
	t.Parallel()
	plain, err := compose.RenderMachine(warned())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := warned()
		for name, field := range map[string]*string{"name": &m.Name, "workspace": &m.Workspace, "person": &m.Person, "recipient": &m.Recipient} {
			*field = "r" + rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>"'&/=a-z\n ]{0,60}`)).Draw(t, name)
		}
		c, err := compose.RenderMachine(m)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(c.HTML, "<") != strings.Count(plain.HTML, "<") || strings.ContainsFunc(c.Subject, unicode.IsControl) {
			t.Errorf("subject %q, markup\n%s", c.Subject, c.HTML)
		}
	})
}
