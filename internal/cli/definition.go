package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// Definition is a body that a person gives as JSON, with AzureTRE's flags.
type Definition struct{ text, file string }

// Flags adds --definition and --definition-file to a command.
func (d *Definition) Flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.text, "definition", "", "JSON with the fields of the API; other flags win over it")
	cmd.Flags().StringVar(&d.file, "definition-file", "", "file with such JSON; - for standard input")
	cmd.MarkFlagsMutuallyExclusive("definition", "definition-file")
}

// Given tells whether there is one.
func (d *Definition) Given() bool { return d.text != "" || d.file != "" }

// Read puts the fields into out. A field that nothing knows is an error.
func (d *Definition) Read(c *Context, out any) error {
	text, name := []byte(d.text), "--definition"
	if d.file != "" {
		name = "--definition-file"
		var err error
		if text, err = c.ReadAll(d.file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(text) == 0 {
		return nil
	}
	if err := strict(text, out); err != nil {
		return Misused("%s: %w", name, err)
	}
	return nil
}

// MaxInput bounds what is read of somebody else, in bytes: the API takes no
// body near that.
const MaxInput = 8 << 20

// ReadAll reads the named file; - is standard input.
func (c *Context) ReadAll(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(c.In, MaxInput))
	}
	return os.ReadFile(name)
}

// strict reads JSON with nothing unknown in it and nothing after it. Numbers of
// properties stay as they are written.
func strict(text []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	if err := dec.Decode(out); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the first value")
	}
	return nil
}
