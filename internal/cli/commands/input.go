package commands

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

// readAll reads the named file; - is standard input.
func readAll(c *cli.Context, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(c.In, maxInput))
	}
	return os.ReadFile(name)
}

// maxInput bounds what is read from standard input, in bytes: the API takes no
// body near that.
const maxInput = 8 << 20

// strict reads JSON with nothing unknown in it and nothing after it.
func strict(text []byte, out any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after the first value")
	}
	return nil
}
