package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/google/uuid"
)

// guidNamespace is the namespace of the version 5 UUIDs that the function guid makes.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#guid
var guidNamespace = uuid.MustParse("11fb06fb-712d-4ddd-98c7-e71bbd588830")

var stringFunctions = map[string]plain{
	"tolower":    of1(func(s string) any { return strings.ToLower(s) }),
	"toupper":    of1(func(s string) any { return strings.ToUpper(s) }),
	"trim":       of1(func(s string) any { return strings.TrimSpace(s) }),
	"string":     of1(func(v any) any { return toText(v) }),
	"startswith": of2(func(s, p string) (any, error) { return hasPrefixFold(s, p), nil }),
	"endswith": of2(func(s, p string) (any, error) {
		return len(s) >= len(p) && strings.EqualFold(s[len(s)-len(p):], p), nil
	}),
	"guid":         func(args []any) (any, error) { return dashed(args, guid) },
	"uniquestring": func(args []any) (any, error) { return dashed(args, uniqueString) },
	"newguid":      func([]any) (any, error) { return uuid.NewString(), nil },
	"format":       format,
	"replace":      replace,
	"split":        split,
	"join":         joinText,
	"substring":    substring,
	"padleft":      padLeft,
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func guid(s string) string { return uuid.NewSHA1(guidNamespace, []byte(s)).String() }

func dashed(args []any, f func(string) string) (any, error) {
	if len(args) == 0 {
		return nil, errArguments
	}
	parts := make([]string, len(args))
	for i := range args {
		part, err := arg[string](args, i)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return f(strings.Join(parts, "-")), nil
}

// format fills {0}, {1} … of .NET's composite format strings; numbers know the formats 0…0, D and X.
func format(args []any) (any, error) {
	pattern, err := arg[string](args, 0)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if (c == '{' || c == '}') && i+1 < len(pattern) && pattern[i+1] == c {
			b.WriteByte(c)
			i++
			continue
		}
		if c != '{' {
			b.WriteByte(c)
			continue
		}
		end := strings.IndexByte(pattern[i:], '}')
		if end < 0 {
			return nil, fmt.Errorf("the format '%s' has no closing brace", pattern)
		}
		index, layout, _ := strings.Cut(pattern[i+1:i+end], ":")
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 || n+1 >= len(args) {
			return nil, fmt.Errorf("the format '%s' has no argument '%s'", pattern, index)
		}
		text, err := formatOne(args[n+1], layout)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
		i += end
	}
	return b.String(), nil
}

// maxWidth is the widest number that a format makes, as in .NET's early versions.
const maxWidth = 99

func formatOne(v any, layout string) (string, error) {
	n, isInt := v.(int64)
	switch {
	case layout == "":
		if isComposite(v) {
			return quotedText(v), nil
		}
		return toText(v), nil
	case isInt && strings.Trim(layout, "0") == "":
		return fmt.Sprintf("%0*d", len(layout), n), nil
	case isInt && strings.ContainsRune("dDxX", rune(layout[0])):
		width, err := strconv.Atoi("0" + layout[1:])
		if err != nil || width > maxWidth {
			break
		}
		verb := map[byte]string{'d': "%0*d", 'D': "%0*d", 'x': "%0*x", 'X': "%0*X"}[layout[0]]
		return fmt.Sprintf(verb, width, n), nil
	}
	return "", fmt.Errorf("the format '%s' is not known for a value of type '%s'", layout, typeName(v))
}

func isComposite(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	default:
		return false
	}
}

// quotedText is JSON with single quotes, which is how format prints arrays and objects.
func quotedText(v any) string {
	var b strings.Builder
	for _, r := range toJSON(v) {
		switch r {
		case '"':
			r = '\''
		case '\'':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func replace(args []any) (any, error) {
	s, from, err := two[string, string](args)
	if err != nil {
		return nil, err
	}
	to, err := arg[string](args, 2)
	if err != nil {
		return nil, err
	}
	if from == "" {
		return nil, fmt.Errorf("the text to replace is empty")
	}
	return strings.ReplaceAll(s, from, to), nil
}

func split(args []any) (any, error) {
	s, err := arg[string](args, 0)
	if err != nil || len(args) != 2 {
		return nil, errArguments
	}
	delimiters, ok := args[1].([]any)
	if !ok {
		delimiters = args[1:]
	}
	parts := []string{s}
	for i := range delimiters {
		by, err := arg[string](delimiters, i)
		if err != nil {
			return nil, err
		}
		var next []string
		for _, p := range parts {
			next = append(next, strings.Split(p, by)...)
		}
		parts = next
	}
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out, nil
}

func joinText(args []any) (any, error) {
	list, by, err := two[[]any, string](args)
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(list))
	for i, item := range list {
		parts[i] = toText(item)
	}
	return strings.Join(parts, by), nil
}

// substring counts in UTF-16, as .NET does.
func substring(args []any) (any, error) {
	s, start, err := two[string, int64](args)
	if err != nil {
		return nil, err
	}
	units := utf16.Encode([]rune(s))
	length := int64(len(units)) - start
	if len(args) > 2 {
		if length, err = arg[int64](args, 2); err != nil {
			return nil, err
		}
	}
	if start < 0 || length < 0 || start+length > int64(len(units)) {
		return nil, fmt.Errorf("index and length must refer to a location within the string: %d and %d of %d", start, length, len(units))
	}
	return string(utf16.Decode(units[start : start+length])), nil
}

func padLeft(args []any) (any, error) {
	if len(args) < 2 {
		return nil, errArguments
	}
	width, err := arg[int64](args, 1)
	if err != nil {
		return nil, err
	}
	pad := " "
	if len(args) > 2 {
		if pad, err = arg[string](args, 2); err != nil || len(pad) != 1 {
			return nil, fmt.Errorf("the padding must be one character")
		}
	}
	if width < 0 || width > maxText {
		return nil, fmt.Errorf("the width must be from 0 to %d", maxText)
	}
	s := toText(args[0])
	return strings.Repeat(pad, max(0, int(width)-len(s))) + s, nil
}

// maxText is the longest text that a function makes from a number, in characters.
const maxText = 131072
