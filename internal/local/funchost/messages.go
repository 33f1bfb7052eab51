package funchost

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

// messages turns an output value into message bodies (FunctionBinding.cs): an
// array into one message an element, everything else into one, null into none.
// A string that happens to be base64 becomes the bytes it spells.
func messages(v jtoken.Token, binary bool) ([][]byte, error) {
	switch v.Kind {
	case jtoken.Null:
		return nil, nil
	case jtoken.Array:
		return elements(v), nil
	case jtoken.String:
		if !binary {
			if raw, ok := fromBase64(v.Text); ok {
				return [][]byte{raw}, nil
			}
		}
		return textMessages(v.Text)
	default:
		return [][]byte{[]byte(v.String())}, nil
	}
}

func textMessages(text string) ([][]byte, error) {
	if t := strings.TrimSpace(text); !braced(t, "{", "}") && !braced(t, "[", "]") {
		return [][]byte{[]byte(text)}, nil
	}
	v, err := jtoken.Parse(text, jtoken.ParseDates)
	if err != nil {
		return nil, fmt.Errorf("text in braces: %w", err)
	}
	if v.Kind == jtoken.Array {
		return elements(v), nil
	}
	return [][]byte{[]byte(v.String())}, nil
}

func elements(v jtoken.Token) [][]byte {
	all := make([][]byte, len(v.Items))
	for i, item := range v.Items {
		all[i] = []byte(item.String())
	}
	return all
}

func braced(text, left, right string) bool {
	return strings.HasPrefix(text, left) && strings.HasSuffix(text, right)
}

// space is what .NET's Convert.FromBase64String skips.
var space = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")

func fromBase64(text string) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(space.Replace(text))
	return raw, err == nil
}

// wire is a message body as it is stored in the queue.
func (o queueOptions) wire(body []byte) (string, error) {
	if !o.plainText {
		return base64.StdEncoding.EncodeToString(body), nil
	}
	text := decodeUTF8(body)
	for _, r := range text {
		if !xmlRune(r) {
			return "", fmt.Errorf("message holds %U, which storage does not take", r)
		}
	}
	return text, nil
}

// decodeUTF8 replaces every byte that is no UTF-8, as .NET's decoder does.
func decodeUTF8(raw []byte) string {
	var b strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		b.WriteRune(r)
		raw = raw[size:]
	}
	return b.String()
}

// xmlRune is XML 1.0's Char, the alphabet of a queue message.
// https://www.w3.org/TR/xml/#charsets
func xmlRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

var expression = regexp.MustCompile(`\{([^{}]+)\}`)

// resolve fills in {property}, {object.property} and {rand-guid} of a binding
// from the trigger's binding data.
// https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
func (d *bindingData) resolve(text string) (string, error) {
	var missing error
	out := expression.ReplaceAllStringFunc(text, func(m string) string {
		path := strings.Trim(m, "{}")
		if strings.EqualFold(path, "rand-guid") {
			return uuid.NewString()
		}
		v, ok := d.walk(path)
		if !ok {
			missing = fmt.Errorf("binding expression %s: no value", m)
		}
		return v
	})
	return out, missing
}

func (d *bindingData) walk(path string) (string, bool) {
	name, rest, nested := strings.Cut(path, ".")
	v, ok := d.get(name)
	if !ok {
		return "", false
	}
	token, isToken := v.(jtoken.Token)
	for nested {
		if name, rest, nested = strings.Cut(rest, "."); !isToken {
			return "", false
		}
		if token, ok = token.GetFold(name); !ok {
			return "", false
		}
	}
	if isToken {
		return token.String(), token.Kind != jtoken.Null
	}
	if text, ok := v.(string); ok {
		return text, true
	}
	return encode(v).Text, true
}
