package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// bodyKey is where the context keeps the body as it came.
type bodyKey struct{}

// slowBody is how long a body may take until what the caller is has to be read
// again: who is suspended or removed, or whose workspace is frozen, must not act
// by having begun a call before. A body that was there already takes no time.
const slowBody = time.Second

// read takes the whole body in before anything looks at it, so that a broken
// one is the client's fault, never ours. No body is an empty one, whose
// missing fields are named.
func (a *api) read(route Route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		a.readBody(ctx, next, a.Limits.body(route), a.Limits.depth(route))
	}
}

func (a *api) readBody(ctx huma.Context, next func(huma.Context), most int64, depth int) {
	r, _ := humago.Unwrap(ctx)
	began := a.Now()
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	empty := len(bytes.TrimSpace(body)) == 0
	if err != nil {
		_ = huma.WriteErr(a.huma, ctx, http.StatusBadRequest, "body: could not be read to its end")
		return
	}
	if int64(len(body)) > most {
		_ = huma.WriteErr(a.huma, ctx, http.StatusRequestEntityTooLarge, fmt.Sprintf("body: at most %d bytes", most))
		return
	}
	if wrong := contentType(r.Header); wrong != "" && !empty {
		_ = huma.WriteErr(a.huma, ctx, http.StatusUnsupportedMediaType, wrong)
		return
	}
	if empty {
		body = []byte("{}")
	}
	if err := checkJSON(body, depth); err != nil {
		a.refuse(ctx, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if a.Now().Sub(began).Abs() > slowBody {
		ctx = huma.WithValue(ctx, callerKey{}, callerOf(ctx.Context()).Afresh())
	}
	next(huma.WithValue(huma.WithValue(ctx, bodyKey{}, body), askedKey{}, r.Header))
}

// checkJSON returns airlock.ErrInvalid unless text is JSON of bounded depth
// that every reader takes for the same: in UTF-8, and with no name twice in an
// object (RFC 8259, 4 and 8.1).
func checkJSON(text []byte, depth int) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("body: not valid JSON, which is UTF-8: %w", airlock.ErrInvalid)
	}
	if halved(text) {
		return fmt.Errorf("body: half a character: a surrogate without its other half: %w", airlock.ErrInvalid)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	w := walker{most: depth}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("body: not valid JSON: %w", airlock.ErrInvalid)
		}
		if err := w.step(token); err != nil {
			return err
		}
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return fmt.Errorf("body: not valid JSON: %w", airlock.ErrInvalid)
	}
	return nil
}

// halved tells that an escape in the text is half of a surrogate pair, which
// stands for no character and would be stored as another one.
func halved(text []byte) bool {
	unit := func(i int) rune {
		if i+6 > len(text) || text[i] != '\\' || text[i+1] != 'u' {
			return -1
		}
		n, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
		if err != nil {
			return -1
		}
		return rune(n)
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		switch first := unit(i); {
		case !utf16.IsSurrogate(first):
			i++ // the escaped character
		case utf16.DecodeRune(first, unit(i+6)) == utf8.RuneError:
			return true
		default:
			i += 11
		}
	}
	return false
}

// walker follows the tokens of a JSON text.
type walker struct {
	most int
	open []level
}

// level is an object or array that has not ended.
type level struct {
	names   map[string]bool // of an object; nil of an array
	isValue bool            // the next token of an object is a value
}

func (w *walker) step(token json.Token) error {
	if token == json.Delim('}') || token == json.Delim(']') {
		w.open = w.open[:len(w.open)-1]
		return nil
	}
	if n := len(w.open); n > 0 && w.open[n-1].names != nil {
		in := &w.open[n-1]
		name, _ := token.(string)
		if in.isValue = !in.isValue; in.isValue { // this token was a name
			key := name
			if n == 1 { // a field of ours, which encoding/json finds whatever the case
				key = strings.ToLower(strings.ToUpper(name))
			}
			if in.names[key] {
				return fmt.Errorf("body: %.40q stands twice in one object: %w", name, airlock.ErrInvalid)
			}
			in.names[key] = true
			return nil
		}
	}
	switch token {
	case json.Delim('{'):
		w.open = append(w.open, level{names: map[string]bool{}})
	case json.Delim('['):
		w.open = append(w.open, level{})
	}
	if len(w.open) > w.most {
		return fmt.Errorf("body: nested deeper than %d: %w", w.most, airlock.ErrInvalid)
	}
	return nil
}
