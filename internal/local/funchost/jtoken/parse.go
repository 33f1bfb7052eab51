package jtoken

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
)

// ErrSyntax marks text that is not JSON.
var ErrSyntax = errors.New("not JSON")

// Dates says whether strings that look like dates become dates while parsing
// (Newtonsoft's DateParseHandling).
type Dates bool

// The two ways to treat strings that look like dates.
const (
	KeepText   Dates = false
	ParseDates Dates = true
)

// Parse reads text as exactly one JSON value. Unlike Newtonsoft it takes
// strict JSON only: no comments, single quotes or bare names.
func Parse(text string, dates Dates) (Token, error) {
	t, rest, err := First(text, dates)
	if err != nil {
		return Token{}, err
	}
	if strings.TrimSpace(rest) != "" {
		return Token{}, fmt.Errorf("%w: text after the value", ErrSyntax)
	}
	return t, nil
}

// First reads the first JSON value of text and returns what follows it.
func First(text string, dates Dates) (t Token, rest string, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	t, err = read(d, dates)
	if err != nil {
		return Token{}, "", fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return t, text[d.InputOffset():], nil
}

func read(d *json.Decoder, dates Dates) (Token, error) {
	raw, err := d.Token()
	if errors.Is(err, io.EOF) {
		return Token{}, io.ErrUnexpectedEOF
	}
	if err != nil {
		return Token{}, err
	}
	switch v := raw.(type) {
	case json.Delim:
		if v == '[' {
			return readArray(d, dates)
		}
		return readObject(d, dates)
	case string:
		return text(v, dates), nil
	case json.Number:
		return number(v.String())
	case bool:
		return Token{Kind: Bool, Flag: v}, nil
	}
	return Token{}, nil
}

func readArray(d *json.Decoder, dates Dates) (Token, error) {
	t := Token{Kind: Array}
	for d.More() {
		item, err := read(d, dates)
		if err != nil {
			return Token{}, err
		}
		t.Items = append(t.Items, item)
	}
	_, err := d.Token()
	return t, eof(err)
}

func readObject(d *json.Decoder, dates Dates) (Token, error) {
	t := Token{Kind: Object}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return Token{}, eof(err)
		}
		value, err := read(d, dates)
		if err != nil {
			return Token{}, err
		}
		t = t.Set(name.(string), value) // the decoder yields nothing else as a name
	}
	_, err := d.Token()
	return t, eof(err)
}

func eof(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func text(s string, dates Dates) Token {
	if dates == ParseDates {
		if when, zone, ok := parseDate(s); ok {
			return Token{Kind: Date, When: when, Zone: zone}
		}
	}
	return Of(s)
}

// number keeps integers of any size exact and everything else as a double.
func number(s string) (Token, error) {
	if !strings.ContainsAny(s, ".eE") {
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			return Token{}, fmt.Errorf("number %q", s)
		}
		return Token{Kind: Integer, Text: n.String()}, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return Token{}, err
	}
	return Token{Kind: Float, Float: f}, nil
}
