package jtoken

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// JSON is the token as JSON without white space.
func (t Token) JSON() string { return t.write("") }

// Indented is the token as JSON with two spaces a level and line feeds, which
// is what .NET writes on Linux.
func (t Token) Indented() string { return t.write("  ") }

func (t Token) write(indent string) string {
	var b strings.Builder
	writer{out: &b, indent: indent}.token(t, 0)
	return b.String()
}

type writer struct {
	out    *strings.Builder
	indent string
}

func (w writer) token(t Token, depth int) {
	switch t.Kind {
	case Null:
		w.out.WriteString("null")
	case Bool:
		w.out.WriteString(strconv.FormatBool(t.Flag))
	case Integer:
		w.out.WriteString(t.Text)
	case Float:
		w.out.WriteString(jsonFloat(t.Float))
	case String:
		Quote(w.out, t.Text)
	case Date:
		w.out.WriteString(`"` + FormatDate(t.When, t.Zone) + `"`)
	case Array:
		w.group("[]", len(t.Items), depth, func(i int) { w.token(t.Items[i], depth+1) })
	case Object:
		w.group("{}", len(t.Fields), depth, func(i int) {
			Quote(w.out, t.Fields[i].Name)
			w.out.WriteByte(':')
			if w.indent != "" {
				w.out.WriteByte(' ')
			}
			w.token(t.Fields[i].Value, depth+1)
		})
	}
}

func (w writer) group(brackets string, n, depth int, item func(i int)) {
	w.out.WriteByte(brackets[0])
	for i := range n {
		if i > 0 {
			w.out.WriteByte(',')
		}
		w.line(depth + 1)
		item(i)
	}
	if n > 0 {
		w.line(depth)
	}
	w.out.WriteByte(brackets[1])
}

func (w writer) line(depth int) {
	if w.indent != "" {
		w.out.WriteString("\n" + strings.Repeat(w.indent, depth))
	}
}

// Quote writes s as a JSON string with Newtonsoft's default escaping: quotes,
// backslash, control characters, NEL and the two Unicode line separators.
func Quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			if r < 0x20 || r == 0x85 || r == 0x2028 || r == 0x2029 {
				fmt.Fprintf(b, `\u%04x`, r)
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// Quoted is s as a JSON string.
func Quoted(s string) string {
	var b strings.Builder
	Quote(&b, s)
	return b.String()
}

// jsonFloat keeps a decimal point in whole doubles, as Newtonsoft does.
func jsonFloat(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return `"` + strconv.FormatFloat(f, 'g', -1, 64) + `"`
	}
	s := formatFloat(f)
	if !strings.ContainsAny(s, ".E") {
		s += ".0"
	}
	return s
}

// formatFloat is .NET's shortest round-trip text of a double: an exponent from
// 1E+15 upwards and below 1E-05.
// https://learn.microsoft.com/dotnet/standard/base-types/standard-numeric-format-strings#GFormatString
func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'E', -1, 64)
	_, exponent, _ := strings.Cut(s, "E")
	if n, err := strconv.Atoi(exponent); err == nil && (n >= 15 || n < -5) && f != 0 {
		return s
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
