package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	jmespath "github.com/jmespath-community/go-jmespath"

	"github.com/trefoil-tre/trefoil/internal/console"
)

// The output formats, with AzureTRE's names.
const (
	formatTable = "table"
	formatJSON  = "json"
	formatJSONC = "jsonc"
	formatRaw   = "raw"
	formatNone  = "none"
)

var formats = []string{formatTable, formatJSON, formatJSONC, formatRaw, formatNone}

// Check returns an error when an option has a value that no command takes. It
// runs before anything is done.
func (c *Context) Check() error {
	if c.Options.Output == "" {
		c.Options.Output = c.Getenv("TRECLI_OUTPUT")
	}
	if c.Options.Output == "" {
		c.Options.Output = formatTable
	}
	if !slices.Contains(formats, c.Options.Output) {
		return Misused("--output: %q is none of %s", c.Options.Output, strings.Join(formats, ", "))
	}
	if c.Options.Query == "" {
		return nil
	}
	if _, err := jmespath.Compile(c.Options.Query); err != nil {
		return &Error{Code: Usage, Err: fmt.Errorf("--query: %w", err), Hint: "JMESPath is explained at https://jmespath.org/tutorial.html"}
	}
	return nil
}

// Plain tells whether results are for people: a table, and no query.
func (c *Context) Plain() bool { return c.Options.Output == formatTable && c.Options.Query == "" }

// Show writes a result: answer is its JSON, written as the options say; people
// get what draw draws instead. A nil draw draws the JSON as a table.
func (c *Context) Show(answer []byte, draw func(*console.Screen)) error {
	if c.Options.Output == formatNone {
		return nil
	}
	if c.Plain() && draw != nil {
		draw(c.Page)
		return nil
	}
	if c.Options.Query == "" && c.Options.Output == formatRaw {
		_, err := fmt.Fprintln(c.Out, strings.TrimSuffix(string(unquote(answer)), "\n"))
		return err
	}
	if c.Options.Query != "" {
		var err error
		if answer, err = c.search(answer); err != nil {
			return err
		}
	}
	return c.write(answer)
}

// ShowValue is Show of a value of ours.
func (c *Context) ShowValue(v any, draw func(*console.Screen)) error {
	answer, err := encode(v)
	if err != nil {
		return err
	}
	return c.Show(answer, draw)
}

// search applies the query.
func (c *Context) search(answer []byte) ([]byte, error) {
	var data any
	if err := json.Unmarshal(answer, &data); err != nil {
		return nil, fmt.Errorf("--query: the answer is no JSON: %w", err)
	}
	found, err := jmespath.Search(c.Options.Query, data)
	if err != nil {
		return nil, Misused("--query: %w", err)
	}
	return encode(found)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// write writes JSON in one of the formats.
func (c *Context) write(answer []byte) error {
	switch c.Options.Output {
	case formatRaw:
		_, err := fmt.Fprintln(c.Out, strings.TrimSuffix(string(unquote(answer)), "\n"))
		return err
	case formatJSON, formatJSONC:
		text, err := indent(answer)
		if err != nil {
			return err
		}
		if c.Options.Output == formatJSONC {
			text = paint(text)
		}
		_, err = c.Out.Write(text)
		return err
	}
	return c.anything(answer)
}

// indent lays JSON out; fields stay in their order.
func indent(answer []byte) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(answer), "", "  "); err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// unquote is a JSON string as the text it is; other JSON stays.
func unquote(answer []byte) []byte {
	var text string
	if json.Unmarshal(answer, &text) == nil {
		return []byte(text)
	}
	return answer
}

// paint colours JSON by its tokens: names, texts, and the rest.
func paint(text []byte) []byte {
	var b bytes.Buffer
	s := &console.Screen{Out: io.Discard, Colour: true}
	for len(text) > 0 {
		if text[0] != '"' {
			end := bytes.IndexByte(text, '"')
			if end < 0 {
				end = len(text)
			}
			b.Write(text[:end])
			text = text[end:]
			continue
		}
		end := stringEnd(text)
		style := console.Green
		if bytes.HasPrefix(text[end:], []byte(":")) {
			style = console.Cyan
		}
		b.WriteString(s.Paint(style, string(text[:end])))
		text = text[end:]
	}
	return b.Bytes()
}

// stringEnd is where the JSON string at the beginning of text ends.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// errShape is a result that no table can show.
var errShape = errors.New("no table can show this result; take --output json")
