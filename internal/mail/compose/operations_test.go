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

func stuck() compose.Operation {
	return compose.Operation{Recipient: "Reader", ID: "7b0c2a54-7a3c-4f7e-9d41-5d1c8f3f6a10", Path: "/workspaces/0f8fad5b-d9cb-469f-a165-70867728950e", Action: "install",
		Resource: "Cardiac outcomes 2026", Person: "Robin Hill", When: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
		Link: "https://tre.example.org/portal/workspaces/w/resources?a=1&b=2"}
}

// TestGoldenOperations keeps the notice of an operation that is stuck as it is
// read.
func TestGoldenOperations(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]compose.Operation{"operation_stuck": stuck(), "operation_stuck_nameless": {ID: stuck().ID, Action: "uninstall", When: stuck().When, Link: stuck().Link}} {
		c, err := compose.RenderOperation(o)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", "Subject: "+c.Subject+"\n\n"+c.Text)
		golden(t, name+".html", c.HTML)
		sent := mail.Message{ID: "a@b", Date: o.When, To: mail.Address{Email: "a@example.org"}, Subject: c.Subject, Text: c.Text, HTML: c.HTML}
		if err := sent.Check(); err != nil || strings.Count(c.HTML, "<a ") != 1 || strings.Count(c.Text, o.Link) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := stuck()
	o.Link = "javascript:alert(1)"
	if _, err := compose.RenderOperation(o); err == nil {
		t.Error("a link that is no web address")
	}
}

// TestAnyOperation: no name adds markup or a line to the subject.
func TestAnyOperation(t *testing.T) {
	t.Parallel()
	plain, err := compose.RenderOperation(stuck())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		o := stuck()
		for name, field := range map[string]*string{"resource": &o.Resource, "person": &o.Person, "recipient": &o.Recipient, "path": &o.Path} {
			*field = "r" + rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>"'&/=a-z\n ]{0,60}`)).Draw(t, name)
		}
		c, err := compose.RenderOperation(o)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(c.HTML, "<") != strings.Count(plain.HTML, "<") || strings.ContainsFunc(c.Subject, unicode.IsControl) {
			t.Errorf("subject %q, markup\n%s", c.Subject, c.HTML)
		}
	})
}
