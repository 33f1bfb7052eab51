package form

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// show puts a value into a field.
func (f *Field) show(v any) {
	switch f.Kind {
	case Secret:
	case Check:
		f.Checked = v == true
	case Choice:
		f.choose(func(o Option) bool { return equal(o.value, v) })
	case Choices:
		list, _ := v.([]any)
		f.choose(func(o Option) bool {
			return slices.ContainsFunc(list, func(one any) bool { return equal(o.value, one) })
		})
	case Line, Paragraph, Number, Lines, JSON:
		f.Value = f.written(v)
	}
}

// choose marks options.
func (f *Field) choose(chosen func(Option) bool) {
	f.Options = slices.Clone(f.Options)
	for i := range f.Options {
		f.Options[i].Chosen = chosen(f.Options[i])
	}
}

// written is a value as a person reads and writes it.
func (f *Field) written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case []any:
		if f.Kind != Lines {
			break
		}
		lines := make([]string, len(v))
		for i, one := range v {
			if lines[i], _ = one.(string); lines[i] == "" {
				lines[i] = asJSON(one)
			}
		}
		return strings.Join(lines, "\n")
	}
	return asJSON(v)
}

// write puts into a field what was written there, but no secret.
func (f *Field) write(sent []string) {
	switch f.Kind {
	case Secret:
	case Check:
		f.Checked = len(sent) > 0
	case Choice, Choices:
		f.choose(func(o Option) bool { return slices.Contains(sent, o.Text) })
	case Line, Paragraph, Number, Lines, JSON:
		f.Value = strings.ReplaceAll(strings.Join(sent, "\n"), "\r\n", "\n") // forms send \r\n
	}
}

// The ways in which what was written is no value at all.
const (
	noNumber = "is no number"
	noWhole  = "is no whole number"
	tooLarge = "is a number that is too large to be kept exactly"
	noJSON   = "is no JSON"
	noChoice = "is none of the choices"
)

// read is the value that was written; false when none was.
func (f *Field) read(sent []string) (v any, given bool, fault string) {
	text := strings.TrimSpace(f.Value)
	switch f.Kind {
	case Line, Paragraph:
		return text, text != "", ""
	case Secret:
		if text = strings.Join(sent, ""); text == "" || f.kind == "string" {
			return text, text != "", ""
		}
		return parsed(text)
	case Number:
		if text == "" {
			return nil, false, ""
		}
		n, fault := number(text, f.kind)
		return n, fault == "", fault
	case Check:
		return f.Checked, f.Checked || f.Required || f.defaults, ""
	case Choice:
		if strings.Join(sent, "") == "" {
			return nil, false, ""
		}
		i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Chosen })
		if i < 0 {
			return nil, false, noChoice
		}
		return f.Options[i].value, true, ""
	case Choices, Lines:
		return f.list(sent)
	case JSON:
		if text == "" {
			return nil, false, ""
		}
		return parsed(text)
	}
	return nil, false, ""
}

// list is the list that was written. An empty one counts where something else
// would stand for it.
func (f *Field) list(sent []string) (v any, given bool, fault string) {
	list := []any{}
	if f.Kind == Choices {
		for _, o := range f.Options {
			if o.Chosen {
				list = append(list, o.value)
			}
		}
		if len(list) != len(sent) {
			return nil, false, noChoice
		}
		return list, len(list) > 0 || f.Required || f.defaults, ""
	}
	for i, line := range strings.Split(f.Value, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case f.kind == "string":
			list = append(list, line)
		default:
			n, fault := number(line, f.kind)
			if fault != "" {
				return nil, false, "line " + strconv.Itoa(i+1) + " " + fault
			}
			list = append(list, n)
		}
	}
	return list, len(list) > 0 || f.Required || f.defaults, ""
}

// number reads a number as JSON writes one.
func number(text, kind string) (float64, string) {
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), err == nil && !json.Valid([]byte(text)):
		return 0, noNumber
	case math.Abs(n) >= 1<<53: // which the next one reads as, too
		return 0, tooLarge
	case kind == "integer" && n != math.Trunc(n):
		return 0, noWhole
	}
	return n, ""
}

func parsed(text string) (v any, given bool, fault string) {
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil, false, noJSON
	}
	return v, true, ""
}

// cannotEmpty is why something that there is cannot be left out any more.
const cannotEmpty = "cannot be left empty again"

// changed is a value where it is another one than there was.
func (f *Field) changed(old map[string]any, v any, given bool) (any, bool, string) {
	was, had := old[f.Name]
	switch {
	case f.Kind == Secret || !had || was == nil:
		return v, given, ""
	case f.Kind == Check:
		return v, v != was, ""
	case !given && (f.Kind == Lines || f.Kind == Choices):
		v = []any{}
	case !given && (f.Kind == Line || f.Kind == Paragraph):
		v = ""
	case !given:
		return nil, false, cannotEmpty
	}
	text, isText := was.(string)
	same := equal(was, v) || isText && v == strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	return v, !same, ""
}

// equal tells whether two values are the same JSON.
func equal(a, b any) bool { return canonical(a) == canonical(b) }

// canonical is a value's JSON with numbers written in one way.
func canonical(v any) string {
	var plain any
	if json.Unmarshal([]byte(asJSON(v)), &plain) != nil {
		return ""
	}
	return asJSON(plain)
}

// faultsOf are what a check by the schema found.
func faultsOf(err error) []template.Fault {
	if wrong, ok := errors.AsType[*template.Invalid](err); ok {
		return wrong.Faults
	}
	if err != nil {
		return []template.Fault{{Message: err.Error()}}
	}
	return nil
}

// split is a JSON pointer's first name, and the rest.
func split(pointer string) (name, rest string) {
	name, rest, _ = strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(name), rest
}

// placed is a fault of a part of a field.
func placed(rest, message string) string {
	if rest == "" {
		return message
	}
	if i, err := strconv.Atoi(rest); err == nil {
		return "entry " + strconv.Itoa(i+1) + " " + message
	}
	return "/" + rest + " " + message
}
