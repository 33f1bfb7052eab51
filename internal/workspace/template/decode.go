package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep JSON may be nested: compiled Bicep takes about eight
// levels a module in a module.
const maxDepth = 100

// maxName is how long a name in an object may be, in bytes: places are told by
// names.
const maxName = 1024

// decodeError is trouble at a place in a JSON text. Each level puts its own name
// before, so that nothing is written down while all is well.
type decodeError struct{ pointer, text string }

func (e *decodeError) in(token string) *decodeError {
	return &decodeError{"/" + escape(token) + e.pointer, e.text}
}

// decode reads JSON strictly: UTF-8, no half characters, one value, no name twice
// in an object, no deeper than maxDepth, no number that does not fit a float.
// Numbers stay as they are written.
func decode(data []byte) (any, *decodeError) {
	if !utf8.Valid(data) {
		return nil, &decodeError{"", "the text is not UTF-8"}
	}
	if halved(data) {
		return nil, &decodeError{"", "an escape \\uD800 to \\uDFFF stands alone, which is half a character"}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, err
	}
	if _, more := d.Token(); !errors.Is(more, io.EOF) {
		return nil, &decodeError{"", "something follows after the end of the JSON text"}
	}
	return v, nil
}

func value(d *json.Decoder, depth int) (any, *decodeError) {
	t, err := d.Token()
	if err != nil {
		return nil, broken(d, err)
	}
	switch t := t.(type) {
	case json.Number:
		if !sane(t) {
			return nil, &decodeError{"", "the number is too large or too long"}
		}
		return t, nil
	case json.Delim:
		if depth >= maxDepth {
			return nil, &decodeError{"", fmt.Sprintf("nested deeper than %d levels", maxDepth)}
		}
		if t == '[' {
			return array(d, depth)
		}
		return object(d, depth)
	default:
		return t, nil
	}
}

func broken(d *json.Decoder, err error) *decodeError {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &decodeError{"", "the JSON text ends early"}
	}
	return &decodeError{"", fmt.Sprintf("no JSON at byte %d", d.InputOffset())}
}

func array(d *json.Decoder, depth int) (any, *decodeError) {
	list := []any{}
	for d.More() {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err.in(strconv.Itoa(len(list)))
		}
		list = append(list, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(d, err)
	}
	return list, nil
}

func object(d *json.Decoder, depth int) (any, *decodeError) {
	members := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, broken(d, err)
		}
		name, ok := t.(string)
		if !ok {
			return nil, &decodeError{"", "a name is missing"}
		}
		if len(name) > maxName {
			return nil, &decodeError{"", fmt.Sprintf("a name is longer than %d bytes", maxName)}
		}
		if _, twice := members[name]; twice {
			return nil, (&decodeError{"", "the name stands twice in the object"}).in(name)
		}
		v, wrong := value(d, depth+1)
		if wrong != nil {
			return nil, wrong.in(name)
		}
		members[name] = v
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(d, err)
	}
	return members, nil
}

// sane tells whether a number can be worked with: an exponent of millions would
// take as many digits.
func sane(n json.Number) bool {
	const digits, exponent = 64, 308
	if len(n) > digits {
		return false
	}
	if at := strings.IndexAny(string(n), "eE"); at >= 0 {
		if e, err := strconv.Atoi(string(n)[at+1:]); err != nil || e < -exponent || e > exponent {
			return false
		}
	}
	_, err := n.Float64()
	return err == nil
}

// escape makes a name a token of a JSON pointer.
// https://www.rfc-editor.org/rfc/rfc6901#section-3
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// unescape reads a token of a JSON pointer.
func unescape(token string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(token) }

// clone copies lists and objects.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = clone(item)
		}
		return list
	case map[string]any:
		return cloneObject(v)
	default:
		return v
	}
}

func cloneObject(o map[string]any) map[string]any {
	members := make(map[string]any, len(o))
	for name, v := range o {
		members[name] = clone(v)
	}
	return members
}
