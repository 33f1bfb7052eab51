// Package compose writes notifications, of the airlock, of people's roles and of
// requests for workspaces: what a person reads in a mail, as subject, plain text
// and HTML. A notification names request and workspace, never a file or a secret,
// and holds no credential: its one link leads to a page that asks for a sign-in
// and decides nothing by being opened.
package compose

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	texttemplate "text/template"
	"time"
)

// Role is what the recipient is to the request; it chooses the words.
type Role string

// The roles of recipients.
const (
	Requester     Role = "requester"
	Reviewer      Role = "reviewer"      // an airlock manager
	Owner         Role = "owner"         // of the workspace
	Administrator Role = "administrator" // of the TRE
)

// Notice is what there is to tell one person. Title, names and reason were
// typed by people and are taken as hostile: they are cut, cleaned and escaped.
type Notice struct {
	Event       Event
	Recipient   string // display name, "" if not known
	Role        Role
	Workspace   string // display name
	RequestID   string
	Title       string // the request's
	Type        string // import or export
	RequestedBy string // display name
	Status      string // AzureTRE's, e.g. in_review
	WaitsFor    string // our sentence on what happens next; may be empty
	Reason      string // what a reviewer or the system said; may be empty
	Link        string // absolute address of the request's page
	When        time.Time
	Product     string // what the TRE calls itself; default Trefoil
}

// Content is a composed mail.
type Content struct {
	Subject string // one line, at most 200 characters
	Text    string
	HTML    string
}

//go:embed notice.html notice.txt
var files embed.FS

var (
	htmlNotice = template.Must(template.ParseFS(files, "notice.html"))
	textNotice = texttemplate.Must(texttemplate.ParseFS(files, "notice.txt"))
)

// view is what the templates show.
type view struct {
	Notice
	Wording
	Greeting string
	Facts    []fact
	Because  string
	Ink      template.CSS // of the band and the button
	Tint     template.CSS // behind the label
}

type fact struct{ Name, Value string }

// Render composes a notice. It fails for an unknown event or role and for a
// link that is no web address.
func Render(n Notice) (Content, error) {
	word, err := wordingOf(n.Event, n.Role)
	if err != nil {
		return Content{}, err
	}
	if err := checkLink(n.Link); err != nil {
		return Content{}, err
	}
	n = n.clean()
	c, err := view{Notice: n, Wording: word, Facts: n.facts(), Because: because(n)}.render(n.subject(word))
	if err != nil {
		return Content{}, fmt.Errorf("notice %s: %w", n.Event, err)
	}
	return c, nil
}

// checkLink refuses what is no web address, or hides where it leads.
func checkLink(link string) error {
	if u, err := url.Parse(link); err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("link of a mail is no web address")
	}
	return nil
}

// render fills in both forms of the mail; what people typed in the view must be
// clean.
func (v view) render(subject string) (Content, error) {
	v.Greeting = "Hello,"
	v.Ink, v.Tint = v.tone.colours()
	if v.Recipient != "" {
		v.Greeting = "Hello " + v.Recipient + ","
	}
	var text, html bytes.Buffer
	if err := errors.Join(textNotice.Execute(&text, v), htmlNotice.Execute(&html, v)); err != nil {
		return Content{}, err
	}
	return Content{Subject: subject, Text: text.String(), HTML: html.String()}, nil
}

// subject puts the news first: phones show about 40 characters.
func (n Notice) subject(w Wording) string {
	return fmt.Sprintf("%s: %s “%s” (%s)", w.Label, n.kind(), cut(n.Title, 80), cut(n.Workspace, 60))
}

func (n Notice) kind() string {
	if n.Type == "import" || n.Type == "export" {
		return n.Type
	}
	return "request"
}

func (n Notice) facts() []fact {
	all := []fact{
		{"Request", n.Title},
		{"Type", strings.ToUpper(n.kind()[:1]) + n.kind()[1:]},
		{"Workspace", n.Workspace},
		{"Requested by", n.RequestedBy},
		{"Status", strings.ReplaceAll(n.Status, "_", " ")},
		{"Waits for", n.WaitsFor},
		{"When", n.When.UTC().Format("2 January 2006, 15:04 UTC")},
		{"Request id", n.RequestID},
	}
	var known []fact
	for _, f := range all {
		if f.Value != "" {
			known = append(known, f)
		}
	}
	return known
}

// because tells a person why the mail is theirs.
func because(n Notice) string {
	as := map[Role]string{
		Requester:     "you made this request",
		Reviewer:      "you are an airlock manager of this workspace",
		Owner:         "you are an owner of this workspace",
		Administrator: "you are an administrator of " + n.Product,
	}
	return "You get this mail because " + as[n.Role] + "."
}
