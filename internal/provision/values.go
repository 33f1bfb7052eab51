package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Limits of what properties hold.
const (
	MaxName       = 200       // characters of display_name: a line in a list
	MaxText       = 2000      // characters of description
	MaxOverview   = 10_000    // characters of overview: a page
	MaxProperties = 64 << 10  // bytes of JSON: with outputs and a history they fit into a row many times
	maxLevels     = 20        // of nesting
	maxSafe       = 1<<53 - 1 // beyond it JSON numbers are no longer exact: https://www.rfc-editor.org/rfc/rfc8259#section-6
)

// clean returns a copy of properties that came from outside, numbers as float64,
// or airlock.ErrInvalid: texts that do something other than be read, numbers
// that cannot be kept exactly, too much or too deep. No value is in the error.
func clean(properties map[string]any) (map[string]any, error) {
	left := MaxProperties
	copied, err := cleaned(properties, "", 0, &left)
	if err != nil {
		return nil, err
	}
	all, _ := copied.(map[string]any)
	if all == nil {
		all = map[string]any{}
	}
	text, err := json.Marshal(all)
	switch {
	case err != nil:
		return nil, fmt.Errorf("properties: no JSON: %w", airlock.ErrInvalid)
	case len(text) > MaxProperties:
		return nil, fmt.Errorf("properties: %d bytes of JSON, at most %d: %w", len(text), MaxProperties, airlock.ErrInvalid)
	}
	name, _ := all["display_name"].(string)
	if strings.TrimSpace(name) == "" && all["display_name"] == name { // which is how people find it
		return nil, fmt.Errorf("display_name: is empty: %w", airlock.ErrInvalid)
	}
	description, _ := all["description"].(string)
	overview, _ := all["overview"].(string)
	return all, errors.Join(airlock.Line("display_name", name, MaxName), airlock.Prose("description", description, MaxText),
		airlock.Prose("overview", overview, MaxOverview))
}

// cleaned copies a value. left is how many more bytes there may be, counted
// roughly, so that nobody makes the copying itself long.
func cleaned(v any, pointer string, level int, left *int) (any, error) {
	if *left--; *left < 0 {
		return nil, fmt.Errorf("properties: more than %d bytes of JSON: %w", MaxProperties, airlock.ErrInvalid)
	}
	if level > maxLevels {
		return nil, fmt.Errorf("properties: nested deeper than %d levels: %w", maxLevels, airlock.ErrInvalid)
	}
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		*left -= len(v)
		return v, airlock.Prose("properties"+pointer, v, MaxProperties)
	case float64, int, int64, json.Number:
		return number(v, pointer)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			copied, err := cleaned(item, pointer+"/"+strconv.Itoa(i), level+1, left)
			if err != nil {
				return nil, err
			}
			out[i] = copied
		}
		return out, nil
	case map[string]any:
		return cleanedObject(v, pointer, level, left)
	}
	return nil, fmt.Errorf("properties%s: no JSON: %w", pointer, airlock.ErrInvalid)
}

func cleanedObject(v map[string]any, pointer string, level int, left *int) (any, error) {
	out := make(map[string]any, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if *left -= len(name); *left < 0 {
			break // the next value says so
		}
		if err := airlock.Line("properties: a name", name, MaxName); err != nil {
			return nil, err
		}
		copied, err := cleaned(v[name], pointer+"/"+escape(name), level+1, left)
		if err != nil {
			return nil, err
		}
		out[name] = copied
	}
	return out, nil
}

// number returns a number as encoding/json reads it, where nothing of it is
// lost.
func number(v any, pointer string) (any, error) {
	f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil || f > maxSafe || f < -maxSafe {
		return nil, fmt.Errorf("properties%s: a number that is too large to be kept exactly, at most 2^53 - 1: %w", pointer, airlock.ErrInvalid)
	}
	return f, nil
}

// escape writes a name as a part of a JSON pointer.
// https://www.rfc-editor.org/rfc/rfc6901#section-3
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// unescape reads a part of a JSON pointer.
func unescape(token string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(token) }

// first is the name of the property that a JSON pointer begins with.
func first(pointer string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return unescape(name)
}

// unfit says that properties do not fit the template. Faults at pointers whose
// secret is in the vault already are none: the mark stands there for it.
func unfit(err error, kept map[string]string) error {
	wrong, ok := errors.AsType[*template.Invalid](err)
	if !ok {
		return err
	}
	told := template.Invalid{More: wrong.More}
	for _, f := range wrong.Faults {
		if kept[f.Pointer] == "" {
			told.Faults = append(told.Faults, f)
		}
	}
	if len(told.Faults) == 0 && told.More == 0 {
		return nil
	}
	var lines []string
	for _, f := range told.Faults {
		lines = append(lines, clip(f.Pointer)+": "+f.Message+" ("+f.Rule+")")
	}
	if told.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", told.More))
	}
	return fmt.Errorf("%w: %s", ErrSchema, strings.Join(lines, "; "))
}

// clip shortens a pointer that somebody else wrote.
func clip(s string) string {
	if utf8.RuneCountInString(s) > MaxName {
		return string([]rune(s)[:MaxName]) + "…"
	}
	if s == "" {
		return "properties"
	}
	return s
}

// text is a property that is a text, "" where it is none.
func text(properties map[string]any, name string) string {
	s, _ := properties[name].(string)
	return s
}
