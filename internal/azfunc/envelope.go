package azfunc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

const (
	// maxLayers is how many strings a value may be wrapped in: the host wraps a queue message in two (its text as JSON, and
	// that JSON as a string); a sender that quotes once more is forgiven.
	maxLayers = 3

	// maxDepth is how deep objects and arrays may nest. ARM's deepest events stay under 20.
	maxDepth = 64

	// defaultMaxBody leaves room for the largest event Event Grid delivers (1 MiB), which the host sends twice (Data and
	// Metadata.data), and for the escaping of either:
	// https://learn.microsoft.com/azure/event-grid/quotas-limits
	defaultMaxBody = 4 << 20
)

// envelope is what the host posts. Metadata also holds what leaked from the message's own properties, so nothing but a hint
// is ever read from it.
type envelope struct {
	Data     map[string]json.RawMessage
	Metadata struct{ DequeueCount json.RawMessage }
}

// open reads the host's envelope and returns the trigger's value, without the strings around it, and the dequeue count.
func open(body []byte, trigger string) (json.RawMessage, int, error) {
	if err := wellFormed(body, false); err != nil {
		return nil, 0, fmt.Errorf("envelope: %w", err)
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, 0, fmt.Errorf("envelope: %w", err)
	}
	raw, ok := e.Data[trigger]
	if !ok {
		return nil, 0, fmt.Errorf("envelope without data for trigger %q", trigger)
	}
	value, err := peel(raw)
	if err != nil {
		return nil, 0, fmt.Errorf("trigger %q: %w", trigger, err)
	}
	return value, dequeueCount(e.Metadata.DequeueCount), nil
}

// decode reads value into in, a pointer to the function's input.
func decode(value json.RawMessage, in any) error {
	switch in := in.(type) {
	case *Event:
		return decodeEvent(value, in)
	case *Tick:
		return decodeTick(value, in)
	}
	return decodeMessage(value, in)
}

// decodeMessage reads one of our own queue messages: an unknown or repeated field means that the sender is not who we think.
func decodeMessage(value json.RawMessage, in any) error {
	if err := wellFormed(value, true); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	return nil
}

// peel takes off the strings that value is wrapped in until an object shows.
func peel(value json.RawMessage) (json.RawMessage, error) {
	for range maxLayers + 1 {
		value = bytes.TrimSpace(value)
		switch {
		case len(value) > 0 && value[0] == '{':
			return value, nil
		case len(value) == 0 || value[0] != '"':
			return nil, errors.New("not an object")
		}
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, errors.New("not JSON in a string")
		}
		value = json.RawMessage(text)
	}
	return nil, errors.New("wrapped in too many strings")
}

// dequeueCount reads 3, "3" and "\"3\"" alike; 0 is for anything else.
func dequeueCount(raw json.RawMessage) int {
	n, err := strconv.Atoi(strings.Trim(string(raw), `"\`))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// nest is one open object or array: the names seen so far, and whether a name comes next. An array has no names.
type nest struct {
	names map[string]struct{}
	name  bool
}

// wellFormed refuses what is no JSON, nests too deep or repeats a name within an object, where encoding/json would quietly
// take the last. With fold, names that differ only in case are the same name, as they are to encoding/json.
func wellFormed(raw []byte, fold bool) error {
	if !json.Valid(raw) {
		return errors.New("not JSON")
	}
	var open []*nest
	for dec := json.NewDecoder(bytes.NewReader(raw)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			if err := open[len(open)-1].take(token, fold); err != nil {
				return err
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &nest{names: map[string]struct{}{}, name: true})
		case json.Delim('['):
			open = append(open, &nest{})
		}
		if len(open) > maxDepth {
			return fmt.Errorf("nested deeper than %d", maxDepth)
		}
	}
}

// take notes that token, a name or the beginning of a value, stands in n.
func (n *nest) take(token json.Token, fold bool) error {
	if n.names == nil {
		return nil
	}
	if n.name {
		name, _ := token.(string)
		if fold {
			name = strings.ToLower(name)
		}
		if _, seen := n.names[name]; seen {
			return errors.New("a name twice in one object")
		}
		n.names[name] = struct{}{}
	}
	n.name = !n.name
	return nil
}

func checkTrigger(trigger string) error {
	if trigger == "" {
		return errors.New("no trigger")
	}
	return nil
}

func checkIn(in reflect.Type) error {
	if in.Kind() != reflect.Struct {
		return fmt.Errorf("input %v: must be a struct", in)
	}
	for field := range in.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if strings.EqualFold(name, "dequeueCount") || strings.EqualFold(field.Name, "dequeueCount") {
			return fmt.Errorf("input %v: a field %q would replace the host's own in the metadata", in, field.Name)
		}
	}
	return nil
}
