package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// browser goes through pages as a person's does: it keeps cookies, follows
// redirects, signs in where it is sent to the provider, and sends forms with
// all their fields and the headers that browsers add.
type browser struct {
	issuer, user string
	http         *http.Client
}

// page is what a browser shows.
type page struct {
	url    *url.URL
	status int
	tree   *html.Node
}

// form is a form of a page.
type form struct {
	action *url.URL
	fields url.Values // with the values that the page gave them
}

// open follows an address, through the sign-in where that is asked for.
func (b *browser) open(ctx context.Context, address string) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	p, err := b.load(req)
	if err != nil || !strings.HasPrefix(p.url.String(), b.issuer+"/") {
		return p, err
	}
	login, err := p.form("/login")
	if err != nil {
		return nil, fmt.Errorf("sign-in page: %w", err)
	}
	login.fields.Set("user", b.user) // the button that is pressed
	return b.send(ctx, p, login)
}

// send sends a form of the page.
func (b *browser) send(ctx context.Context, from *page, f form) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.action.String(), strings.NewReader(f.fields.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", from.url.Scheme+"://"+from.url.Host)
	req.Header.Set("Referer", from.url.String())
	if f.action.Host == from.url.Host {
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.load(req)
}

func (b *browser) load(req *http.Request) (*page, error) {
	resp, err := b.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	tree, err := html.Parse(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", resp.Request.URL.Path, err)
	}
	return &page{url: resp.Request.URL, status: resp.StatusCode, tree: tree}, nil
}

// form returns the form whose action ends like that.
func (p *page) form(action string) (form, error) {
	for node := range p.tree.Descendants() {
		if node.Data != "form" || !strings.HasSuffix(strings.TrimSuffix(attribute(node, "action"), "/"), action) {
			continue
		}
		to, err := p.url.Parse(attribute(node, "action"))
		if err != nil {
			return form{}, err
		}
		return form{action: to, fields: fields(node)}, nil
	}
	return form{}, fmt.Errorf("%q has no form that ends in %s", p.title(), action)
}

// fields are what a form sends untouched. Buttons count only when pressed.
func fields(form *html.Node) url.Values {
	values := url.Values{}
	for node := range form.Descendants() {
		name := attribute(node, "name")
		switch {
		case name == "":
		case node.Data == "textarea":
			values.Add(name, strings.TrimSpace(text(node)))
		case node.Data == "input" && attribute(node, "type") != "submit":
			values.Add(name, attribute(node, "value"))
		}
	}
	return values
}

// decide opens a request's page, writes the reason into the form of an action,
// and sends it.
func (b *browser) decide(ctx context.Context, address, action, reason string) (*page, error) {
	p, err := b.open(ctx, address)
	if err != nil {
		return nil, err
	}
	if p.status != http.StatusOK {
		return nil, fmt.Errorf("page %q answers %d", p.title(), p.status)
	}
	f, err := p.form("/" + action)
	if err != nil {
		return nil, err
	}
	f.fields.Set("reason", reason)
	return b.send(ctx, p, f)
}

// title is the page's first heading.
func (p *page) title() string {
	for _, element := range []string{"h1", "title"} {
		for node := range p.tree.Descendants() {
			if node.Type == html.ElementNode && node.Data == element {
				return strings.Join(strings.Fields(text(node)), " ")
			}
		}
	}
	return p.url.Path
}

// errRefused is a form that was not taken.
var errRefused = errors.New("form not taken")

// taken returns what the page says when the form was not taken.
func (p *page) taken() error {
	if p.status == http.StatusOK {
		return nil
	}
	return fmt.Errorf("%w: %q (%d)", errRefused, p.message(), p.status)
}

// message is the page's alert, or its heading.
func (p *page) message() string {
	for node := range p.tree.Descendants() {
		role := attribute(node, "role")
		if said := sentences(node); said != "" && (role == "alert" || role == "status") {
			return said
		}
	}
	return p.title()
}

// sentences are what the parts of a node say, one after the other.
func sentences(node *html.Node) string {
	var all []string
	for part := range node.ChildNodes() {
		if words := strings.Join(strings.Fields(text(part)), " "); words != "" {
			all = append(all, strings.TrimRight(words, "."))
		}
	}
	return strings.Join(all, ". ")
}

func attribute(node *html.Node, name string) string {
	for _, a := range node.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a node says, a space between elements.
func text(node *html.Node) string {
	var b strings.Builder
	for n := range node.Descendants() {
		if n.Type == html.TextNode && attribute(n.Parent, "aria-hidden") == "" {
			b.WriteString(n.Data)
			b.WriteByte(' ')
		}
	}
	return b.String()
}
