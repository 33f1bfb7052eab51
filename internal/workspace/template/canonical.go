package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Canonical writes a JSON text in the one way that all texts of its meaning
// share: names in the order of their bytes, no blanks, no escape that can be
// left out. Numbers stay as they are written, for 1.0 is not 1 to everybody. It
// is close to RFC 8785, which would round numbers. ErrInvalid: no JSON, or a name
// twice in an object, half a character, a number that is too large or too long,
// more than 100 levels.
func Canonical(text []byte) ([]byte, error) {
	v, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %s", ErrInvalid, short(err.pointer), err.text)
	}
	return appendValue(make([]byte, 0, len(text)), v), nil
}

func appendValue(to []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(to, "null"...)
	case bool:
		return strconv.AppendBool(to, v)
	case json.Number:
		return append(to, v...)
	case string:
		return appendText(to, v)
	case []any:
		to = append(to, '[')
		for i, item := range v {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendValue(to, item)
		}
		return append(to, ']')
	case map[string]any:
		to = append(to, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendValue(append(appendText(to, name), ':'), v[name])
		}
		return append(to, '}')
	default: // decode makes no other
		return to
	}
}

// appendText writes a text with the escapes that JSON cannot do without.
// https://www.rfc-editor.org/rfc/rfc8259#section-7
func appendText(to []byte, text string) []byte {
	to = append(to, '"')
	for i := range len(text) {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			to = append(to, '\\', b)
		case b < ' ':
			to = fmt.Appendf(to, `\u%04x`, b)
		default:
			to = append(to, b)
		}
	}
	return append(to, '"')
}

// halved tells whether JSON holds half a character: an escape of one surrogate
// without the other. Go reads every one of them as the same mark, so texts of
// different meaning would become one.
// https://www.rfc-editor.org/rfc/rfc8259#section-8.2
func halved(text []byte) bool {
	const low, high = 0xdc00, 0xd800
	before := false // the escape just before was the first half
	for i := 0; i < len(text); i++ {
		unit := rune(-1)
		if text[i] == '\\' {
			i++
			if i+4 < len(text) && text[i] == 'u' {
				if n, err := strconv.ParseUint(string(text[i+1:i+5]), 16, 16); err == nil {
					unit = rune(n)
				}
				i += 4
			}
		}
		second := unit >= low && unit < low+0x400
		if before != second {
			return true
		}
		before = unit >= high && unit < low
	}
	return before
}

// meant takes from a description in template.json what says nothing: members
// that are empty are as if they were not there, and who passes a package on may
// leave them out.
func meant(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = meant(v[i])
		}
	case map[string]any:
		for name, member := range v {
			if v[name] = meant(member); empty(v[name]) {
				delete(v, name)
			}
		}
	}
	return v
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	default:
		return false
	}
}

// Canonicals returns a package as it is kept: JSON in its canonical form, and
// template.json without what is empty; everything else as it is, JSON that cannot
// be read too.
func Canonicals(files map[string][]byte) map[string][]byte {
	all := make(map[string][]byte, len(files))
	for name, content := range files {
		all[name] = said(name, content)
	}
	return all
}

// said is what counts of a file's content.
func said(name string, content []byte) []byte {
	if !strings.HasSuffix(name, ".json") {
		return content
	}
	v, err := decode(content)
	if err != nil {
		return content
	}
	if name == descriptor {
		v = meant(v)
	}
	return appendValue(make([]byte, 0, len(content)), v)
}
