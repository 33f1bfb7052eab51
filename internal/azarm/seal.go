package azarm

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"time"

	"github.com/trefoil-tre/trefoil/internal/identity/seal"
)

// Codec is a [Sealer] that seals with the app's own keys.
type Codec struct {
	Keys *seal.Codec
	Life time.Duration // of a token; 0 means a week, which no step takes
}

// purpose keeps a token from being taken for something else that the keys seal.
const purpose = "arm token"

// maxToken is the longest token that is opened, in bytes.
const maxToken = 64 << 10

// Seal packs before it seals: a token names two or three addresses with the
// same long signature, and would else not fit. "" for one that does not.
func (c Codec) Seal(value []byte) string {
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return ""
	}
	if _, err := w.Write(value); err != nil {
		return ""
	}
	if err := w.Close(); err != nil {
		return ""
	}
	life := c.Life
	if life == 0 {
		life = 7 * 24 * time.Hour
	}
	sealed, err := c.Keys.Seal(purpose, packed.Bytes(), life)
	if err != nil {
		return ""
	}
	return sealed
}

// Open returns what was sealed. The error is that of the keys, or says that it
// is too long.
func (c Codec) Open(sealed string) ([]byte, error) {
	packed, err := c.Keys.Open(purpose, sealed)
	if err != nil {
		return nil, err
	}
	value, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxToken+1))
	if err != nil {
		return nil, err
	}
	if len(value) > maxToken {
		return nil, errors.New("token: longer than 64 KiB")
	}
	return value, nil
}
