package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// anything draws JSON of which nothing is known as a table: a list of objects,
// a list of lists, a list of values, one object, one value. Objects keep their
// fields in the order in which the answer has them.
func (c *Context) anything(answer []byte) error {
	answer = bytes.TrimSpace(answer)
	var list []json.RawMessage
	switch {
	case len(answer) == 0, string(answer) == "null":
		return nil
	case answer[0] == '{':
		list = []json.RawMessage{answer}
	case answer[0] == '[':
		if err := json.Unmarshal(answer, &list); err != nil {
			return fmt.Errorf("%w: %w", errShape, err)
		}
	default:
		text := string(unquote(answer))
		if c.Terminal.Out { // --output raw gives it byte for byte
			text = clean(text)
		}
		_, err := fmt.Fprintln(c.Out, text)
		return err
	}
	t := &Table{}
	for _, item := range list {
		names, values, err := fields(item)
		if err != nil {
			return err
		}
		t.add(names, values)
	}
	c.Draw(t)
	return nil
}

// add puts a row of named values into the table, with new columns for new names.
func (t *Table) add(names, values []string) {
	row := make([]Cell, len(t.Columns), len(t.Columns)+len(names))
	for i, name := range names {
		at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
		if at < 0 {
			at = len(t.Columns)
			t.Columns, row = append(t.Columns, Column{Name: name, Grow: true}), append(row, Cell{})
			for r := range t.rows {
				t.rows[r] = append(t.rows[r], Cell{})
			}
		}
		row[at] = Cell{Text: values[i]}
	}
	t.rows = append(t.rows, row)
}

// fields are the names and values of an object, or of what stands for one.
func fields(item []byte) (names, values []string, err error) {
	item = bytes.TrimSpace(item)
	switch {
	case len(item) > 0 && item[0] == '{':
		dec := json.NewDecoder(bytes.NewReader(item))
		_, _ = dec.Token() // the brace that was just seen
		for dec.More() {
			name, nameErr := dec.Token()
			var value json.RawMessage
			if err := dec.Decode(&value); nameErr != nil || err != nil {
				return nil, nil, errShape
			}
			names, values = append(names, fmt.Sprint(name)), append(values, flat(value))
		}
		return names, values, nil
	case len(item) > 0 && item[0] == '[':
		var list []json.RawMessage
		if err := json.Unmarshal(item, &list); err != nil {
			return nil, nil, errShape
		}
		for i, value := range list {
			names, values = append(names, fmt.Sprintf("column%d", i+1)), append(values, flat(value))
		}
		return names, values, nil
	}
	return []string{"result"}, []string{flat(item)}, nil
}

// flat is a value in one line.
func flat(value []byte) string {
	if string(value) == "null" {
		return ""
	}
	var b bytes.Buffer
	if text := unquote(value); !bytes.Equal(text, value) || json.Compact(&b, value) != nil {
		return strings.TrimSpace(string(text))
	}
	return b.String()
}

// Flat is a value of a property in one line; nil is "".
func Flat(value any) string {
	text, err := encode(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return flat(bytes.TrimSpace(text))
}
