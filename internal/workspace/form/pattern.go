package form

import (
	"regexp"
	"strings"
)

// htmlPattern is a schema's pattern as a browser's attribute holds it, "" where
// the two do not say the same for sure; then the portal alone checks. A schema's
// pattern may hold anywhere, an attribute's holds for the whole; and browsers
// compile it with the flag v, which takes fewer characters as they are.
// https://html.spec.whatwg.org/multipage/input.html#the-pattern-attribute
func htmlPattern(pattern string) string {
	if pattern == "" || len(pattern) > 500 {
		return ""
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(pattern); i++ {
		c, rest := pattern[i], pattern[i+1:]
		switch {
		case c == '\\':
			if rest == "" || strings.IndexByte(`^$\.*+?()[]{}|/dDwWsS`, rest[0]) < 0 {
				return ""
			}
			b.WriteString(pattern[i : i+2])
			i++
		case c >= 0x80, class && (c == '[' || strings.HasPrefix(rest, pattern[i:i+1])), !class && strange(c, rest):
			return ""
		case class && c == '-' && (pattern[i-1] == '[' || strings.HasPrefix(rest, "]")), class && strings.ContainsRune(`(){}/|`, rune(c)):
			b.WriteString(`\` + pattern[i:i+1])
		default:
			class = c == '[' || class && c != ']'
			b.WriteByte(c)
		}
	}
	if class {
		return ""
	}
	whole := b.String()
	if strings.HasPrefix(whole, "^") && strings.HasSuffix(whole, "$") && !strings.Contains(whole, "|") && !strings.HasSuffix(whole, `\$`) {
		return whole[1 : len(whole)-1]
	}
	return ".*(?:" + whole + ").*"
}

// counts is how often something repeats.
var counts = regexp.MustCompile(`^[0-9]+(,[0-9]*)?}`)

// strange tells of what stands outside of a class that the two do not read alike,
// or that browsers do not take.
func strange(c byte, rest string) bool {
	switch c {
	case '[':
		return strings.HasPrefix(rest, "[:") || strings.HasPrefix(rest, "]") || strings.HasPrefix(rest, "^]")
	case '(':
		return strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "?:")
	case '{':
		return !counts.MatchString(rest)
	case ']':
		return true
	}
	return false
}
