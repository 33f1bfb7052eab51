// Package jtoken holds JSON values the way Newtonsoft.Json does: objects keep
// their order, numbers lose their spelling, and strings that look like dates
// may become dates. The Functions host reads and rewrites JSON through that
// library, and a handler sees the difference: 1.50 arrives as 1.5, a date with
// an offset arrives moved to local time, an object leaves indented.
// See https://www.newtonsoft.com/json/help/html/T_Newtonsoft_Json_Linq_JToken.htm.
package jtoken

import (
	"strings"
	"time"
)

// Kind says what a Token holds.
type Kind int

// The kinds of a Token. Integer and Float are apart because they print apart.
const (
	Null Kind = iota
	Bool
	Integer
	Float
	String
	Date
	Array
	Object
)

// Token is one JSON value. The zero Token is null.
type Token struct {
	Kind   Kind
	Flag   bool       // Bool
	Text   string     // String, and the digits of an Integer
	Float  float64    // Float
	When   time.Time  // Date; its clock reading is what prints
	Zone   Zone       // Date: how the clock reading relates to UTC
	Items  []Token    // Array
	Fields []Property // Object, in the order read
}

// Property is one member of an object.
type Property struct {
	Name  string
	Value Token
}

// Zone tells the three kinds of .NET DateTime apart.
type Zone int

// The kinds of .NET DateTime.
const (
	Unspecified Zone = iota
	UTC
	Local // printed with the offset of the host, which is UTC in Azure
)

// Of makes a string token.
func Of(s string) Token { return Token{Kind: String, Text: s} }

// Get returns the property of that exact name.
func (t Token) Get(name string) (Token, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return Token{}, false
}

// GetFold returns the first property whose name equals name without regard to
// case, which is how Newtonsoft binds JSON to .NET properties.
func (t Token) GetFold(name string) (Token, bool) {
	if v, ok := t.Get(name); ok {
		return v, true
	}
	for _, f := range t.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return Token{}, false
}

// Set returns the object with the property added, or replaced where it stands.
func (t Token) Set(name string, v Token) Token {
	t.Kind = Object
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			t.Fields[i].Value = v
			return t
		}
	}
	t.Fields = append(t.Fields, Property{Name: name, Value: v})
	return t
}

// Scalar reports whether the token is neither an object nor an array.
func (t Token) Scalar() bool { return t.Kind != Object && t.Kind != Array }

// String is .NET's JToken.ToString(): scalars in the invariant culture,
// objects and arrays as indented JSON, null as the empty string.
func (t Token) String() string {
	switch t.Kind {
	case Null:
		return ""
	case Bool:
		if t.Flag {
			return "True"
		}
		return "False"
	case Integer, String:
		return t.Text
	case Float:
		return formatFloat(t.Float)
	case Date:
		return t.When.Format("01/02/2006 15:04:05")
	case Array, Object:
		return t.Indented()
	}
	return ""
}
