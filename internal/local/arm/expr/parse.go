package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth is how deeply an expression may nest: more is an attack, not a template.
const maxDepth = 200

// Node is a parsed expression.
type Node interface {
	eval(*evaluation) (any, error)
}

type (
	// literal is a string or an integer.
	literal struct{ value any }
	// call is a function with its arguments.
	call struct {
		name string // lower case
		text string // as it was written
		args []Node
	}
	// access is one property or element of a value.
	access struct{ of, key Node }
)

// Is says whether a string of a template is an expression, and returns what stands between its brackets.
func Is(s string) (string, bool) {
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' || s[1] == '[' {
		return "", false
	}
	return s[1 : len(s)-1], true
}

// Unescape is a string that is no expression: a doubled bracket at its beginning means one.
func Unescape(s string) string {
	if strings.HasPrefix(s, "[[") {
		return s[1:]
	}
	return s
}

// Parse reads what stands between the brackets.
func Parse(text string) (Node, error) {
	p := &parser{text: text}
	node, err := p.expression(0)
	if err != nil {
		return nil, fmt.Errorf("the language expression '%s' is not valid: %w", text, err)
	}
	if p.space(); p.at < len(text) {
		return nil, fmt.Errorf("the language expression '%s' is not valid: the end is expected at position %d", text, p.at)
	}
	return node, nil
}

type parser struct {
	text string
	at   int
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take consumes one character if it is the next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) expression(depth int) (Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it nests more than %d levels", maxDepth)
	}
	p.space()
	if p.at == len(p.text) {
		return nil, fmt.Errorf("a value is expected at position %d", p.at)
	}
	switch c := p.text[p.at]; {
	case c == '\'':
		s, err := p.quoted()
		return literal{s}, err
	case c == '-' || c == '+' || c >= '0' && c <= '9':
		n, err := p.number()
		return literal{n}, err
	}
	node, err := p.call(depth)
	if err != nil {
		return nil, err
	}
	return p.accesses(node, depth)
}

// quoted reads a string in single quotes; a doubled quote means one.
func (p *parser) quoted() (string, error) {
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		if p.text[p.at] != '\'' {
			b.WriteByte(p.text[p.at])
			continue
		}
		if p.at+1 < len(p.text) && p.text[p.at+1] == '\'' {
			b.WriteByte('\'')
			p.at++
			continue
		}
		p.at++
		return b.String(), nil
	}
	return "", fmt.Errorf("a string has no end")
}

func (p *parser) number() (int64, error) {
	start := p.at
	for p.at++; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; {
		p.at++
	}
	n, err := strconv.ParseInt(p.text[start:p.at], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("'%s' is not an integer", p.text[start:p.at])
	}
	return n, nil
}

func (p *parser) name() string {
	p.space()
	start := p.at
	for p.at < len(p.text) && isNameByte(p.text[p.at]) {
		p.at++
	}
	return p.text[start:p.at]
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// call reads name(…) or namespace.name(…).
func (p *parser) call(depth int) (Node, error) {
	name := p.name()
	if name != "" && p.take('.') {
		name += "." + p.name()
	}
	if name == "" || !p.take('(') {
		return nil, fmt.Errorf("a function is expected at position %d", p.at)
	}
	c := call{name: strings.ToLower(name), text: name}
	if p.take(')') {
		return c, nil
	}
	for {
		arg, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
		if p.take(')') {
			return c, nil
		}
		if !p.take(',') {
			return nil, fmt.Errorf("a comma or a closing parenthesis is expected at position %d", p.at)
		}
	}
}

// accesses reads the .property and [element] that follow a value.
func (p *parser) accesses(node Node, depth int) (Node, error) {
	for {
		switch {
		case p.take('.'):
			name := p.name()
			if name == "" {
				return nil, fmt.Errorf("a property is expected at position %d", p.at)
			}
			node = access{node, literal{name}}
		case p.take('['):
			key, err := p.expression(depth + 1)
			if err != nil {
				return nil, err
			}
			if !p.take(']') {
				return nil, fmt.Errorf("a closing bracket is expected at position %d", p.at)
			}
			node = access{node, key}
		default:
			return node, nil
		}
	}
}
