package substitute

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// attributes is all that tokens can read of a resource, beside its properties,
// with AzureTRE's names. There is no other way in.
var attributes = map[string]func(workspace.Resource) any{
	"id":                       func(r workspace.Resource) any { return r.ID },
	"templateName":             func(r workspace.Resource) any { return r.Template.Name },
	"templateVersion":          func(r workspace.Resource) any { return r.Template.Version },
	"resourceType":             func(r workspace.Resource) any { return string(r.Kind) },
	"resourcePath":             func(r workspace.Resource) any { return r.Path() },
	"resourceVersion":          func(r workspace.Resource) any { return r.Revision },
	"isEnabled":                func(r workspace.Resource) any { return r.Enabled },
	"deploymentStatus":         func(r workspace.Resource) any { return string(r.Status) },
	"ownerId":                  func(r workspace.Resource) any { return r.Owner.OID },
	"workspaceId":              func(r workspace.Resource) any { return r.Within() },
	"parentWorkspaceServiceId": func(r workspace.Resource) any { return r.Service },
}

// properties is the attribute that is followed by a path.
const properties = "properties"

// token is what stands between {{ and }}.
type token struct {
	depth     int      // 0 the resource, 1 its parent, 2 the parent's parent
	attribute string   // of attributes, or properties
	path      []string // below properties
}

// part of a text: literal, or a token.
type part struct {
	literal string
	token   *token
}

// A name is what one step of a token's path may be. Its length is not part of the
// expression: one that counts to 128 takes a third of a
// millisecond to compile, at every start.
const maxName = 128

var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func isName(s string) bool { return len(s) <= maxName && name.MatchString(s) }

// parse splits a text at its tokens. ErrInvalid: a token that is not closed, or
// not of the language.
func parse(s string) ([]part, error) {
	var parts []part
	for {
		before, rest, found := strings.Cut(s, "{{")
		if before != "" {
			parts = append(parts, part{literal: before})
		}
		if !found {
			return parts, nil
		}
		inside, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, fmt.Errorf("%.60q: %w: }} is missing", "{{"+rest, ErrInvalid)
		}
		t, err := parseToken(strings.TrimSpace(inside))
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{token: t})
		s = after
	}
}

func parseToken(s string) (*token, error) {
	steps := strings.Split(s, ".")
	if steps[0] != "resource" {
		return nil, fmt.Errorf("token %.80q: %w: it begins with resource", s, ErrInvalid)
	}
	steps = steps[1:]
	var t token
	for len(steps) > 0 && steps[0] == "parent" {
		t.depth++
		steps = steps[1:]
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("token %.80q: %w: it names no attribute", s, ErrInvalid)
	}
	t.attribute, t.path = steps[0], steps[1:]
	if t.attribute == properties {
		if len(t.path) == 0 {
			return nil, fmt.Errorf("token %.80q: %w: it names no property", s, ErrInvalid)
		}
		for _, step := range t.path {
			if !isName(step) {
				return nil, fmt.Errorf("token %.80q: %w: %.40q is no name of a property", s, ErrInvalid, step)
			}
		}
		return &t, nil
	}
	if attributes[t.attribute] == nil || len(t.path) > 0 {
		return nil, fmt.Errorf("token %.80q: %w: %.40q is nothing that can be read", s, ErrInvalid, strings.Join(steps, "."))
	}
	return &t, nil
}

// read returns the value; "" for what is missing, as AzureTRE does.
func (t *token) read(from Source) (any, error) {
	r, err := from.at(t.depth)
	if err != nil {
		return nil, err
	}
	if t.attribute != properties {
		return attributes[t.attribute](r), nil
	}
	var v any = r.Properties
	for _, step := range t.path {
		object, _ := v.(map[string]any)
		v = object[step]
	}
	if v == nil {
		return "", nil
	}
	return v, nil
}

// pointer is the JSON pointer of what the token reads below properties. Names
// hold nothing that a pointer would have to escape.
func (t *token) pointer() string { return "/" + strings.Join(t.path, "/") }
