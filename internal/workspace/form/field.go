package form

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Kind is how a field is filled in.
type Kind string

// The kinds.
const (
	Line      Kind = "line"      // a line of text
	Paragraph Kind = "paragraph" // several lines of text
	Secret    Kind = "secret"    // never shown again
	Number    Kind = "number"    //
	Check     Kind = "check"     // yes or no
	Choice    Kind = "choice"    // one of Options
	Choices   Kind = "choices"   // any of Options
	Lines     Kind = "lines"     // a list, an entry a line
	JSON      Kind = "json"      // whatever else there is
)

// Option is one of several values.
type Option struct {
	Text   string // which is sent back, too
	Chosen bool

	value any
}

// Field is a property as a form asks for it.
type Field struct {
	Name, Label, Help string
	Kind              Kind
	Required          bool
	Decides           bool   // what else is asked for depends on it
	Asked             bool   // the page that was sent back had it
	Kept              bool   // a secret that there is: left empty, it stays
	Blank             bool   // of Options: that none is chosen may be said
	Else              string // the default value that stands for what is left empty; "" is none
	Fault             string

	Value   string // as it is written; never a secret
	Checked bool
	Options []Option

	// Constraints that a browser can check; "" and 0 are none.
	Min, Max, Step, Pattern string
	MinLength, MaxLength    int

	kind                         string // JSON's type of the value, or of the entries of a list
	hidden, updateable, defaults bool
}

// ID is what the field is called in a page, where that can be: names may hold
// anything.
func (f Field) ID() string {
	plain := func(r rune) bool {
		return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if f.Name != "" && strings.IndexFunc(f.Name, func(r rune) bool { return !plain(r) }) < 0 {
		return "p-" + f.Name
	}
	return fmt.Sprintf("x-%x", f.Name)
}

// Input is the name under which its value is sent.
func (f Field) Input() string { return Prefix + f.Name }

// newField is the field of a property.
func newField(a template.Asked) Field {
	s := says(a.Says)
	f := Field{Name: a.Name, Required: a.Required, Decides: a.Decides, Label: s.text("title"), Help: s.text("description"), kind: s.jsonType(),
		updateable: s.is("updateable"), defaults: s.first("default") != nil}
	if f.Label == "" {
		f.Label = spoken(a.Name)
	}
	widget, _ := a.UI["ui:widget"].(string)
	classes, _ := a.UI["classNames"].(string)
	f.hidden = widget == "hidden" || slices.Contains(strings.Fields(classes), "tre-hidden") || s.is("readOnly")
	f.Options = s.options()
	items := s.items()
	switch {
	case a.Sensitive:
		f.Kind, f.Options = Secret, nil
	case len(f.Options) > 0:
		f.Kind = Choice
	case f.kind == "boolean":
		f.Kind = Check
	case f.kind == "integer", f.kind == "number":
		f.Kind, f.Step = Number, map[string]string{"integer": "1", "number": "any"}[f.kind]
		f.Min, f.Max = s.bound("minimum", "exclusiveMinimum", 1), s.bound("maximum", "exclusiveMaximum", -1)
	case f.kind == "array" && slices.Contains([]string{"string", "integer", "number"}, items.jsonType()):
		f.Kind, f.kind = Lines, items.jsonType()
		if f.Options = items.options(); len(f.Options) > 0 && s.is("uniqueItems") {
			f.Kind = Choices
		}
	case f.kind == "array", f.kind == "object":
		f.Kind = JSON
	default:
		f.Kind, f.Pattern = Line, htmlPattern(s.text("pattern"))
		f.MinLength, f.MaxLength = s.count("minLength"), s.count("maxLength")
		if widget == "textarea" || a.Name == "description" || a.Name == "overview" {
			f.Kind, f.Pattern = Paragraph, ""
		}
	}
	return f
}

// spoken is a name as people say it.
func spoken(name string) string {
	words := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " ")
	if words == "" {
		return name
	}
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}

// says is all that a schema says of one value.
type says []map[string]any

// first is what is said first under a keyword.
func (s says) first(keyword string) any {
	for _, node := range s {
		if v, ok := node[keyword]; ok && v != nil {
			return v
		}
	}
	return nil
}

func (s says) text(keyword string) string { t, _ := s.first(keyword).(string); return t }

func (s says) is(keyword string) bool {
	return slices.ContainsFunc(s, func(node map[string]any) bool { return node[keyword] == true })
}

// jsonType is the type of the value; of several, the first that is one.
func (s says) jsonType() string {
	switch v := s.first("type").(type) {
	case string:
		return v
	case []any:
		for _, one := range v {
			if t, _ := one.(string); t != "" && t != "null" {
				return t
			}
		}
	}
	if _, ok := s.first("default").(bool); ok {
		return "boolean"
	}
	return "string"
}

// items is what is said of the entries of a list.
func (s says) items() says {
	var all says
	for _, node := range s {
		if o, ok := node["items"].(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// options are the values that enum and const leave, where they do.
func (s says) options() []Option {
	var values []any
	limited := false
	for _, node := range s {
		list, ok := node["enum"].([]any)
		if c, is := node["const"]; is {
			list, ok = []any{c}, true
		}
		switch {
		case !ok:
		case limited:
			values = slices.DeleteFunc(values, func(v any) bool { return !slices.ContainsFunc(list, func(o any) bool { return equal(v, o) }) })
		default:
			limited, values = true, slices.Clone(list)
		}
	}
	var all []Option
	for _, v := range values {
		text, isText := v.(string)
		taken := func(text string) bool { return slices.ContainsFunc(all, func(o Option) bool { return o.Text == text }) }
		if !isText || text == "" || taken(text) {
			text = asJSON(v)
		}
		if !taken(text) {
			all = append(all, Option{Text: text, value: v})
		}
	}
	return all
}

// count is a keyword that is a number of something; 0 where it is none.
func (s says) count(keyword string) int {
	n, err := strconv.Atoi(fmt.Sprint(s.first(keyword)))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// bound is a limit of a number, as browsers take it: they know no limit that the
// number itself may not have, but for whole numbers the next one serves.
func (s says) bound(keyword, exclusive string, next int) string {
	if v := s.first(keyword); v != nil {
		return fmt.Sprint(v)
	}
	n, err := strconv.Atoi(fmt.Sprint(s.first(exclusive)))
	if err != nil || s.jsonType() != "integer" {
		return ""
	}
	return strconv.Itoa(n + next)
}

// asJSON is a value's JSON text.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
