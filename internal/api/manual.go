package api

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// manual is the description as the page shows it.
type manual struct {
	Title, Version string
	Intro          []string
	Style          template.CSS
	Chapters       []chapter
	Types          []shape
}

type chapter struct {
	Name, About string
	Calls       []call
}

type call struct {
	ID, Method, Path, Summary string
	About                     []string
	Roles                     []string
	Parameters, Fields        []field
	Request                   string // example of a body
	Answers                   []answer
}

// answer is one status with what comes with it.
type answer struct {
	Status, About, Type, Example string
	Good                         bool
}

// shape is a named type.
type shape struct {
	Name   string
	Fields []field
}

// field is a parameter or a field of a type.
type field struct {
	Name, In, Type, Link string
	Required             bool
	Limits, About        string
}

// manual makes the page of what the OpenAPI document says, and of nothing else.
func (a *api) manual() manual {
	doc := a.huma.OpenAPI()
	m := manual{Title: doc.Info.Title, Version: doc.Info.Version, Intro: strings.Split(doc.Info.Description, "\n"), Style: template.CSS(styleSheet())} //nolint:gosec // ours, embedded
	for _, tag := range doc.Tags {
		c := chapter{Name: tag.Name, About: tag.Description}
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				if op := operationAt(doc.Paths[path], method); op != nil && slices.Contains(op.Tags, tag.Name) {
					c.Calls = append(c.Calls, a.call(path, method, op))
				}
			}
		}
		if len(c.Calls) > 0 {
			m.Chapters = append(m.Chapters, c)
		}
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		m.Types = append(m.Types, shape{Name: name, Fields: fieldsOf(schemas[name])})
	}
	return m
}

func (a *api) call(path, method string, op *huma.Operation) call {
	about, roles, _ := strings.Cut(op.Description, "\n\nRoles: ")
	if only, ok := strings.CutPrefix(about, "Roles: "); ok {
		about, roles = "", only
	}
	c := call{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, About: strings.Split(about, "\n\n")}
	if roles != "" {
		c.Roles = strings.Split(strings.TrimSuffix(roles, "."), ", ")
	}
	for _, p := range op.Parameters {
		if strings.EqualFold(p.Name, "Accept") {
			continue
		}
		kind, link := typeOf(p.Schema)
		c.Parameters = append(c.Parameters, field{Name: p.Name, In: p.In, Type: kind, Link: link, Required: p.Required, Limits: limitsOf(p.Schema), About: p.Description})
	}
	if op.RequestBody != nil {
		media := op.RequestBody.Content["application/json"]
		c.Fields, c.Request = fieldsOf(a.resolve(media.Schema)), pretty(media.Example)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		response := op.Responses[status]
		answer := answer{Status: status, About: response.Description, Good: status < "400"}
		if media := response.Content["application/json"]; media != nil {
			answer.Type, _ = typeOf(media.Schema)
			answer.Example = pretty(media.Example)
		}
		c.Answers = append(c.Answers, answer)
	}
	return c
}

func (a *api) resolve(s *huma.Schema) *huma.Schema {
	for s.Ref != "" {
		s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func fieldsOf(s *huma.Schema) []field {
	var all []field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		kind, link := typeOf(p)
		all = append(all, field{Name: name, Type: kind, Link: link, Required: slices.Contains(s.Required, name), Limits: limitsOf(p), About: p.Description})
	}
	return all
}

// typeOf is a schema's type in a word, and the named type that it leads to.
func typeOf(s *huma.Schema) (kind, link string) {
	switch {
	case s == nil:
		return "anything", ""
	case s.Ref != "":
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		return name, name
	case s.Type == huma.TypeArray:
		kind, link = typeOf(s.Items)
		return "list of " + kind, link
	case s.Format != "":
		return s.Type + " (" + s.Format + ")", ""
	case s.Type == "":
		return "anything", ""
	}
	return s.Type, ""
}

// limitsOf says what values a schema takes.
func limitsOf(s *huma.Schema) string {
	var all []string
	say := func(format string, values ...any) { all = append(all, fmt.Sprintf(format, values...)) }
	if s == nil {
		return ""
	}
	if len(s.Enum) > 0 {
		var names []string
		for _, one := range s.Enum {
			names = append(names, fmt.Sprint(one))
		}
		say("one of %s", strings.Join(names, ", "))
	}
	switch {
	case s.MinLength == nil:
	case *s.MinLength == 1:
		say("not empty")
	default:
		say("at least %d characters", *s.MinLength)
	}
	if s.MaxLength != nil {
		say("at most %d characters", *s.MaxLength)
	}
	if s.Minimum != nil {
		say("at least %g", *s.Minimum)
	}
	if s.Maximum != nil {
		say("at most %g", *s.Maximum)
	}
	if s.Default != nil {
		say("%v when absent", s.Default)
	}
	return strings.Join(all, "; ")
}

func pretty(v any) string {
	if v == nil {
		return ""
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}
